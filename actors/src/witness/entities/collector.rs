//! Taking the entities of one read, within its limits.

use std::time::Duration;

use dosd_kernel::state_diff::{Digest, Digester, Pointer};
use serde_json::Value;

use super::arena::Arena;
use super::digests::{Digests, held_twice};
use super::record;
use super::scratch::{Scratch, ScratchFile, append_all};
use super::{Entities, Limits, Stop};
use crate::port::SharedClock;
use crate::witness::surface::{Repeats, Surface, SurfaceError, Unreadable};

/// The clock is looked at once for so many entities.
const PER_LOOK: u64 = 256;

/// A surface that changes while it is read is read so often at most.
const ATTEMPTS: u32 = 5;

/// Files are written in blocks of this size.
pub(super) const BLOCK: usize = 1 << 16;

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
    /// Reads a surface, here and now. One that changes meanwhile is read again, a few times
    /// and within the time for one read.
    ///
    /// # Errors
    /// [`SurfaceError`]: it could not be read, is larger than the limits, or holds a key
    /// twice.
    pub fn of(self, surface: &dyn Surface) -> Result<Digests, SurfaceError> {
        let began = self.clock.monotonic();
        let mut attempt = 1;
        loop {
            let mut collector = Collector::new(&self, began, surface.repeats());
            let read = surface.read(&mut collector);
            let in_time = collector.go_on().is_ok();
            match read.and_then(|()| collector.finish()) {
                Err(why) if why.is_moved() && attempt < ATTEMPTS && in_time => attempt += 1,
                read => return read.map_err(|unreadable| unreadable.of(surface.name())),
            }
        }
    }
}

/// Takes what a surface hands over.
pub struct Collector<'a> {
    reading: &'a Reading<'a>,
    began: Duration,
    repeats: Repeats,
    digester: Digester,
    arena: Arena,
    parts: Vec<ScratchFile>,
    /// How many were handed over, also with keys that came before.
    handed: u64,
    bytes: u64,
    unfinished: Option<String>,
}

impl<'a> Collector<'a> {
    fn new(reading: &'a Reading<'a>, began: Duration, repeats: Repeats) -> Self {
        Self {
            reading,
            began,
            repeats,
            digester: Digester::default(),
            arena: Arena::default(),
            parts: Vec::new(),
            handed: 0,
            bytes: 0,
            unfinished: None,
        }
    }

    fn finish(mut self) -> Result<Digests, Unreadable> {
        self.put_in_order()?;
        let took = self.reading.clock.monotonic().saturating_sub(self.began);
        let mut digests =
            Digests::new(self.arena, self.parts, self.repeats, self.handed, self.bytes, took);
        digests.unfinished = self.unfinished;
        digests.count()?;
        let max = self.reading.limits.max_entities;
        if digests.entities() > max {
            return Err(Stop::TooMany { max }.into());
        }
        Ok(digests)
    }

    fn keep(&mut self, key: &str, digest: Digest) -> Result<(), Stop> {
        // Places are 32 bits wide.
        let memory = self.reading.scratch.memory().min(u32::MAX as usize);
        if self.arena.size_with(key) > memory && !self.arena.is_empty() {
            self.make_room(key, memory)?;
        }
        self.arena.push(key, digest);
        Ok(())
    }

    /// Sorts what is in memory.
    fn put_in_order(&mut self) -> Result<(), Unreadable> {
        self.arena.sort();
        match self.repeats {
            Repeats::LastCounts => self.arena.keep_last(),
            Repeats::Refused => {
                if let Some(key) = self.arena.twice() {
                    return Err(held_twice(&String::from_utf8_lossy(key)));
                }
            }
        }
        Ok(())
    }

    /// Writes what is in memory to a file, sorted, and begins anew; unless most of it does
    /// not count any more.
    fn make_room(&mut self, key: &str, memory: usize) -> Result<(), Stop> {
        self.arena.sort();
        if self.repeats == Repeats::LastCounts {
            self.arena.keep_last();
            self.arena.compact();
            if self.arena.size_with(key) <= memory / 2 {
                return Ok(());
            }
        }
        let scratch = &self.reading.scratch;
        let failed = |path: String| move |cause| Stop::Scratch { path, cause };
        let mut part = scratch.file().map_err(failed(scratch.directory().display().to_string()))?;
        let write = || {
            let mut file = part.open()?;
            let mut block = Vec::with_capacity(BLOCK * 2);
            for index in 0..self.arena.len() {
                block.extend_from_slice(self.arena.record(index));
                if block.len() >= BLOCK {
                    append_all(&mut *file, &block)?;
                    block.clear();
                }
            }
            append_all(&mut *file, &block)
        };
        write().map_err(failed(part.path.display().to_string()))?;
        part.records = self.arena.len() as u64;
        self.parts.push(part);
        self.arena.clear();
        Ok(())
    }
}

impl Entities for Collector<'_> {
    fn entity(&mut self, key: &str, mut value: Value) -> Result<(), Stop> {
        for pointer in self.reading.ignore {
            pointer.remove_from(&mut value);
        }
        let digest = self.digester.digest(&value);
        self.digested(key, digest, self.digester.len() as u64)
    }

    fn takes_digests(&self) -> bool {
        self.reading.ignore.is_empty()
    }

    fn digested(&mut self, key: &str, digest: Digest, bytes: u64) -> Result<(), Stop> {
        let Limits { max_entities, max_bytes, .. } = self.reading.limits;
        self.handed += 1;
        // In a log most lines may be of the same few keys: those are counted at the end.
        if self.handed > max_entities && self.repeats == Repeats::Refused {
            return Err(Stop::TooMany { max: max_entities });
        }
        self.bytes = self.bytes.saturating_add(bytes).saturating_add(key.len() as u64);
        if self.bytes > max_bytes {
            return Err(Stop::TooLarge { max: max_bytes });
        }
        if key.len() > record::LONGEST_KEY {
            return Err(Stop::LongKey { start: key.chars().take(40).collect() });
        }
        if self.handed.is_multiple_of(PER_LOOK) {
            self.go_on()?;
        }
        self.keep(key, digest)
    }

    fn unfinished(&mut self, what: String) {
        self.unfinished = Some(what);
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
