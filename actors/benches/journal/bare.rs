//! What the disk can do: one write and one sync, again and again.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use dosd_actors::port::{Clock as _, SystemClock};

/// The time of `rounds` writes of `lines`, each followed by `fdatasync`.
pub(crate) fn run(path: &Path, lines: &[u8], rounds: u64) -> Duration {
    let mut file: File =
        OpenOptions::new().append(true).create(true).open(path).expect("the file opens");
    let clock = SystemClock::new();
    for _ in 0..rounds {
        file.write_all(lines).expect("the disk takes the rows");
        file.sync_data().expect("the disk keeps the rows");
    }
    clock.monotonic()
}
