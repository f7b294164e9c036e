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
    let text = match age {
        Age::Fixed => text,
        Age::Fresh { now_ms } => fresh(&text, now_ms),
    };
    // A quarter of the journals has nothing odd beyond the shared generator's oddities.
    let odds = if rng.u8(..4) == 0 { 0 } else { rng.u8(1..20) };
    disturb(rng, &text, &LANE_FIELDS, odds)
}

/// A verdict journal.
pub(super) fn verdicts(rng: &mut Rng) -> String {
    let text = journals::verdicts(rng);
    let odds = if rng.u8(..4) == 0 { 0 } else { rng.u8(1..20) };
    disturb(rng, &text, &VERDICT_FIELDS, odds)
}

/// Damages each row with a chance of `odds` in 100.
fn disturb(rng: &mut Rng, text: &str, fields: &[&str], odds: u8) -> String {
    let mut disturbed = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let row = serde_json::from_str::<Value>(line).ok();
        match row {
            Some(Value::Object(mut row)) if rng.u8(..100) < odds => {
                damage(rng, &mut row, fields);
                disturbed.push_str(&Value::Object(row).to_string());
                // The end of the line stays as it is, so that a torn end stays one.
                disturbed.push_str(&line[line.trim_end_matches(['\r', '\n']).len()..]);
            }
            _ => disturbed.push_str(line),
        }
    }
    disturbed
}

fn damage(rng: &mut Rng, row: &mut Map<String, Value>, fields: &[&str]) {
    let field = fields[rng.usize(..fields.len())];
    match rng.u8(..3) {
        0 => drop(row.remove(field)),
        1 if field == "ts" || field.ends_with("_at") => {
            row.insert(field.to_owned(), odd_stamp(rng));
        }
        _ => drop(row.insert(field.to_owned(), odd_value(rng))),
    }
}

fn odd_stamp(rng: &mut Rng) -> Value {
    let time = stamp::format_ms(NOW_MS - rng.i64(0..3_600_000));
    let day = time.trim_end_matches('Z');
    match rng.u8(..9) {
        0 => json!(day),
        1 => json!(format!("{day}+00:00")),
        2 => json!(format!("{day}.250Z")),
        3 => json!(format!("{}z", day.replace('T', " "))),
        4 => json!(&day[..10]),
        5 => json!(format!(" {time} ")),
        6 => json!("2026-13-45T99:99:99Z"),
        7 => json!(NOW_MS),
        _ => json!(time),
    }
}

fn odd_value(rng: &mut Rng) -> Value {
    match rng.u8(..10) {
        0 => Value::Null,
        1 => json!(""),
        2 => json!("  "),
        3 => json!(7),
        4 => json!(-1),
        5 => json!(1.5),
        6 => json!(true),
        7 => json!([]),
        8 => json!({}),
        _ => json!("ü\u{1F600} \"quoted\" \\ back"),
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
