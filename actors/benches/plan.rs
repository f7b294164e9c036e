//! One look of a supervisor over a fleet: observing, planning, remembering. The
//! budget is 5 ms over a thousand lanes with nothing to do.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dosd_actors::supervisor::{Fleet, FleetSettings, LeaseMode, Moment};
use dosd_kernel::fold::Fold as _;
use dosd_kernel::lane::LaneFold;
use dosd_kernel::population::{self, Lanes};
use dosd_kernel::{liveness, restart, run_id};

const NOW: Moment = Moment { wall_ms: 1_795_305_600_000, monotonic_ms: 0 };

fn settings(lanes: usize) -> FleetSettings {
    let names: Vec<String> = (0..lanes).map(|lane| format!("lane-{lane:04}")).collect();
    let trees = names.iter().map(|name| (name.clone(), vec![format!("src/{name}/**")]));
    FleetSettings {
        policy: population::Policy {
            target: i64::try_from(lanes).unwrap_or(i64::MAX),
            ..population::Policy::default()
        },
        lanes: Lanes {
            trees: trees.collect(),
            concurrent: names,
            exclusive: Vec::new(),
            autopick: Vec::new(),
            aliases: BTreeMap::new(),
        },
        liveness: liveness::Policy::default(),
        restart: restart::Policy::default().into(),
        lease: LeaseMode::Supervisor.into(),
        tick: Duration::from_secs(30),
        host_id: "host".to_owned(),
        pid: 1,
        lineage: run_id::mint(NOW.wall_ms, 1, "dosd", None, None).expect("a time"),
    }
}

/// One whole look: what it would write, or nothing.
fn look(fleet: &mut Fleet, fold: &mut LaneFold, random: &mut fastrand::Rng) -> usize {
    let observation = fold.observe(NOW.wall_ms);
    let decision = fleet.decide(&observation, NOW, || random.u64(..)).expect("a plan");
    let rows = decision.rows.clone();
    fleet.commit(decision);
    for row in &rows {
        let seq = fold.highest_seq() + 1;
        fold.apply_draft(row, seq);
    }
    rows.len()
}

fn looks(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("look");
    for lanes in [10, 100, 1000] {
        let mut random = fastrand::Rng::with_seed(7);
        let (mut fleet, mut fold) = (Fleet::new(settings(lanes)), LaneFold::default());
        let rows = look(&mut fleet, &mut fold, &mut random);
        assert_eq!(rows, 2 * lanes, "every lane gets its worker");
        group.bench_function(BenchmarkId::new("nothing_to_do", lanes), |bench| {
            bench.iter(|| {
                let rows = look(&mut fleet, &mut fold, &mut random);
                assert_eq!(black_box(rows), 0, "nothing is written");
            });
        });
        group.bench_function(BenchmarkId::new("first_look", lanes), |bench| {
            bench.iter_batched(
                || (Fleet::new(settings(lanes)), LaneFold::default()),
                |(mut fleet, mut fold)| look(&mut fleet, &mut fold, &mut random),
                criterion::BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, looks);
criterion_main!(benches);
