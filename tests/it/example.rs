//! The fleet that the README has people try, as it comes with the repository.

use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

/// Each lane that claims, with the verdict on every claim of it that is judged.
const LANES: [(&str, &str); 6] = [
    ("hotfixes", "REFUTED"),
    ("orders", "CONFIRMED"),
    ("payments", "CONFIRMED"),
    ("payouts", "REFUTED"),
    ("refunds", "REFUTED"),
    ("releases", "CONFIRMED"),
];

/// The example, as a fresh clone has it.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/fleet");
    for folder in ["", "workers"] {
        for file in std::fs::read_dir(example.join(folder)).expect("the example") {
            let file = file.expect("a file");
            if file.file_type().expect("a file").is_file() {
                let name = Path::new(folder).join(file.file_name());
                let text = std::fs::read(file.path()).expect("a file");
                workspace.write(name.to_str().expect("a name"), text);
            }
        }
    }
    workspace
}

#[test]
fn of_the_example_fleet_the_liars_are_refuted_and_the_others_confirmed() {
    let workspace = workspace();
    let checked = workspace.dosd(&["doctor"]);
    assert!(!checked.stdout.contains("dos.toml:"), "{}", checked.stdout);
    let mut daemon = Daemon::start(&workspace);
    let seen = RefCell::new(BTreeSet::new());
    daemon.wait_for("a verdict on each lane", |line| {
        let message = line["message"].as_str().unwrap_or_default();
        let verdict = message.strip_prefix("claim ").and_then(|rest| rest.split(':').next());
        if let Some(verdict) = verdict.filter(|verdict| *verdict != "UNWITNESSED") {
            let lane = line["lane"].as_str().unwrap_or_default();
            seen.borrow_mut().insert((lane.to_owned(), verdict.to_owned()));
        }
        let lanes: BTreeSet<_> = seen.borrow().iter().map(|(lane, _)| lane.clone()).collect();
        lanes.len() == LANES.len()
    });
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    let text = std::fs::read_to_string(workspace.root().join(".dos/verdicts.jsonl"));
    let text = text.expect("what the exporter delivered");
    let rows = text.lines().map(|line| serde_json::from_str(line).expect("a verdict"));
    let judged: BTreeSet<(String, String)> = rows
        .filter(|row: &serde_json::Value| {
            row["syscall"] == "effect_witness" && row["verdict"] != "UNWITNESSED"
        })
        .map(|row| {
            let word = |key: &str| row[key].as_str().expect("a word").to_owned();
            (word("lane"), word("verdict"))
        })
        .collect();
    let wanted = LANES.map(|(lane, verdict)| (lane.to_owned(), verdict.to_owned()));
    assert_eq!(judged, wanted.into());
}
