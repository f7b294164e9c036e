//! A damaged journal is explained, and salvaged without being touched.

use crate::support::workspace::{Answer, Workspace};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

const LANES: &str = ".dos/lane-journal.jsonl";
const VERDICTS: &str = ".dos/verdict-journal.jsonl";

fn row(op: &str, seq: u64, lane: &str) -> String {
    let row =
        json!({"op": op, "seq": seq, "lane": lane, "loop_ts": "L", "ts": "2026-11-22T12:00:00Z"});
    format!("{row}\n")
}

/// A granted lane, damage of every kind, and a beginning that has no end.
fn damaged() -> Vec<u8> {
    let (docs, api) = (row("ACQUIRE", 1, "docs"), row("ACQUIRE", 6, "api"));
    let beat = row("HEARTBEAT", 7, "docs");
    let parts: [&[u8]; 8] = [
        docs.as_bytes(),
        br#"{"crc32":"00000000","lane":"docs","op":"RELEASE","seq":2}"#,
        b"\nrubbish\n",
        &[0; 700],
        b"\n{\"op\":\"HEARTB",
        api.as_bytes(),
        beat.as_bytes(),
        b"{\"lane\":\"web\",\"op\":\"ACQ",
    ];
    parts.concat()
}

fn journal(workspace: &Workspace) -> std::path::PathBuf {
    workspace.root().join(LANES)
}

fn report(answer: &Answer) -> Value {
    answer.values().remove(0)
}

