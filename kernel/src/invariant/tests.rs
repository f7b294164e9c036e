//! Each invariant holds of a good history and finds the one thing that is wrong in a bad one.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::{vec, vec::Vec};

use serde_json::{Value, json};

use super::*;

fn journal(values: &[Value]) -> Vec<u8> {
    let lines: Vec<String> = values.iter().map(|value| format!("{value}\n")).collect();
    lines.concat().into_bytes()
}

fn told(values: &[Value]) -> Vec<Row> {
    rows(&journal(values))
}

fn lease(op: &str, loop_ts: &str) -> Value {
    json!({"op": op, "lane": "a", "loop_ts": loop_ts})
}

fn run(op: &str, run_id: &str) -> Value {
    json!({"op": op, "lane": "a", "run_id": run_id, "holder": "dosd", "pid": 7})
}

fn only(found: impl IntoIterator<Item = Violation>, invariant: Invariant, line: u64) {
    let violations: Vec<_> = found.into_iter().collect();
    let [found] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!(found.invariant, invariant);
    assert!(matches!(found.place, Place::Row { line: at, .. } if at == line), "{found}");
}

#[test]
fn names_and_meanings_are_distinct_lines() {
    let names: BTreeSet<_> = Invariant::ALL.iter().map(|it| it.name()).collect();
    assert_eq!(names.len(), Invariant::ALL.len());
    assert!(Invariant::ALL.iter().all(|it| !it.meaning().contains('\n')));
}

#[test]
fn rows_have_the_place_of_their_line() {
    let found = rows(b"{\"a\":1}\nrubbish\n\n{\"b\":2}\n{\"torn\":");
    let places: Vec<_> = found.iter().map(|row| (row.line, row.offset)).collect();
    assert_eq!(places, [(1, 0), (4, 17)]);
}

#[test]
fn a_second_holder_is_found_where_it_comes() {
    let mut history = vec![lease("ACQUIRE", "x"), lease("HEARTBEAT", "x"), lease("RELEASE", "x")];
    history.extend([lease("ACQUIRE", "y"), lease("ACQUIRE", "y"), lease("SCAVENGE", "y")]);
    history.push(lease("ACQUIRE", "z"));
    assert_eq!(one_holder(&told(&history), |_| true), []);
    history.push(lease("ACQUIRE", "x"));
    only(one_holder(&told(&history), |_| true), Invariant::OneHolder, 8);
    assert_eq!(one_holder(&told(&history), |lane| lane != "a"), []);
}

#[test]
fn a_checkpoint_says_who_holds_what() {
    let checkpoint = json!({"op": "CHECKPOINT", "leases": [{"lane": "a", "loop_ts": "y"}]});
    let history = [lease("ACQUIRE", "x"), checkpoint, lease("ACQUIRE", "y"), lease("ACQUIRE", "x")];
    only(one_holder(&told(&history), |_| true), Invariant::OneHolder, 4);
}

#[test]
fn a_run_is_told_in_order() {
    let whole = [run("SPAWN", "r"), run("WORKER_STARTED", "r"), run("WORKER_EXITED", "r")];
    assert_eq!(runs_in_order(&told(&whole)), []);
    for (more, at) in [
        (vec![run("WORKER_EXITED", "r")], 4),
        (vec![run("WORKER_STARTED", "r")], 4),
        (vec![run("SPAWN", "r")], 4),
        (vec![run("WORKER_STARTED", "other")], 4),
        (vec![run("SPAWN", "s"), run("WORKER_STARTED", "s"), run("WORKER_STARTED", "s")], 6),
    ] {
        let history = [&whole[..], &more].concat();
        only(runs_in_order(&told(&history)), Invariant::RunsInOrder, at);
    }
    let compacted = [json!({"op": "CHECKPOINT", "leases": []}), run("WORKER_EXITED", "r")];
    assert_eq!(runs_in_order(&told(&compacted)), []);
}

