//! Tests of the whole way from rows and envelopes to the list.

use super::{
    Decision, Envelope, Kind, Policy, Reasons, Resolver, from_envelope, from_journal, queue,
};
use crate::Map;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Value, json};

const NOW_MS: i64 = 1_795_348_800_000;
const RECENT: &str = "2026-11-22T11:59:30Z";

fn rows(rows: Value) -> Vec<Map> {
    let Value::Array(rows) = rows else { panic!("a list is wanted") };
    rows.into_iter().map(|row| row.as_object().cloned().unwrap()).collect()
}

fn journal(list: Value) -> Vec<Decision> {
    from_journal(&rows(list), "lanes.jsonl", &Reasons::default(), NOW_MS)
}

fn envelope(fields: Value) -> Option<Decision> {
    let Value::Object(fields) = fields else { panic!("an object is wanted") };
    let envelope = Envelope { path: "d/.verdict-x.json", name: ".verdict-x.json", fields: &fields };
    from_envelope(envelope, &Reasons::default(), NOW_MS)
}

#[test]
fn a_refusal_is_over_when_its_lane_or_what_stood_in_the_way_has_moved() {
    let refuse = json!({"op": "REFUSE", "seq": 5, "ts": RECENT, "lane": "docs", "reason": "no",
        "blocking_trees": {"src": ["src/**"]}});
    for (row, is_over) in [
        (json!({"op": "RELEASE", "seq": 6, "lane": "docs"}), true),
        (json!({"op": "SCAVENGE", "seq": 6, "lane": "src"}), true),
        (json!({"op": "ACQUIRE", "seq": 6, "lane": "docs"}), true),
        (json!({"op": "ACQUIRE", "seq": 6, "lane": "docs", "reason": "Refused: held"}), false),
        (json!({"op": "ACQUIRE", "seq": 6, "lane": "tests"}), false),
        (json!({"op": "RELEASE", "seq": 5, "lane": "docs"}), false),
        (json!({"op": "RELEASE", "lane": "docs"}), false),
        (json!({"op": "HEARTBEAT", "seq": 6, "lane": "docs"}), false),
    ] {
        let found = journal(json!([refuse, row]));
        let left = found.iter().filter(|decision| decision.reason_text == "no").count();
        assert_eq!(left, usize::from(!is_over), "{row}");
    }
    let mut unnumbered = refuse;
    unnumbered["seq"] = Value::Null;
    let release = json!({"op": "RELEASE", "seq": 6, "lane": "docs"});
    assert_eq!(journal(json!([unnumbered, release])).len(), 1);
}

#[test]
fn who_settles_it_follows_from_token_and_reason() {
    for (token, reason, resolver) in [
        ("", "the tree is not declared", Resolver::Human),
        ("", "lane `docs` is already held by a live loop", Resolver::Backpressure),
        ("", "`docs` is held: wait for its release, or ask for another", Resolver::Backpressure),
        ("", "overlap too large (exact-glob overlap on src/**)", Resolver::Human),
        ("lane_drained", "x", Resolver::Oracle),
        ("LANE_BLOCKED_ON_OPERATOR_DECISION", "x", Resolver::Human),
        ("UNKNOWN_LANE", "x", Resolver::Judge),
        ("EVERYTHING IS HELD", "x", Resolver::Human),
    ] {
        let row = json!({"op": "REFUSE", "ts": RECENT, "reason": reason, "reason_class": token});
        let found = journal(json!([row])).remove(0);
        assert_eq!(found.resolver_kind, resolver, "{token} {reason}");
    }
}

#[test]
fn a_halt_shows_what_would_stop_its_run() {
    let row = json!({"op": "HALT", "seq": 9, "ts": RECENT, "handle": 42, "command": "kill 42",
        "lane": "a/b", "run_id": "R", "reason": "stuck"});
    let found = journal(json!([row])).remove(0);
    assert_eq!((found.kind, found.resolver_kind), (Kind::Liveness, Resolver::Oracle));
    assert_eq!(found.evidence, ["handle=42", "journal seq #9", "proposed: kill 42"]);
    assert_eq!((found.lane.as_str(), found.age_seconds), ("a/b", Some(30)));
}

#[test]
fn an_envelope_is_a_decision_when_it_refuses() {
    for (fields, kind) in [
        (json!({"verdict": "ACCEPT"}), None),
        (json!({}), None),
        (json!({"blocked": true, "all_clear": true}), None),
        (json!({"verdict": "wedge"}), Some(Kind::Wedge)),
        (json!({"verdict": "LIVE", "blocked": 1}), Some(Kind::PreflightRefuse)),
        (json!({"do_not_render": true}), Some(Kind::PreflightRefuse)),
        (json!({"reason_class": "LANE_DRAINED"}), Some(Kind::Wedge)),
    ] {
        let found = envelope(fields.clone());
        assert_eq!(found.map(|decision| decision.kind), kind, "{fields}");
    }
    let found = envelope(json!({"verdict": "DRAIN", "scope": {"lane": "a/apply cluster (X)"},
        "generated_at": "2026-11-22T11:00:00+00:00", "reason": "ü".repeat(400)}))
    .unwrap();
    assert_eq!((found.lane.as_str(), found.age_seconds), ("apply", Some(3600)));
    assert_eq!(found.reason_text.chars().count(), 300);
    assert_eq!(found.evidence, ["envelope .verdict-x.json", "verdict=DRAIN"]);
}

#[test]
fn the_list_is_ranked_and_says_everything_once() {
    let refuse = |ts: &str, lane: &str| json!({"op": "REFUSE", "ts": ts, "lane": lane, "reason": "no", "reason_class": ""});
    let mut found = journal(json!([
        refuse(RECENT, "a"),
        refuse("2026-11-22T11:00:00Z", "b"),
        refuse(RECENT, "a"),
        refuse("2026-10-01T00:00:00Z", "old"),
        refuse("never", "undated"),
        {"op": "HALT", "reason": "stuck"},
    ]));
    found.extend(envelope(json!({"verdict": "WEDGE", "ts": RECENT})));
    let lanes = |policy: &Policy| -> Vec<_> {
        let shown = queue(found.clone(), policy);
        shown.into_iter().map(|decision| (decision.lane, decision.dup_count)).collect()
    };
    let all = Policy { resolver: None, ..Policy::default() };
    assert_eq!(lanes(&Policy::default())[..2], [("b".into(), 1), ("a".into(), 2)]);
    assert_eq!(lanes(&all)[0], (String::new(), 1), "a proposed halt comes first");
    let ever = Policy { max_age_days: None, ..Policy::default() };
    let ever: Vec<_> = lanes(&ever).into_iter().map(|(lane, _)| lane).collect();
    assert_eq!(ever, ["old", "b", "a", "undated", ""]);
}
