//! What comes in from outside, as functions over bytes.
//!
//! A [`Target`] takes any bytes, hands them to the code that the product runs on such bytes, and
//! panics when that code panics or breaks a law. What the laws are stands at the top of each
//! target's file. A target depends on nothing but its bytes, so a file of them replays a failure.
//!
//! Two drivers: the bounded one ([`bounded`]), part of the usual tests, runs the kept corpus and a
//! number of mutations of it that a seed decides; libFuzzer (`guided.sh`) looks for inputs that
//! reach code which none reached before.

pub mod bounded;
mod config;
mod control;
pub mod corpus;
mod cursor;
mod eval;
mod journal;
mod lanes;
mod mutate;
mod verdicts;
mod world;

/// One thing that takes bytes from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and that of the directory of its corpus.
    pub name: &'static str,
    /// What is checked, in a line.
    pub about: &'static str,
    /// Hands the bytes over, and panics when a law is broken.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 6] = [
    Target {
        name: "lanes",
        about: "a lane journal: opened, followed, appended to, damaged, paged, compacted",
        run: lanes::run,
    },
    Target {
        name: "verdicts",
        about: "a verdict journal: opened, followed, appended to, damaged, paged",
        run: verdicts::run,
    },
    Target { name: "config", about: "a dos.toml: parsed and checked", run: config::run },
    Target { name: "control", about: "a request on the control socket", run: control::run },
    Target { name: "eval", about: "the input of `dosd eval`", run: eval::run },
    Target {
        name: "cursor",
        about: "an exporter's cursor file: read, kept aside, gone on from",
        run: cursor::run,
    },
];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
