//! `dosd export`: the peer's answers, and the two promises that the peer's drain does not keep.

use crate::support::journals;
use crate::support::peer::Peer;
use crate::support::speaker::Speaker;
use crate::support::workspace::{Answer, Workspace};
use fastrand::Rng;
use serde_json::{Value, json};
use std::io::Write;

const JOURNAL: &str = ".dos/verdict-journal.jsonl";
const PLACE: &str = ".dos/drains/file.json";

fn event(seq: u64, subject: &str) -> String {
    json!({"schema_family": "verdict-journal", "schema_version": 1, "seq": seq,
        "ts": "2026-11-22T12:00:00Z", "syscall": "verify", "verdict": "SHIPPED", "run_id": "",
        "lane": "docs", "subject": subject, "detail": {"n": 1}, "source": "kernel"})
    .to_string()
        + "\n"
}

fn append(workspace: &Workspace, text: &str) {
    let path = workspace.root().join(JOURNAL);
    let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("a journal");
    file.write_all(text.as_bytes()).expect("a written row");
}

fn auto(workspace: &Workspace) -> Answer {
    workspace.dosd(&["export", "--to", "file", "--path", "out.jsonl", "--since", "auto", "--json"])
}

/// The values of a file of JSON lines.
fn lines(workspace: &Workspace, path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(workspace.root().join(path)).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn subjects(workspace: &Workspace) -> Vec<String> {
    let subject = |row: &Value| row["subject"].as_str().unwrap_or_default().to_owned();
    lines(workspace, "out.jsonl").iter().map(subject).collect()
}

fn without_wording(answer: &Answer) -> Vec<Value> {
    let mut values = answer.values();
    for value in &mut values {
        assert!(value["result"]["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        value["result"]["detail"] = Value::Null;
    }
    values
}

#[test]
fn drains_answer_as_the_peers() {
    let mut peer = Peer::start();
    for seed in 0..10 {
        let mut rng = Rng::with_seed(seed);
        let journal = journals::verdicts(&mut rng);
        let seq = rng.u8(..12).to_string();
        let tail = rng.u8(..12).to_string();
        for flags in [
            vec![],
            vec!["--since", &seq],
            vec!["--tail", &tail, "--since", &seq],
            vec!["--to", "file", "--path", "out/v.jsonl"],
            vec!["--to", "file", "--path", "out/v.jsonl", "--dry-run"],
            vec!["--to", "file", "--path", "out/v.jsonl", "--since", &seq, "--tail", &tail],
            vec!["--to", "file"],
            vec!["--to", "file", "--path", "out.jsonl", "--since", "auto"],
            vec!["--to", "null", "--since", "auto", "--host", "h", "--port", "1"],
        ] {
            let (ours_in, theirs_in) = (Workspace::new(), Workspace::new());
            ours_in.write(JOURNAL, &journal);
            theirs_in.write(JOURNAL, &journal);
            let arguments = [&["export", "--json"][..], &flags].concat();
            let ours = ours_in.dosd(&arguments);
            let theirs = peer.dos(theirs_in.root(), &arguments);
            let what = format!("seed {seed}: {arguments:?}");
            assert_eq!(ours.code, theirs.code, "{what}: {}", ours.stderr);
            assert_eq!(without_wording(&ours), without_wording(&theirs), "{what}");
            for path in ["out/v.jsonl", "out.jsonl"] {
                let (ours, theirs) = (lines(&ours_in, path), lines(&theirs_in, path));
                assert_eq!(ours.len(), theirs.len(), "{what}");
                // The peer writes what it understood of a row, ours the row as it stands.
                for (ours, theirs) in ours.iter().zip(&theirs) {
                    assert_eq!(ours["subject"].as_str().unwrap_or(""), theirs["subject"], "{what}");
                }
            }
        }
    }
}

#[test]
fn a_second_drain_sends_what_is_new_as_the_peers() {
    let mut peer = Peer::start();
    let (ours_in, theirs_in) = (Workspace::new(), Workspace::new());
    for workspace in [&ours_in, &theirs_in] {
        workspace.write(JOURNAL, event(1, "a") + &event(2, "b"));
    }
    let arguments = ["export", "--to", "file", "--path", "out.jsonl", "--since", "auto", "--json"];
    for more in ["", &event(3, "c"), "", &(event(4, "d") + &event(5, "e"))] {
        append(&ours_in, more);
        append(&theirs_in, more);
        let (ours, theirs) = (ours_in.dosd(&arguments), peer.dos(theirs_in.root(), &arguments));
        assert_eq!((ours.code, theirs.code), (0, 0), "{}", ours.stderr);
        assert_eq!(without_wording(&ours), without_wording(&theirs), "{more}");
        assert_eq!(lines(&ours_in, "out.jsonl"), lines(&theirs_in, "out.jsonl"));
    }
    assert_eq!(subjects(&ours_in), ["a", "b", "c", "d", "e"]);
}

#[test]
fn w_8_a_late_event_under_a_used_number_is_exported() {
    let workspace = Workspace::new();
    workspace.write(JOURNAL, event(1, "first") + &event(2, "second"));
    assert_eq!(auto(&workspace).code, 0);
    append(&workspace, &(event(2, "late") + &event(1, "later still")));
    let answer = auto(&workspace).values().remove(0);
    assert_eq!((&answer["shipped"], &answer["since"]), (&json!(2), &json!(2)));
    assert_eq!(subjects(&workspace), ["first", "second", "late", "later still"]);
    // A number that is asked for is compared as a number.
    let answer = workspace.dosd(&["export", "--since", "1", "--json"]).values().remove(0);
    assert_eq!(answer["shipped"], json!(2));
}

#[test]
fn w_9_an_unreadable_place_is_reported_and_everything_is_sent() {
    let workspace = Workspace::new();
    workspace.write(JOURNAL, event(1, "a"));
    assert_eq!(auto(&workspace).stderr, "");
    let whole = std::fs::read_to_string(workspace.root().join(PLACE)).expect("a place");
    // Cut short, as by a crash in an overwrite; and another number in it.
    for broken in ["", &whole[..whole.len() / 2], &whole.replace("\"offset\": ", "\"offset\": 1")] {
        workspace.write(PLACE, broken);
        std::fs::remove_file(workspace.root().join("out.jsonl")).expect("an export");
        let answer = auto(&workspace);
        assert_eq!((answer.code, subjects(&workspace)), (0, vec!["a".to_owned()]), "{broken}");
        assert!(answer.stderr.contains("cannot be used"), "{broken}: {}", answer.stderr);
        assert_eq!(auto(&workspace).values().remove(0)["shipped"], json!(0), "{broken}");
    }
    let directory = workspace.root().join(".dos/drains");
    let names = std::fs::read_dir(directory)
        .expect("places")
        .map(|entry| entry.expect("a file").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<_> = names.collect();
    names.sort();
    let aside = (1..4).map(|number| format!("file.json.unreadable-{number}"));
    let expected: Vec<_> = ["file.json".to_owned()].into_iter().chain(aside).collect();
    assert_eq!(names, expected, "the place, what was put aside, and no temporary file");
}

#[test]
fn what_is_not_taken_waits() {
    let workspace = Workspace::new();
    workspace.write(JOURNAL, event(1, "a"));
    let out = workspace.root().join("out.jsonl");
    std::fs::create_dir(&out).expect("a directory in the way");
    let answer = auto(&workspace);
    assert_eq!(answer.code, 1);
    let value = answer.values().remove(0);
    assert_eq!((&value["result"]["exported"], &value["shipped"]), (&json!(0), &json!(1)));
    std::fs::remove_dir(&out).expect("a directory");
    assert_eq!((auto(&workspace).code, subjects(&workspace)), (0, vec!["a".to_owned()]));
}

#[test]
fn a_rewritten_journal_is_sent_from_its_beginning() {
    let workspace = Workspace::new();
    workspace.write(JOURNAL, event(1, "a") + &event(2, "b"));
    assert_eq!(auto(&workspace).code, 0);
    workspace.write(JOURNAL, event(1, "new"));
    let answer = auto(&workspace);
    assert!(answer.stderr.contains("was rewritten"), "{}", answer.stderr);
    assert_eq!(subjects(&workspace), ["a", "b", "new"]);
}

#[test]
fn the_file_is_found_in_the_environment_and_in_dot_env() {
    let workspace = Workspace::new();
    workspace.write(JOURNAL, event(1, "a"));
    workspace.write(".env", "# where to\nDOS_EXPORT_FILE=\"there/v.jsonl\"\n");
    assert_eq!(workspace.dosd(&["export", "--to", "file"]).code, 0);
    assert_eq!(lines(&workspace, "there/v.jsonl").len(), 1);
    let mut command = workspace.command(&["export", "--to", "file"]);
    let output = command.env("DOS_EXPORT_FILE", "here.jsonl").output().expect("dosd starts");
    assert!(output.status.success());
    assert_eq!(lines(&workspace, "here.jsonl").len(), 1);
    assert!(!workspace.root().join(".dos/drains").exists(), "nobody asked to keep a place");
}

#[test]
fn unknown_destinations_and_places_are_usage_errors() {
    let workspace = Workspace::new();
    for (flags, told) in [
        (&["--to", "statsd", "--port", "70000"][..], "no port"),
        (&["--to", "paper"], "null, file"),
        (&["--since", "yesterday"], "no row number"),
        (&["--follow", "--follow-interval", "-1"], "seconds"),
    ] {
        let answer = workspace.dosd(&[&["export"][..], flags].concat());
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{flags:?}");
        assert!(answer.stderr.contains(told), "{flags:?}: {}", answer.stderr);
    }
}

#[test]
fn following_sends_what_is_added_and_ends_at_an_interrupt() {
    let workspace = Workspace::new();
    workspace.write(JOURNAL, event(1, "a") + &event(1, "b"));
    let arguments = ["export", "--to", "file", "--path", "out.jsonl", "--follow", "--tail", "1"];
    let speaker =
        Speaker::start(&workspace, &[&arguments[..], &["--follow-interval", "0.01"]].concat());
    speaker.wait_for("the first drain", |line| line.starts_with("file  1 of 1 sent"));
    append(&workspace, &(event(1, "c") + &event(2, "d")));
    let is_sent = |line: &str| line.starts_with("file  ") && !line.starts_with("file  0 of 0");
    speaker.wait_for("the second drain", is_sent);
    assert_eq!(speaker.interrupt(), Some(0));
    assert_eq!(auto(&workspace).code, 0);
    assert_eq!(subjects(&workspace), ["b", "c", "d"]);
    let bounded = workspace.dosd(&[
        "export",
        "--follow",
        "--follow-max",
        "3",
        "--follow-interval",
        "0",
        "--json",
    ]);
    assert_eq!((bounded.code, bounded.values().len()), (0, 3));
}
