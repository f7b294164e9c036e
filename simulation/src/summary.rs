//! Many runs together.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::fault::Fault;
use crate::run::{Report, run};
use crate::trace::{Finding, Show};

/// So many runs together have to know every kind of fault.
const EVERY_KIND_IN: u64 = 500;

/// What many runs came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Runs.
    pub seeds: u64,
    /// Time that passed in them.
    pub simulated: Duration,
    /// Things that happened.
    pub events: u64,
    /// Injected faults by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// The seeds with something wrong, and what.
    pub failed: Vec<(u64, Vec<Finding>)>,
}

impl Summary {
    /// Runs `count` seeds from `first` on, on so many threads; a run never leaves its thread.
    /// `tell` hears of each failing seed.
    ///
    /// # Panics
    /// When a thread cannot be started.
    pub fn of(first: u64, count: u64, threads: usize, tell: impl Fn(&Report) + Sync) -> Self {
        let next = AtomicU64::new(0);
        let work = || {
            let mut own = Self::default();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return own;
                }
                let report = run(first.wrapping_add(at), Show::Nothing);
                if !report.findings.is_empty() {
                    tell(&report);
                }
                own.add(report);
            }
        };
        let mut all = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
            let parts = workers
                .into_iter()
                .map(|worker| worker.join().expect("what panics inside of a run is its finding"));
            parts.fold(Self::default(), Self::joined)
        });
        all.failed.sort_by_key(|(seed, _)| *seed);
        all
    }

    fn add(&mut self, report: Report) {
        self.seeds += 1;
        self.simulated += report.simulated;
        self.events += report.events;
        for (fault, count) in report.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        if !report.findings.is_empty() {
            self.failed.push((report.seed, report.findings));
        }
    }

    fn joined(mut self, other: Self) -> Self {
        self.seeds += other.seeds;
        self.simulated += other.simulated;
        self.events += other.events;
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.failed.extend(other.failed);
        self
    }

    /// The kinds of faults that never happened, of many runs.
    #[must_use]
    pub fn missing(&self) -> Vec<Fault> {
        if self.seeds < EVERY_KIND_IN {
            return Vec::new();
        }
        Fault::ALL.into_iter().filter(|fault| !self.faults.contains_key(fault)).collect()
    }

    /// Whether nothing was wrong and enough happened.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.failed.is_empty() && self.missing().is_empty()
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.simulated.as_secs_f64() / 3600.0;
        writeln!(f, "seeds      {}", self.seeds)?;
        writeln!(f, "simulated  {hours:.1} h")?;
        writeln!(f, "events     {}", self.events)?;
        writeln!(f, "faults     {}", self.faults.values().sum::<u64>())?;
        for (fault, count) in &self.faults {
            writeln!(f, "  {fault:<14} {count}")?;
        }
        for fault in self.missing() {
            writeln!(f, "  {fault:<14} never: this run proves too little")?;
        }
        write!(f, "failed     {}", self.failed.len())?;
        for (seed, findings) in &self.failed {
            write!(f, "\n  cargo run -p dosd-simulation -- --seed {seed}")?;
            for finding in findings {
                write!(f, "\n    {finding}")?;
            }
        }
        Ok(())
    }
}
