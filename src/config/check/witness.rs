//! `[[dosd.witness]]`: the state surfaces that claims are checked against.

use super::names::entry_name;
use super::paths;
use crate::config::model::{Surface, Witness};
use crate::config::section::Section;
use crate::config::words::{did_you_mean, one_of};
use dosd_kernel::evidence::Accountability;
use std::collections::BTreeSet;

const KNOWN: [&str; 4] = ["name", "kind", "path", "rung"];

/// The kinds that can be read now, and those that are planned.
const KINDS: [&str; 1] = ["json"];
const PLANNED: [&str; 4] = ["sqlite", "command", "http", "git"];

pub(super) fn check(entries: &[Section<'_>]) -> Vec<Witness> {
    let mut taken = BTreeSet::new();
    entries.iter().filter_map(|entry| check_one(entry, &mut taken)).collect()
}

fn check_one(entry: &Section<'_>, taken: &mut BTreeSet<String>) -> Option<Witness> {
    let name = entry_name(entry, taken);
    if !kind_works(entry, &KINDS, &PLANNED) {
        return None;
    }
    entry.refuse_unknown(&KNOWN);
    let rung = check_rung(entry);
    let path = paths::required(entry, "name the JSON file that holds the state");
    Some(Witness { name: name?, surface: Surface::Json { path: path? }, rung: rung? })
}

/// Whether the entry's kind is one that works. The keys of any other kind are not looked at: what
/// they should be is not known.
pub(super) fn kind_works(entry: &Section<'_>, kinds: &[&str], planned: &[&str]) -> bool {
    let Some(kind) = entry.text("kind") else {
        if !entry.has("kind") {
            entry.missing("kind", format!("add `kind = \"{}\"`", kinds.first().unwrap_or(&"")));
        }
        return false;
    };
    if kinds.contains(&kind.value) {
        return true;
    }
    if planned.contains(&kind.value) {
        kind.error(
            format!("`{}` is not available in this version", kind.value),
            format!("what works is {}", one_of(kinds)),
        );
    } else {
        kind.error(
            format!("`{}` is not a known kind", kind.value.escape_debug()),
            did_you_mean(kind.value, kinds),
        );
    }
    false
}

/// The rung, `OS_RECORDED` when none is given; nothing when it cannot stand.
fn check_rung(entry: &Section<'_>) -> Option<Accountability> {
    let rungs = [
        ("OS_RECORDED", Some(Accountability::OsRecorded)),
        ("THIRD_PARTY", Some(Accountability::ThirdParty)),
        ("AGENT_AUTHORED", None),
    ];
    if !entry.has("rung") {
        return Some(Accountability::OsRecorded);
    }
    let rung = entry.choice("rung", &rungs)?;
    if rung.value.is_none() {
        rung.error(
            "`AGENT_AUTHORED` proves nothing: a surface that the worker can forge decides no claim",
            "use `OS_RECORDED` or `THIRD_PARTY`, or remove the witness",
        );
    }
    rung.value
}
