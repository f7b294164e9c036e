//! Nothing that comes in from outside makes a pure function panic.
//!
//! Rows, stamps, snapshots and numbers are as odd as JSON allows. Overflow checks are
//! on in tests, so an answer at all is most of what is asked for here.

use std::collections::BTreeMap;

use dosd_kernel::fold::Fold as _;
use dosd_kernel::lane::{HolderProcess, LaneFold, LeaseKey, compact, delta};
use dosd_kernel::lines::{self, LineKind};
use dosd_kernel::liveness::{self, Liveness};
use dosd_kernel::population::{
    Evidence, LaneEvidence, LaneFacts, Lanes, Policy, gather, supervise,
};
use dosd_kernel::restart::{self, Ending, History};
use dosd_kernel::state_diff::{diff, json_equal};
use dosd_kernel::verdict::{VerdictEvent, VerdictFold};
use dosd_kernel::{Map, eval, region, run_id, stamp, telemetry};
use proptest::prelude::*;
use serde_json::{Value, json};

const KEYS: [&str; 16] = [
    "op",
    "ts",
    "lane",
    "loop_ts",
    "heartbeat_at",
    "acquired_at",
    "lease",
    "leases",
    "seq",
    "seq_watermark",
    "ttl_minutes",
    "run_id",
    "pid",
    "start_ticks",
    "pgid",
    "tree",
];

const OPS: [&str; 10] = [
    "ACQUIRE",
    "RECONCILE",
    "HEARTBEAT",
    "RELEASE",
    "ADOPT",
    "CHECKPOINT",
    "SPAWN",
    "WORKER_STARTED",
    "WORKER_EXITED",
    "_CORRUPT",
];

/// Numbers at the ends of their range as often as others.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![Just(i64::MIN), Just(i64::MAX), -2_i64..2, any::<i64>()]
}

fn stamp_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("0001-01-01T00:00:00Z".to_owned()),
        Just("9999-12-31T23:59:59-23:59".to_owned()),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?[.]?[0-9]{0,3}[Zé+-]?",
        "\\PC{0,24}",
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        stamp_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            fields(inner).prop_map(Value::from),
        ]
    })
}

