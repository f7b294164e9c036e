//! Reads of surfaces that a test makes up, on a disk that it can break.

mod file;
mod limits;
mod memory;
mod moved;
mod repeats;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::{Digest, Digester, SortedEntities as _};
use serde_json::Value;

use super::{Digests, Entities, Limits, Reading, Scratch, Walk};
use crate::port::Clock;
use crate::port::testing::MemoryStorage;
use crate::witness::{Repeats, Surface, SurfaceError, Unreadable};

/// What a made-up surface does with whoever takes its entities.
type Hand = dyn Fn(&mut dyn Entities) -> Result<(), Unreadable> + Send + Sync;

/// A surface that hands over what a test says.
struct Made {
    repeats: Repeats,
    hand: Box<Hand>,
}

impl Made {
    fn by(
        hand: impl Fn(&mut dyn Entities) -> Result<(), Unreadable> + Send + Sync + 'static,
    ) -> Self {
        Self { repeats: Repeats::Refused, hand: Box::new(hand) }
    }

    fn of(entities: Vec<(String, Value)>) -> Self {
        Self::by(move |into| {
            for (key, value) in &entities {
                into.entity(key, value.clone())?;
            }
            Ok(())
        })
    }

    fn log(entities: Vec<(String, Value)>) -> Self {
        Self { repeats: Repeats::LastCounts, ..Self::of(entities) }
    }
}

impl Surface for Made {
    fn name(&self) -> &'static str {
        "made"
    }

    fn kind(&self) -> &'static str {
        "made"
    }

    fn accountability(&self) -> Accountability {
        Accountability::OsRecorded
    }

    fn repeats(&self) -> Repeats {
        self.repeats
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        (self.hand)(into)
    }
}

/// A clock on which a millisecond passes with each look.
#[derive(Default)]
struct Passing(AtomicU64);

impl Clock for Passing {
    fn now_ms(&self) -> i64 {
        0
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// A read with so many bytes of memory.
fn read_in(
    memory: usize,
    storage: &MemoryStorage,
    limits: Limits,
    surface: &Made,
) -> Result<Digests, SurfaceError> {
    let scratch = Scratch::new(Arc::new(storage.clone()), "/scratch".into()).with_memory(memory);
    let reading = Reading { limits, ignore: &[], clock: Arc::new(Passing::default()), scratch };
    reading.of(surface)
}

fn read(memory: usize, surface: &Made) -> Result<Digests, SurfaceError> {
    read_in(memory, &MemoryStorage::default(), Limits::default(), surface)
}

fn all(mut walk: Walk<'_>) -> Result<Vec<(String, Digest)>, Unreadable> {
    let mut entities = Vec::new();
    while walk.advance()? {
        entities.push((walk.key().to_owned(), walk.digest()));
    }
    Ok(entities)
}

/// What a read of these entities has to give: of each key the last.
fn expected(entities: &[(String, Value)]) -> Vec<(String, Digest)> {
    let last: BTreeMap<&String, &Value> = entities.iter().map(|(k, v)| (k, v)).collect();
    let digest = |value: &Value| Digester::default().digest(value);
    last.into_iter().map(|(key, value)| (key.clone(), digest(value))).collect()
}

fn file(storage: &MemoryStorage, path: &str) -> Result<Vec<(String, Digest)>, Unreadable> {
    all(Walk::file(storage, Path::new(path))?)
}
