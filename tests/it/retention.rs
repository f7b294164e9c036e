//! Compaction beside other writers, by real processes: what it must not lose, and when it comes by
//! itself.

use crate::support::daemon::Daemon;
use crate::support::peer;
use crate::support::workspace::Workspace;
use dosd_kernel::stamp;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const DAY_MS: i64 = 86_400_000;
const NOW_MS: i64 = 1_795_000_000_000;

/// Opens the journal once, as a program that lives long does, and writes a row for each line that it is
/// told.
const HOLDS_IT_OPEN: &str = r#"
import sys
with open(sys.argv[1], "a", encoding="utf-8") as journal:
    print("open", flush=True)
    for row in sys.stdin:
        journal.write(row)
        journal.flush()
        print("written", flush=True)
"#;

/// Appends by the peer's own function until a file is there that stops it, and prints how often.
const APPENDS: &str = r#"
import sys
from pathlib import Path
from dos import lane_journal
number = 0
while number < 2000 and not Path(sys.argv[2]).exists():
    unit = f"peer-{number}"
    row = {"op": "ATTEMPT", "unit_id": unit, "lane": "a", "loop_ts": "t", "outcome": "error"}
    lane_journal.append(row, path=Path(sys.argv[1]))
    beat = {"op": "HEARTBEAT", "lane": "a", "loop_ts": "t"}
    lane_journal.append(beat, path=Path(sys.argv[1]))
    number += 1
print(number)
"#;

fn row(op: &str, seq: u64, time_ms: i64) -> Value {
    let ts = stamp::format_ms(time_ms);
    let mut row = json!({"op": op, "seq": seq, "ts": ts, "lane": "a", "loop_ts": "t"});
    if op == "ACQUIRE" {
        row["lease"] = json!({
            "lane": "a", "loop_ts": "t", "holder": "w", "acquired_at": ts, "tree": ["a/**"],
        });
    }
    row
}

/// A grant and so many beats, a minute apart; the last is at `until_ms`.
fn story(beats: u64, until_ms: i64) -> Vec<Value> {
    let at = |seq: u64| {
        let minutes = i64::try_from(beats - seq).expect("a small number");
        until_ms - minutes * 60_000
    };
    let grant = row("ACQUIRE", 0, at(0) - 60_000);
    std::iter::once(grant).chain((1..=beats).map(|seq| row("HEARTBEAT", seq, at(seq)))).collect()
}

fn lines(rows: &[Value]) -> String {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    format!("{}\n", lines.join("\n"))
}

/// The units that the live journal has attempts at, in its order.
fn units(workspace: &Workspace) -> Vec<String> {
    let rows = workspace.dosd(&["journal", "tail", "0", "--json"]).values();
    let rows = match rows.as_slice() {
        [Value::Array(rows)] => rows.clone(),
        rows => rows.to_vec(),
    };
    let attempts = rows.iter().filter(|row| row["op"] == "ATTEMPT");
    attempts.filter_map(|row| Some(row["unit_id"].as_str()?.to_owned())).collect()
}

fn now_ms() -> i64 {
    use dosd_actors::port::Clock as _;
    dosd_actors::port::SystemClock::new().now_ms()
}

/// A Python program that holds the journal open.
struct Writer {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Writer {
    fn start(workspace: &Workspace, journal: &Path) -> Self {
        let script = workspace.write("writer.py", HOLDS_IT_OPEN);
        let mut child = Command::new(peer::interpreter())
            .arg("-I")
            .args([&script, journal])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the writer starts");
        let orders = child.stdin.take().expect("a pipe");
        let mut answers = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        answers.next().expect("that it is open").expect("text");
        Self { child, orders, answers }
    }

    /// Writes an attempt at a unit, and waits until it stands in the file.
    fn write(&mut self, unit: &str) {
        let mut attempt = row("ATTEMPT", 99, now_ms());
        attempt["unit_id"] = unit.into();
        writeln!(self.orders, "{attempt}").expect("the writer listens");
        self.answers.next().expect("an answer").expect("text");
    }

