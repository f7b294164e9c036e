//! Decisions out of the lane journal: refused requests and proposed halts.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use super::field::{age_seconds, first_text, text};
use super::lane_name::lane_name;
use super::reason::Reasons;
use super::resolver::resolver;
use super::{Decision, Kind, Resolver};
use crate::Map;
use crate::fold::text_of;
use crate::lane::Op;

/// The decisions that wait in a lane journal, in its order.
///
/// A refusal is over, and left out, once the lane that was refused, or one that stood
/// in its way, was given back, or the lane was granted. A proposed halt stays: whether
/// somebody enacted it, no row says.
#[must_use]
pub fn from_journal(rows: &[Map], path: &str, reasons: &Reasons, now_ms: i64) -> Vec<Decision> {
    let moves = Moves::of(rows);
    let mut decisions = Vec::new();
    for row in rows {
        let refusal = refusal_of(row);
        if text_of(row, "op") == Op::Halt.as_str() {
            decisions.push(halt(row, path, now_ms));
        } else if let Some(reason) = refusal
            && !moves.settled(row)
        {
            decisions.push(refuse(row, reason, path, reasons, now_ms));
        }
    }
    decisions
}

/// Why a request was refused; none for a row that is no refusal.
///
/// Some writers note a refusal as an ACQUIRE whose reason says that it was none.
fn refusal_of(row: &Map) -> Option<String> {
    let op = Op::of(text_of(row, "op"));
    if op == Op::Refuse {
        return Some(text(row, "reason"));
    }
    if op != Op::Acquire {
        return None;
    }
    let nested = || match row.get("lease") {
        Some(Value::Object(lease)) => text(lease, "reason"),
        _ => String::new(),
    };
    let reason = Some(text(row, "reason")).filter(|text| !text.is_empty()).unwrap_or_else(nested);
    says_refused(&reason).then_some(reason)
}

fn says_refused(reason: &str) -> bool {
    const WORD: &str = "refused";
    let reason = reason.trim_start();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    reason.get(..WORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(WORD))
        && !reason.chars().nth(WORD.len()).is_some_and(is_word)
}

fn refuse(row: &Map, reason: String, path: &str, reasons: &Reasons, now_ms: i64) -> Decision {
    let kind = Kind::ArbiterRefuse;
    let token = reasons.token(&text(row, "reason_class"));
    let reason = if reason.is_empty() { "lane refused".into() } else { reason };
    let mut evidence = Vec::from([place(row)]);
    if Op::of(text_of(row, "op")) == Op::Acquire {
        evidence.push("recovered: the row's op says ACQUIRE, its reason says refused".into());
    }
    Decision {
        kind,
        resolver_kind: resolver(kind, &token, &reason, reasons),
        lane: lane_name(&text(row, "lane")).into(),
        reason_token: token,
        reason_text: reason,
        run_id: first_text(row, &["run_id", "root_id"]),
        run_ts: String::new(),
        age_seconds: age_seconds(text_of(row, "ts"), now_ms),
        source_path: path.into(),
        evidence,
        proposed_command: String::new(),
        handle: String::new(),
        dup_count: 1,
    }
}

fn halt(row: &Map, path: &str, now_ms: i64) -> Decision {
    let (handle, command, reason) =
        (text(row, "handle"), text(row, "command"), text(row, "reason"));
    let shown = if handle.is_empty() { "?" } else { &handle };
    let mut evidence = Vec::from([format!("handle={shown}"), place(row)]);
    if !command.is_empty() {
        evidence.push(format!("proposed: {command}"));
    }
    Decision {
        kind: Kind::Liveness,
        resolver_kind: Resolver::Oracle,
        lane: text(row, "lane"),
        reason_token: String::new(),
        reason_text: if reason.is_empty() { "halt proposed".into() } else { reason },
        run_id: text(row, "run_id"),
        run_ts: String::new(),
        age_seconds: age_seconds(text_of(row, "ts"), now_ms),
        source_path: path.into(),
        evidence,
        proposed_command: command,
        handle,
        dup_count: 1,
    }
}

fn place(row: &Map) -> String {
    match row.get("seq") {
        None | Some(Value::Null) => "journal seq #?".into(),
        Some(Value::String(seq)) => format!("journal seq #{seq}"),
        Some(seq) => format!("journal seq #{seq}"),
    }
}

/// For each lane, the last row that ended or granted a lease on it.
struct Moves<'a>(BTreeMap<&'a str, i64>);

impl<'a> Moves<'a> {
    fn of(rows: &'a [Map]) -> Self {
        let mut moves = BTreeMap::new();
        for row in rows {
            let frees_lane = match Op::of(text_of(row, "op")) {
                Op::Release | Op::Scavenge => true,
                Op::Acquire => refusal_of(row).is_none(),
                Op::Reconcile
                | Op::Heartbeat
                | Op::Adopt
                | Op::Checkpoint
                | Op::Spawn
                | Op::Halt
                | Op::Refuse
                | Op::Enforce
                | Op::Attempt
                | Op::WorkerStarted
                | Op::WorkerExited
                | Op::WorkerGaveUp
                | Op::WorkerReset
                | Op::Corrupt
                | Op::Unknown => false,
            };
            let (lane, seq) = (text_of(row, "lane"), row.get("seq").and_then(Value::as_i64));
            if let Some(seq) = seq.filter(|_| frees_lane && !lane.is_empty()) {
                let last = moves.entry(lane).or_insert(seq);
                *last = seq.max(*last);
            }
        }
        Self(moves)
    }

    /// Whether what a refusal was about has moved since. A row without a number has no
    /// place among the others, and stays.
    fn settled(&self, refusal: &Map) -> bool {
        let Some(seq) = refusal.get("seq").and_then(Value::as_i64) else { return false };
        let blocking = refusal.get("blocking_trees").and_then(Value::as_object);
        let blocking = blocking.into_iter().flat_map(|trees| trees.keys().map(String::as_str));
        let own = text_of(refusal, "lane");
        blocking.chain([own]).any(|lane| self.0.get(lane).is_some_and(|moved| *moved > seq))
    }
}
