//! Laws of the lane journal's fold, over random journals with odd rows in them.

use dosd_kernel::Map;
use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold as _;
use dosd_kernel::lane::{LaneFold, LeaseKey, Observation, compact, replay};
use dosd_kernel::stamp;
use dosd_kernel::verdict::VerdictFold;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The middle of the times that the journals are about.
const NOON_MS: i64 = 1_790_000_000_000;

fn stamp_text() -> impl Strategy<Value = Value> {
    prop_oneof![
        8 => (-40_i64..40).prop_map(|half| json!(stamp::format_ms(NOON_MS + half * 500))),
        1 => Just(json!("2026-09-21T14:13Z")),
        1 => Just(json!("garbage")),
        1 => Just(Value::Null),
        1 => Just(json!(5)),
    ]
}

fn lane() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => prop_oneof![Just("src"), Just("docs"), Just("ünï")].prop_map(Value::from),
        1 => Just(json!("")),
        1 => Just(json!(7)),
        1 => Just(Value::Null),
    ]
}

fn lease() -> impl Strategy<Value = Value> {
    (lane(), prop_oneof![Just("t1"), Just("t2")], stamp_text(), any::<bool>()).prop_map(
        |(lane, loop_ts, at, beaten)| {
            let mut lease = json!({
                "lane": lane, "loop_ts": loop_ts, "acquired_at": at, "holder": "w", "extra": [1],
            });
            if beaten {
                lease["heartbeat_at"] = json!("2026-09-21T14:13:20Z");
            }
            lease
        },
    )
}

fn seq() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => (0_u64..500).prop_map(Value::from),
        1 => Just(json!("7")),
        1 => Just(json!(-3)),
        1 => Just(json!(1.5)),
        1 => Just(Value::Null),
    ]
}

const OPS: [&str; 17] = [
    "ACQUIRE",
    "ACQUIRE",
    "ACQUIRE",
    "RECONCILE",
    "RELEASE",
    "SCAVENGE",
    "HEARTBEAT",
    "HEARTBEAT",
    "ADOPT",
    "SPAWN",
    "HALT",
    "WORKER_STARTED",
    "WORKER_EXITED",
    "WORKER_GAVE_UP",
    "WORKER_RESET",
    "_CORRUPT",
    "FUTURE",
];

fn row() -> impl Strategy<Value = Map> {
    let about = (proptest::sample::select(&OPS[..]), lane(), seq());
    let times = (stamp_text(), stamp_text(), 0_u8..8);
    (about, times, lease(), proptest::sample::select(&["t1", "t2", ""][..])).prop_map(
        |((op, lane, seq), (ts, beat, shape), lease, loop_ts)| {
            let mut row = json!({"op": op, "lane": lane, "loop_ts": loop_ts, "seq": seq});
            for (bit, key, value) in [(1, "ts", ts), (2, "heartbeat_at", beat), (4, "lease", lease)]
            {
                if shape & bit != 0 {
                    row[key] = value;
                }
            }
            row["run_id"] = json!(if shape & 1 == 0 { "RID-A" } else { "RID-B" });
            row["pid"] = json!(shape);
            row["pgid"] = json!(shape);
            row["start_ticks"] = json!(1);
            object(row)
        },
    )
}

fn object(value: Value) -> Map {
    let Value::Object(map) = value else { panic!("an object is wanted") };
    map
}

fn checkpoint() -> impl Strategy<Value = Map> {
    (proptest::collection::vec(lease(), 0..3), seq()).prop_map(|(leases, watermark)| {
        let row = json!({"op": "CHECKPOINT", "leases": leases, "seq_watermark": watermark});
        object(row)
    })
}

fn journal() -> impl Strategy<Value = Vec<Map>> {
    proptest::collection::vec(prop_oneof![20 => row(), 1 => checkpoint()], 0..40)
}

fn folded(entries: &[Map]) -> LaneFold {
    let mut fold = LaneFold::default();
    for entry in entries {
        fold.apply_entry(entry);
    }
    fold
}

