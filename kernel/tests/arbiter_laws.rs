//! Laws of the arbiter, over random workspaces, leases and requests.

use std::collections::BTreeMap;

use dosd_kernel::arbiter::{Decision, Outcome, Overlap, OverlapPolicy, Request, Rules, arbitrate};
use dosd_kernel::lane::Lease;
use dosd_kernel::population::Lanes;
use dosd_kernel::region::disjoint;
use proptest::prelude::*;
use serde_json::json;

const NAMES: [&str; 6] = ["api", "Docs", "src", "global", "ui", "TESTS"];

fn tree() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(prop_oneof!["[ab]{1,2}/[ab]{0,1}[*]{0,1}", "", " [*]"], 0..4)
}

fn name() -> impl Strategy<Value = String> {
    proptest::sample::select(NAMES.to_vec()).prop_map(String::from)
}

fn names() -> impl Strategy<Value = Vec<String>> {
    proptest::sample::subsequence(NAMES.to_vec(), 0..4)
        .prop_map(|names| names.into_iter().map(String::from).collect())
}

fn lanes() -> impl Strategy<Value = Lanes> {
    let trees = proptest::collection::btree_map(name(), tree(), 0..5);
    (names(), names(), names(), trees).prop_map(|(concurrent, exclusive, autopick, trees)| Lanes {
        concurrent,
        exclusive,
        autopick,
        trees,
        aliases: BTreeMap::new(),
    })
}

fn kind() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just("cluster".to_owned()), 3 => Just("keyword".to_owned()),
        1 => Just("global".to_owned()), 1 => Just(String::new()), 1 => name()]
}

fn lease() -> impl Strategy<Value = Lease> {
    (name(), kind(), tree()).prop_map(|(lane, lane_kind, tree)| {
        let fields = json!({"lane": lane, "lane_kind": lane_kind, "tree": tree, "loop_ts": "t"});
        Lease::new(fields.as_object().cloned().unwrap_or_default())
    })
}

fn request() -> impl Strategy<Value = Request> {
    let lane = prop_oneof![4 => name(), 1 => Just(String::new()), 1 => Just("nope".to_owned())];
    (lane, kind(), tree(), any::<bool>()).prop_map(|(lane, kind, tree, force)| Request {
        lane,
        kind,
        tree,
        force,
    })
}

fn decide(request: &Request, live: &[Lease], lanes: &Lanes, overlap: Overlap) -> Decision {
    arbitrate(request, live, &Rules { lanes, overlap, budgets: &BTreeMap::new() })
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn says_something(tree: &[String]) -> bool {
    tree.iter().any(|glob| !glob.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn strictly_two_leases_never_cover_one_path(
        lanes in lanes(), live in proptest::collection::vec(lease(), 0..4), request in request(),
    ) {
        let request = Request { force: false, ..request };
        let decision = decide(&request, &live, &lanes, Overlap::default());
        if decision.outcome == Outcome::Acquire {
            for held in live.iter().filter(|lease| says_something(&lease.tree())) {
                prop_assert!(disjoint(&decision.tree, &held.tree()), "{decision:?} beside {held:?}");
            }
            for held in &live {
                prop_assert!(decision.lane.is_empty() || !same(&decision.lane, held.lane()));
                prop_assert!(held.lane_kind() != "global");
                prop_assert!(!lanes.exclusive.iter().any(|lone| same(lone, held.lane())));
            }
        }
    }

    #[test]
    fn what_strict_grants_soft_grants(
        lanes in lanes(), live in proptest::collection::vec(lease(), 0..4), request in request(),
        ratio_max in 0.0..=1.0,
    ) {
        let soft = Overlap::new(OverlapPolicy::Soft, ratio_max).unwrap_or_default();
        if decide(&request, &live, &lanes, Overlap::default()).outcome == Outcome::Acquire {
            prop_assert_eq!(decide(&request, &live, &lanes, soft).outcome, Outcome::Acquire);
        }
    }

    #[test]
    fn a_smaller_bound_grants_no_more(
        lanes in lanes(), live in proptest::collection::vec(lease(), 0..4), request in request(),
        (low, high) in (0.0..=1.0, 0.0..=1.0_f64),
    ) {
        let at = |ratio| Overlap::new(OverlapPolicy::Soft, ratio).unwrap_or_default();
        let (low, high) = if low < high { (low, high) } else { (high, low) };
        if decide(&request, &live, &lanes, at(low)).outcome == Outcome::Acquire {
            prop_assert_eq!(decide(&request, &live, &lanes, at(high)).outcome, Outcome::Acquire);
        }
    }

    #[test]
    fn an_answer_is_whole(
        lanes in lanes(), live in proptest::collection::vec(lease(), 0..4), request in request(),
    ) {
        for overlap in [Overlap::soft(), Overlap::default()] {
            let decision = decide(&request, &live, &lanes, overlap);
            prop_assert!(!decision.reason.is_empty() && !decision.reason.contains('\n'));
            match decision.outcome {
                Outcome::Acquire => prop_assert!(decision.free_clusters.is_empty()),
                Outcome::Refuse => {
                    prop_assert!(decision.lane.is_empty() && decision.tree.is_empty());
                    prop_assert!(!decision.auto_picked);
                }
            }
            for free in &decision.free_clusters {
                prop_assert!(lanes.autopick.contains(free));
                prop_assert!(!live.iter().any(|lease| same(free, lease.lane())));
            }
            if decision.auto_picked {
                prop_assert!(lanes.autopick.contains(&decision.lane));
                prop_assert!(!live.iter().any(|lease| same(&decision.lane, lease.lane())));
            }
            let alone = live.iter().any(|lease| {
                lanes.exclusive.iter().any(|lone| same(lone, lease.lane_kind()))
            });
            prop_assert!(!alone || decision.outcome == Outcome::Refuse);
        }
    }

    #[test]
    fn a_budget_holds_back_only_who_has_no_wish(
        lanes in lanes(), live in proptest::collection::vec(lease(), 0..4), request in request(),
        most in 0_u64..4,
    ) {
        let budgets = BTreeMap::from([("cluster".to_owned(), most)]);
        let free = decide(&request, &live, &lanes, Overlap::default());
        let bound = arbitrate(
            &request,
            &live,
            &Rules { lanes: &lanes, overlap: Overlap::default(), budgets: &budgets },
        );
        let clusters = live.iter().filter(|lease| lease.lane_kind() == "cluster").count() as u64;
        if most == 0 || clusters < most || !free.auto_picked && free.outcome == Outcome::Acquire {
            prop_assert_eq!(bound, free);
        } else {
            prop_assert_eq!(bound.outcome, Outcome::Refuse);
            prop_assert!(!free.auto_picked || bound.reason.starts_with("CLASS_BUDGET_EXHAUSTED: "));
        }
    }
}
