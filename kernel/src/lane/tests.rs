//! The fold's rules, one by one. Laws over random journals are in `tests/`.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{LaneFold, LeaseKey, Spawn, WorkerExited, WorkerStarted};
use super::{LaneRow, Op};
use crate::Map;
use crate::draft::Draft;
use crate::fold::Fold as _;
use crate::lines::LineKind;
use crate::retention::Census;
use crate::stamp;

const NOON_MS: i64 = 1_790_000_000_000;

fn folded(rows: &[Value]) -> LaneFold {
    let mut fold = LaneFold::default();
    for row in rows {
        assert_eq!(fold.apply_line(&format!("{row}")), LineKind::Row);
    }
    fold
}

fn key(loop_ts: &str, lane: &str) -> LeaseKey {
    LeaseKey { loop_ts: loop_ts.into(), lane: lane.into() }
}

fn lanes(fold: &LaneFold) -> Vec<String> {
    fold.leases().map(|lease| lease.lane().into()).collect()
}

fn acquire(lane: &str) -> Value {
    json!({"op": "ACQUIRE", "lane": lane, "loop_ts": "t", "holder": "w"})
}

#[test]
fn a_lease_acquired_again_keeps_its_place_and_a_released_one_loses_it() {
    let release = json!({"op": "RELEASE", "lane": "a", "loop_ts": "t"});
    let mut rows = Vec::from([acquire("a"), acquire("b"), acquire("a")]);
    assert_eq!(lanes(&folded(&rows)), ["a", "b"]);
    rows.extend([release, acquire("a")]);
    assert_eq!(lanes(&folded(&rows)), ["b", "a"]);
}

#[test]
fn a_checkpoint_replaces_all_leases_in_its_own_order() {
    let fold = folded(&[
        acquire("a"),
        acquire("b"),
        json!({"op": "CHECKPOINT", "seq_watermark": 90, "leases": [
            {"lane": "c", "loop_ts": "t"}, "odd", {"holder": "nobody"}, {"lane": "b", "loop_ts": "t"},
        ]}),
        acquire("a"),
    ]);
    assert_eq!(lanes(&fold), ["c", "b", "a"]);
    assert_eq!(fold.highest_seq(), 90);
    assert!(fold.lease(&key("t", "b")).is_some_and(|lease| lease.holder().is_empty()));
}

#[test]
fn beats_and_adoptions_of_leases_that_do_not_live_change_nothing() {
    let fold = folded(&[
        json!({"op": "HEARTBEAT", "lane": "a", "loop_ts": "t", "ts": "2026-11-22T19:31:25Z"}),
        json!({"op": "ADOPT", "lane": "a", "loop_ts": "t", "holder": "x"}),
        json!({"op": "ACQUIRE", "lane": "", "loop_ts": null}),
    ]);
    assert_eq!(fold.leases().count(), 0);
    assert_eq!(fold.rows(), 3);
}

#[test]
fn an_adoption_rewrites_what_it_gives_and_keeps_the_rest() {
    let fold = folded(&[
        json!({"op": "ACQUIRE", "lane": "a", "loop_ts": "t", "lease": {
            "lane": "a", "loop_ts": "t", "holder": "w", "pid": 7, "children": ["c"], "tree": ["x"],
        }}),
        json!({"op": "ADOPT", "lane": "a", "loop_ts": "t", "holder": "n", "pid": null, "ts": "s"}),
    ]);
    let lease = fold.lease(&key("t", "a")).map(|lease| json!(**lease));
    let want = json!({"lane": "a", "loop_ts": "t", "holder": "n", "pid": 7, "children": ["c"],
        "tree": ["x"], "heartbeat_at": "s"});
    assert_eq!(lease, Some(want));
}

#[test]
fn the_row_says_whose_lease_it_is() {
    let fold = folded(&[json!({"op": "ACQUIRE", "lane": "a", "loop_ts": "t",
        "lease": {"lane": "b", "holder": "w"}})]);
    let lease = fold.leases().next().unwrap();
    assert_eq!((lease.lane(), lease.loop_ts(), lease.holder()), ("a", "t", "w"));
}

#[test]
fn lines_are_rows_damage_or_nothing() {
    let mut fold = LaneFold::default();
    for (line, kind) in [
        ("", LineKind::Skipped),
        (" \r", LineKind::Skipped),
        ("[1]", LineKind::Skipped),
        ("7", LineKind::Skipped),
        ("[\"HEARTBEAT\",\"t\",\"a\",\"\",\"\",5,5]", LineKind::Skipped),
        ("{\"op\":\"ACQ", LineKind::Corrupt),
        ("{\"op\":\"HEARTBEAT\"}{", LineKind::Corrupt),
        ("{\"op\":\"_CORRUPT\",\"seq\":4}", LineKind::Row),
        ("{\"op\":\"\\u0048EARTBEAT\",\"seq\":5}", LineKind::Row),
        ("{\"op\":\"RELEASE\",\"op\":\"FUTURE\",\"seq\":6,\"seq\":2}", LineKind::Row),
        ("{\"op\":{},\"seq\":\"8\"}", LineKind::Row),
    ] {
        assert_eq!(fold.apply_line(line), kind, "{line}");
    }
    assert_eq!((fold.rows(), fold.corrupt(), fold.highest_seq()), (4, 3, 8));
}

