//! The verbs that print again and again: they follow the journal, and end when they are told to.

use crate::support::journals::NOW_MS;
use crate::support::speaker::Speaker;
use crate::support::workspace::Workspace;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const LANE_JOURNAL: &str = ".dos/lane-journal.jsonl";

fn acquire(lane: &str) -> String {
    let stamp = "2026-11-22T12:00:00Z";
    let lease = json!({"lane": lane, "loop_ts": "L", "acquired_at": stamp});
    json!({"op": "ACQUIRE", "seq": 1, "ts": stamp, "lane": lane, "loop_ts": "L", "lease": lease})
        .to_string()
        + "\n"
}

#[test]
fn loop_watch_follows_the_journal_and_ends_at_an_interrupt() {
    let workspace = Workspace::new();
    let now = NOW_MS.to_string();
    let arguments =
        ["loop", "--watch", "--interval", "0.01", "--output", "terse", "--now-ms", &now];
    let speaker = Speaker::start(&workspace, &arguments);
    speaker.wait_for("the free lane", |line| line == "FILLING 0/1/1 spawn=main");
    // The file comes into being, is replaced by another, and goes again.
    let aside = workspace.write(".dos/aside", acquire("main"));
    let journal = workspace.root().join(LANE_JOURNAL);
    std::fs::rename(&aside, &journal).expect("a journal");
    speaker.wait_for("the lease", |line| line == "AT_TARGET 1/1/1");
    let aside = workspace.write(".dos/aside", acquire("other"));
    std::fs::rename(&aside, &journal).expect("another journal");
    speaker.wait_for("the free lane again", |line| line.starts_with("FILLING"));
    assert_eq!(speaker.interrupt(), Some(0));
}

#[test]
fn loop_watch_ends_when_nobody_reads_on() {
    let workspace = Workspace::new();
    let mut child = workspace
        .command(&["loop", "--watch", "--interval", "0", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dosd starts");
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    reader.read_line(&mut line).expect("a line");
    drop(reader);
    let output = child.wait_with_output().expect("dosd ends");
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
    let plan: serde_json::Value = serde_json::from_str(&line).expect("one object a line");
    assert_eq!(plan["verdict"], "FILLING");
}

#[test]
fn an_interval_is_a_number_of_seconds() {
    let workspace = Workspace::new();
    for interval in ["-1", "soon", "nan"] {
        let answer = workspace.dosd(&["loop", "--watch", "--interval", interval]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{interval}");
    }
    assert_eq!(workspace.dosd(&["loop", "--output", "colour"]).code, 2);
}