#[test]
fn every_kind_of_damage_is_explained_with_its_place() {
    let workspace = Workspace::new();
    workspace.write(LANES, damaged());
    let answer = workspace.dosd(&["journal", "verify", "--json"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    let report = report(&answer);
    let findings = report["findings"].as_array().expect("findings").clone();
    let kinds: Vec<_> = findings.iter().map(|it| it["kind"].as_str().expect("a kind")).collect();
    assert_eq!(kinds, ["wrong-sum", "not-json", "zeroed", "glued", "torn"]);
    let bytes = damaged();
    for finding in &findings {
        let at = |key: &str| usize::try_from(finding[key].as_u64().expect(key)).expect("a size");
        let (offset, length) = (at("offset"), at("length"));
        let before = bytes[..offset].split(|byte| *byte == b'\n').skip(1).count();
        assert_eq!(at("line"), before + 1, "{finding}");
        assert!(bytes.get(offset + length).is_none_or(|byte| *byte == b'\n'), "{finding}");
        for key in ["what", "means", "to_do"] {
            assert!(!finding[key].as_str().expect(key).is_empty(), "{finding}");
        }
    }
    assert_eq!((&findings[3]["op"], &findings[3]["lane"]), (&json!("ACQUIRE"), &json!("api")));

    let text = workspace.dosd(&["journal", "verify"]);
    assert_eq!((text.code, text.stderr.as_str()), (1, ""));
    for finding in &findings {
        let place = format!("line {}, byte {},", finding["line"], finding["offset"]);
        assert!(text.stdout.contains(&place), "{place}: {}", text.stdout);
    }
    assert!(text.stdout.contains("dosd journal salvage --to"), "{}", text.stdout);
}

#[test]
fn a_salvaged_copy_is_clean_folds_alike_and_is_its_own_copy() {
    let workspace = Workspace::new();
    workspace.write(LANES, damaged());
    let answer =
        workspace.dosd(&["journal", "salvage", "--to", "copy", "--left-out", "left", "--json"]);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    let report = report(&answer);
    let reasons: Vec<_> =
        report["left_out"].as_array().expect("lines").iter().map(|it| &it["reason"]).collect();
    assert_eq!(reasons, ["wrong-sum", "not-json", "zeroed", "glued", "torn"]);
    let copy = fs::read(workspace.root().join("copy")).expect("a copy");
    assert_eq!(copy, (row("ACQUIRE", 1, "docs") + &row("HEARTBEAT", 7, "docs")).into_bytes());
    let left = fs::read(workspace.root().join("left")).expect("what was left out");
    assert_eq!(copy.len() + left.len(), damaged().len());

    let verified = workspace.dosd(&["journal", "verify", "copy"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    let original = workspace.dosd(&["journal", "replay"]).stdout;
    assert_eq!(workspace.dosd(&["journal", "salvage", "copy", "--to", "again"]).code, 0);
    assert_eq!(fs::read(workspace.root().join("again")).expect("a copy"), copy);
    let live = |path: &str| {
        let mut command = workspace.command(&["journal", "replay"]);
        let path = workspace.root().join(path);
        let output = command.env("DISPATCH_LANE_JOURNAL_PATH", path).output().expect("dosd starts");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(live("copy"), original);
    assert!(original.contains("docs"), "{original}");
}

#[test]
fn the_original_is_only_read() {
    let workspace = Workspace::new();
    let path = workspace.write(LANES, damaged());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).expect("permissions");
    let look = |path: &Path| {
        let found = fs::metadata(path).expect("a file");
        (found.ino(), found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec())
    };
    let before = look(&path);
    assert_eq!(workspace.dosd(&["journal", "verify"]).code, 1);
    assert_eq!(workspace.dosd(&["journal", "salvage", "--to", "copy"]).code, 0);
    assert_eq!(look(&path), before);
    assert_eq!(fs::read(&path).expect("the journal"), damaged());
    let mode = fs::metadata(workspace.root().join("copy")).expect("a copy").permissions().mode();
    assert_eq!(mode & 0o777, 0o440, "nobody sees more in the copy than in the journal");
    let mut left: Vec<_> = fs::read_dir(workspace.root())
        .expect("a directory")
        .map(|it| it.expect("an entry").file_name())
        .collect();
    left.sort();
    assert_eq!(left, [".dos", "copy"], "nothing else stays");
}

#[test]
fn nothing_is_written_over() {
    let workspace = Workspace::new();
    let path = workspace.write(LANES, damaged());
    let root = workspace.root();
    workspace.write("there", "something");
    fs::hard_link(&path, root.join("linked")).expect("a link");
    symlink(&path, root.join("pointing")).expect("a link");
    symlink("nowhere", root.join("dangling")).expect("a link");
    let journal = path.to_str().expect("UTF-8");
    for target in ["there", "linked", "pointing", "dangling", LANES, journal, ".dos"] {
        let to = workspace.dosd(&["journal", "salvage", "--to", target]);
        let left = workspace.dosd(&["journal", "salvage", "--to", "new", "--left-out", target]);
        for answer in [to, left] {
            assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{target}: {answer:?}");
            assert!(answer.stderr.contains("exists already"), "{}", answer.stderr);
            assert!(answer.stderr.contains("\n  help: "), "{}", answer.stderr);
        }
    }
    assert_eq!(fs::read(&path).expect("the journal"), damaged());
    assert_eq!(fs::read(root.join("there")).expect("a file"), b"something");
    assert!(!root.join("new").exists() && !root.join("nowhere").exists());
    let same = workspace.dosd(&["journal", "salvage", "--to", "new", "--left-out", "new"]);
    assert_eq!(same.code, 2, "{same:?}");
    assert!(!root.join("new").exists());
}

#[test]
fn what_cannot_be_read_or_written_is_no_verdict() {
    let workspace = Workspace::new();
    for arguments in [&["journal", "salvage", "--to", "x"][..], &["journal", "verify", "missing"]] {
        let answer = workspace.dosd(arguments);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{arguments:?} {answer:?}");
        assert!(answer.stderr.contains("there is no journal"), "{}", answer.stderr);
    }
    workspace.write(LANES, damaged());
    let answer = workspace.dosd(&["journal", "salvage", "--to", "no/such/directory"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (70, ""), "{answer:?}");
    for arguments in [&["journal", "salvage", ".", "--to", "x"][..], &["journal", "verify", "."]] {
        let answer = workspace.dosd(arguments);
        assert_eq!((answer.code, answer.stdout.as_str()), (70, ""), "{arguments:?} {answer:?}");
    }
    assert!(!workspace.root().join("x").exists());
}

#[test]
fn a_row_that_only_lacks_its_newline_counts_in_the_copy_too() {
    let workspace = Workspace::new();
    let whole = row("ACQUIRE", 1, "docs");
    workspace.write(LANES, whole.trim_end());
    let verified = workspace.dosd(&["journal", "verify", "--json"]);
    assert_eq!((verified.code, &report(&verified)["notes"][0]["kind"]), (0, &json!("no-newline")));
    let salvaged = workspace.dosd(&["journal", "salvage", "--to", "copy", "--json"]);
    assert_eq!(report(&salvaged)["newline_added"], true);
    assert_eq!(fs::read_to_string(workspace.root().join("copy")).expect("a copy"), whole);
}

#[test]
fn a_verdict_journal_is_salvaged_too() {
    let workspace = Workspace::new();
    let verdict =
        r#"{"schema_family":"verdict-journal","seq":1,"syscall":"worker","verdict":"STARTED"}"#;
    workspace.write(VERDICTS, format!("{verdict}\n\0\0\n"));
    assert_eq!(workspace.dosd(&["journal", "verify", "--verdicts"]).code, 1);
    let salvaged = workspace.dosd(&["journal", "salvage", "--verdicts", "--to", "copy"]);
    assert_eq!(salvaged.code, 0, "{salvaged:?}");
    let verified = workspace.dosd(&["journal", "verify", "--verdicts", "copy", "--json"]);
    let report = report(&verified);
    assert_eq!((verified.code, &report["rows"], &report["rules"]), (0, &json!(1), &json!([])));
}

#[test]
fn an_intent_that_nobody_saw_to_is_told_apart() {
    let workspace = Workspace::new();
    let host = "here";
    let spawn = json!({"op": "SPAWN", "seq": 1, "lane": "docs", "loop_ts": "L", "run_id": "RID-1",
        "holder": "dosd", "host_id": host});
    workspace.write(LANES, format!("{spawn}\n"));
    let verify = |host: &str| {
        let mut command = workspace.command(&["journal", "verify", "--json"]);
        let output = command.env("DISPATCH_HOST_ID", host).output().expect("dosd starts");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let rules = report["rules"].as_array().expect("rules").clone();
        let rule = rules.into_iter().find(|it| it["rule"] == "intents-have-outcomes");
        (output.status.code(), rule.expect("the rule")["state"].clone())
    };
    assert_eq!(verify(host), (Some(1), json!("broken")));
    assert_eq!(verify("elsewhere"), (Some(0), json!("holds")));
    let named =
        workspace.dosd(&["journal", "verify", journal(&workspace).to_str().expect("UTF-8")]);
    assert_eq!(named.code, 0, "{}", named.stdout);
}

#[test]
fn rows_that_are_written_meanwhile_do_not_matter() {
    let workspace = Workspace::new();
    let path = workspace.write(LANES, row("HEARTBEAT", 1, "docs"));
    let writer = std::thread::spawn(move || {
        use std::io::Write as _;
        let mut file = fs::OpenOptions::new().append(true).open(path).expect("the journal");
        for seq in 2..20_000 {
            file.write_all(row("HEARTBEAT", seq, "docs").as_bytes()).expect("a row");
        }
    });
    let mut rows = Vec::new();
    for copy in 0.. {
        let is_last = writer.is_finished();
        let name = format!("copy-{copy}");
        let answer = workspace.dosd(&["journal", "salvage", "--to", &name, "--json"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert_eq!(workspace.dosd(&["journal", "verify", &name]).code, 0);
        rows.push(report(&answer)["rows"].as_u64().expect("a number"));
        if is_last {
            break;
        }
    }
    writer.join().expect("the writer");
    assert!(rows.is_sorted(), "{rows:?}");
    assert_eq!(rows.last(), Some(&19_999));
}
