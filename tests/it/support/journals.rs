//! Journals out of a seed: rows as both implementations write them, with damage between them.
//!
//! What it leaves out, because the two differ there on purpose: a damaged last line that has its
//! newline (ours is a corrupt row, the peer drops it), bytes that are no UTF-8 (ours is a corrupt row,
//! the peer reads replacement characters), the line separators that only Python splits at, and an
//! ACQUIRE whose own identity is not that of the lease in it (ours lists the lease under the identity
//! that a RELEASE has to name).

use dosd_kernel::stamp;
use fastrand::Rng;
use serde_json::{Map, Value, json};

/// The time that generated journals end around, in milliseconds since 1970.
pub(crate) const NOW_MS: i64 = 1_795_348_800_000;

/// The mean time between two rows.
const STEP_MS: i64 = 90_000;

const LANES: [&str; 6] = ["docs", "src", "tests", "global", "main", "ünder"];
/// One loop does most of the work, so that beats and releases often meet a lease.
const LOOPS: [&str; 6] = [MAIN_LOOP, MAIN_LOOP, MAIN_LOOP, MAIN_LOOP, "2026-11-22T11:30:05Z", "L3"];
const MAIN_LOOP: &str = "2026-11-22T10:00";
const LANE_OPS: [&str; 17] = [
    "ACQUIRE",
    "ACQUIRE",
    "ACQUIRE",
    "HEARTBEAT",
    "HEARTBEAT",
    "HEARTBEAT",
    "RELEASE",
    "SCAVENGE",
    "ADOPT",
    "RECONCILE",
    "CHECKPOINT",
    "SPAWN",
    "HALT",
    "REFUSE",
    "WORKER_STARTED",
    "WORKER_EXITED",
    "FROM_THE_FUTURE",
];
const SYSCALLS: [&str; 8] =
    ["verify", "liveness", "arbitrate", "supervise", "effect_witness", "worker", "stop", ""];
const VERDICTS: [&str; 7] =
    ["SHIPPED", "STALLED", "SPINNING", "CONFIRMED", "REFUTED", "GAVE_UP", ""];

/// How a writer lays out its rows.
#[derive(Clone, Copy)]
enum Writer {
    Python,
    Ours,
}

/// A lane journal.
pub(crate) fn lanes(rng: &mut Rng) -> String {
    let count = rng.i64(0..60);
    // Half of the fleets settle down early: from then on there are only beats, and spinners show.
    let calm_from = if rng.bool() { 12 } else { count };
    let mut time_ms = NOW_MS - count * STEP_MS - rng.i64(0..5 * 60_000);
    let mut journal = Journal::default();
    for seq in 0..count {
        time_ms += rng.i64(0..2 * STEP_MS);
        let op = if seq < calm_from { one(rng, &LANE_OPS) } else { "HEARTBEAT" };
        let row = lane_row(rng, op, seq + 1, time_ms);
        journal.push(rng, &row);
    }
    journal.finish(rng)
}

/// A verdict journal.
pub(crate) fn verdicts(rng: &mut Rng) -> String {
    let count = rng.usize(..40);
    let mut journal = Journal::default();
    for seq in 1..=count {
        let row = verdict_row(rng, seq);
        journal.push(rng, &row);
    }
    journal.finish(rng)
}

#[derive(Default)]
struct Journal(String);

impl Journal {
    fn push(&mut self, rng: &mut Rng, row: &Map<String, Value>) {
        match rng.u8(..24) {
            0 => self.0.push('\n'),
            1 => self.0.push_str("  \t\n"),
            2 => self.0.push_str("[1,2]\n"),
            3 => self.0.push_str("\"text\"\nnull\n"),
            4 => self.0.push_str("not json at all\n"),
            5 => {
                // The fragment of a torn write, ended by the next writer.
                let text = encode(row, Writer::Ours);
                let cut = text.char_indices().map(|(at, _)| at).nth(text.chars().count() / 2);
                self.0.push_str(&text[..cut.unwrap_or(1)]);
                self.0.push('\n');
            }
            _ => {}
        }
        self.0.push_str(&encode(row, if rng.bool() { Writer::Python } else { Writer::Ours }));
        self.0.push_str(if rng.u8(..20) == 0 { "\r\n" } else { "\n" });
    }

    fn finish(mut self, rng: &mut Rng) -> String {
        match rng.u8(..4) {
            0 => self.0.push_str("{\"op\":\"ACQUIRE\",\"lane\":\"to"),
            1 => self.0.truncate(self.0.trim_end().len()),
            _ => {}
        }
        self.0
    }
}

fn encode(row: &Map<String, Value>, writer: Writer) -> String {
    match writer {
        Writer::Ours => json!(row).to_string(),
        Writer::Python => python(&json!(row)),
    }
}

