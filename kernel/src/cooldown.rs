//! Whether a unit of work was tried so recently that trying again is waste.
//!
//! Owns the fold of attempts into an answer. It is a hint: an attempt that cannot be
//! read counts as none, so the worst that can happen is one more try. Never reads a
//! clock or a journal.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};

use serde::Serialize;
use serde_json::Value;

use crate::Map;
use crate::fold::text_of;

/// The schema under which attempts are recorded, and its newest version.
const FAMILY: &str = "lane-journal";
const VERSION: i64 = 1;

/// How long a unit rests after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// After an attempt that found nothing to do, was blocked, or ended unknown.
    pub window_ms: i64,
    /// After one that failed on the way: the failure may pass by itself.
    pub error_window_ms: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { window_ms: 6 * 3_600_000, error_window_ms: 30 * 60_000 }
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cooldown {
    /// Nothing speaks against another try.
    Clear,
    /// It was tried, did not move, and still rests.
    RecentlyAttempted,
}

impl Cooldown {
    /// The token that programs see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "CLEAR",
            Self::RecentlyAttempted => "RECENTLY_ATTEMPTED",
        }
    }
}

/// The answer about one unit, and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The answer.
    pub state: Cooldown,
    /// The unit that it is about.
    pub unit_id: String,
    /// The stamp of the latest attempt, as it was recorded; empty without one.
    pub last_ts: String,
    /// How many attempts were found.
    pub count: usize,
    /// When the rest ends, epoch ms; 0 when the unit does not rest.
    pub until_ms: i64,
    /// The answer for people.
    pub reason: String,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Shipped,
    Drained,
    Blocked,
    Error,
    Unknown,
}

impl Outcome {
    fn of(attempt: &Map) -> Self {
        match text_of(attempt, "outcome").trim().to_lowercase().as_str() {
            "shipped" => Self::Shipped,
            "drained" => Self::Drained,
            "blocked" => Self::Blocked,
            "error" => Self::Error,
            _ => Self::Unknown,
        }
    }

    fn window_ms(self, policy: &Policy) -> i64 {
        match self {
            Self::Error => policy.error_window_ms,
            Self::Shipped | Self::Drained | Self::Blocked | Self::Unknown => policy.window_ms,
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Shipped => "it shipped",
            Self::Drained => "it found nothing to do",
            Self::Blocked => "it was blocked",
            Self::Error => "it failed",
            Self::Unknown => "how it ended is not known",
        }
    }
}

/// One attempt at the unit in question.
struct Attempt<'a> {
    at_ms: i64,
    outcome: Outcome,
    ts: &'a str,
}

/// Decides about `unit_id` at `now_ms`, from attempts in any order. The latest one
/// counts; of several at the same millisecond the one that rests longest.
pub fn judge<'a>(
    unit_id: &str,
    attempts: impl IntoIterator<Item = &'a Map>,
    now_ms: i64,
    policy: &Policy,
) -> Verdict {
    let mut count = 0;
    let mut latest: Option<Attempt<'_>> = None;
    let weight = |attempt: &Attempt<'a>| (attempt.at_ms, attempt.outcome.window_ms(policy));
    for attempt in attempts.into_iter().filter_map(|row| Attempt::at(row, unit_id)) {
        count += 1;
        let beats = |held: &Attempt<'a>| (weight(&attempt), attempt.ts) > (weight(held), held.ts);
        if latest.as_ref().is_none_or(beats) {
            latest = Some(attempt);
        }
    }
    let answer = |state, last_ts: &str, until_ms, reason| Verdict {
        state,
        unit_id: unit_id.to_owned(),
        last_ts: last_ts.to_owned(),
        count,
        until_ms,
        reason,
    };
    let Some(latest) = latest else {
        return answer(Cooldown::Clear, "", 0, "no attempt at it is known".to_owned());
    };
    let tried =
        format!("{count} known attempts, the latest at {}: {}", latest.ts, latest.outcome.ending());
    let until_ms = latest.at_ms.saturating_add(latest.outcome.window_ms(policy));
    if latest.outcome == Outcome::Shipped {
        return answer(Cooldown::Clear, latest.ts, 0, tried);
    }
    if now_ms < until_ms {
        let left = until_ms.saturating_sub(now_ms).div_euclid(60_000);
        let reason = format!("{tried}; it rests for {left} more minutes");
        return answer(Cooldown::RecentlyAttempted, latest.ts, until_ms, reason);
    }
    answer(Cooldown::Clear, latest.ts, 0, format!("{tried}; it has rested long enough"))
}

impl<'a> Attempt<'a> {
    /// The attempt that a record tells of, if it is one at `unit_id`.
    fn at(record: &'a Map, unit_id: &str) -> Option<Self> {
        let op = text_of(record, "op");
        let is_attempt = (op.is_empty() || op == "ATTEMPT") && is_readable(record);
        if !is_attempt || name_of(record.get("unit_id")).as_deref() != Some(unit_id) {
            return None;
        }
        let ts = [text_of(record, "ts"), text_of(record, "attempted_at")];
        Some(Self {
            at_ms: whole(record.get("attempted_at_ms"))?,
            outcome: Outcome::of(record),
            ts: ts.into_iter().find(|ts| !ts.is_empty()).unwrap_or_default(),
        })
    }
}

