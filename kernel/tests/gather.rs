//! From a journal to a roster's evidence: what `dosd loop` sees.

use std::collections::BTreeMap;

use dosd_kernel::fold::Fold as _;
use dosd_kernel::lane::{Acquire, LaneFold, LaneRow, Observation};
use dosd_kernel::liveness::{self, Liveness};
use dosd_kernel::population::{
    COOLDOWN_MS, Evidence, LaneEvidence, LaneFacts, Lanes, Policy, gather,
};

const NOON_MS: i64 = 1_790_000_000_000;
const MINUTE_MS: i64 = 60_000;

fn grant(lane: &str, loop_ts: &str) -> LaneRow {
    LaneRow::Acquire(Acquire {
        lane: lane.into(),
        loop_ts: loop_ts.into(),
        holder: "w".into(),
        ..Acquire::default()
    })
}

/// A journal with these grants, each as many minutes old, as of noon.
fn observed(grants: &[(&str, &str, i64)]) -> Observation {
    let mut fold = LaneFold::default();
    for ((lane, loop_ts, minutes), seq) in grants.iter().zip(1..) {
        let ts_ms = NOON_MS - minutes * MINUTE_MS;
        fold.apply_draft(&grant(lane, loop_ts).draft(ts_ms), seq);
    }
    fold.observe(NOON_MS)
}

fn lanes() -> Lanes {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Lanes {
        concurrent: names(&["src", "docs", "src", ""]),
        exclusive: names(&["global", "docs"]),
        autopick: names(&["src", "global"]),
        trees: BTreeMap::from([("src".into(), names(&["src/**"]))]),
        aliases: BTreeMap::new(),
    }
}

fn seen(observation: &Observation, facts: &[(&str, LaneFacts)], policy: &Policy) -> Evidence {
    let facts = facts.iter().map(|(lane, facts)| ((*lane).to_owned(), *facts)).collect();
    gather(&lanes(), observation, &facts, policy, &liveness::Policy::default())
        .expect("valid arguments")
}

fn lane<'a>(evidence: &'a Evidence, name: &str) -> &'a LaneEvidence {
    evidence.lanes.iter().find(|lane| lane.lane == name).expect("it is in the roster")
}

fn names(evidence: &Evidence) -> Vec<&str> {
    evidence.lanes.iter().map(|lane| lane.lane.as_str()).collect()
}

#[test]
fn the_roster_is_the_declared_lanes_once_each() {
    let policy = Policy { target: 3, ..Policy::default() };
    let evidence = seen(&observed(&[("other", "t", 1)]), &[], &policy);
    assert_eq!(names(&evidence), ["src", "docs", "global"]);
    assert_eq!(evidence.target, 3);
    assert_eq!(lane(&evidence, "src").tree, ["src/**"]);
    let flags = |name| {
        let lane = lane(&evidence, name);
        (lane.repeatable, lane.is_exclusive)
    };
    assert_eq!(flags("src"), (true, false));
    assert_eq!(flags("docs"), (false, true));
    assert_eq!(flags("global"), (false, true));
}

#[test]
fn with_a_budget_undeclared_holders_and_one_free_handle_join() {
    let policy = Policy { max_concurrency: Some(3), ..Policy::default() };
    let held = observed(&[("zz", "t", 1), ("auto", "t", 1), ("docs", "t", 1), ("zz", "u", 1)]);
    let evidence = seen(&held, &[], &policy);
    assert_eq!(names(&evidence), ["src", "docs", "global", "zz", "auto", "auto*"]);
    assert!(lane(&evidence, "zz").repeatable && lane(&evidence, "auto*").repeatable);
    assert_eq!(lane(&evidence, "auto*").liveness, None);
}

#[test]
fn of_two_leases_on_a_lane_the_newer_counts() {
    let newer_first = observed(&[("src", "new", 1), ("src", "old", 60)]);
    let evidence = seen(&newer_first, &[], &Policy::default());
    assert_eq!(lane(&evidence, "src").liveness, Some(Liveness::Advancing));
    let stale = observed(&[("src", "old", 60)]);
    let evidence = seen(&stale, &[], &Policy::default());
    assert_eq!(lane(&evidence, "src").liveness, Some(Liveness::Stalled));
}

