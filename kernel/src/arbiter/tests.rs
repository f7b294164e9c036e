//! The rules that the golden cases do not show: reasons, names in other cases, the strict policy.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::{Decision, Outcome, Overlap, Request, Rules, arbitrate};
use crate::lane::Lease;
use crate::population::Lanes;

fn decide(request: &Request, live: &Value, overlap: Overlap) -> Decision {
    let lanes = Lanes {
        concurrent: Vec::from(["src".into(), "Docs".into()]),
        exclusive: Vec::from(["Infra".into()]),
        autopick: Vec::from(["src".into(), "Docs".into()]),
        trees: [("src", "src/**"), ("Docs", "docs/**"), ("Infra", "ops/**")]
            .map(|(lane, glob)| (lane.into(), Vec::from([glob.into()])))
            .into(),
        aliases: BTreeMap::new(),
    };
    let live = live.as_array().into_iter().flatten();
    let live: Vec<Lease> =
        live.map(|lease| Lease::new(lease.as_object().cloned().unwrap())).collect();
    let budgets = BTreeMap::from([("cluster".into(), 2)]);
    arbitrate(request, &live, &Rules { lanes: &lanes, overlap, budgets: &budgets })
}

fn wish(lane: &str, kind: &str) -> Request {
    Request { lane: lane.into(), kind: kind.into(), ..Request::default() }
}

fn strict(request: &Request, live: &Value) -> Decision {
    decide(request, live, Overlap::default())
}

#[test]
fn programs_find_their_word_at_the_beginning_of_a_reason() {
    let unknown = strict(&wish("nope", "keyword"), &json!([]));
    assert!(unknown.reason.starts_with("UNKNOWN_LANE: "), "{}", unknown.reason);
    assert_eq!(unknown.free_clusters, ["src", "Docs"]);
    let full =
        json!([{"lane": "a", "lane_kind": "cluster"}, {"lane": "b", "lane_kind": "cluster"}]);
    let spent = strict(&Request::default(), &full);
    assert!(spent.reason.starts_with("CLASS_BUDGET_EXHAUSTED: "), "{}", spent.reason);
}

#[test]
fn names_differ_in_more_than_case() {
    let held = json!([{"lane": "docs", "lane_kind": "cluster", "tree": []}]);
    assert_eq!(strict(&wish("DOCS", "keyword"), &held).outcome, Outcome::Refuse);
    let picked = strict(&wish("DOCS", "cluster"), &held);
    assert_eq!((picked.lane.as_str(), picked.auto_picked), ("src", true));
    let alone = strict(&wish("INFRA", ""), &json!([]));
    assert_eq!((alone.lane.as_str(), alone.lane_kind.as_str()), ("INFRA", "infra"));
    assert_eq!(strict(&wish("docs", "cluster"), &json!([])).tree, ["docs/**"]);
}

#[test]
fn only_strictly_is_every_lone_lease_left_alone() {
    for (lane, kind, soft) in [
        ("x", "INFRA", Outcome::Refuse),
        ("infra", "keyword", Outcome::Acquire),
        ("x", "global", Outcome::Acquire),
    ] {
        let held = json!([{"lane": lane, "lane_kind": kind, "tree": []}]);
        let request = || Request { force: true, ..wish("src", "cluster") };
        assert_eq!(strict(&request(), &held).outcome, Outcome::Refuse, "{lane} {kind}");
        assert_eq!(decide(&request(), &held, Overlap::soft()).outcome, soft, "{lane} {kind}");
    }
}

#[test]
fn force_checks_nothing_else() {
    let held = json!([{"lane": "src", "lane_kind": "cluster", "tree": ["src/**"]}]);
    let forced = strict(&Request { force: true, ..wish("src", "") }, &held);
    assert_eq!((forced.outcome, forced.lane_kind.as_str()), (Outcome::Acquire, "keyword"));
    let unnamed = strict(&Request { force: true, ..Request::default() }, &held);
    assert_eq!((unnamed.lane.as_str(), unnamed.auto_picked), ("Docs", true));
}