    fn end(mut self) {
        drop(self.orders);
        assert!(self.child.wait().expect("an end").success());
    }
}

#[test]
fn w_6_rows_of_a_writer_that_holds_the_old_file_open_are_kept() {
    let workspace = Workspace::new();
    let journal = workspace.write(".dos/lane-journal.jsonl", lines(&story(20, now_ms())));
    let mut writer = Writer::start(&workspace, &journal);
    writer.write("before");
    let first = workspace.dosd(&["journal", "compact"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    assert!(first.values()[0]["bytes_reclaimed"].as_u64() > Some(0), "it was rewritten");
    writer.write("into-the-old-file");
    // The next writer of ours moves it over.
    assert_eq!(workspace.dosd(&["journal", "compact"]).code, 0);
    writer.write("later-still");
    assert_eq!(workspace.dosd(&["journal", "compact"]).code, 0);
    assert_eq!(units(&workspace), ["before", "into-the-old-file", "later-still"]);
    writer.end();
}

#[test]
fn w_6_rows_that_the_peer_appends_beside_compactions_are_kept() {
    let workspace = Workspace::new();
    let journal = workspace.write(".dos/lane-journal.jsonl", lines(&story(20, now_ms())));
    let script = workspace.write("writer.py", APPENDS);
    let stop = workspace.root().join("stop");
    let mut writer = Command::new(peer::interpreter())
        .arg("-I")
        .arg(script)
        .args([&journal, &stop])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let mut rewritten = 0;
    while rewritten < 8 && writer.try_wait().expect("a state").is_none() {
        let answer = workspace.dosd(&["journal", "compact"]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        rewritten += usize::from(answer.values()[0]["bytes_reclaimed"].as_u64() > Some(0));
    }
    std::fs::write(stop, "").expect("a written file");
    let output = writer.wait_with_output().expect("an end");
    assert!(output.status.success());
    assert_eq!(rewritten, 8, "rewritten while the writer wrote");
    let rows: usize = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number");
    assert_eq!(workspace.dosd(&["journal", "compact"]).code, 0);
    let mut units = units(&workspace);
    units.sort_unstable();
    let mut expected: Vec<String> = (0..rows).map(|number| format!("peer-{number}")).collect();
    expected.sort_unstable();
    assert_eq!(units, expected, "each once");
    assert_eq!(workspace.dosd(&["journal", "verify"]).code, 0);
}

#[test]
fn w_7_what_was_tried_refused_and_halted_outlives_a_compaction() {
    let workspace = Workspace::new();
    workspace.write("dos.toml", "[lanes]\nconcurrent = [\"a\"]\n[lanes.trees]\na = [\"a/**\"]\n");
    let now_ms = now_ms();
    let mut rows = story(60, now_ms);
    for (seq, op) in [(61, "ATTEMPT"), (62, "REFUSE"), (63, "HALT"), (64, "ENFORCE")] {
        rows.push(row(op, seq, now_ms - DAY_MS));
    }
    workspace.write(".dos/lane-journal.jsonl", lines(&rows));
    // A minute later the lease is an hour old, and alive by its beats alone.
    let later = (now_ms + 60_000).to_string();
    let plan = || workspace.dosd(&["loop", "--json", "--now-ms", &later]);
    let before = plan();
    let compacted = workspace.dosd(&["journal", "compact"]).values().remove(0);
    assert_eq!(
        (&compacted["entries_before"], &compacted["entries_after"]),
        (&json!(65), &json!(7))
    );
    assert!(!before.stdout.contains("STALLED"), "{}", before.stdout);
    assert_eq!(plan().values(), before.values(), "the run is as alive as it was");
    let kept = std::fs::read_to_string(workspace.root().join(".dos/lane-journal.jsonl"));
    let kept = kept.expect("the journal");
    for op in ["ATTEMPT", "REFUSE", "HALT", "ENFORCE"] {
        assert_eq!(kept.matches(&format!("\"{op}\"")).count(), 1, "{op}: {kept}");
    }
}

#[test]
fn w_14_a_journal_that_has_become_too_old_is_compacted() {
    let workspace = Workspace::new();
    workspace.write("dos.toml", "[retention]\njournal_max_age_days = 7\n");
    let old = story(20, now_ms() - 8 * DAY_MS);
    workspace.write(".dos/lane-journal.jsonl", lines(&old));
    let journal = |arguments: &[&str]| {
        let answer = workspace.dosd(&[&["reap", "--journal", "--json"][..], arguments].concat());
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        answer.values().remove(0)["journal"].clone()
    };
    let preview = json!({"would_compact": true, "entries": 21, "threshold": 5000});
    assert_eq!(journal(&[]), preview);
    assert_eq!(journal(&[]), preview, "looking changes nothing");
    let done = journal(&["--apply"]);
    assert_eq!((&done["compacted"], &done["entries_before"]), (&json!(true), &json!(21)));
    assert_eq!(journal(&["--apply"])["compacted"], false, "age is counted from the checkpoint");
}

#[test]
fn a_young_and_short_journal_stays_as_it_is() {
    let workspace = Workspace::new();
    let path = workspace.write(".dos/lane-journal.jsonl", lines(&story(20, now_ms())));
    let before = std::fs::read(&path).expect("the journal");
    let answer = workspace.dosd(&["reap", "--apply", "--journal", "--json"]).values().remove(0);
    assert_eq!(answer["journal"], json!({"compacted": false, "entries": 21}));
    assert_eq!(std::fs::read(&path).expect("the journal"), before);
}

#[test]
fn w_6_the_daemon_compacts_a_journal_that_is_too_long_beside_a_python_writer() {
    let workspace = Workspace::new();
    workspace.write(
        "dos.toml",
        "[supervise]\ntarget = 0\nreap_stalled = false\n[retention]\njournal_max_entries = 50\n\
         [dosd]\ntick = \"50ms\"\n",
    );
    let rows = story(60, NOW_MS);
    let journal = workspace.write(".dos/lane-journal.jsonl", lines(&rows));
    let mut writer = Writer::start(&workspace, &journal);
    let mut daemon = Daemon::start(&workspace);
    let told = daemon.wait_for("a compaction", |line| line["message"] == "compacted");
    assert_eq!((&told["before"], &told["after"]), (&json!(61), &json!(3)), "{told}");
    let archive = journal.with_file_name("lane-journal.60.jsonl");
    assert_eq!(std::fs::read_to_string(archive).expect("the archive"), lines(&rows));
    let leases = workspace.dosd(&["lease-lane", "live"]).values().remove(0);
    assert_eq!(leases.as_array().map(Vec::len), Some(1), "{leases}");
    writer.write("into-the-old-file");
    daemon.wait_for("the late row", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("written to the replaced file"))
    });
    assert_eq!(units(&workspace), ["into-the-old-file"]);
    writer.end();
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
}
