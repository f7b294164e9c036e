//! Whole commands, from start to exit, beside the Python tool's: each pair in turn, medians of both,
//! and the ratio. The Python tool is installed under `target/peers/` on first use.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/it/support/peer_install.rs"]
mod peer_install;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use dosd_actors::port::{Clock, SystemClock};

/// A command that both tools have, and how often the pair is run.
struct Case {
    name: &'static str,
    lanes: usize,
    rows: usize,
    arguments: &'static [&'static str],
    pairs: usize,
}

const CASES: [Case; 4] = [
    Case {
        name: "journal seq, 20 rows",
        lanes: 3,
        rows: 20,
        arguments: &["journal", "seq"],
        pairs: 15,
    },
    Case {
        name: "loop, 3 lanes, 20 rows",
        lanes: 3,
        rows: 20,
        arguments: &["loop", "--json"],
        pairs: 15,
    },
    Case {
        name: "journal replay, 100,000 rows",
        lanes: 50,
        rows: 100_000,
        arguments: &["journal", "replay"],
        pairs: 5,
    },
    Case {
        name: "loop, 50 lanes, 100,000 rows",
        lanes: 50,
        rows: 100_000,
        arguments: &["loop", "--json"],
        pairs: 1,
    },
];

fn main() {
    let dos = peer_install::dos();
    let dosd = Path::new(env!("CARGO_BIN_EXE_dosd"));
    println!("{:<32} {:>12} {:>12} {:>8}", "command", "dosd (ms)", "dos (ms)", "ratio");
    for case in CASES {
        let workspace = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        fill(workspace.path(), case.lanes, case.rows);
        // Once uncounted: the page cache and Python's compiled files.
        if case.pairs > 1 {
            run(&dos, workspace.path(), case.arguments);
        }
        run(dosd, workspace.path(), case.arguments);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..case.pairs {
            ours.push(run(dosd, workspace.path(), case.arguments));
            theirs.push(run(&dos, workspace.path(), case.arguments));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "{:<32} {:>12.1} {:>12.1} {:>7.0}x",
            case.name,
            ours.as_secs_f64() * 1e3,
            theirs.as_secs_f64() * 1e3,
            theirs.as_secs_f64() / ours.as_secs_f64()
        );
    }
}

/// A workspace whose journal holds a lease on each lane and beats for the rest of the rows.
fn fill(workspace: &Path, lanes: usize, rows: usize) {
    let names: Vec<String> = (0..lanes).map(|at| format!("lane{at}")).collect();
    let mut config = format!("[lanes]\nconcurrent = {names:?}\n[lanes.trees]\n");
    for name in &names {
        let _ = writeln!(config, "{name} = [\"{name}/**\"]");
    }
    let _ = write!(config, "[supervise]\ntarget = {lanes}\n");
    let mut journal = String::new();
    for row in 0..rows {
        let lane = &names[row % lanes];
        let ts = format!("2026-11-22T{:02}:{:02}:{:02}Z", row / 3600 % 24, row / 60 % 60, row % 60);
        let identity = format!(r#""host_id":"h","lane":"{lane}","loop_ts":"2026-11-22T00:00:00Z""#);
        let _ = if row < lanes {
            writeln!(
                journal,
                r#"{{{identity},"lease":{{"acquired_at":"{ts}","holder":"w","lane":"{lane}","lane_kind":"cluster","loop_ts":"2026-11-22T00:00:00Z","pid":{row},"tree":["{lane}/**"]}},"op":"ACQUIRE","seq":{},"ts":"{ts}"}}"#,
                row + 1
            )
        } else {
            writeln!(
                journal,
                r#"{{"heartbeat_at":"{ts}",{identity},"op":"HEARTBEAT","seq":{},"ts":"{ts}"}}"#,
                row + 1
            )
        };
    }
    std::fs::create_dir(workspace.join(".dos")).expect("a directory");
    std::fs::write(workspace.join("dos.toml"), config).expect("a written file");
    std::fs::write(workspace.join(".dos/lane-journal.jsonl"), journal).expect("a written file");
}

fn run(program: &Path, workspace: &Path, arguments: &[&str]) -> Duration {
    let clock = SystemClock::new();
    let status = Command::new(program)
        .args(["--workspace".as_ref(), workspace.as_os_str()])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the command runs");
    assert!(status.success(), "{} {arguments:?} ended with {status}", program.display());
    clock.monotonic()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
