//! One case, measured from inside its process.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dosd_actors::port::{Clock, Disk, SystemClock};
use dosd_actors::witness::{Digests, Limits, Reading, Scratch, Walk};
use dosd_kernel::state_diff::{Change, tally};

use crate::data;

/// Milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

/// What a child found, in milliseconds of wall time unless it says otherwise.
pub(crate) struct Measured {
    pub(crate) entities: u64,
    /// Everything.
    pub(crate) whole: Cost,
    /// The fresh read alone.
    pub(crate) read: f64,
    /// Writing the baseline.
    pub(crate) keep: f64,
    /// The walk over both.
    pub(crate) walk: f64,
    /// Megabytes.
    pub(crate) peak: f64,
}

impl Measured {
    pub(crate) fn parse(line: &str) -> Self {
        let figures: Vec<f64> =
            line.split_whitespace().map(|it| it.parse().expect("a figure")).collect();
        let [entities, time, cpu, read, keep, walk, peak] = figures[..] else {
            panic!("seven figures are wanted, not `{line}`");
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let entities = entities as u64;
        Self { entities, whole: Cost { wall: time, cpu }, read, keep, walk, peak }
    }
}

/// Reads, keeps, reads again and compares; prints what it took.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub(crate) fn child(kind: &str, folder: &Path) {
    let clock = SystemClock::new();
    let kept = folder.join("kept.digests");
    let _ = fs::remove_file(&kept);
    let since = |from: Duration| clock.monotonic().saturating_sub(from).as_secs_f64() * 1e3;

    let before = read(kind, folder, false);
    let first = clock.monotonic();
    before.write_to(&Disk, &kept).expect("kept digests");
    let keep = since(first);
    drop(before);
    let first_cost = Cost { wall: clock.monotonic().as_secs_f64() * 1e3, cpu: cpu() };

    data::change(kind, folder);
    let between = (clock.monotonic(), cpu());
    let after = read(kind, folder, true);
    let read = since(between.0);

    let begun = clock.monotonic();
    let mut left = Walk::file(&Disk, &kept).expect("kept digests");
    let mut right = after.walk().expect("a walk");
    let asked = match kind {
        "sqlite" => "500",
        "dir" => "0/500",
        _ => data::CHANGED_KEY,
    };
    let tally = tally(&mut left, &mut right, asked, &BTreeSet::new()).expect("a comparison");
    let walk = since(begun);
    assert!(matches!(tally.asked, Change::Updated(_)), "{:?}", tally.asked);
    let time = first_cost.wall + since(between.0);
    let cpu = first_cost.cpu + cpu() - between.1;
    println!("{} {time} {cpu} {read} {keep} {walk} {}", tally.entities, peak());
}

fn read(kind: &str, folder: &Path, is_after: bool) -> Digests {
    let scratch = Scratch::new(Arc::new(Disk), folder.join("scratch"));
    let limits = Limits { timeout: Duration::from_mins(30), ..Limits::default() };
    let reading = Reading { limits, ignore: &[], clock: Arc::new(SystemClock::new()), scratch };
    reading.of(&*data::surface(kind, folder, is_after)).expect("a readable surface")
}

/// The CPU time of this process in milliseconds.
fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let duration = Duration::try_from(time).expect("a time");
    duration.as_secs_f64() * 1e3
}

/// The most memory that this process has had, in megabytes.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("this process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes / 1024.0
}
