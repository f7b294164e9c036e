//! `dosd id-alloc` by real processes, alone and beside the peer.

use crate::support::peer::Peer;
use crate::support::workspace::Workspace;
use std::collections::BTreeSet;
use std::process::{Child, Stdio};

/// Starts so many allocations at once and returns what each was given.
fn at_once(workspace: &Workspace, count: usize) -> Vec<i64> {
    let start = |_| {
        let mut command = workspace.command(&["id-alloc", "allocate", "tickets"]);
        command.stdout(Stdio::piped()).spawn().expect("dosd starts")
    };
    let children: Vec<Child> = (0..count).map(start).collect();
    let id = |child: Child| {
        let output = child.wait_with_output().expect("an answer");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(answer["scope"], "tickets");
        answer["id"].as_i64().expect("a number")
    };
    children.into_iter().map(id).collect()
}

#[test]
fn w_10_fifty_processes_at_once_get_fifty_numbers() {
    let workspace = Workspace::new();
    let ids: BTreeSet<i64> = at_once(&workspace, 50).into_iter().collect();
    assert_eq!(ids, (1..=50).collect());
    assert_eq!(workspace.dosd(&["id-alloc", "peek", "tickets"]).values()[0]["id"], 50);
    let directory = workspace.root().join(".dos/leases/id-alloc");
    let names: Vec<_> = std::fs::read_dir(directory)
        .expect("the counters")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(names.len(), 2, "a counter and its lock, and no temporary file: {names:?}");
}

#[test]
fn both_tools_number_on_from_each_other() {
    let mut peer = Peer::start();
    let workspace = Workspace::new();
    workspace.write("dos.toml", "[paths]\nleases_dir = \"state\"\n");
    let root = workspace.root();
    for scope in ["a b", "ä/ö", "a", "--x--"] {
        let mut ids = Vec::new();
        for start in ["7", "1"] {
            let arguments = ["id-alloc", "allocate", scope, "--start", start];
            for answer in [workspace.dosd(&["id-alloc", "allocate", "--start", start, "--", scope])]
                .into_iter()
                .chain((!scope.starts_with('-')).then(|| peer.dos(root, &arguments)))
            {
                assert_eq!(answer.code, 0, "{}", answer.stderr);
                ids.push(answer.values()[0]["id"].as_i64().expect("a number"));
            }
        }
        let expected: Vec<i64> = (7..).take(ids.len()).collect();
        assert_eq!(ids, expected, "{scope}");
    }
    for scope in ["a", "unknown"] {
        let theirs = peer.dos(root, &["id-alloc", "peek", scope]);
        let ours = workspace.dosd(&["id-alloc", "peek", scope]);
        assert_eq!((ours.code, ours.values()), (theirs.code, theirs.values()), "{scope}");
    }
}

#[test]
fn a_damaged_counter_is_no_reason_to_start_over() {
    let workspace = Workspace::new();
    workspace.dosd(&["id-alloc", "allocate", "tickets"]);
    let directory = workspace.root().join(".dos/leases/id-alloc");
    let counter = std::fs::read_dir(directory)
        .expect("the counters")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "id"))
        .expect("the counter");
    std::fs::write(&counter, "seven").expect("a written file");
    let answer = workspace.dosd(&["id-alloc", "allocate", "tickets"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (70, ""));
    assert!(answer.stderr.contains("holds no whole number"), "{}", answer.stderr);
    assert_eq!(std::fs::read(counter).expect("the counter"), b"seven");
}
