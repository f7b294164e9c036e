//! Kills of `dosd exporters replay`: no dead letter is lost, whatever it was in the middle of.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;

use dosd_actors::port::failpoint::Point;
use fastrand::Rng;
use serde_json::{Value, json};

use super::{Passes, Work};
use crate::support::workspace::Workspace;

const CONFIG: &str = r#"
[[dosd.exporter]]
kind = "file"
name = "audit"
path = "out/audit.jsonl"
"#;

/// Dead letters for each kill.
const LETTERS: usize = 20;

/// Where an event may stand: dead, on its way, or delivered, also while that place is away.
const FILES: [&str; 4] = [
    ".dos/exporters/audit.dead.jsonl",
    ".dos/exporters/audit.replaying.jsonl",
    "out/audit.jsonl",
    "away/audit.jsonl",
];

pub(super) fn kill_at(point: Point, kills: u32, random: &mut Rng) -> Work {
    let workspace = Workspace::new();
    workspace.write("dos.toml", CONFIG);
    let mut events = BTreeSet::new();
    let mut work = Work::default();
    for kill in 0..kills {
        bury(&workspace, &mut events, random);
        let at = format!("kill {kill} at {}", point.name());
        // Letters that cannot be sent go back among the dead ones, and that is where it is killed.
        let out = workspace.root().join("out");
        if point.name().starts_with("dead.") {
            let _ = fs::rename(&out, workspace.root().join("away"));
        } else {
            let _ = fs::create_dir(&out);
        }
        let passes = Passes::new(&workspace);
        let mut command = workspace.command(&["exporters", "replay", "audit"]);
        passes.arm(&mut command, point, 1, "");
        let output = command.output().expect("dosd starts");
        assert_eq!(output.status.signal(), Some(9), "{at}: {output:?}");
        work.kills += 1;
        assert_eq!(found(&workspace, &FILES), events, "{at}");
        let _ = fs::rename(workspace.root().join("away"), &out);
        let _ = fs::create_dir(&out);
        // What a kill has left comes first, so that there is a second one for the others.
        for _ in 0..2 {
            workspace.dosd(&["exporters", "replay", "audit"]);
        }
    }
    assert_eq!(found(&workspace, &FILES[2..]), events, "all are delivered in the end");
    assert_eq!(found(&workspace, &FILES[..2]), BTreeSet::new(), "and none is dead");
    work.acknowledged = events.len();
    work.rows = events.len();
    work
}

/// Puts letters among the dead ones, as a daemon does.
fn bury(workspace: &Workspace, events: &mut BTreeSet<u64>, random: &mut Rng) {
    let path = workspace.root().join(FILES[0]);
    let mut text = fs::read_to_string(&path).unwrap_or_default();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for _ in 0..random.usize(LETTERS / 2..=LETTERS) {
        let seq = events.len() as u64 + 1;
        events.insert(seq);
        let row = json!({
            "schema_family": "verdict-journal", "schema_version": 1, "seq": seq,
            "ts": "2026-11-22T19:31:25Z", "syscall": "verify", "verdict": "OPEN", "run_id": "",
            "lane": "a", "subject": "", "source": "kernel", "detail": {},
        });
        let letter = json!({
            "dead_letter": 1, "event_id": format!("00000000000000ff-{seq:x}"), "reason": "no room",
            "refused_at": "2026-11-22T19:31:25Z", "row": row,
        });
        let _ = writeln!(text, "{letter}");
    }
    workspace.write(FILES[0], text);
}

/// The numbers of the events in these files. A torn line is no event.
fn found(workspace: &Workspace, files: &[&str]) -> BTreeSet<u64> {
    let read = |file: &&str| fs::read_to_string(workspace.root().join(file)).unwrap_or_default();
    let texts: String = files.iter().map(read).collect();
    let rows = texts.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    rows.filter_map(|row| row["seq"].as_u64().or_else(|| row["row"]["seq"].as_u64())).collect()
}
