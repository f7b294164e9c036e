//! A verdict journal as a fleet leaves it behind.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use dosd_kernel::Map;
use dosd_kernel::verdict::{SOURCE_SENSOR, VerdictEvent};
use serde_json::{Value, json};

/// Epoch ms of the first row, and the time from one to the next.
const BEGAN_MS: i64 = 1_795_375_885_000;
const EVERY_MS: i64 = 250;

/// Writes the journal, row by row, so that it leaves no memory behind; gives its path.
pub(crate) fn build(directory: &Path, events: usize) -> PathBuf {
    let path = directory.join("verdict-journal.jsonl");
    let mut file = BufWriter::new(File::create(&path).expect("a file"));
    let mut line = Vec::new();
    for number in 0..events {
        line.clear();
        let ts_ms = BEGAN_MS + EVERY_MS * i64::try_from(number).expect("a small number");
        event(number).draft(ts_ms).write_into(&mut line, number as u64 + 1);
        file.write_all(&line).expect("room on the disk");
    }
    file.into_inner().expect("room on the disk").sync_all().expect("a disk that syncs");
    path
}

/// What lanes, workers and witnesses say in turn.
fn event(number: usize) -> VerdictEvent {
    let lane = format!("lane-{}", number % 50);
    let run_id = format!("RID-20261122T1931Z-{:08x}", number / 4);
    let base = VerdictEvent { lane, run_id, ..VerdictEvent::default() };
    match number % 4 {
        0 => VerdictEvent {
            syscall: "worker".to_owned(),
            verdict: "STARTED".to_owned(),
            source: SOURCE_SENSOR.to_owned(),
            detail: detail(json!({"pid": 40_000 + number % 9000})),
            ..base
        },
        1 => VerdictEvent {
            syscall: "liveness".to_owned(),
            verdict: "ADVANCING".to_owned(),
            detail: detail(json!({"commits_since": number % 7, "idle_ms": number % 60_000})),
            ..base
        },
        2 => VerdictEvent {
            syscall: "effect_witness".to_owned(),
            verdict: if number.is_multiple_of(10) { "REFUTED" } else { "CONFIRMED" }.to_owned(),
            subject: format!("orders:{number}"),
            detail: detail(json!({"surfaces": 2, "silent": 0, "witness": "orders"})),
            ..base
        },
        _ => VerdictEvent {
            syscall: "supervise".to_owned(),
            verdict: "AT_TARGET".to_owned(),
            detail: detail(json!({
                "alive": 50, "target": 50, "admissible": 0, "spawn": 0, "reap": 0, "flag": 0,
                "proposed_halt": 0,
            })),
            ..base
        },
    }
}

fn detail(value: Value) -> Map {
    serde_json::from_value(value).expect("an object")
}
