//! What the reading verbs promise beyond what the peer does: places of damage, exit codes of a tool
//! that fails, and a quiet end when nobody reads on.

use crate::support::workspace::Workspace;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

const LANE_JOURNAL: &str = ".dos/lane-journal.jsonl";

fn row(seq: u64) -> String {
    json!({"op": "SPAWN", "seq": seq, "lane": "docs", "loop_ts": "L", "reason": "x".repeat(200)})
        .to_string()
}

fn journal(rows: u64) -> String {
    (1..=rows).map(|seq| row(seq) + "\n").collect()
}

#[test]
fn a_reader_that_leaves_ends_tail_quietly() {
    let workspace = Workspace::new();
    workspace.write(LANE_JOURNAL, journal(5_000));
    let mut command = workspace.command(&["journal", "tail", "0"]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("dosd starts");
    let mut line = String::new();
    {
        let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
        reader.read_line(&mut line).expect("a line");
    }
    assert!(line.contains("\"seq\":1"), "{line}");
    let output = child.wait_with_output().expect("dosd ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_workspace_may_stand_before_or_after_the_verb() {
    let workspace = Workspace::new();
    let elsewhere = Workspace::new();
    workspace.write(LANE_JOURNAL, journal(3));
    let root = workspace.root().to_str().expect("UTF-8");
    for arguments in [
        &["--workspace", root, "journal", "seq"][..],
        &["journal", "--workspace", root, "seq"],
        &["journal", "seq", "--workspace", root],
    ] {
        let answer = elsewhere.dosd(arguments);
        assert_eq!((answer.code, answer.stdout.as_str()), (0, "3\n"), "{arguments:?} {answer:?}");
    }
    let answer = elsewhere.dosd(&["journal", "seq"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (0, "0\n"));
    let mut command = elsewhere.command(&["journal", "seq"]);
    let output = command.env("DISPATCH_WORKSPACE", root).output().expect("dosd starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "3\n");
}

#[test]
fn reading_leaves_no_trace() {
    let workspace = Workspace::new();
    for arguments in [
        &["journal", "tail"][..],
        &["journal", "verify"],
        &["lease-lane", "live"],
        &["loop"],
        &["observe"],
        &["arbitrate"],
        &["doctor"],
    ] {
        assert_eq!(workspace.dosd(arguments).code, 0, "{arguments:?}");
    }
    let left = std::fs::read_dir(workspace.root()).expect("a directory").count();
    assert_eq!(left, 0, "a reading verb wrote something");
}

#[test]
fn a_journal_that_nobody_has_written_is_compacted_to_nothing() {
    let workspace = Workspace::new();
    let answer = workspace.dosd(&["journal", "compact"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let nothing = json!({
        "archive": null, "bytes_reclaimed": 0, "entries_after": 0, "entries_before": 0,
    });
    assert_eq!(answer.values(), [nothing]);
    assert!(!workspace.root().join(".dos").exists(), "nothing was made");
}

#[test]
fn verify_names_each_damaged_line() {
    let workspace = Workspace::new();
    let verify = |workspace: &Workspace| {
        let answer = workspace.dosd(&["journal", "verify", "--json"]);
        (answer.code, answer.values().remove(0))
    };
    workspace.write(LANE_JOURNAL, journal(2));
    let (code, report) = verify(&workspace);
    assert_eq!((code, &report["clean"], &report["rows"]), (0, &json!(true), &json!(2)));

    workspace.write(LANE_JOURNAL, format!("{}{{\"op\n\n{}\n{{\"op\":", journal(1), row(2)));
    let (code, report) = verify(&workspace);
    assert_eq!((code, &report["clean"], &report["rows"]), (1, &json!(false), &json!(2)));
    let offset = row(1).len() + 1;
    assert_eq!(report["corrupt"], json!([{"line": 2, "offset": offset, "raw": "{\"op"}]));
    assert_eq!(report["torn"]["line"], 5);

    let text = workspace.dosd(&["journal", "verify"]);
    assert_eq!(text.code, 1);
    assert!(text.stdout.contains(&format!("line 2, byte {offset}")), "{}", text.stdout);
}

#[test]
fn a_failing_tool_is_no_verdict() {
    let workspace = Workspace::new();
    std::fs::create_dir_all(workspace.root().join(LANE_JOURNAL)).expect("a directory");
    for arguments in [&["journal", "tail"][..], &["journal", "verify"], &["loop"], &["arbitrate"]] {
        let answer = workspace.dosd(arguments);
        assert_eq!((answer.code, answer.stdout.as_str()), (70, ""), "{arguments:?}");
        assert!(answer.stderr.starts_with("dosd: cannot read the journal `"), "{}", answer.stderr);
        assert!(answer.stderr.contains("\n  help: "), "{}", answer.stderr);
    }
}

#[test]
fn usage_and_configuration_errors_end_with_two() {
    let workspace = Workspace::new();
    for arguments in [
        &["journal", "seq", "--workspace", "missing"][..],
        &["loop", "--target", "-1"],
        &["loop", "--max-concurrency", "0"],
        &["run-id", "mint", ""],
        &["witness", "key"],
        &["journal", "tail", "--json", "--text"],
    ] {
        let answer = workspace.dosd(arguments);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!answer.stderr.is_empty(), "{arguments:?}");
    }
    workspace.write("dos.toml", "[supervise]\ntarget = \"many\"\n");
    let answer = workspace.dosd(&["loop"]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("dos.toml:2:"), "{}", answer.stderr);
}

#[test]
fn a_snapshot_that_cannot_be_read_is_not_an_empty_one() {
    let workspace = Workspace::new();
    workspace.write("after.json", "{}");
    workspace.write("torn.json", "{\"a\":");
    for before in ["missing.json", "torn.json"] {
        let answer = workspace.dosd(&["witness", "a", "--before", before, "--after", "after.json"]);
        assert_eq!(answer.code, 3);
        assert!(answer.stdout.contains("VERDICT   UNWITNESSED"), "{}", answer.stdout);
        assert!(answer.stdout.contains(before), "{}", answer.stdout);
    }
}

#[test]
fn help_goes_to_standard_output_and_succeeds() {
    let workspace = Workspace::new();
    for arguments in [&["--help"][..], &["journal", "tail", "--help"], &["--version"]] {
        let answer = workspace.dosd(arguments);
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(!answer.stdout.is_empty(), "{arguments:?}");
    }
}
