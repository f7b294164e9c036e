//! Journals with more damage than the shared generator puts in: fields of a wrong type, fields that
//! are gone, stamps that nobody should write.

use super::workspace::Age;
use crate::support::journals::{self, NOW_MS};
use dosd_kernel::stamp;
use fastrand::Rng;
use serde_json::{Map, Value, json};

const LANE_FIELDS: [&str; 14] = [
    "op",
    "seq",
    "ts",
    "lane",
    "loop_ts",
    "lane_kind",
    "tree",
    "host_id",
    "pid",
    "holder",
    "acquired_at",
    "heartbeat_at",
    "lease",
    "leases",
];
const VERDICT_FIELDS: [&str; 9] =
    ["seq", "ts", "syscall", "verdict", "run_id", "lane", "subject", "detail", "source"];

/// A lane journal.
pub(super) fn lanes(rng: &mut Rng, age: Age) -> String {
    let text = journals::lanes(rng);
    let text = more_rows(rng, &text);
    let text = match age {
        Age::Fixed => text,
        Age::Fresh { now_ms } => fresh(&text, now_ms),
    };
    disturb(rng, &text, &LANE_FIELDS)
}

/// A verdict journal.
pub(super) fn verdicts(rng: &mut Rng) -> String {
    let text = journals::verdicts(rng);
    disturb(rng, &text, &VERDICT_FIELDS)
}

/// The ops that the shared generator does not write, between its rows.
fn more_rows(rng: &mut Rng, text: &str) -> String {
    let mut mixed = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        mixed.push_str(line);
        if line.ends_with('\n') && rng.u8(..12) == 0 {
            let time = stamp::format_ms(NOW_MS - rng.i64(0..5_400_000));
            let row = match rng.u8(..5) {
                0 => json!({"op": "ENFORCE", "ts": time, "lane": "Bash", "proposal": {"n": 1}}),
                1 => json!({"op": "WORKER_GAVE_UP", "ts": time, "lane": "docs", "failures": 5}),
                2 => json!({"op": "WORKER_RESET", "ts": time, "lane": "docs", "failures": 5}),
                _ => json!({
                    "op": "ATTEMPT",
                    "ts": time,
                    "unit_id": one(rng, &["U-1", "plan/P2", ""]),
                    "outcome": one(rng, &["DRAINED", "SHIPPED", "BLOCKED", ""]),
                    "lane": "docs",
                    "loop_ts": "L3",
                    "host_id": "host",
                    "schema": {"family": "lane-journal", "version": 1},
                }),
            };
            mixed.push_str(&row.to_string());
            mixed.push('\n');
        }
    }
    mixed
}

/// How a journal's rows are damaged, beyond the shared generator's oddities.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Damage {
    None,
    /// Fields that are gone, null or blank, odd stamps, odd texts.
    Texts,
    /// Also values of a type that the field never has.
    Types,
}

/// Damages some rows of most journals.
fn disturb(rng: &mut Rng, text: &str, fields: &[&str]) -> String {
    let damage = match rng.u8(..12) {
        0 => Damage::Types,
        1..=7 => Damage::Texts,
        _ => Damage::None,
    };
    let odds = if damage == Damage::None { 0 } else { rng.u8(1..20) };
    let mut disturbed = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let row = serde_json::from_str::<Value>(line).ok();
        match row {
            Some(Value::Object(mut row)) if rng.u8(..100) < odds => {
                harm(rng, &mut row, fields, damage);
                disturbed.push_str(&Value::Object(row).to_string());
                // The end of the line stays as it is, so that a torn end stays one.
                disturbed.push_str(&line[line.trim_end_matches(['\r', '\n']).len()..]);
            }
            _ => disturbed.push_str(line),
        }
    }
    disturbed
}

fn harm(rng: &mut Rng, row: &mut Map<String, Value>, fields: &[&str], damage: Damage) {
    let field = fields[rng.usize(..fields.len())];
    let value = match rng.u8(..6) {
        0 | 1 => None,
        2 | 3 if damage == Damage::Types => Some(odd_value(rng)),
        _ if field == "ts" || field.ends_with("_at") => Some(odd_stamp(rng)),
        3 => Some(Value::Null),
        4 => Some(json!(one(rng, &[" ", "", "\t"]))),
        _ => Some(json!("ü\u{1F600} \"quoted\" \\ back")),
    };
    // A grant's own identity stays that of the lease in it.
    let identity = matches!(field, "lane" | "loop_ts");
    if let (true, Some(lease)) = (identity, row.get_mut("lease").and_then(Value::as_object_mut)) {
        set(lease, field, value.clone());
    }
    set(row, field, value);
}

fn one<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}

fn set(fields: &mut Map<String, Value>, field: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(fields.insert(field.to_owned(), value)),
        None => drop(fields.remove(field)),
    }
}

/// Whether a journal has a value of a type that its field never has. The peer makes a text of it as
/// its language prints it, or counts `true` as 1; here it counts as absent.
pub(super) fn has_wrong_types(text: &str) -> bool {
    let rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    rows.filter_map(|row| row.as_object().cloned()).any(|row| {
        row.iter().any(|(field, value)| match field.as_str() {
            "seq" | "seq_watermark" => !(value.is_null() || value.is_string() || value.is_u64()),
            "pid" => !(value.is_null() || value.is_u64()),
            "tree" => !value.is_null() && !value.is_array(),
            "leases" | "lease" | "detail" => false,
            field if LANE_FIELDS.contains(&field) || VERDICT_FIELDS.contains(&field) => {
                !(value.is_null() || value.is_string())
            }
            _ => false,
        })
    })
}

fn odd_stamp(rng: &mut Rng) -> Value {
    let time = stamp::format_ms(NOW_MS - rng.i64(0..3_600_000));
    let day = time.trim_end_matches('Z');
    match rng.u8(..8) {
        0 => json!(day),
        1 => json!(format!("{day}+00:00")),
        2 => json!(format!("{day}.250Z")),
        3 => json!(format!("{}z", day.replace('T', " "))),
        4 => json!(&day[..10]),
        5 => json!(format!(" {time} ")),
        6 => json!("2026-13-45T99:99:99Z"),
        _ => json!(time),
    }
}

fn odd_value(rng: &mut Rng) -> Value {
    match rng.u8(..6) {
        0 => json!(7),
        1 => json!(-1),
        2 => json!(1.5),
        3 => json!(true),
        4 => json!([]),
        _ => json!({}),
    }
}

/// The same journal, squeezed into the minutes before a moment. The order of times stays.
fn fresh(text: &str, now_ms: i64) -> String {
    /// The shared generator's journals span less than four hours.
    const SQUEEZE: i64 = 12;
    let mut moved = String::with_capacity(text.len());
    let mut rest = text;
    // Stamps are ASCII and of one length, so they can be found without parsing a row.
    while let Some(at) = rest.find("2026-11-2") {
        let (before, stamp_on) = rest.split_at(at);
        moved.push_str(before);
        let parsed = stamp_on.get(..20).and_then(stamp::parse_ms);
        let Some(time_ms) = parsed else {
            let (first, others) = stamp_on.split_at(1);
            moved.push_str(first);
            rest = others;
            continue;
        };
        moved.push_str(&stamp::format_ms(now_ms - 60_000 - (NOW_MS - time_ms) / SQUEEZE));
        rest = &stamp_on[20..];
    }
    moved + rest
}
