//! Laws of a plan, over random rosters.

use dosd_kernel::liveness::Liveness;
use dosd_kernel::population::{Evidence, LaneEvidence, Plan, Policy, supervise};
use dosd_kernel::region::disjoint;
use proptest::prelude::*;

fn lane(at: usize) -> impl Strategy<Value = LaneEvidence> {
    let liveness = prop_oneof![
        3 => Just(None),
        2 => Just(Some(Liveness::Advancing)),
        1 => Just(Some(Liveness::Spinning)),
        1 => Just(Some(Liveness::Stalled)),
    ];
    let tree = proptest::collection::vec("[a-d]{1,2}/[*]{2}", 0..3);
    (liveness, tree, 0_u8..10, any::<bool>(), proptest::option::of(0_i64..100)).prop_map(
        move |(liveness, tree, kind, pending, spinning_age_ms)| LaneEvidence {
            lane: format!("l{at}"),
            liveness,
            tree,
            is_exclusive: kind == 0,
            repeatable: kind == 1,
            pending,
            spinning_age_ms,
        },
    )
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let lanes = (0..12_usize).map(lane).collect::<Vec<_>>();
    (lanes, 0..12_usize, 0_i64..10).prop_map(|(mut lanes, count, target)| {
        lanes.truncate(count);
        Evidence { lanes, target }
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let limits = (proptest::option::of(0_i64..100), proptest::option::of(1_i64..8));
    (any::<bool>(), any::<bool>(), limits).prop_map(
        |(count_spinning_as_alive, reap_stalled, (spin_halt_after_ms, max_concurrency))| Policy {
            count_spinning_as_alive,
            reap_stalled,
            spin_halt_after_ms,
            max_concurrency,
            ..Policy::default()
        },
    )
}

/// Lanes whose region nobody else may enter.
fn held<'a>(evidence: &'a Evidence, policy: &Policy) -> Vec<&'a LaneEvidence> {
    let holds = |lane: &&LaneEvidence| match lane.liveness {
        _ if lane.pending => true,
        Some(Liveness::Advancing) => !lane.repeatable,
        Some(Liveness::Spinning) => policy.count_spinning_as_alive,
        Some(Liveness::Stalled) | None => false,
    };
    evidence.lanes.iter().filter(holds).collect()
}

fn spawned<'a>(evidence: &'a Evidence, plan: &Plan) -> Vec<&'a LaneEvidence> {
    let find = |name: &str| evidence.lanes.iter().find(|lane| lane.lane == name);
    plan.spawn.iter().map(|item| find(&item.lane).expect("a lane of the roster")).collect()
}

/// The evidence after everything in the plan was done.
fn enacted(evidence: &Evidence, plan: &Plan) -> Evidence {
    let mut after = evidence.clone();
    for lane in &mut after.lanes {
        if plan.reap.iter().any(|item| item.lane == lane.lane) {
            lane.liveness = None;
        }
        if plan.spawn.iter().any(|item| item.lane == lane.lane) {
            lane.pending = true;
        }
    }
    after
}

proptest! {
    #[test]
    fn spawned_lanes_are_disjoint_from_each_other_and_from_all_held(
        evidence in evidence(), policy in policy(),
    ) {
        let plan = supervise(&evidence, &policy).unwrap();
        let mut taken = held(&evidence, &policy);
        for lane in spawned(&evidence, &plan).into_iter().filter(|lane| !lane.repeatable) {
            for other in &taken {
                prop_assert!(disjoint(&lane.tree, &other.tree), "{lane:?} beside {other:?}");
            }
            taken.push(lane);
        }
    }

    #[test]
    fn a_plan_never_exceeds_what_is_wanted_and_never_touches_a_live_worker(
        evidence in evidence(), policy in policy(),
    ) {
        let plan = supervise(&evidence, &policy).unwrap();
        let spawns = i64::try_from(plan.spawn.len()).unwrap();
        prop_assert!(spawns == 0 || plan.alive + spawns <= plan.target.min(plan.admissible));
        for item in &plan.reap {
            let lane = evidence.lanes.iter().find(|lane| lane.lane == item.lane).unwrap();
            prop_assert_eq!(lane.liveness, Some(Liveness::Stalled));
            prop_assert!(!lane.pending);
        }
        prop_assert_eq!(&plan, &supervise(&plan.evidence, &policy).unwrap());
    }

    /// Without repeatable lanes one round is enough: what was started is counted, and
    /// what did not fit before does not fit now.
    #[test]
    fn a_plan_that_was_done_leaves_nothing_to_do(
        mut evidence in evidence(), policy in policy(),
    ) {
        for lane in &mut evidence.lanes {
            lane.repeatable = false;
        }
        let plan = supervise(&evidence, &policy).unwrap();
        let again = supervise(&enacted(&evidence, &plan), &policy).unwrap();
        prop_assert!(again.spawn.is_empty(), "{:?}", again.spawn);
        prop_assert!(again.reap.is_empty(), "{:?}", again.reap);
    }
}
