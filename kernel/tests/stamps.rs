//! Subjects of commits, and by which rung the reference implementation reads a stamp in each.

use dosd_kernel::ship::{Claim, Convention, Entry, candidates};
use serde_json::Value;

const STAMPS: &str = include_str!("stamps.jsonl");

fn convention(name: &str) -> Convention {
    let list = |words: &[&str]| words.iter().copied().map(String::from).collect();
    match name {
        "any" => Convention::default(),
        "directories" => {
            Convention { subject_dirs: list(&["docs", "go"]), ..Convention::default() }
        }
        "trailer" => Convention { trailer_stamp: true, ..Convention::default() },
        "all" => Convention {
            subject_dirs: Vec::new(),
            summary_bundle_prefixes: list(&["docs/HYG:", "chore:"]),
            bookkeeping_prefixes: list(&["docs/_plans:"]),
            progress_markers: list(&["audit", "Week-1"]),
            sub_phase_parent_fallback: true,
            trailer_stamp: true,
        },
        other => panic!("no convention is called {other}"),
    }
}

#[test]
fn each_subject_is_read_by_the_same_rung() {
    let mut stamps = 0;
    for line in STAMPS.lines() {
        let case: Value = serde_json::from_str(line).expect("a case a line");
        let text = |key: &str| case[key].as_str().expect("a text");
        let claim = Claim { plan: text("plan"), phase: text("phase") };
        let entry =
            Entry { id: "ab", short_id: "ab", subject: text("subject"), body: text("body") };
        let found = candidates(claim, &convention(text("convention")), &[entry]);
        let rung = found.first().map(|candidate| candidate.rung.as_str());
        assert_eq!(rung, case["rung"].as_str(), "{line}");
        stamps += usize::from(rung.is_some());
    }
    assert!(stamps > 200, "only {stamps} of the cases have a stamp");
}
