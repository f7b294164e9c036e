//! What an exporter shows of itself. Values only.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::delivery::Circuit;
use crate::sink::Assurance;

/// The observable state of one exporter. Counts begin at the start of the actor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExporterStatus {
    /// Its name.
    pub name: String,
    /// The kind of its sink.
    pub kind: Cow<'static, str>,
    /// What it means that an event was sent.
    pub assurance: Assurance,
    /// What it does now.
    pub phase: Phase,
    /// Whether the sink is thought to work.
    pub circuit: Circuit,
    /// Bytes of the journal that are not settled, as of the last look at it.
    pub behind_bytes: u64,
    /// Age of the oldest event that waits, in milliseconds; 0 when none does.
    pub lag_ms: i64,
    /// Events that the sink took.
    pub sent: u64,
    /// Events that the filter left out.
    pub left_out: u64,
    /// Lines of the journal that are no rows.
    pub corrupt: u64,
    /// Answers that were not an acceptance.
    pub failed: Failures,
    /// Batches that were sent again.
    pub retried: u64,
    /// Events that became dead letters.
    pub dead_lettered: u64,
    /// How often the journal was found rewritten.
    pub rewritten: u64,
    /// When the sink last took something, epoch ms.
    pub last_success_ms: Option<i64>,
    /// What the sink said when it last took nothing.
    pub last_failure: Option<String>,
    /// The id of the last event that is settled.
    pub last_event_id: Option<String>,
    /// Why the sink could not be reached when the exporter started.
    pub unhealthy: Option<String>,
    /// What is wrong on this side of the sink now: the journal, the cursor file,
    /// the dead letters.
    pub problem: Option<String>,
    /// Where the cursor file was put that could not be used.
    pub unreadable_cursor: Option<PathBuf>,
}

/// Answers of the sink by class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// It did not work, and may work later.
    pub retry: u64,
    /// The sink wanted to be left alone.
    pub throttled: u64,
    /// The sink refused a whole batch.
    pub refused: u64,
    /// The sink refused some events of a batch.
    pub partly: u64,
    /// The sink is gone for good.
    pub disabled: u64,
}

/// What an exporter does now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "doing", rename_all = "snake_case")]
pub enum Phase {
    /// It looks for its place in the journal.
    Starting,
    /// Everything is settled; it waits for the doorbell.
    Resting,
    /// It reads or sends.
    Working,
    /// It waits before it sends again.
    Waiting {
        /// Until when, epoch ms.
        until_ms: i64,
    },
    /// The sink said that it is gone for good.
    Disabled {
        /// Its reason.
        reason: String,
    },
    /// It was drained.
    Ended,
}

impl ExporterStatus {
    pub(super) fn new(name: &str, kind: &'static str, assurance: Assurance) -> Self {
        Self {
            name: name.to_owned(),
            kind: Cow::Borrowed(kind),
            assurance,
            phase: Phase::Starting,
            circuit: Circuit::Closed,
            behind_bytes: 0,
            lag_ms: 0,
            sent: 0,
            left_out: 0,
            corrupt: 0,
            failed: Failures::default(),
            retried: 0,
            dead_lettered: 0,
            rewritten: 0,
            last_success_ms: None,
            last_failure: None,
            last_event_id: None,
            unhealthy: None,
            problem: None,
            unreadable_cursor: None,
        }
    }
}
