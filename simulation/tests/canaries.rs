//! Planted bugs are found: a simulation that finds nothing would otherwise prove nothing.

use dosd_actors::canary::Canary;
use dosd_actors::port::testing::canary::plant;
use dosd_kernel::invariant::Invariant;
use dosd_simulation::{Finding, Show, run};

/// Each bug has to show within so many seeds.
const SEEDS: u64 = 60;

/// Plants a bug, and runs seeds until it is found as what it is.
fn finds(canary: Canary, invariant: Invariant) {
    let _planted = plant(canary);
    let is_it = |finding: &Finding| matches!(finding, Finding::Violated(violation) if violation.invariant == invariant);
    let found = (1..=SEEDS).find(|seed| run(*seed, Show::Nothing).findings.iter().any(is_it));
    assert!(found.is_some(), "{canary:?} was not found in {SEEDS} seeds");
}

#[test]
fn rows_that_are_acknowledged_before_they_are_synced_are_missed() {
    finds(Canary::AcknowledgeBeforeSync, Invariant::AcknowledgedRowsStay);
}

#[test]
fn rows_that_are_acknowledged_after_a_failed_sync_are_missed() {
    finds(Canary::AcknowledgeUnsynced, Invariant::AcknowledgedRowsStay);
}

#[test]
fn a_cursor_that_moves_before_the_events_are_sent_is_found() {
    finds(Canary::MoveCursorBeforeSend, Invariant::ExportedInOrder);
}

#[test]
fn a_worker_that_is_launched_before_its_intent_is_on_disk_is_found() {
    finds(Canary::LaunchBeforeIntent, Invariant::ProcessesAreKnown);
}

#[test]
fn a_lane_that_is_planned_before_the_end_of_its_last_run_is_on_disk_is_found() {
    finds(Canary::PlanBeforeEnds, Invariant::OneWorker);
}
