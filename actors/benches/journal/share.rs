//! What share of the bare loop the actor reaches, in pairs that take turns: a
//! noisy machine is noisy for both.

use crate::append::{Fleet, LOADS, Load};
use crate::{bare, files};

const PAIRS: usize = 101;

/// The share to reach: less where most of the time is the callers' own.
fn goal(load: Load) -> f64 {
    match load.callers {
        1 => 0.8,
        512 => 0.3,
        _ => 0.6,
    }
}

/// Measures, and prints a line for each load.
#[expect(clippy::print_stdout, reason = "this is what the benchmark is run for")]
pub(crate) fn print() {
    println!("\ncallers x rows | bare rows/s | actor rows/s | share | goal");
    for load in LOADS {
        let (bare, actor, share) = measured(load);
        let goal = goal(load);
        let verdict = if share >= goal { "" } else { " MISSED" };
        println!(
            "{:>14} | {bare:>11.0} | {actor:>12.0} | {share:>5.2} | {goal:.1}{verdict}",
            load.name()
        );
    }
}

/// Rows a second of both, and the share: medians over the pairs.
fn measured(load: Load) -> (f64, f64, f64) {
    let directory = files::directory();
    let fleet = Fleet::over(directory.path());
    let lines = files::lines(load.batch());
    let path = directory.path().join("bare");
    let batch = u32::try_from(load.batch()).unwrap_or(u32::MAX);
    // Few rounds: rows are made before the clock starts, and rows that were made
    // long ago are no longer near the processor, as those of real callers are.
    let rounds = (512 / batch).clamp(8, 200);
    let rows = f64::from(rounds * batch);
    let rounds = u64::from(rounds);
    fleet.run(load, rounds);
    let mut pairs: Vec<(f64, f64)> = (0..PAIRS)
        .map(|_| {
            let bare = bare::run(&path, &lines, rounds);
            let actor = fleet.run(load, rounds);
            (rows / bare.as_secs_f64(), rows / actor.as_secs_f64())
        })
        .collect();
    pairs.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
    let share = pairs[PAIRS / 2].1 / pairs[PAIRS / 2].0;
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bare = pairs[PAIRS / 2].0;
    pairs.sort_by(|a, b| a.1.total_cmp(&b.1));
    (bare, pairs[PAIRS / 2].1, share)
}
