//! What was told, and what waits to be told. Pure: it reads no clock and sends nothing.
//!
//! Every event that is counted stands in the book until a message tells it, by itself or
//! as a number. A kind that was told is no news again before `repeat` is over; its events
//! are told beside the next news, or when `repeat` is over.

use std::collections::BTreeMap;
use std::time::Duration;

use dosd_kernel::verdict::Severity;
use serde::{Deserialize, Serialize};

use super::gather::{Fingerprint, Tally};

/// So many kinds are known by name at most; events of others are only counted.
pub(super) const KINDS: usize = 500;

/// How often people want to hear.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// The least time between two messages.
    pub(super) interval_ms: i64,
    /// How long what was told is no news.
    pub(super) repeat_ms: i64,
}

impl Times {
    pub(super) fn new(interval: Duration, repeat: Duration) -> Self {
        Self { interval_ms: whole_ms(interval), repeat_ms: whole_ms(repeat) }
    }
}

fn whole_ms(long: Duration) -> i64 {
    i64::try_from(long.as_millis()).unwrap_or(i64::MAX)
}

/// The state between messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Book {
    /// When the last message went out, epoch ms.
    pub(super) message_ms: Option<i64>,
    pub(super) kinds: BTreeMap<Fingerprint, Kind>,
    /// What waits and has no place in `kinds`.
    pub(super) others: Volumes,
}

/// What is known of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kind {
    /// When it was last told as news, epoch ms.
    pub(super) told_ms: Option<i64>,
    /// What came since a message told of it.
    pub(super) waiting: Option<Tally>,
}

/// Events by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Volumes {
    pub(super) error: u64,
    pub(super) warn: u64,
    pub(super) info: u64,
}

impl Volumes {
    pub(super) fn add(&mut self, severity: Severity, events: u64) {
        let volume = match severity {
            Severity::Error => &mut self.error,
            Severity::Warn => &mut self.warn,
            Severity::Info => &mut self.info,
        };
        *volume = volume.saturating_add(events);
    }

    pub(super) fn total(self) -> u64 {
        self.error.saturating_add(self.warn).saturating_add(self.info)
    }
}

/// A kind with what waits of it.
pub(super) type Waiting<'a> = (&'a Fingerprint, &'a Tally);

impl Book {
    /// Makes the times fit the clock, which may have been set back, and forgets the kinds
    /// that are news again and of which nothing waits.
    pub(super) fn settle(&mut self, now_ms: i64, times: Times) {
        let past = |at: Option<i64>| at.map(|at| at.min(now_ms));
        self.message_ms = past(self.message_ms);
        self.kinds.retain(|_, kind| {
            kind.told_ms = past(kind.told_ms);
            kind.waiting.is_some() || !kind.is_news(now_ms, times)
        });
    }

    /// Takes events in.
    pub(super) fn count(&mut self, gathered: &BTreeMap<Fingerprint, Tally>) {
        for (fingerprint, tally) in gathered {
            if self.kinds.len() >= KINDS && !self.kinds.contains_key(fingerprint) {
                self.others.add(tally.severity, tally.events);
                continue;
            }
            let kind = self.kinds.entry(fingerprint.clone()).or_default();
            match &mut kind.waiting {
                Some(waiting) => waiting.add(tally),
                None => kind.waiting = Some(tally.clone()),
            }
        }
    }

    /// How long until a message is called for, in ms; none while nothing waits.
    pub(super) fn due_in_ms(&self, now_ms: i64, times: Times) -> Option<i64> {
        let others = (self.others.total() > 0).then_some(0);
        let kinds = self.kinds.values().filter(|kind| kind.waiting.is_some());
        let first = kinds.map(|kind| kind.no_news_ms(now_ms, times)).chain(others).min()?;
        Some(first.max(self.interval_left_ms(now_ms, times)))
    }

    /// What is left of the interval since the last message, in ms.
    pub(super) fn interval_left_ms(&self, now_ms: i64, times: Times) -> i64 {
        self.message_ms.map_or(0, |last| left(last, times.interval_ms, now_ms))
    }

    /// What a message would tell as news: the loudest first, then what happened most.
    pub(super) fn news(&self, now_ms: i64, times: Times) -> Vec<Waiting<'_>> {
        self.waiting(|kind| kind.is_news(now_ms, times))
    }

    /// What a message would tell beside it: what came of kinds that were told before.
    pub(super) fn meanwhile(&self, now_ms: i64, times: Times) -> Vec<Waiting<'_>> {
        self.waiting(|kind| !kind.is_news(now_ms, times))
    }

    fn waiting(&self, which: impl Fn(&Kind) -> bool) -> Vec<Waiting<'_>> {
        let chosen = self.kinds.iter().filter(|(_, kind)| which(kind));
        let mut waiting: Vec<Waiting<'_>> =
            chosen.filter_map(|(name, kind)| Some((name, kind.waiting.as_ref()?))).collect();
        waiting.sort_by_key(|(_, tally)| std::cmp::Reverse((tally.severity, tally.events)));
        waiting
    }

    /// A message has told all that waits.
    pub(super) fn told(&mut self, now_ms: i64, times: Times) {
        for kind in self.kinds.values_mut() {
            let is_news = kind.is_news(now_ms, times);
            if kind.waiting.take().is_some() && is_news {
                kind.told_ms = Some(now_ms);
            }
        }
        self.others = Volumes::default();
        self.message_ms = Some(now_ms);
        self.settle(now_ms, times);
    }
}

impl Kind {
    fn is_news(&self, now_ms: i64, times: Times) -> bool {
        self.no_news_ms(now_ms, times) == 0
    }

    /// How long it is no news still.
    fn no_news_ms(&self, now_ms: i64, times: Times) -> i64 {
        self.told_ms.map_or(0, |told| left(told, times.repeat_ms, now_ms))
    }
}

/// What is left of `long` since `since`. A moment that has not come yet counts as now: the
/// clock was set back.
fn left(since: i64, long: i64, now_ms: i64) -> i64 {
    long.saturating_sub(now_ms.saturating_sub(since).max(0)).max(0)
}
