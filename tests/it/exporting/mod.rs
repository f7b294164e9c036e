//! The daemon's exporters and the verbs about them, with a receiver on this machine.

mod killed;
pub(crate) mod receiver;
mod verbs;

use crate::support::workspace::Workspace;
use dosd_actors::port::{Clock, SystemClock};
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

const JOURNAL: &str = ".dos/verdict-journal.jsonl";

/// A workspace without workers, whose daemon exports to these.
fn workspace(exporters: &str) -> Workspace {
    let workspace = Workspace::new();
    let dos_toml = format!("[lanes]\nconcurrent = [\"a\"]\n[supervise]\ntarget = 0\n{exporters}");
    workspace.write("dos.toml", dos_toml);
    workspace.write(JOURNAL, "");
    workspace
}

/// A row as another process writes it.
fn row(number: usize) -> String {
    json!({"schema_family": "verdict-journal", "schema_version": 1, "seq": number,
        "ts": "2026-11-22T12:00:00Z", "syscall": "verify", "verdict": "OPEN", "run_id": "RID-1",
        "lane": "docs", "subject": number.to_string(), "detail": {}, "source": "kernel"})
    .to_string()
        + "\n"
}

/// Appends rows with these numbers, as another process does.
fn append(workspace: &Workspace, numbers: std::ops::Range<usize>) {
    let path = workspace.root().join(JOURNAL);
    let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("a journal");
    let rows: String = numbers.map(row).collect();
    file.write_all(rows.as_bytes()).expect("written rows");
}

/// How the one exporter, or the first of them, goes.
fn status(workspace: &Workspace) -> Value {
    let answer = workspace.dosd(&["exporters", "status", "--json"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    answer.values().remove(0)[0].clone()
}

/// Looks until the exporter is as wanted.
fn status_when(workspace: &Workspace, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let clock = SystemClock::new();
    loop {
        let status = status(workspace);
        if wanted(&status) {
            return status;
        }
        assert!(clock.monotonic() < Duration::from_mins(1), "never {what}: {status}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}