/// JSON as Python lays it out on one line.
fn python(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| format!("{}: {}", json!(key), python(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn lane_row(rng: &mut Rng, op: &str, seq: i64, time_ms: i64) -> Map<String, Value> {
    let mut row = object(json!({
        "op": op,
        "seq": seq,
        "ts": stamp::format_ms(time_ms),
        "lane": one(rng, &LANES),
        "loop_ts": one(rng, &LOOPS),
        "host_id": "host",
    }));
    blur_identity(rng, &mut row);
    let mut extra = match op {
        "ACQUIRE" | "RECONCILE" => acquire(rng, &row, time_ms),
        "HEARTBEAT" if rng.bool() => json!({"heartbeat_at": stamp::format_ms(time_ms)}),
        "ADOPT" => json!({
            "holder": if rng.bool() { json!("bob") } else { Value::Null },
            "pid": pid(rng),
            "heartbeat_at": stamp::format_ms(time_ms),
            "prev_holder": "alice",
        }),
        "CHECKPOINT" => checkpoint(rng, seq, time_ms),
        "SPAWN" => json!({"holder": "alice", "pid": pid(rng), "reason": "spawn:alice"}),
        "HALT" => json!({"handle": {"pid": 7}, "command": "kill 7", "reason": "stop"}),
        "REFUSE" => json!({"reason": "beliebig ü", "reason_class": "LANE_BUSY"}),
        "WORKER_STARTED" => json!({"run_id": "RID-1", "pid": 5, "start_ticks": 99, "pgid": 5}),
        "WORKER_EXITED" => json!({"run_id": "RID-1", "pid": 5, "code": null, "ran_ms": 4}),
        _ => json!({}),
    };
    row.append(extra.as_object_mut().expect("an object"));
    oddity(rng, &mut row);
    row
}

/// A process id that no process has: the kernel's own limit is 2²² (`proc_pid_max(5)`).
fn pid(rng: &mut Rng) -> u32 {
    5_000_000 + u32::from(rng.u16(..))
}

fn acquire(rng: &mut Rng, row: &Map<String, Value>, time_ms: i64) -> Value {
    let mut lease = lease(rng, time_ms);
    for key in ["lane", "loop_ts"] {
        lease.extend(row.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    let mut fields = lease.clone();
    if rng.u8(..4) > 0 {
        fields.insert("lease".into(), Value::Object(lease));
    }
    fields.insert("prev_holder".into(), Value::Null);
    fields.insert("reason".into(), json!("lane-lease:alice"));
    Value::Object(fields)
}

fn lease(rng: &mut Rng, time_ms: i64) -> Map<String, Value> {
    let mut lease = object(json!({
        "lane_kind": one(rng, &["cluster", "keyword", "global"]),
        "tree": one(rng, &[json!(["docs/**"]), json!(["src/**", "lib/*.rs"]), json!([])]),
        "host_id": "host",
        "pid": pid(rng),
        "holder": "alice",
        "acquired_at": stamp::format_ms(time_ms),
    }));
    if rng.bool() {
        lease.insert("ttl_minutes".into(), json!(50));
    }
    if rng.u8(..4) == 0 {
        lease.insert("run_id".into(), json!("RID-1"));
        lease.insert("children".into(), json!([{"id": 1}]));
    }
    if rng.u8(..8) == 0 {
        lease.remove("acquired_at");
    }
    lease
}

fn checkpoint(rng: &mut Rng, seq: i64, time_ms: i64) -> Value {
    let leases: Vec<_> = (0..rng.usize(..4))
        .map(|_| {
            let mut lease = lease(rng, time_ms);
            lease.insert("lane".into(), json!(one(rng, &LANES)));
            lease.insert("loop_ts".into(), json!(one(rng, &LOOPS)));
            Value::Object(lease)
        })
        .collect();
    json!({"leases": leases, "seq_watermark": seq + rng.i64(0..9)})
}

/// Now and then, half of a row's identity is not there.
fn blur_identity(rng: &mut Rng, row: &mut Map<String, Value>) {
    match rng.u8(..40) {
        0 => drop(row.remove("loop_ts")),
        1 => drop(row.insert("lane".into(), Value::Null)),
        2 => {
            row.insert("lane".into(), json!(""));
            row.insert("loop_ts".into(), json!(""));
        }
        _ => {}
    }
}

/// Now and then, what a careless writer does.
fn oddity(rng: &mut Rng, row: &mut Map<String, Value>) {
    match rng.u8(..40) {
        0 => drop(row.remove("ts")),
        1 => drop(row.insert("ts".into(), json!("2026-11-22T10:00"))),
        2 => drop(row.insert("ts".into(), json!("yesterday"))),
        3 => drop(row.insert("seq".into(), Value::Null)),
        4 => drop(row.insert("seq".into(), json!("12"))),
        5 => drop(row.insert("lease".into(), json!("none"))),
        6 => drop(row.insert("unknown".into(), json!({"deep": [1.5, true]}))),
        _ => {}
    }
}

fn verdict_row(rng: &mut Rng, seq: usize) -> Map<String, Value> {
    let mut row = object(json!({
        "schema_family": "verdict-journal",
        "schema_version": 1,
        // Writers may repeat a number.
        "seq": seq / 2,
        "ts": stamp::format_ms(NOW_MS - rng.i64(0..3_600_000)),
        "syscall": one(rng, &SYSCALLS),
        "verdict": one(rng, &VERDICTS),
        "run_id": one(rng, &["RID-1", "RID-2", ""]),
        "lane": one(rng, &["docs", "ünder", ""]),
        "subject": one(rng, &["", "plan/1"]),
        "source": one(rng, &["kernel", "sensor"]),
        "detail": one(rng, &[json!({}), json!({"age_ms": 1.25, "ok": true, "of": null, "n": 3})]),
    }));
    match rng.u8(..30) {
        0 => drop(row.remove("ts")),
        1 => drop(row.insert("detail".into(), json!([1]))),
        2 => drop(row.insert("seq".into(), json!("8"))),
        3 => drop(row.remove("source")),
        4 => drop(row.remove("run_id")),
        5 => drop(row.insert("op".into(), json!("_CORRUPT"))),
        6 => drop(row.insert("lane".into(), Value::Null)),
        7 => drop(row.insert("schema_version".into(), json!(2))),
        _ => {}
    }
    row
}

fn one<T: Clone>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())].clone()
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(fields) = value else { panic!("not an object: {value}") };
    fields
}
