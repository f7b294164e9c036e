//! The daemon and its helpers, killed by themselves at each point of the closed list, under load: nothing that
//! was acknowledged is lost, nobody is doubled, and whoever comes next finds everything.
//!
//! `DOSD_FAILPOINT_KILLS` says how many kills each point gets, `DOSD_FAILPOINT_ONLY` how the names of the points
//! begin that are meant, `DOSD_FAILPOINT_SEED` which passes are hit.

mod canary;
mod export;
mod fleet;
mod load;
mod replay;
mod table;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use dosd_actors::port::failpoint::{self, Point};
use fastrand::Rng;

use crate::support::workspace::Workspace;
use table::Line;

/// How many kills a point gets when nobody says otherwise: as many as fit beside the other tests.
const KILLS: u32 = 2;

/// Runs wait more than they work.
const AT_ONCE: usize = 3;

/// What a run of kills at one point did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// Kills that came at the point.
    kills: u32,
    /// Answers that say that something is on disk.
    acknowledged: usize,
    /// Rows of both journals.
    rows: usize,
}

#[test]
fn at_every_failpoint_a_kill_loses_nothing_and_doubles_nobody() {
    let seed = number("DOSD_FAILPOINT_SEED").unwrap_or_else(|| fastrand::u64(..));
    let kills =
        number("DOSD_FAILPOINT_KILLS").map_or(KILLS, |kills| kills.try_into().expect("u32"));
    let only = variable("DOSD_FAILPOINT_ONLY").unwrap_or_default();
    println!("DOSD_FAILPOINT_SEED={seed} DOSD_FAILPOINT_KILLS={kills} repeats this");
    let points = Point::ALL.iter().enumerate().filter(|(_, point)| point.name().starts_with(&only));
    let waiting: Mutex<Vec<_>> = Mutex::new(points.rev().collect());
    let lines = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().expect("nobody panicked").pop();
                    let Some((at, point)) = next else { return };
                    let mut random = Rng::with_seed(seed.wrapping_add(at as u64));
                    let line = attempt(*point, kills, &mut random);
                    lines.lock().expect("nobody panicked").push((at, line));
                }
            });
        }
    });
    table::conclude(lines.into_inner().expect("nobody panicked"));
}

/// All kills at one point. What is violated is said in the line, so that every point is gone through.
fn attempt(point: Point, kills: u32, random: &mut Rng) -> Line {
    let tried = catch_unwind(AssertUnwindSafe(|| {
        let work = if point.name().starts_with("dead.") || point.name().starts_with("replay.") {
            replay::kill_at(point, kills, random)
        } else {
            fleet::kill_at(point, kills, random)
        };
        assert_eq!(work.kills, kills, "kills that came at the point");
        assert!(work.acknowledged >= kills as usize, "too little was acknowledged: {work:?}");
        assert!(work.rows >= 10 * kills as usize, "too little was written: {work:?}");
        work
    }));
    let (work, violation) = match tried {
        Ok(work) => (work, None),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            (Work::default(), Some(text.unwrap_or_else(|| "a panic without words".to_owned())))
        }
    };
    Line { point, work, violation }
}

/// Where passes are counted, and what a command is told about it.
#[derive(Debug)]
pub(crate) struct Passes(PathBuf);

impl Passes {
    /// A count that begins at nothing.
    fn new(workspace: &Workspace) -> Self {
        let file = workspace.root().join("passes");
        let _ = fs::remove_file(&file);
        Self(file)
    }

    /// Has a command kill itself at a pass of a point.
    fn arm(&self, command: &mut Command, point: Point, nth: u64, bug: &str) {
        command.env(failpoint::VARIABLE, format!("{}:{nth}:kill{bug}", point.name()));
        command.env(failpoint::PASSES_VARIABLE, &self.0);
    }

    fn count(&self) -> u64 {
        fs::metadata(&self.0).map_or(0, |file| file.len())
    }
}

fn number(name: &str) -> Option<u64> {
    variable(name).map(|text| text.parse().expect("a number"))
}

#[expect(clippy::disallowed_methods, reason = "a run that failed is repeated by its seed")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