/// Whether a record is of a version that we know. One without a schema is.
fn is_readable(record: &Map) -> bool {
    let (family, version) = match record.get("schema") {
        Some(Value::Object(schema)) => {
            let Some(family) = schema.get("family").and_then(Value::as_str) else { return true };
            (family, schema.get("version").and_then(Value::as_i64))
        }
        bare => ("", bare.and_then(Value::as_i64)),
    };
    // A version that is none is no schema.
    let Some(version) = version.filter(|version| *version >= 1) else { return true };
    (family.is_empty() || family == FAMILY) && version <= VERSION
}

/// A unit's name; other writers put a number there.
fn name_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number, also one that was written as text or with a fraction.
fn whole(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64().or_else(|| {
            #[expect(clippy::cast_possible_truncation, reason = "the fraction is to go")]
            number.as_f64().filter(|float| float.abs() < 9e15).map(|float| float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use serde_json::json;

    const HOUR: i64 = 3_600_000;

    fn decide(now_ms: i64, attempts: Value) -> Verdict {
        let rows: Vec<Map> = serde_json::from_value(attempts).unwrap();
        judge("U1", &rows, now_ms, &Policy::default())
    }

    fn state(now_ms: i64, attempts: Value) -> Cooldown {
        decide(now_ms, attempts).state
    }

    #[test]
    fn a_unit_that_nobody_tried_is_clear() {
        let verdict =
            decide(0, json!([{"unit_id": "U2", "attempted_at_ms": 0, "outcome": "error"}]));
        assert_eq!((verdict.state, verdict.count, verdict.until_ms), (Cooldown::Clear, 0, 0));
    }

    #[test]
    fn each_outcome_has_its_window() {
        let at =
            |outcome: &str| json!([{"unit_id": "U1", "attempted_at_ms": 0, "outcome": outcome}]);
        for (outcome, window_ms) in
            [("drained", 6 * HOUR), ("BLOCKED ", 6 * HOUR), ("?", 6 * HOUR), ("error", HOUR / 2)]
        {
            assert_eq!(state(window_ms - 1, at(outcome)), Cooldown::RecentlyAttempted, "{outcome}");
            assert_eq!(state(window_ms, at(outcome)), Cooldown::Clear, "{outcome}");
        }
        assert_eq!(state(1, at("shipped")), Cooldown::Clear);
    }

    #[test]
    fn the_latest_counts_and_a_tie_rests_longest() {
        let rows = |first: &str, second: &str, second_ms: i64| {
            json!([
                {"unit_id": "U1", "attempted_at_ms": 5, "outcome": first, "ts": "a"},
                {"unit_id": "U1", "attempted_at_ms": second_ms, "outcome": second, "ts": "b"},
            ])
        };
        assert_eq!(state(10, rows("drained", "shipped", 6)), Cooldown::Clear);
        assert_eq!(state(10, rows("shipped", "drained", 6)), Cooldown::RecentlyAttempted);
        for tied in [rows("error", "drained", 5), rows("drained", "error", 5)] {
            assert_eq!(decide(10, tied).until_ms, 6 * HOUR + 5);
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_attempt() {
        for odd in [
            json!({"unit_id": "U1"}),
            json!({"unit_id": "U1", "attempted_at_ms": "soon"}),
            json!({"unit_id": "U1", "attempted_at_ms": 1, "op": "HALT"}),
            json!({"unit_id": "U1", "attempted_at_ms": 1, "schema": {"family": "other", "version": 1}}),
            json!({"unit_id": "U1", "attempted_at_ms": 1, "schema": {"family": "lane-journal", "version": 2}}),
            json!({"unit_id": "U1", "attempted_at_ms": 1, "schema": 2}),
        ] {
            assert_eq!(decide(2, json!([odd])).count, 0, "{odd}");
        }
        for good in [
            json!({"unit_id": "U1", "attempted_at_ms": "1"}),
            json!({"unit_id": "U1", "attempted_at_ms": 1.9, "op": "ATTEMPT", "schema": 1}),
            json!({"unit_id": "U1", "attempted_at_ms": 1, "schema": {"family": "lane-journal", "version": 1}}),
            json!({"unit_id": "U1", "attempted_at_ms": 1, "schema": {"family": "other", "version": "?"}}),
        ] {
            assert_eq!(decide(2, json!([good])).count, 1, "{good}");
        }
    }

    #[test]
    fn times_at_the_edges_do_not_overflow() {
        let rows = json!([{"unit_id": "U1", "attempted_at_ms": i64::MAX}]);
        assert_eq!(decide(i64::MIN + 1, rows.clone()).until_ms, i64::MAX);
        assert_eq!(state(i64::MAX, rows), Cooldown::Clear);
    }
}
