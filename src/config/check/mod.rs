//! The second step: a TOML document becomes a [`Config`], one file for each section. Checks only add
//! to the findings; a value that does not fit is replaced by its default and the check goes on.

mod dosd;
mod exporter;
mod lanes;
mod names;
mod paths;
mod supervise;
mod witness;
mod worker;

use super::model::Config;
use super::section::Section;
use super::words::nearest;

/// The sections that are read here.
const READ: [&str; 4] = ["lanes", "supervise", "paths", "dosd"];

/// What other implementations keep in the same file: their own sections, and the `workspace` key that
/// the peer's `init` writes. None of our business, so not a word about them.
const FOREIGN: [&str; 34] = [
    "arg_provenance",
    "breaker",
    "ci",
    "completion",
    "concurrency_class",
    "cooldown",
    "coverage",
    "dangling",
    "data_class",
    "efficiency",
    "enumerate",
    "env",
    "evidence",
    "exec_capability",
    "hook_exit",
    "improve",
    "intervention",
    "lifecycle",
    "liveness",
    "marker",
    "noop_streak",
    "overlap",
    "precursor",
    "productivity",
    "reasons",
    "resume",
    "retention",
    "rewind",
    "scope",
    "scout",
    "stamp",
    "tool_stream",
    "verify",
    "workspace",
];

/// Checks the whole document.
pub(super) fn check(document: &Section<'_>) -> Config {
    for key in document.keys() {
        let name = key.value;
        if READ.contains(&name) || FOREIGN.contains(&name) {
            continue;
        }
        let known: Vec<&str> = READ.iter().chain(&FOREIGN).copied().collect();
        let help = match nearest(name, &known) {
            Some(known) => format!("did you mean `[{known}]`?"),
            None => {
                "remove it, or correct its name; our own sections stand under `[dosd]`".to_owned()
            }
        };
        key.warning("is not a known section, nothing reads it", help);
    }
    let mut config = Config::default();
    if let Some(section) = document.child("lanes") {
        lanes::check(&section, &mut config.lanes);
    }
    if let Some(section) = document.child("supervise") {
        supervise::check(&section, &mut config);
    }
    if let Some(section) = document.child("paths") {
        config.paths = paths::check(&section);
    }
    if let Some(section) = document.child("dosd") {
        dosd::check(&section, &mut config);
    }
    config
}
