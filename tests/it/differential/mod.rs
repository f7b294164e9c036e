//! Both command lines over the same generated workspaces: same exit codes, same JSON, same rows written.
//! The wording of reasons is free, and so is what [`compare::ALLOWED`] names; anything else fails.
//!
//! [`case::VERBS`] is the table of what is compared. Cases are independent: each has a workspace for
//! either side, and a case that fails leaves both behind. Variables tune a run by hand:
//!
//! - `DOSD_DIFFERENTIAL_SEED`: another seed;
//! - `DOSD_DIFFERENTIAL_CASES`: another number of cases, or a range like `17..18`;
//! - `DOSD_DIFFERENTIAL_VERBS`: only these verbs of the table, separated by commas;
//! - `DOSD_DIFFERENTIAL_BINARY`: another build of `dosd`.

mod case;
mod compare;
mod coverage;
mod journal;
mod lines;
mod runner;
mod workspace;

use case::{Case, Selection, Source};
use coverage::Coverage;
use dosd_actors::port::{Clock, SystemClock};
use runner::Pair;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const SEED: u64 = 0x0D05;
/// Fits well into a minute on two cores in a debug build.
const CASES: u64 = 1_200;
/// Two cores are common; each thread has a peer of its own.
const THREADS: usize = 2;
/// After so many failures more of them tell nothing new.
const ENOUGH: usize = 12;

#[test]
fn both_command_lines_agree() {
    let seed = variable("DOSD_DIFFERENTIAL_SEED").map_or(SEED, |seed| number(&seed));
    let cases = variable("DOSD_DIFFERENTIAL_CASES").map_or(0..CASES, |cases| range(&cases));
    let named = variable("DOSD_DIFFERENTIAL_VERBS");
    let verbs = named.as_deref().map_or_else(Selection::all, Selection::named);
    let binary = variable("DOSD_DIFFERENTIAL_BINARY");
    let binary = binary.as_deref().unwrap_or(env!("CARGO_BIN_EXE_dosd"));
    println!("seed {seed}, cases {}..{}", cases.start, cases.end);
    // One reading of the clock for all, so that a case does not depend on when its turn comes.
    let source = Source { seed, verbs: &verbs, now_ms: SystemClock::new().now_ms() };
    let next = AtomicU64::new(cases.start);
    let coverage = Mutex::new(Coverage::default());
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut pair = Pair::start(binary);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= cases.end || failures.lock().expect("no panic").len() >= ENOUGH {
                        return;
                    }
                    let case = Case::generate(source, number);
                    let outcome = pair.compare(&case);
                    coverage.lock().expect("no panic").add(&case, &outcome);
                    failures.lock().expect("no panic").extend(outcome.failure);
                }
            });
        }
    });
    let coverage = coverage.into_inner().expect("no panic");
    println!("{coverage}");
    let failures = failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "{} cases differ\n\n{}", failures.len(), failures.join("\n\n"));
    if cases == (0..CASES) && named.is_none() {
        coverage.assert_complete();
    }
}

/// How these runs are tuned by hand; nothing but this test reads it.
fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test's own knob, not the program's")]
    std::env::var(name).ok()
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or_else(|_| panic!("`{text}` is not a whole number"))
}

fn range(text: &str) -> Range<u64> {
    match text.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => 0..number(text),
    }
}