fn fields(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map> {
    let key = prop_oneof![9 => proptest::sample::select(&KEYS[..]).prop_map(str::to_owned), 1 => "\\PC{0,4}"];
    proptest::collection::vec((key, value), 0..10).prop_map(|fields| fields.into_iter().collect())
}

fn row() -> impl Strategy<Value = Map> {
    (fields(value()), proptest::option::of(proptest::sample::select(&OPS[..]))).prop_map(
        |(mut row, op)| {
            if let Some(op) = op {
                row.insert("op".into(), op.into());
                row.entry("lane").or_insert_with(|| "src".into());
            }
            row
        },
    )
}

fn rows() -> impl Strategy<Value = Vec<Map>> {
    proptest::collection::vec(row(), 0..12)
}

proptest! {
    #[test]
    fn every_object_is_a_row(rows in rows(), now_ms in number(), since_ms in number()) {
        let (mut lanes, mut verdicts) = (LaneFold::default(), VerdictFold::default());
        for row in &rows {
            let line = json!(row).to_string();
            prop_assert_eq!(lanes.apply_line(&line), LineKind::Row);
            prop_assert_eq!(verdicts.apply_line(&line), LineKind::Row);
        }
        prop_assert!(lanes.highest_seq().max(verdicts.highest_seq()) <= i64::MAX.unsigned_abs());
        let key = LeaseKey { loop_ts: String::new(), lane: "src".into() };
        let progress = delta(&rows, Some(&key), since_ms, now_ms);
        prop_assert_eq!(progress, lanes.progress(&key, since_ms, now_ms));
        prop_assert!(progress.newest_heartbeat_age_ms.is_none_or(|age_ms| age_ms >= 0));
        let mut observed = lanes.clone();
        let live = observed.observe(now_ms);
        let blocking = live.blocking(|_| HolderProcess::Gone).len();
        prop_assert!(blocking <= live.blocking(|_| HolderProcess::MayLive).len());
        prop_assert_eq!(compact(&rows)[0]["seq_watermark"].as_u64(), Some(lanes.highest_seq()));
        for live in lanes.observe(now_ms).leases {
            prop_assert!(live.lease.ttl_minutes().is_none_or(|ttl| ttl > 0.0));
            prop_assert!(live.progress.newest_heartbeat_age_ms.is_none_or(|age_ms| age_ms >= 0));
        }
    }

    #[test]
    fn bytes_are_lines_and_lines_are_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let mut fold = LaneFold::default();
        let mut rejoined = Vec::new();
        for line in lines::split(&bytes) {
            prop_assert_eq!(line.offset, rejoined.len());
            rejoined.extend_from_slice(line.bytes);
            rejoined.extend(line.terminated.then_some(b'\n'));
            fold.apply_line(&lines::text(line.bytes));
        }
        prop_assert_eq!(rejoined, bytes);
    }

    #[test]
    fn a_roster_of_any_journal_can_be_planned(
        rows in rows(), now_ms in number(), launched_ms in number(),
        limits in (number(), number(), number(), number()),
    ) {
        let mut fold = LaneFold::default();
        for row in &rows {
            fold.apply_entry(row);
        }
        let (target, max_concurrency, grace_ms, spin_ms) = limits;
        let policy =
            Policy { target, max_concurrency: Some(max_concurrency), ..Policy::default() };
        let facts = LaneFacts { launched_ms: Some(launched_ms), ..LaneFacts::default() };
        let evidence = gather(
            &Lanes::default(),
            &fold.observe(now_ms),
            &BTreeMap::from([("main".into(), facts)]),
            &policy,
            &liveness::Policy { grace_ms, spin_ms },
        );
        if let Ok(plan) = evidence.and_then(|evidence| supervise(&evidence, &policy)) {
            prop_assert!(plan.spawn.len() <= 100_000);
        }
    }

    #[test]
    fn plans_hold_for_any_numbers(
        target in number(), ages in (number(), number()), most in proptest::option::of(number()),
        globs in proptest::collection::vec("\\PC{0,6}", 0..3),
    ) {
        let lane = |name: &str, liveness, repeatable| LaneEvidence {
            lane: name.into(),
            liveness,
            repeatable,
            tree: globs.clone(),
            spinning_age_ms: Some(ages.0),
            ..LaneEvidence::default()
        };
        let policy = Policy {
            spin_halt_after_ms: Some(ages.1),
            max_concurrency: most,
            ..Policy::default()
        };
        let lanes = vec![
            lane("a", Some(Liveness::Spinning), false),
            lane("b", Some(Liveness::Advancing), false),
            lane("c", None, true),
        ];
        let valid = target >= 0 && ages.1 >= 0 && most.is_none_or(|most| (1..=100_000).contains(&most));
        prop_assert_eq!(supervise(&Evidence { lanes, target }, &policy).is_ok(), valid);
    }

    #[test]
    fn liveness_answers_any_numbers(
        times in (number(), number(), number()), counts in (number(), number()),
        windows in (number(), number()),
    ) {
        let evidence = liveness::Evidence {
            run_started_ms: times.0,
            now_ms: times.1,
            last_heartbeat_age_ms: Some(times.2),
            commits_since_start: counts.0,
            journal_events_since: counts.1,
            ..liveness::Evidence::default()
        };
        let policy = liveness::Policy { grace_ms: windows.0, spin_ms: windows.1 };
        let valid = [counts.0, counts.1, windows.0, windows.1].iter().all(|number| *number >= 0);
        prop_assert_eq!(liveness::report(&evidence, &policy).is_ok(), valid);
    }

    #[test]
    fn a_lane_is_never_delayed_for_longer_than_allowed(
        policy in (number(), number(), number()), times in (number(), number()), jitter: u32,
    ) {
        let policy = restart::Policy {
            burst: 3,
            window_ms: policy.0,
            delay_ms: policy.1,
            max_delay_ms: policy.2,
        };
        let mut history = History::default();
        for ending in [Ending::Clean, Ending::Failed, Ending::Failed, Ending::Failed] {
            if let restart::Next::RestartAfter { delay_ms } =
                history.ended(&policy, ending, times.0, times.1, jitter)
            {
                prop_assert!((0..=policy.max_delay_ms.max(0)).contains(&delay_ms), "{delay_ms}");
            }
        }
    }

    #[test]
    fn text_is_a_stamp_an_id_a_glob_or_nothing(text in stamp_text(), ms in number(), entropy: u64) {
        prop_assert!(stamp::parse_ms(&text).is_none_or(|ms| stamp::parse_iso_ms(&text) == Some(ms)));
        prop_assert_eq!(stamp::format_ms(ms).len(), 20);
        prop_assert_eq!(run_id::decode(&text), None);
        if let Ok(lineage) = run_id::mint(ms, entropy, "w", Some(&text), None) {
            prop_assert_eq!(lineage.run_id.ts_ms(), ms);
        }
        prop_assert!(!region::disjoint(&[&text], &[&text]));
    }

    #[test]
    fn any_line_is_answered_by_one(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        name in proptest::sample::select(eval::names().collect::<Vec<_>>()),
        args in fields(value()),
        id in value(),
        cut in any::<proptest::sample::Index>(),
    ) {
        let request = json!({"id": id, "fn": name, "args": args}).to_string();
        let torn = &request.as_bytes()[..cut.index(request.len())];
        for line in [bytes.as_slice(), request.as_bytes(), torn] {
            let mut out = Vec::new();
            eval::answer(line, &mut out);
            let answer: Value = serde_json::from_slice(&out).unwrap();
            let kept = if line == request.as_bytes() { &id } else { &Value::Null };
            prop_assert!(json_equal(&answer["id"], kept), "{answer}");
            prop_assert!(answer.get("ok").is_some() != answer.get("error").is_some());
            prop_assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1));
        }
    }

    #[test]
    fn any_values_can_be_compared_and_told(a in fields(value()), b in fields(value())) {
        let snapshot = |map: &Map| map.clone().into_iter().collect();
        let delta = diff(&snapshot(&a), &snapshot(&b));
        let changes = delta.inserted.len() + delta.updated.len() + delta.deleted.len();
        prop_assert_eq!(changes == 0, json_equal(&json!(a), &json!(b)));
        let events = [VerdictEvent::parse(&a), VerdictEvent { detail: b, ..Default::default() }];
        prop_assert_eq!(telemetry::otlp_records(&events).len(), 2);
        prop_assert!(!telemetry::statsd_lines(&events, "dos").is_empty());
    }
}