#[test]
fn a_lane_has_one_worker_at_a_time() {
    let mut history = vec![run("SPAWN", "r"), run("WORKER_EXITED", "r"), run("SPAWN", "s")];
    assert_eq!(one_worker(&told(&history), "dosd", |_| true), []);
    history.push(run("SPAWN", "t"));
    only(one_worker(&told(&history), "dosd", |_| true), Invariant::OneWorker, 4);
    assert_eq!(one_worker(&told(&history), "dosd", |_| false), []);
    assert_eq!(one_worker(&told(&history), "somebody", |_| true), []);
}

#[test]
fn an_intent_without_an_outcome_is_found_unless_it_lives() {
    let history = [run("SPAWN", "r"), run("WORKER_EXITED", "r"), run("SPAWN", "s")];
    only(
        intents_have_outcomes(&told(&history), "dosd", &BTreeSet::new()),
        Invariant::IntentsHaveOutcomes,
        3,
    );
    let living = BTreeSet::from(["s".to_string()]);
    assert_eq!(intents_have_outcomes(&told(&history), "dosd", &living), []);
}

#[test]
fn a_process_that_nobody_announced_is_found() {
    let process = |run_id: &str, lane: &str, pid| KnownProcess {
        run_id: run_id.to_string(),
        lane: lane.to_string(),
        pid,
    };
    let history = told(&[run("SPAWN", "r"), run("WORKER_STARTED", "r"), run("SPAWN", "s")]);
    let count = |process, at_rest| processes_are_known(&history, &[process], at_rest).len();
    assert_eq!(count(process("r", "a", 7), true), 0);
    assert_eq!(count(process("r", "a", 8), true), 1);
    assert_eq!(count(process("r", "b", 7), false), 1);
    assert_eq!(count(process("s", "a", 9), false), 0);
    assert_eq!(count(process("s", "a", 9), true), 1);
    assert_eq!(count(process("t", "a", 9), false), 1);
}

#[test]
fn an_acknowledged_row_is_known_by_what_it_says() {
    let rows = told(&[json!({"seq": 5, "op": "X", "lane": "a"})]);
    let fields = |value: Value| value.as_object().cloned().unwrap();
    let kept = fields(json!({"op": "X", "lane": "a"}));
    assert_eq!(acknowledged_rows_stay(&rows, [&kept]), []);
    let lost = fields(json!({"op": "X", "lane": "b"}));
    assert_eq!(acknowledged_rows_stay(&rows, [&kept, &lost]).len(), 1);
}

#[test]
fn an_event_that_is_skipped_or_comes_too_late_is_found() {
    let event = |id: &str| Exported { id: id.to_string(), row: String::new() };
    let journal = [event("1"), event("2"), event("3")];
    let of = |delivered: &[&str]| {
        let delivered: Vec<_> = delivered.iter().map(|id| event(id)).collect();
        let found = exported_in_order(&journal, &delivered);
        found.into_iter().map(|it| it.place).collect::<Vec<_>>()
    };
    assert_eq!(of(&["1", "gone", "2", "1", "2", "3"]), []);
    assert_eq!(of(&["1", "3"]), [Place::Event("2".to_string())]);
    assert_eq!(of(&["1", "3", "2"]), [Place::Event("2".to_string())]);
    let changed = Exported { id: "2".to_string(), row: "another".to_string() };
    assert_eq!(exported_in_order(&[event("1"), changed], &[event("1"), event("2")]).len(), 1);
}

#[test]
fn a_state_that_missed_a_row_is_found() {
    let mut history = vec![lease("ACQUIRE", "x"), run("SPAWN", "r")];
    let mut fold = crate::lane::LaneFold::default();
    for row in told(&history) {
        fold.apply_entry(&row.fields);
    }
    let shown = Shown::of(&fold);
    assert_eq!(fold_equals_replay(&journal(&history), &shown), []);
    history.push(lease("RELEASE", "x"));
    let found = fold_equals_replay(&journal(&history), &shown);
    assert_eq!(found.len(), 1);
    assert!(found[0].what.starts_with("leases"), "{}", found[0]);
}
