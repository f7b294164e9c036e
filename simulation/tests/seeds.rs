//! Many seeds, those that once failed, and the promise that a seed is one run.

use std::num::NonZero;
use std::thread::available_parallelism;

use dosd_simulation::{Show, Summary, run};

/// So many seeds are part of every run of the tests.
const SEEDS: u64 = 2_000;

/// Seeds that failed, each with what it found.
const REGRESSIONS: &str = include_str!("regressions.txt");

/// More of them: `cargo run --release -p dosd-simulation -- --seeds 100000`.
#[test]
fn nothing_is_lost_doubled_or_left_behind_in_2000_seeds() {
    let threads = available_parallelism().map_or(1, NonZero::get);
    let summary = Summary::of(1, SEEDS, threads, |_| ());
    assert!(summary.is_good(), "{summary}");
}

#[test]
fn seeds_that_once_failed_pass() {
    let lines = REGRESSIONS.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    for line in lines {
        let (seed, why) = line.split_once(' ').expect("a seed and why it is kept");
        let report = run(seed.parse().expect("a number"), Show::Nothing);
        assert_eq!(report.findings, [], "seed {seed}, {why}");
    }
}

#[test]
fn the_same_seed_is_the_same_run_to_the_letter() {
    for seed in [3, 40, 500] {
        let first = run(seed, Show::Nothing);
        // Another one in between: nothing is left of it.
        let other = run(seed + 1, Show::Nothing);
        assert_ne!(first.lines, other.lines);
        let again = std::thread::spawn(move || run(seed, Show::Nothing)).join().unwrap();
        for (first, again) in first.lines.iter().zip(&again.lines) {
            assert_eq!(first, again, "seed {seed}");
        }
        assert_eq!(first, again);
    }
}
