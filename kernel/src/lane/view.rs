//! The few fields of a row that most rows are folded by.
//!
//! Owns the fast path: the fields are borrowed from the line and the rest of it is
//! passed over. A row with an odd type or a doubled key does not fit this view, and
//! is parsed as a whole instead; both ways lead to the same state.

use alloc::borrow::Cow;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use super::lease::KeyRef;
use super::op::Op;
use crate::Map;
use crate::fold::{seq_of, text_of};
use crate::stamp;

/// What a row says about its lease, whichever way it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) op: Op,
    pub(super) key: KeyRef<'a>,
    pub(super) ts: &'a str,
    pub(super) heartbeat_at: &'a str,
}

impl<'a> View<'a> {
    /// The view of a whole row.
    pub(super) fn of(row: &'a Map) -> Self {
        Self {
            op: Op::of(text_of(row, "op")),
            key: KeyRef::of(row),
            ts: text_of(row, "ts"),
            heartbeat_at: text_of(row, "heartbeat_at"),
        }
    }

    /// When the row was written, or else when its beat was; a row with neither says
    /// nothing about progress.
    pub(super) fn time_ms(&self) -> Option<i64> {
        stamp::parse_ms(self.ts).or_else(|| stamp::parse_ms(self.heartbeat_at))
    }

    /// The stamp that a beat sets on its lease.
    pub(super) fn beat_stamp(&self) -> Option<&str> {
        [self.heartbeat_at, self.ts].into_iter().find(|stamp| !stamp.is_empty())
    }
}

/// The view's fields, borrowed from a line.
#[derive(serde::Deserialize)]
pub(super) struct LineView<'a> {
    #[serde(borrow, default)]
    op: Text<'a>,
    #[serde(borrow, default)]
    loop_ts: Text<'a>,
    #[serde(borrow, default)]
    lane: Text<'a>,
    #[serde(borrow, default)]
    ts: Text<'a>,
    #[serde(borrow, default)]
    heartbeat_at: Text<'a>,
    #[serde(default)]
    seq: Seq,
    #[serde(default)]
    seq_watermark: Seq,
}

impl<'a> LineView<'a> {
    /// The view of a line that is an object; none if it does not fit or does not
    /// parse at all.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        // The check keeps arrays out, which serde would take for a list of fields.
        line.starts_with('{').then(|| serde_json::from_str(line).ok()).flatten()
    }

    pub(super) fn seq(&self) -> u64 {
        self.seq.0.max(self.seq_watermark.0)
    }

    pub(super) fn view(&self) -> View<'_> {
        View {
            op: Op::of(&self.op.0),
            key: KeyRef { loop_ts: &self.loop_ts.0, lane: &self.lane.0 },
            ts: &self.ts.0,
            heartbeat_at: &self.heartbeat_at.0,
        }
    }
}

/// The number of a whole row.
pub(super) fn row_seq(row: &Map) -> u64 {
    seq_of(row.get("seq")).max(seq_of(row.get("seq_watermark")))
}

/// Text, or null for empty text. Anything else does not fit.
#[derive(Default)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or null")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.into())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Text::default())
    }
}

/// A `seq` that is a number, or null for none. Anything else does not fit.
#[derive(Default)]
struct Seq(u64);

impl<'de> Deserialize<'de> for Seq {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeqVisitor)
    }
}

struct SeqVisitor;

impl Visitor<'_> for SeqVisitor {
    type Value = Seq;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or null")
    }

    fn visit_u64<E: Error>(self, seq: u64) -> Result<Self::Value, E> {
        let honest = i64::try_from(seq).is_ok();
        honest.then_some(Seq(seq)).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(seq), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Seq::default())
    }
}
