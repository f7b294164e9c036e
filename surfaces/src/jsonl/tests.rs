//! JSON lines: the last of a key, the last of the file, and files that grow.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use dosd_actors::witness::Limits;
use serde_json::json;

use super::JsonLines;
use crate::testing::{
    Ending, assert_holds, cause, changes, entities, identity, pointer, read, read_with, wait_for,
    within,
};

fn lines(path: &Path) -> JsonLines {
    JsonLines { identity: identity(), path: path.to_owned(), key: pointer("/id") }
}

fn with(text: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn of_each_key_the_last_line_counts() {
    let (_folder, path) = with(concat!(
        "{\"id\":\"a\",\"n\":1}\n",
        "\n",
        "{\"id\":2}\r\n",
        "  {\"id\":\"a\",\"n\":2}\n",
        "{\"n\":3,\"id\":\"b\"}",
    ));
    assert_holds(
        &lines(&path),
        &[
            ("a", json!({"id": "a", "n": 2})),
            ("2", json!({"id": 2})),
            ("b", json!({"id": "b", "n": 3})),
        ],
    );
    let (_folder, path) = with("");
    assert_holds(&lines(&path), &[]);
}

#[test]
fn a_line_that_is_being_written_leaves_the_read_unfinished() {
    let (first, last) = ("{\"id\":1,\"n\":1}\n", "{\"id\":1,\"n\":22}");
    let (_folder, path) = with("");
    for cut in 0..last.len() {
        fs::write(&path, [first, &last[..cut]].concat()).unwrap();
        assert_holds(&lines(&path), &[("1", json!({"id": 1, "n": 1}))]);
        let read = read(&lines(&path)).unwrap();
        assert_eq!(read.unfinished().is_some(), cut > 0, "cut at {cut}");
    }
    fs::write(&path, [first, last].concat()).unwrap();
    assert_eq!(read(&lines(&path)).unwrap().unfinished(), None);
    assert_holds(&lines(&path), &[("1", json!({"id": 1, "n": 22}))]);
}

#[test]
fn any_other_broken_line_makes_it_unreadable_by_its_number() {
    for (text, part) in [
        ("{\"id\":1}\n{\"id\":\n{\"id\":2}\n", "line 2 is no JSON value"),
        ("{\"id\":1} {\"id\":2}\n", "line 1 is no JSON value"),
        ("{\"id\":1}\n{\"di\":1}\n", "line 2 has no key: nothing is at `/id`"),
        ("\n\n{\"id\":[1]}\n", "line 3 has no key: what is at `/id` is no text"),
        ("7\n", "line 1 has no key"),
    ] {
        let (_folder, path) = with(text);
        let cause = cause(&lines(&path));
        assert!(cause.contains(part) && cause.contains("log.jsonl"), "{text}: {cause}");
    }
    let (_folder, path) = with(b"{\"id\":\"\xff\"}\n");
    assert!(cause(&lines(&path)).contains("line 1 is no JSON value"));
}

#[test]
fn each_change_is_seen_as_what_it_is() {
    let (_folder, path) = with("{\"id\":\"same\",\"n\":1}\n{\"id\":\"new\",\"n\":1}\n");
    let before = read(&lines(&path)).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"n\":1.0,\"id\":\"same\"}\n{\"id\":\"new\",\"n\":2}\n{\"id\":\"more\"}\n")
        .unwrap();
    let after = read(&lines(&path)).unwrap();
    for (key, change) in
        [("same", "unchanged"), ("new", "updated"), ("more", "inserted"), ("never", "absent")]
    {
        assert_eq!(changes(&before, &after, key).asked.as_str(), change, "{key}");
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert!(cause(&lines(&folder.path().join("none"))).contains("No such file"));
    assert!(cause(&lines(folder.path())).contains("no regular file"));
    let (_folder, path) = with("{\"id\":1}\n".repeat(1000));
    let limits = Limits { max_bytes: 100, ..Limits::default() };
    assert!(read_with(&lines(&path), limits, &[]).unwrap_err().contains("more than 100 bytes"));
    let timeout = read_with(&lines(&path), within(std::time::Duration::ZERO), &[]);
    assert!(timeout.unwrap_err().contains("not read within"));
}

/// A key with two parts that are always the same.
fn line(number: u64) -> String {
    let filler = "x".repeat(2000);
    format!("{{\"id\":\"k{}\",\"a\":{number},\"filler\":\"{filler}\"}}\n", number % 10)
}

#[test]
fn a_log_that_grows_is_read_as_it_was_at_one_moment() {
    let (_folder, path) = with((0..500).map(line).collect::<String>());
    let ending = Ending::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            // It never grows beyond 16 MB.
            for number in 500..8000 {
                if ending.has_come() {
                    break;
                }
                // In two pieces, so that there are lines without an end.
                let line = line(number);
                let (start, end) = line.split_at(700);
                file.write_all(start.as_bytes()).unwrap();
                file.write_all(end.as_bytes()).unwrap();
            }
        });
        let _end = ending.with_this();
        let first = entities(&read(&lines(&path)).unwrap());
        assert_eq!(first.len(), 10);
        // As long as lines come, every read is one of a whole log, and in the end one is later.
        wait_for(|| {
            let now = entities(&read(&lines(&path)).unwrap());
            assert_eq!(now.len(), 10);
            now != first
        });
    });
}
