//! A verdict envelope as a row of a frame.

use alloc::format;
use alloc::string::{String, ToString as _};

use serde::Serialize;
use serde_json::Value;

use crate::Map;
use crate::decisions::lane_of;
use crate::fold::text_of;
use crate::stamp;

/// What the history says about the pick of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Trust {
    /// The history shows that it shipped.
    #[serde(rename = "✓oracle")]
    Shipped,
    /// It does not, so far.
    #[serde(rename = "·pending")]
    Pending,
    /// There is no pick to look for.
    #[serde(rename = "—")]
    NotApplicable,
}

impl Trust {
    /// The mark in a frame.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shipped => "✓oracle",
            Self::Pending => "·pending",
            Self::NotApplicable => "—",
        }
    }
}

/// What a planner decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictRow {
    /// What names the envelope.
    pub tag: String,
    /// The lane, or empty.
    pub lane: String,
    /// The verdict's token.
    pub verdict: String,
    /// The reason's token, or empty.
    pub reason_token: String,
    /// `PLAN PHASE` of the first pick, or empty.
    pub pick: String,
    /// What the history says about the pick.
    pub trust: Trust,
    /// How old it is; none without a time.
    pub age_ms: Option<i64>,
}

impl VerdictRow {
    /// The row of an envelope. Nobody has looked for its pick yet.
    #[must_use]
    pub fn of(tag: &str, envelope: &Map, now_ms: i64) -> Self {
        let token = |key| text_of(envelope, key).trim().to_uppercase();
        let flag = |key| crate::decisions::is_set(envelope.get(key));
        let verdict = match token("verdict") {
            verdict if !verdict.is_empty() => verdict,
            _ if flag("blocked") => "WEDGE".into(),
            _ if flag("all_clear") => "ACCEPT".into(),
            _ => "UNKNOWN".into(),
        };
        let stamps = ["generated_at", "ts"].map(|key| text_of(envelope, key));
        let stamp = stamps.into_iter().find(|stamp| !stamp.is_empty()).unwrap_or_default();
        Self {
            tag: tag.into(),
            lane: lane_of(envelope, &["lane", "label"]),
            verdict,
            reason_token: token("reason_class"),
            pick: pick_of(envelope),
            trust: Trust::NotApplicable,
            age_ms: stamp::parse_iso_ms(stamp)
                .map(|stamp_ms| now_ms.saturating_sub(stamp_ms).max(0)),
        }
    }

    /// The plan and the phase of the pick; none when there is no pick.
    #[must_use]
    pub fn claim(&self) -> Option<(&str, &str)> {
        let mut words = self.pick.split_whitespace();
        Some((words.next()?, words.next().unwrap_or_default()))
    }
}

/// The first pick that names a plan, of those that were made or else intended.
fn pick_of(envelope: &Map) -> String {
    let picks = ["picks", "intended_picks"].into_iter();
    let mut picks = picks
        .filter_map(|key| envelope.get(key).and_then(Value::as_array))
        .flatten()
        .filter_map(Value::as_object);
    let named = picks.find_map(|pick| {
        let word = |key| text_of(pick, key).trim();
        let (plan, phase) = (word("plan_id"), word("phase_id"));
        (!plan.is_empty()).then(|| format!("{plan} {phase}").trim().to_string())
    });
    named.unwrap_or_default()
}
