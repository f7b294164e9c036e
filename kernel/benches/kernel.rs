//! How fast the pure functions are in memory.
//!
//! `cargo bench -p dosd-kernel --bench kernel` measures; at the end it prints how
//! much of each goal is used up. Nothing here reads a disk.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::{Measurement as _, WallTime};
use criterion::{Criterion, SamplingMode, Throughput};
use dosd_kernel::fold::Fold as _;
use dosd_kernel::lane::{Acquire, Heartbeat, LaneFold, LaneRow, Observation};
use dosd_kernel::population::{Lanes, Plan, Policy, gather, supervise};
use dosd_kernel::state_diff::{Snapshot, diff};
use dosd_kernel::{lines, liveness};
use serde_json::json;

const MILLION: u32 = 1_000_000;
const LANES: u32 = 1_000;
const NOON_MS: i64 = 1_790_000_000_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    // A test run only checks that benchmarks run.
    let testing = std::env::args().any(|argument| argument == "--test");
    let mut table = Vec::new();
    for subject in [fold, plan_at_rest, plan_of_free_lanes, state_diff] {
        let mut subject = subject();
        subject.measure(&mut criterion);
        if !testing {
            table.push(subject.row());
        }
    }
    criterion.final_summary();
    print(&table);
}

/// What is measured, and how long it may take.
struct Subject {
    name: &'static str,
    /// Rows, lanes or entities that one run goes through.
    elements: u32,
    goal: Duration,
    /// Runs behind one figure of the table.
    runs: usize,
    work: Box<dyn FnMut()>,
}

impl Subject {
    fn measure(&mut self, criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("kernel");
        group
            .sample_size(10)
            .sampling_mode(SamplingMode::Flat)
            .warm_up_time(Duration::from_secs(1))
            .measurement_time(Duration::from_secs(4))
            .throughput(Throughput::Elements(self.elements.into()))
            .bench_function(self.name, |bencher| bencher.iter(&mut self.work));
        group.finish();
    }

    /// The subject's line in the table at the end.
    fn row(&mut self) -> String {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let (measured, goal) = (ms(self.median()), ms(self.goal));
        let share = measured / goal;
        let verdict = if share <= 1.0 { "" } else { " MISSED" };
        format!("{:<44} | {measured:>11.2} | {goal:>8.2} | {share:.2}{verdict}", self.name)
    }

    fn median(&mut self) -> Duration {
        let mut times: Vec<Duration> = (0..self.runs)
            .map(|_| {
                let start = WallTime.start();
                (self.work)();
                WallTime.end(start)
            })
            .collect();
        times.sort_unstable();
        times[times.len() / 2]
    }
}

#[expect(clippy::print_stdout, reason = "this is what the benchmark is run for")]
fn print(table: &[String]) {
    if !table.is_empty() {
        println!("\n{:<44} | measured ms |  goal ms | share of goal", "what");
    }
    for row in table {
        println!("{row}");
    }
}

/// A lane journal as a fleet leaves it: mostly beats, and a grant now and then.
fn fold() -> Subject {
    let mut journal = Vec::new();
    for number in 0..MILLION {
        let (lane, loop_ts) = (lane_name(number % 50), "2026-11-22T18:00:00Z".to_owned());
        let host_id = "build-host.internal".to_owned();
        let row = if number % 100 < 2 {
            let tree = globs(number % 50);
            LaneRow::Acquire(Acquire { lane, tree, loop_ts, host_id, ..Acquire::default() })
        } else {
            LaneRow::Heartbeat(Heartbeat { lane, loop_ts, host_id })
        };
        let ts_ms = NOON_MS + i64::from(number) * 1_000;
        row.draft(ts_ms).write_into(&mut journal, u64::from(number) + 1);
    }
    Subject {
        name: "fold of 1,000,000 journal rows, parsing too",
        elements: MILLION,
        // 700,000 rows a second.
        goal: Duration::from_secs(1) * MILLION / 700_000,
        runs: 5,
        work: Box::new(move || {
            let mut fold = LaneFold::default();
            for line in lines::split(&journal) {
                fold.apply_line(&lines::text(line.bytes));
            }
            assert_eq!(fold.rows(), u64::from(MILLION));
            black_box(fold);
        }),
    }
}

fn lane_name(number: u32) -> String {
    format!("lane-{number}")
}

fn globs(lane: u32) -> Vec<String> {
    ["src", "docs", "tests", "benches", "examples"]
        .map(|root| format!("{root}/Services/area-{lane}/**/*.rs"))
        .into()
}

/// Lanes with five globs each, every one of them to itself.
fn lanes() -> Lanes {
    Lanes {
        concurrent: (0..LANES).map(lane_name).collect(),
        exclusive: Vec::new(),
        autopick: Vec::new(),
        trees: (0..LANES).map(|lane| (lane_name(lane), globs(lane))).collect(),
        aliases: BTreeMap::new(),
    }
}

fn plan(lanes: &Lanes, observation: &Observation) -> Plan {
    let policy = Policy { target: i64::from(LANES), ..Policy::default() };
    let (facts, liveness) = (BTreeMap::new(), liveness::Policy::default());
    let evidence = gather(lanes, observation, &facts, &policy, &liveness);
    supervise(&evidence.expect("valid arguments"), &policy).expect("valid arguments")
}

fn plan_at_rest() -> Subject {
    let mut fold = LaneFold::default();
    for number in 0..LANES {
        let (lane, tree) = (lane_name(number), globs(number));
        let grant = LaneRow::Acquire(Acquire { lane, tree, ..Acquire::default() });
        fold.apply_draft(&grant.draft(NOON_MS), u64::from(number) + 1);
    }
    let (lanes, observation) = (lanes(), fold.observe(NOON_MS));
    Subject {
        name: "plan of 1,000 lanes at rest, 5 globs each",
        elements: LANES,
        goal: Duration::from_millis(5),
        runs: 101,
        work: Box::new(move || {
            let plan = plan(&lanes, &observation);
            assert_eq!(plan.alive, i64::from(LANES));
            black_box(plan);
        }),
    }
}

fn plan_of_free_lanes() -> Subject {
    let (lanes, observation) = (lanes(), LaneFold::default().observe(NOON_MS));
    Subject {
        name: "plan of 1,000 free lanes, 5 globs each",
        elements: LANES,
        goal: Duration::from_millis(5),
        runs: 101,
        work: Box::new(move || {
            let plan = plan(&lanes, &observation);
            assert_eq!(plan.spawn.len(), lanes.concurrent.len());
            black_box(plan);
        }),
    }
}

/// One entity in a hundred changed.
fn state_diff() -> Subject {
    let order =
        |number: u32| (format!("order-{number:07}"), json!({"total": number, "state": "paid"}));
    let before: Snapshot = (0..MILLION).map(order).collect();
    let mut after = before.clone();
    for value in after.values_mut().step_by(100) {
        value["state"] = json!("shipped");
    }
    Subject {
        name: "state diff of 1,000,000 entities",
        elements: MILLION,
        goal: Duration::from_secs(1),
        runs: 5,
        work: Box::new(move || {
            let delta = diff(&before, &after);
            assert_eq!(delta.updated.len(), before.len() / 100);
            black_box(delta);
        }),
    }
}
