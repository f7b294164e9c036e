//! What the tests of the surfaces share: reading one, and comparing two reads.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dosd_actors::port::testing::MemoryStorage;
use dosd_actors::port::{Clock, SystemClock};
use dosd_actors::witness::{Digests, Limits, Reading, Scratch, Surface, Walk};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::{Digest, Digester, Pointer, SortedEntities as _, Tally, tally};
use serde_json::Value;

use crate::Identity;

pub(crate) fn identity() -> Identity {
    Identity { name: "tested".to_owned(), accountability: Accountability::OsRecorded }
}

pub(crate) fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap()
}

pub(crate) fn read_with(
    surface: &dyn Surface,
    limits: Limits,
    ignore: &[Pointer],
) -> Result<Digests, String> {
    let scratch = Scratch::new(Arc::new(MemoryStorage::default()), PathBuf::from("/scratch"));
    let clock = Arc::new(SystemClock::new());
    let reading = Reading { limits, ignore, clock, scratch };
    reading.of(surface).map_err(|failed| failed.cause)
}

pub(crate) fn read(surface: &dyn Surface) -> Result<Digests, String> {
    read_with(surface, Limits::default(), &[])
}

/// Why it cannot be read.
pub(crate) fn cause(surface: &dyn Surface) -> String {
    read(surface).unwrap_err()
}

pub(crate) fn entities(digests: &Digests) -> Vec<(String, Digest)> {
    let mut walk: Walk<'_> = digests.walk().unwrap();
    let mut entities = Vec::new();
    while walk.advance().unwrap() {
        entities.push((walk.key().to_owned(), walk.digest()));
    }
    entities
}

/// That a surface holds these entities, no matter whether values are built for it.
pub(crate) fn assert_holds(surface: &dyn Surface, expected: &[(&str, Value)]) {
    let mut expected: Vec<_> = expected
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Digester::default().digest(value)))
        .collect();
    expected.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(entities(&read(surface).unwrap()), expected);
    let ignore = [pointer("/no such field anywhere")];
    let by_values = read_with(surface, Limits::default(), &ignore).unwrap();
    assert_eq!(entities(&by_values), expected);
}

/// What happened to `asked` between two reads.
pub(crate) fn changes(before: &Digests, after: &Digests, asked: &str) -> Tally {
    let (mut before, mut after) = (before.walk().unwrap(), after.walk().unwrap());
    tally(&mut before, &mut after, asked, &BTreeSet::new()).unwrap()
}

pub(crate) fn within(timeout: Duration) -> Limits {
    Limits { timeout, ..Limits::default() }
}

/// Tells a thread to end, also when the test that started it fails.
#[derive(Default)]
pub(crate) struct Ending(AtomicBool);

impl Ending {
    pub(crate) fn has_come(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Comes with the end of what is returned.
    pub(crate) fn with_this(&self) -> impl Drop {
        struct Guard<'a>(&'a AtomicBool);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        Guard(&self.0)
    }
}

/// Waits for something that another thread does.
pub(crate) fn wait_for(mut happened: impl FnMut() -> bool) {
    let clock = SystemClock::new();
    while !happened() {
        assert!(clock.monotonic() < Duration::from_secs(20), "it did not happen in time");
        std::thread::yield_now();
    }
}
