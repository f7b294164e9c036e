//! Decisions out of verdict envelopes: what a planner wrote when it looked for work.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use super::field::{age_seconds, first_text, is_set, text};
use super::lane_name::lane_name;
use super::reason::Reasons;
use super::resolver::resolver;
use super::{Decision, Kind};
use crate::Map;

/// How much of an envelope's prose is shown, in characters.
const SHOWN_CHARS: usize = 300;

/// One envelope: a file and what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The file's path.
    pub path: &'a str,
    /// The file's name.
    pub name: &'a str,
    /// Its content.
    pub fields: &'a Map,
}

/// The decision in an envelope; none when it says that work may start.
#[must_use]
pub fn from_envelope(envelope: Envelope<'_>, reasons: &Reasons, now_ms: i64) -> Option<Decision> {
    let Envelope { path, name, fields } = envelope;
    let refusal = refusal_of(fields, reasons)?;
    let kind = if is_withheld(fields) { Kind::PreflightRefuse } else { Kind::Wedge };
    let token = reasons.token(&text(fields, "reason_class"));
    let reason =
        Some(text(fields, "reason")).filter(|text| !text.is_empty()).unwrap_or(refusal.clone());
    Some(Decision {
        kind,
        resolver_kind: resolver(kind, &token, &reason, reasons),
        lane: lane_of(fields, &["lane"]),
        reason_token: token,
        reason_text: reason.chars().take(SHOWN_CHARS).collect(),
        run_id: first_text(fields, &["run_id", "root_id"]),
        run_ts: text(fields, "run_ts"),
        age_seconds: age_seconds(&first_text(fields, &["generated_at", "ts"]), now_ms),
        source_path: path.into(),
        evidence: Vec::from([format!("envelope {name}"), refusal]),
        proposed_command: String::new(),
        handle: String::new(),
        dup_count: 1,
    })
}

/// The lane of an envelope: its scope, by the first of these keys, or else its lane.
pub(crate) fn lane_of(fields: &Map, scope_keys: &[&str]) -> String {
    let label = match fields.get("scope") {
        Some(Value::Object(scope)) => first_text(scope, scope_keys),
        Some(Value::String(scope)) => scope.clone(),
        _ => text(fields, "lane"),
    };
    lane_name(&label).into()
}

/// What makes an envelope a refusal.
fn refusal_of(fields: &Map, reasons: &Reasons) -> Option<String> {
    let verdict = text(fields, "verdict").trim().to_uppercase();
    let shown = if verdict.is_empty() { "?" } else { &verdict };
    if is_set(fields.get("do_not_render")) {
        return Some(format!("do_not_render verdict={shown}"));
    }
    if is_blocked(fields) {
        return Some(format!("blocked verdict={shown}"));
    }
    if !matches!(verdict.as_str(), "" | "LIVE" | "ACCEPT") {
        return Some(format!("verdict={verdict}"));
    }
    let class = fields.get("reason_class").filter(|class| !class.is_null())?;
    let class = class.as_str().map_or_else(|| format!("{class}"), String::from);
    reasons.refuses(&class).then(|| format!("reason_class={class}"))
}

/// Whether the work was held back before it was started.
fn is_withheld(fields: &Map) -> bool {
    is_set(fields.get("do_not_render")) || is_blocked(fields)
}

fn is_blocked(fields: &Map) -> bool {
    is_set(fields.get("blocked")) && !is_set(fields.get("all_clear"))
}
