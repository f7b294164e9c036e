//! Reading a surface as the witness does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dosd_actors::port::{Disk, SystemClock};
use dosd_actors::witness::{Limits, Reading, Scratch, Surface};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::{Pointer, SortedEntities as _};
use dosd_surfaces::Identity;

/// What a read gave: the digest of every entity, as text.
pub(crate) type Seen = BTreeMap<String, String>;

pub(crate) fn identity() -> Identity {
    Identity { name: "it".to_owned(), accountability: Accountability::OsRecorded }
}

/// Generous, for reads that end by themselves.
pub(crate) fn usual() -> Limits {
    Limits { timeout: Duration::from_mins(1), ..Limits::default() }
}

pub(crate) fn within(timeout: Duration) -> Limits {
    Limits { timeout, ..usual() }
}

pub(crate) fn see(surface: &dyn Surface) -> Result<Seen, String> {
    see_within(surface, usual())
}

pub(crate) fn see_within(surface: &dyn Surface, limits: Limits) -> Result<Seen, String> {
    see_without(surface, limits, &[])
}

/// Reads it without those parts of values.
pub(crate) fn see_without(
    surface: &dyn Surface,
    limits: Limits,
    ignore: &[Pointer],
) -> Result<Seen, String> {
    let scratch = tempfile::tempdir().unwrap();
    let reading = Reading {
        limits,
        ignore,
        clock: Arc::new(SystemClock::new()),
        scratch: Scratch::new(Arc::new(Disk), scratch.path().to_owned()),
    };
    let digests = reading.of(surface).map_err(|error| error.to_string())?;
    let mut walk = digests.walk().unwrap();
    let mut seen = Seen::new();
    while walk.advance().unwrap() {
        seen.insert(walk.key().to_owned(), format!("{:?}", walk.digest()));
    }
    Ok(seen)
}

/// Fails unless the read failed for a cause that holds these words.
pub(crate) fn unreadable(surface: &dyn Surface, limits: Limits, words: &str) {
    match see_within(surface, limits) {
        Ok(seen) => panic!("{} entities instead of an error with `{words}`", seen.len()),
        Err(error) => assert!(error.contains(words), "`{error}` does not say `{words}`"),
    }
}

pub(crate) fn keys(seen: &Seen) -> Vec<&str> {
    seen.keys().map(String::as_str).collect()
}
