//! Taking the entities of one read, within its limits.

use std::time::Duration;

use dosd_kernel::state_diff::{Digest, Digester, Pointer};
use serde_json::Value;

use super::digests::Digests;
use super::record;
use super::scratch::{Scratch, ScratchFile, append_all};
use super::{Entities, Limits, Stop};
use crate::port::SharedClock;
use crate::witness::surface::{Surface, SurfaceError, Unreadable};

/// A read that holds more than this is put aside in sorted parts.
const MEMORY: usize = 48 << 20;

/// The clock is looked at once for so many entities.
const PER_LOOK: u64 = 256;

/// How one read is made.
pub struct Reading<'a> {
    /// How much is read at most.
    pub limits: Limits,
    /// Parts of values that are no state: they are removed before the comparison.
    pub ignore: &'a [Pointer],
    /// Time.
    pub clock: SharedClock,
    /// Where what does not fit in memory goes.
    pub scratch: Scratch,
}

impl Reading<'_> {
    /// Reads a surface, here and now.
    ///
    /// # Errors
    /// [`SurfaceError`]: it could not be read, is larger than the limits, or holds a key
    /// twice.
    pub fn of(self, surface: &dyn Surface) -> Result<Digests, SurfaceError> {
        let mut collector = Collector::new(self);
        let read = surface.read(&mut collector).and_then(|()| collector.finish());
        read.map_err(|unreadable| unreadable.of(surface.name()))
    }
}

/// Takes what a surface hands over.
pub struct Collector<'a> {
    reading: Reading<'a>,
    began: Duration,
    digester: Digester,
    arena: Vec<u8>,
    order: Vec<Place>,
    in_order: bool,
    parts: Vec<ScratchFile>,
    entities: u64,
    bytes: u64,
}

/// Where a record begins, with the first bytes of its key: most comparisons need no more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) first: u64,
    pub(super) at: u32,
}

impl<'a> Collector<'a> {
    fn new(reading: Reading<'a>) -> Self {
        Self {
            began: reading.clock.monotonic(),
            reading,
            digester: Digester::default(),
            arena: Vec::new(),
            order: Vec::new(),
            in_order: true,
            parts: Vec::new(),
            entities: 0,
            bytes: 0,
        }
    }

    fn finish(mut self) -> Result<Digests, Unreadable> {
        self.sort();
        let took = self.reading.clock.monotonic().saturating_sub(self.began);
        Digests::new(self.arena, self.order, self.parts, self.entities, self.bytes, took)
    }

    fn keep(&mut self, key: &str, digest: Digest) -> Result<(), Stop> {
        if self.arena.len() + key.len() + record::OVERHEAD > MEMORY {
            self.put_aside()?;
        }
        let place = Place {
            first: first_bytes(key),
            at: u32::try_from(self.arena.len()).unwrap_or(u32::MAX),
        };
        self.in_order =
            self.in_order && self.order.last().is_none_or(|last| self.key(*last) < key.as_bytes());
        record::write(key, digest, &mut self.arena);
        self.order.push(place);
        Ok(())
    }

    fn key(&self, place: Place) -> &[u8] {
        key(&self.arena, place)
    }

    fn sort(&mut self) {
        if !std::mem::replace(&mut self.in_order, true) {
            let arena = &self.arena;
            self.order.sort_unstable_by(|a, b| {
                a.first.cmp(&b.first).then_with(|| key(arena, *a).cmp(key(arena, *b)))
            });
        }
    }

    /// Writes what is in memory to a file, sorted, and begins anew.
    fn put_aside(&mut self) -> Result<(), Stop> {
        self.sort();
        let scratch = &self.reading.scratch;
        let failed = |path: String| move |cause| Stop::Scratch { path, cause };
        let part = scratch.file().map_err(failed(scratch.directory().display().to_string()))?;
        let write = || {
            let mut file = part.open()?;
            let mut block = Vec::with_capacity(BLOCK * 2);
            for place in &self.order {
                let bytes = &self.arena[place.at as usize..];
                block.extend_from_slice(&bytes[..record::len(bytes).unwrap_or_default()]);
                if block.len() >= BLOCK {
                    append_all(&mut *file, &block)?;
                    block.clear();
                }
            }
            append_all(&mut *file, &block)
        };
        write().map_err(failed(part.path.display().to_string()))?;
        self.parts.push(part);
        self.arena.clear();
        self.order.clear();
        Ok(())
    }
}

/// Files are written in blocks of this size.
pub(super) const BLOCK: usize = 1 << 16;

pub(super) fn key(arena: &[u8], place: Place) -> &[u8] {
    record::read(&arena[place.at as usize..]).map_or(&[], |(key, _)| key)
}

fn first_bytes(key: &str) -> u64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(key.as_bytes()) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}

impl Entities for Collector<'_> {
    fn entity(&mut self, key: &str, mut value: Value) -> Result<(), Stop> {
        for pointer in self.reading.ignore {
            pointer.remove_from(&mut value);
        }
        let digest = self.digester.digest(&value);
        self.digested(key, digest, self.digester.len() as u64)
    }

    fn digested(&mut self, key: &str, digest: Digest, bytes: u64) -> Result<(), Stop> {
        let Limits { max_entities, max_bytes, .. } = self.reading.limits;
        self.entities += 1;
        if self.entities > max_entities {
            return Err(Stop::TooMany { max: max_entities });
        }
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(key.len() as u64);
        if self.bytes > max_bytes {
            return Err(Stop::TooLarge { max: max_bytes });
        }
        if key.len() > record::LONGEST_KEY {
            return Err(Stop::LongKey { start: key.chars().take(40).collect() });
        }
        if self.entities.is_multiple_of(PER_LOOK) {
            self.go_on()?;
        }
        self.keep(key, digest)
    }

    fn go_on(&mut self) -> Result<(), Stop> {
        if self.time_left().is_zero() {
            return Err(Stop::TimedOut { within: self.reading.limits.timeout });
        }
        Ok(())
    }

    fn time_left(&self) -> Duration {
        let since = self.reading.clock.monotonic().saturating_sub(self.began);
        self.reading.limits.timeout.saturating_sub(since)
    }

    fn bytes_left(&self) -> u64 {
        self.reading.limits.max_bytes.saturating_sub(self.bytes)
    }
}
