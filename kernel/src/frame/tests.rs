//! Tests of the way from rows and envelopes to a frame.

use super::{Chip, FrameFold, LaneState, Trust, VerdictRow, lane_states};
use crate::fold::Fold as _;
use crate::liveness::Policy;
use crate::population::Lanes;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use serde_json::{Value, json};

/// 2026-11-22T12:00:00Z
const NOW_MS: i64 = 1_795_348_800_000;

fn states(rows: &[Value]) -> Vec<LaneState> {
    let mut fold = FrameFold::default();
    for row in rows {
        fold.apply_line(&row.to_string());
    }
    let lanes = Lanes {
        concurrent: ["docs", "src"].map(String::from).to_vec(),
        exclusive: ["global"].map(String::from).to_vec(),
        ..Lanes::default()
    };
    lane_states(&lanes, &fold, &Policy::default(), NOW_MS).unwrap()
}

fn chips(rows: &[Value]) -> Vec<(String, Chip)> {
    states(rows).into_iter().map(|state| (state.lane, state.chip)).collect()
}

fn acquire(lane: &str, at: &str) -> Value {
    let at = json!(at);
    json!({"op": "ACQUIRE", "ts": at, "lane": lane, "loop_ts": "L", "lease":
        {"lane": lane, "loop_ts": "L", "holder": "w", "acquired_at": at}})
}

#[test]
fn every_lane_has_a_mark_and_no_lease_is_invisible() {
    let found = chips(&[
        acquire("other", "2026-11-22T11:59:00Z"),
        acquire("docs", "2026-11-22T11:00:00Z"),
        json!({"op": "SPAWN", "ts": "2026-11-22T11:59:00Z", "lane": "src", "holder": "h"}),
        json!({"op": "SPAWN", "ts": "2026-11-22T11:59:00Z", "lane": "docs"}),
        json!({"op": "SPAWN", "ts": "2026-11-22T11:57:59Z", "lane": "late"}),
        json!({"op": "SPAWN", "lane": "timeless"}),
    ]);
    let want = [
        ("docs", Chip::Stalled),
        ("src", Chip::Spawning),
        ("global", Chip::Free),
        ("other", Chip::Advancing),
        ("timeless", Chip::Spawning),
    ];
    assert_eq!(found, want.map(|(lane, chip)| (lane.into(), chip)));
}

#[test]
fn moves_beside_the_first_grant_count_and_beats_only_keep_alive() {
    let old = acquire("docs", "2026-11-22T10:00:00Z");
    let beat = json!({"op": "HEARTBEAT", "lane": "docs", "loop_ts": "L",
        "ts": "2026-11-22T11:58:00Z"});
    let of = |rows: &[Value]| states(rows).remove(0);
    let spinning = of(&[old.clone(), beat.clone()]);
    assert_eq!((spinning.chip, spinning.heartbeat_age_ms), (Chip::Spinning, Some(120_000)));
    assert_eq!((spinning.holder.as_str(), spinning.loop_ts.as_str()), ("w", "L"));
    assert!(!spinning.liveness_reason.is_empty());
    assert_eq!(of(&[old.clone(), beat, old.clone()]).chip, Chip::Advancing);
    let release = json!({"op": "RELEASE", "lane": "docs", "loop_ts": "L"});
    let free = of(&[old, release]);
    assert_eq!((free.chip, free.is_exclusive), (Chip::Free, false));
}

#[test]
fn an_envelope_becomes_a_row() {
    let row = |fields: Value| VerdictRow::of("t", fields.as_object().unwrap(), NOW_MS);
    for (fields, verdict) in [
        (json!({"verdict": " wedge "}), "WEDGE"),
        (json!({"all_clear": true}), "ACCEPT"),
        (json!({"all_clear": true, "blocked": true}), "WEDGE"),
        (json!({}), "UNKNOWN"),
    ] {
        assert_eq!(row(fields).verdict, verdict);
    }
    let full = row(json!({"picks": [7, {"phase_id": "x"}], "scope": {"label": "a/docs"},
        "intended_picks": [{"plan_id": "AUTH", "phase_id": " AUTH2 "}],
        "reason_class": "lane_drained", "ts": "2026-11-22T11:59:59Z"}));
    assert_eq!((full.pick.as_str(), full.claim()), ("AUTH AUTH2", Some(("AUTH", "AUTH2"))));
    assert_eq!((full.lane.as_str(), full.reason_token.as_str()), ("docs", "LANE_DRAINED"));
    assert_eq!((full.age_ms, full.trust), (Some(1000), Trust::NotApplicable));
    assert_eq!(row(json!({})).claim(), None);
}
