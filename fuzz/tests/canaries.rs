//! Planted bugs are found: a search that finds nothing would otherwise prove nothing.

use dosd_actors::canary::Canary;
use dosd_actors::port::testing::canary::plant;
use dosd_fuzz::bounded::{Finding, Origin, search};
use dosd_fuzz::corpus::{self, Kept};
use dosd_fuzz::target;

/// Each bug has to show within so many mutations.
const MUTATIONS: u64 = 2_000;

/// Plants a bug and searches from the corpus files that this admits.
fn finds(canary: Canary, name: &str, admits: impl Fn(&Kept) -> bool) -> Finding {
    let mut kept = corpus::read(&corpus::directory(name)).expect("a corpus");
    kept.retain(admits);
    let target = target(name).expect("a target");
    assert_eq!(search(target, &kept, 1, 0), None, "without the bug, the corpus keeps the laws");
    let _planted = plant(canary);
    search(target, &kept, 1, MUTATIONS).expect("the bug is found")
}

#[test]
fn a_cursor_that_is_followed_into_a_row_is_found_by_mutations_of_a_good_one() {
    let finding = finds(Canary::FollowCursorIntoRow, "cursor", |kept| kept.path.ends_with("good"));
    assert!(matches!(finding.origin, Origin::Mutation { .. }), "{finding}");
    assert!(finding.said.contains("from Cursor"), "{finding}");
}

#[test]
fn a_row_that_is_glued_to_a_torn_one_is_found() {
    let finding = finds(Canary::GlueTornTail, "lanes", |_| true);
    assert!(finding.said.contains("a torn line ends first"), "{finding}");
}

#[test]
fn damage_that_nobody_is_told_of_is_found() {
    let finding = finds(Canary::HideDamage, "verdicts", |_| true);
    assert!(finding.said.contains("the damage that was told of"), "{finding}");
}

#[test]
fn an_input_that_breaks_a_law_is_written_out_and_replayed() {
    let finding = finds(Canary::HideDamage, "lanes", |_| true);
    let directory = tempfile::tempdir().expect("a directory");
    let path = finding.keep(directory.path()).expect("a file");
    assert_eq!(std::fs::read(&path).expect("the file"), finding.bytes);
    let report = finding.report(&path);
    assert!(report.contains(&format!("-- lanes '{}'", path.display())), "{report}");
}