#[test]
fn a_spinning_lane_says_how_old_its_beat_is() {
    let mut fold = LaneFold::default();
    fold.apply_draft(&grant("src", "t").draft(NOON_MS - 40 * MINUTE_MS), 1);
    let lease = fold.leases().next().unwrap().clone();
    fold.apply_draft(&LaneRow::heartbeat(&lease).draft(NOON_MS - 5 * MINUTE_MS), 2);
    let evidence = seen(&fold.observe(NOON_MS), &[], &Policy::default());
    let src = lane(&evidence, "src");
    assert_eq!(src.liveness, Some(Liveness::Spinning));
    assert_eq!(src.spinning_age_ms, Some(5 * MINUTE_MS));
    let worked = LaneFacts { commits_since_start: 1, ..LaneFacts::default() };
    let evidence = seen(&fold.observe(NOON_MS), &[("src", worked)], &Policy::default());
    assert_eq!(lane(&evidence, "src").liveness, Some(Liveness::Advancing));
}

#[test]
fn a_run_is_not_called_spinning_while_its_commits_are_unread() {
    let mut fold = LaneFold::default();
    fold.apply_draft(&grant("src", "t").draft(NOON_MS - 40 * MINUTE_MS), 1);
    let unread = |process_alive| {
        let facts = LaneFacts { process_alive, commits_unread: true, ..LaneFacts::default() };
        let evidence = seen(&fold.clone().observe(NOON_MS), &[("src", facts)], &Policy::default());
        lane(&evidence, "src").liveness
    };
    assert_eq!(unread(Some(true)), Some(Liveness::Advancing));
    // Whether a process lives is not a question of commits.
    assert_eq!(unread(Some(false)), Some(Liveness::Stalled));
    assert_eq!(unread(None), Some(Liveness::Stalled));
}

#[test]
fn a_launch_is_pending_until_its_acquire_is_seen_or_the_cooldown_is_over() {
    let launched =
        |ago_ms| LaneFacts { launched_ms: Some(NOON_MS - ago_ms), ..LaneFacts::default() };
    let pending = |grants: &[(&str, &str, i64)], ago_ms| {
        let evidence = seen(&observed(grants), &[("src", launched(ago_ms))], &Policy::default());
        lane(&evidence, "src").pending
    };
    assert!(pending(&[], COOLDOWN_MS - 1));
    assert!(!pending(&[], COOLDOWN_MS));
    // A lease from before the launch is not the launch's.
    assert!(pending(&[("src", "t", 60)], 1_000));
    // Stamps have whole seconds: one of the launch's own second is.
    assert!(!pending(&[("src", "t", 1)], MINUTE_MS - 999));
}

#[test]
fn a_pending_lane_has_no_liveness_and_an_excluded_one_is_not_there() {
    let held = observed(&[("src", "t", 60)]);
    let pending = LaneFacts { pending: true, ..LaneFacts::default() };
    let excluded = LaneFacts { excluded: true, ..LaneFacts::default() };
    let facts = [("src", pending), ("docs", excluded)];
    let evidence = seen(&held, &facts, &Policy::default());
    assert_eq!(names(&evidence), ["src", "global"]);
    assert_eq!(lane(&evidence, "src").liveness, None);
    let budget = Policy { max_concurrency: Some(2), ..Policy::default() };
    let evidence = seen(&observed(&[("docs", "t", 1)]), &facts, &budget);
    assert_eq!(names(&evidence), ["src", "global", "auto"]);
}

#[test]
fn a_process_that_is_gone_stalls_its_lease_at_once_whatever_it_achieved() {
    let reborn = observed(&[("src", "t", 3), ("src", "t", 2)]);
    let alive = seen(&reborn, &[], &Policy::default());
    assert_eq!(lane(&alive, "src").liveness, Some(Liveness::Advancing));
    let gone = LaneFacts { process_alive: Some(false), ..LaneFacts::default() };
    let evidence = seen(&reborn, &[("src", gone)], &Policy::default());
    assert_eq!(lane(&evidence, "src").liveness, Some(Liveness::Stalled));
}

#[test]
fn without_a_configuration_there_is_one_lane_and_one_that_runs_alone() {
    let evidence = gather(
        &Lanes::default(),
        &observed(&[]),
        &BTreeMap::new(),
        &Policy::default(),
        &liveness::Policy::default(),
    )
    .unwrap();
    assert_eq!(names(&evidence), ["main", "global"]);
    assert!(lane(&evidence, "main").repeatable && lane(&evidence, "global").is_exclusive);
    assert_eq!(lane(&evidence, "main").tree, ["**/*"]);
}