#[test]
fn w_14_the_age_of_a_journal_is_read_from_its_text_stamps() {
    let mut fold = folded(&[
        json!({"op": "CHECKPOINT", "ts": stamp::format_ms(5_000), "leases": []}),
        json!({"op": "CHECKPOINT", "ts": stamp::format_ms(4_000), "leases": []}),
        json!({"op": "HEARTBEAT", "ts": stamp::format_ms(NOON_MS), "lane": "a", "loop_ts": "t"}),
        json!({"op": "ACQUIRE", "ts": stamp::format_ms(9_000), "lane": "a", "loop_ts": "t"}),
        json!({"op": "ATTEMPT", "ts": 3}),
        json!({"op": "HALT", "heartbeat_at": stamp::format_ms(1_000)}),
    ]);
    fold.apply_line("{torn");
    let expected = Census { entries: 7, oldest_ms: Some(9_000), checkpoint_ms: Some(5_000) };
    assert_eq!(*fold.census(), expected);
}

#[test]
fn a_planner_keeps_what_it_saw_while_the_fold_goes_on() {
    let mut fold = folded(&[json!({"op": "ACQUIRE", "ts": "2026-11-22T19:31:25Z", "lane": "a",
        "loop_ts": "t", "acquired_at": "2026-11-22T19:31:25Z"})]);
    let now_ms = stamp::parse_ms("2026-11-22T19:41:25Z").unwrap();
    let seen = fold.observe(now_ms);
    let beat = LaneRow::heartbeat(&seen.leases[0].lease);
    fold.apply_draft(&beat.draft(now_ms), 2);
    assert_eq!(seen.leases[0].lease.heartbeat_at(), None);
    assert_eq!(seen.leases[0].progress.newest_heartbeat_age_ms, Some(600_000));
    assert_eq!(fold.observe(now_ms).leases[0].progress.newest_heartbeat_age_ms, Some(0));
    assert_eq!(Arc::strong_count(&seen.leases[0].lease), 1);
}

#[test]
fn without_a_beat_in_the_journal_the_lease_speaks_for_itself() {
    let mut fold = folded(&[json!({"op": "CHECKPOINT", "leases": [
        {"lane": "a", "acquired_at": "2026-11-22T19:00:00Z", "heartbeat_at": "2026-11-22T19:30:00Z"},
        {"lane": "b", "acquired_at": "2026-11-22T19:00:00Z"},
        {"lane": "c", "acquired_at": "garbage"},
    ]})]);
    let now_ms = stamp::parse_ms("2026-11-22T19:31:00Z").unwrap();
    let ages: Vec<_> = fold
        .observe(now_ms)
        .leases
        .iter()
        .map(|live| (live.started_ms - now_ms, live.progress.newest_heartbeat_age_ms))
        .collect();
    let half_hour_ms = 31 * 60_000;
    assert_eq!(
        ages,
        [(-half_hour_ms, Some(60_000)), (-half_hour_ms, Some(half_hour_ms)), (0, None)]
    );
}

#[test]
fn a_run_of_ours_is_open_until_it_ends() {
    let mut fold = LaneFold::default();
    let run_id = || String::from("RID-A");
    let spawn = Spawn { lane: "a".into(), run_id: Some(run_id()), ..Spawn::default() };
    let started = WorkerStarted { lane: "a".into(), run_id: run_id(), pid: 7, ..<_>::default() };
    fold.apply_draft(&LaneRow::Spawn(spawn).draft(NOON_MS), 1);
    fold.apply_draft(&LaneRow::WorkerStarted(started).draft(NOON_MS + 1000), 2);
    let run = fold.open_runs().next().unwrap();
    assert_eq!((run.run_id.as_str(), run.spawned_ms), ("RID-A", Some(NOON_MS)));
    let process = run.started.as_ref().unwrap();
    assert_eq!((process.pid, process.started_ms), (7, Some(NOON_MS + 1000)));
    let exited = WorkerExited { run_id: run_id(), ..WorkerExited::default() };
    fold.apply_draft(&LaneRow::WorkerExited(exited).draft(NOON_MS), 3);
    assert_eq!(fold.open_runs().count(), 0);
}

#[test]
fn a_draft_is_numbered_by_the_journal() {
    let mut fold = LaneFold::default();
    let row = json!({"op": Op::Checkpoint.as_str(), "leases": [], "seq_watermark": 90});
    let fields: Map = row.as_object().cloned().unwrap();
    fold.apply_draft(&Draft::new(fields), 5);
    assert_eq!(fold.highest_seq(), 90);
}

#[test]
fn a_million_beats_take_no_more_room_than_a_few() {
    let mut fold = folded(&[acquire("a")]);
    let lease = Arc::clone(fold.leases().next().unwrap());
    let mut most = 0;
    for second in 0..10_000 {
        let now_ms = NOON_MS + second * 1000;
        fold.apply_draft(&LaneRow::heartbeat(&lease).draft(now_ms), 1);
        fold.settle(now_ms);
        most = most.max(fold.beats_held());
    }
    assert!(most <= 4, "{most} beats held");
}
