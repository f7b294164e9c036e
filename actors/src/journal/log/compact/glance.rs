//! The few fields of a row that decide whether it is kept.

use std::borrow::Cow;

use dosd_kernel::checksum::{self, Checked};
use dosd_kernel::lane::{LeaseKey, Op};
use dosd_kernel::stamp;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A row, as far as a compaction looks at it. Absent and odd fields are empty.
#[derive(Debug, Deserialize)]
pub(super) struct Glance<'a> {
    #[serde(borrow, default)]
    op: Cow<'a, str>,
    #[serde(borrow, default)]
    ts: Cow<'a, str>,
    #[serde(borrow, default)]
    heartbeat_at: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) lane: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) loop_ts: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) run_id: Cow<'a, str>,
}

/// What a line turned out to be.
pub(super) enum Seen<'a> {
    /// A row.
    Row(Glance<'a>),
    /// Blank, or no object.
    Nothing,
    /// It does not parse, or its check sum does not match.
    Damage,
}

impl<'a> Glance<'a> {
    pub(super) fn at(line: &'a str) -> Seen<'a> {
        let line = line.trim();
        if line.is_empty() {
            return Seen::Nothing;
        }
        if checksum::check(line) == Checked::Wrong {
            return Seen::Damage;
        }
        if line.starts_with('{')
            && let Ok(glance) = serde_json::from_str(line)
        {
            return Seen::Row(glance);
        }
        // A field of an odd type, or a key that stands there twice.
        match serde_json::from_str(line) {
            Ok(Value::Object(row)) => Seen::Row(Self::of(&row)),
            Ok(_) => Seen::Nothing,
            Err(_) => Seen::Damage,
        }
    }

    fn of(row: &Map<String, Value>) -> Self {
        let text = |key| {
            let text = row.get(key).and_then(Value::as_str).unwrap_or_default();
            Cow::Owned(text.to_owned())
        };
        let (lane, loop_ts) =
            LeaseKey::of(row).map(|key| (key.lane, key.loop_ts)).unwrap_or_default();
        Self {
            op: text("op"),
            ts: text("ts"),
            heartbeat_at: text("heartbeat_at"),
            lane: Cow::Owned(lane),
            loop_ts: Cow::Owned(loop_ts),
            run_id: text("run_id"),
        }
    }

    pub(super) fn op(&self) -> Op {
        Op::of(&self.op)
    }

    /// When the row was written, epoch ms; the same reading as the fold's.
    pub(super) fn time_ms(&self) -> Option<i64> {
        stamp::parse_ms(&self.ts).or_else(|| stamp::parse_ms(&self.heartbeat_at))
    }
}
