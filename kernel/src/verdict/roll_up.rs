//! Counting events along one dimension.
//!
//! Owns the order in which dimensions are listed. Never reads a journal.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::event::VerdictEvent;

/// The functions that come first when a roll-up lists syscalls, in this order;
/// all others follow alphabetically.
pub const KNOWN_SYSCALLS: &[&str] = &[
    "verify",
    "liveness",
    "productivity",
    "efficiency",
    "arbitrate",
    "reward",
    "breaker",
    "hook_exit",
    "pretool",
    "posttool",
    "stop",
];

/// What to count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The function that decided.
    #[default]
    Syscall,
    /// What it decided.
    Verdict,
    /// The run it is about.
    RunId,
    /// The lane it is about.
    Lane,
    /// Kernel or sensor.
    Source,
}

impl Dimension {
    /// The dimension's name in arguments and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syscall => "syscall",
            Self::Verdict => "verdict",
            Self::RunId => "run_id",
            Self::Lane => "lane",
            Self::Source => "source",
        }
    }

    fn of(self, event: &VerdictEvent) -> &str {
        match self {
            Self::Syscall => or(&event.syscall, "(none)"),
            Self::Verdict => or(&event.verdict, "(none)"),
            Self::RunId => or(&event.run_id, "(unattributed)"),
            Self::Lane => or(&event.lane, "(none)"),
            Self::Source => or(&event.source, "(none)"),
        }
    }
}

/// Counts of verdicts along one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RollUp {
    /// What was counted by.
    pub by: Dimension,
    /// Events counted.
    pub total: u64,
    /// Lines that did not parse, beside them.
    pub corrupt: u64,
    /// The values of the dimension, in the order in which to show them.
    pub dimensions: Vec<String>,
    /// For each value, how often each verdict.
    pub counts: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Counts the events. `corrupt` is what the reader counted, and rides along.
pub fn roll_up<'a>(
    events: impl IntoIterator<Item = &'a VerdictEvent>,
    by: Dimension,
    corrupt: u64,
) -> RollUp {
    let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut total = 0;
    for event in events {
        total += 1;
        let verdicts = counts.entry(by.of(event).into()).or_default();
        *verdicts.entry(or(&event.verdict, "(none)").into()).or_default() += 1;
    }
    let mut dimensions: Vec<String> = counts.keys().cloned().collect();
    if by == Dimension::Syscall {
        let place = |name: &String| {
            KNOWN_SYSCALLS.iter().position(|known| known == name).unwrap_or(KNOWN_SYSCALLS.len())
        };
        dimensions.sort_by_key(place);
    }
    RollUp { by, total, corrupt, dimensions, counts }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