/// Everything that can be asked of a fold about a moment.
fn answers(fold: &LaneFold, now_ms: i64) -> (Observation, Vec<String>, (u64, u64, u64)) {
    let mut told = Vec::new();
    for lane in ["src", "docs", "ünï", "7", ""] {
        for loop_ts in ["t1", "t2", ""] {
            let key = LeaseKey { loop_ts: loop_ts.into(), lane: lane.into() };
            for since_ms in [0, NOON_MS - 5_300, NOON_MS + 1] {
                told.push(format!("{:?}", fold.progress(&key, since_ms, now_ms)));
            }
            told.push(format!("{:?}", fold.lease(&key)));
        }
    }
    told.extend(fold.open_runs().map(|run| format!("{run:?}")));
    told.extend(fold.pasts().map(|past| format!("{past:?}")));
    let counts = (fold.rows(), fold.corrupt(), fold.highest_seq());
    (fold.clone().observe(now_ms), told, counts)
}

proptest! {
    #[test]
    fn folding_in_two_parts_is_folding_at_once(
        entries in journal(), at in any::<prop::sample::Index>(), later in 0_i64..60_000,
    ) {
        let now_ms = NOON_MS - 20_000 + later;
        let at = at.index(entries.len() + 1);
        let mut parts = folded(&entries[..at]);
        for entry in &entries[at..] {
            parts.apply_entry(entry);
        }
        prop_assert_eq!(answers(&parts, now_ms), answers(&folded(&entries), now_ms));
        let replayed: Vec<Value> = replay(&entries).iter().map(|l| json!(l)).collect();
        let live: Vec<Value> = parts.leases().map(|l| json!(**l)).collect();
        prop_assert_eq!(replayed, live);
    }

    #[test]
    fn text_and_parsed_rows_fold_alike(entries in journal(), python in any::<bool>()) {
        let mut by_line = LaneFold::default();
        for entry in &entries {
            let text = json!(entry).to_string();
            // Python writes a blank after each colon and comma that separates.
            let text = if python { text.replace("\":", "\": ") + " " } else { text };
            by_line.apply_line(&text);
        }
        prop_assert_eq!(answers(&by_line, NOON_MS), answers(&folded(&entries), NOON_MS));
    }

    #[test]
    fn a_draft_folds_like_the_line_it_writes(entries in journal()) {
        let (mut by_draft, mut by_line) = (LaneFold::default(), LaneFold::default());
        for (entry, seq) in entries.iter().zip(1..) {
            let draft = Draft::new(entry.clone());
            let mut line = Vec::new();
            draft.write_into(&mut line, seq);
            by_line.apply_line(std::str::from_utf8(&line).unwrap());
            by_draft.apply_draft(&draft, seq);
        }
        prop_assert_eq!(answers(&by_draft, NOON_MS), answers(&by_line, NOON_MS));
    }

    #[test]
    fn compaction_keeps_leases_watermark_and_markers(entries in journal()) {
        let compacted = compact(&entries);
        prop_assert_eq!(replay(&compacted), replay(&entries));
        let (before, after) = (folded(&entries), folded(&compacted));
        prop_assert_eq!(after.highest_seq(), before.highest_seq());
        prop_assert_eq!(after.corrupt(), before.corrupt());
        prop_assert_eq!(replay(&compact(&compacted)), replay(&entries));
    }

    #[test]
    fn settling_changes_no_later_answer(
        entries in journal(), settled in 0_i64..60_000, later in 0_i64..60_000,
    ) {
        let settled_ms = NOON_MS - 20_000 + settled;
        let mut settling = LaneFold::default();
        for entry in &entries {
            settling.apply_entry(entry);
            settling.settle(settled_ms);
        }
        let now_ms = settled_ms + later;
        prop_assert_eq!(answers(&settling, now_ms), answers(&folded(&entries), now_ms));
    }

    #[test]
    fn no_text_breaks_a_fold(line in "\\PC{0,40}|[\\[\\]{}\",:0-9a-z\\\\ ]{0,40}") {
        let kinds = (
            LaneFold::default().apply_line(&line),
            VerdictFold::default().apply_line(&line),
        );
        prop_assert_eq!(kinds.0, kinds.1);
    }
}
