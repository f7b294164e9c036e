//! The kept corpus of every target, and mutations of it. More of them, and others:
//! `cargo run --profile fuzz -p dosd-fuzz -- TARGET --seed S --mutations N`.

use std::path::Path;

use dosd::control::LONGEST_REQUEST;
use dosd_fuzz::bounded::search;
use dosd_fuzz::{TARGETS, corpus, target};

/// What decides the mutations.
const SEED: u64 = 1;

/// More files say nothing more, and are slow.
const MOST_FILES: usize = 60;

fn holds(name: &str, mutations: u64) {
    let target = target(name).expect("a target");
    let kept = corpus::read(&corpus::directory(name)).expect("a corpus");
    assert!((1..=MOST_FILES).contains(&kept.len()), "{} files", kept.len());
    if let Some(finding) = search(target, &kept, SEED, mutations) {
        let findings = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = finding.keep(findings).expect("the finding can be written");
        panic!("{}", finding.report(&path));
    }
}

#[test]
fn a_lane_journal_of_any_bytes_keeps_its_laws() {
    holds("lanes", 2_000);
}

#[test]
fn a_verdict_journal_of_any_bytes_keeps_its_laws() {
    holds("verdicts", 2_000);
}

#[test]
fn a_configuration_of_any_text_is_read_or_refused_with_its_place() {
    holds("config", 2_000);
}

#[test]
fn any_bytes_on_the_control_socket_are_answered() {
    holds("control", 2_000);
}

#[test]
fn a_request_is_read_up_to_its_bound() {
    let control = target("control").expect("a target");
    let request = |spaces: usize| format!("{{\"verb\":\"exporters\"{}}}\n", " ".repeat(spaces));
    let bound = usize::try_from(LONGEST_REQUEST).expect("it is in memory");
    let most = bound - request(0).len();
    for spaces in [most - 1, most, most + 1, 2 * bound] {
        (control.run)(request(spaces).as_bytes());
    }
    (control.run)(&vec![b'['; 2 * bound]);
}

#[test]
fn any_bytes_into_eval_are_answered_line_by_line() {
    holds("eval", 2_000);
}

#[test]
fn a_cursor_file_of_any_bytes_loses_nothing() {
    holds("cursor", 2_000);
}

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let parent = corpus::directory("");
    let entries = std::fs::read_dir(parent).expect("corpora");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
    found.sort();
    let mut names = TARGETS.map(|target| target.name);
    names.sort_unstable();
    assert_eq!(found, names);
}
