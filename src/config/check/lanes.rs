//! `[lanes]`: the roster. It never judges whether two regions overlap; that is the report's.

use super::names::lane_name_fault;
use crate::config::problem::Weight;
use crate::config::section::{Found, Section};
use crate::config::words::{did_you_mean, nearest};
use dosd_kernel::population::Lanes;
use std::collections::BTreeMap;

const KNOWN: [&str; 5] = ["concurrent", "exclusive", "autopick", "trees", "aliases"];

/// A section with anything in it replaces the default roster as a whole; an empty one does not.
pub(super) fn check(section: &Section<'_>, lanes: &mut Lanes) {
    if section.is_empty() {
        return;
    }
    section.refuse_unknown(&KNOWN);
    let concurrent = names(section, "concurrent");
    let exclusive = names(section, "exclusive");
    let autopick = names(section, "autopick");
    let declared: Vec<&str> = concurrent.iter().chain(&exclusive).map(|lane| lane.value).collect();
    for lane in &exclusive {
        if concurrent.iter().any(|other| other.value == lane.value) {
            lane.contradiction(
                Weight::Error,
                format!("lane `{}` is declared concurrent as well", lane.value),
                "keep it in one of `concurrent` and `exclusive`",
            );
        }
    }
    for lane in &autopick {
        if !declared.contains(&lane.value) {
            lane.contradiction(
                Weight::Warning,
                format!("lane `{}` is not declared, so it is never picked", lane.value),
                undeclared_help(lane.value, &declared),
            );
        }
    }
    let table = section.child("trees");
    for lane in &concurrent {
        if !table.as_ref().is_some_and(|table| table.has(lane.value)) {
            lane.contradiction(
                Weight::Warning,
                format!("lane `{}` has no tree, so it never runs beside another lane", lane.value),
                format!("add `{} = [\"some/dir/**\"]` under `[lanes.trees]`", lane.value),
            );
        }
    }
    *lanes = Lanes {
        concurrent: owned(&concurrent),
        exclusive: owned(&exclusive),
        autopick: owned(&autopick),
        trees: table.map(|table| trees(&table, &declared)).unwrap_or_default(),
        aliases: aliases(section, &declared),
    };
}

/// One list of lane names, each usable and there once.
fn names<'a>(section: &Section<'a>, key: &str) -> Vec<Found<'a, &'a str>> {
    let mut names: Vec<Found<'a, &'a str>> = Vec::new();
    for name in section.texts(key).map(|list| list.value).unwrap_or_default() {
        if let Some(fault) = lane_name_fault(name.value) {
            name.error(
                format!("`{}` {fault}", name.value.escape_debug()),
                "give the lane a name that a directory can have",
            );
        } else if names.iter().any(|other| other.value == name.value) {
            name.warning(format!("lane `{}` is listed twice", name.value), "remove one of the two");
        } else if let Some(other) = same_but_for_case(name.value, &names) {
            name.warning(
                format!(
                    "lane `{}` differs from `{other}` in case only, and requests ignore case",
                    name.value
                ),
                "give one of them another name",
            );
            names.push(name);
        } else {
            names.push(name);
        }
    }
    names
}

fn same_but_for_case<'a>(name: &str, others: &[Found<'a, &'a str>]) -> Option<&'a str> {
    let folded = name.to_lowercase();
    others.iter().map(|other| other.value).find(|other| other.to_lowercase() == folded)
}

fn trees(table: &Section<'_>, declared: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut trees = BTreeMap::new();
    for lane in table.keys() {
        if !declared.contains(&lane.value) {
            lane.warning(
                format!("lane `{}` is not declared, so its tree is not used", lane.value),
                undeclared_help(lane.value, declared),
            );
        }
        let Some(globs) = table.texts(lane.value) else { continue };
        if globs.value.iter().all(|glob| glob.value.trim().is_empty()) {
            globs.contradiction(
                Weight::Warning,
                "is empty, so the lane never runs beside another lane",
                "name the paths that the lane writes to, like `\"some/dir/**\"`",
            );
        }
        trees.insert(lane.value.to_owned(), owned(&globs.value));
    }
    trees
}

fn aliases(section: &Section<'_>, declared: &[&str]) -> BTreeMap<String, String> {
    let mut aliases = BTreeMap::new();
    let Some(table) = section.child("aliases") else { return aliases };
    for keyword in table.keys() {
        let Some(lane) = table.text(keyword.value) else { continue };
        if !declared.contains(&lane.value) {
            lane.contradiction(
                Weight::Warning,
                format!("lane `{}` is not declared, so the alias leads nowhere", lane.value),
                undeclared_help(lane.value, declared),
            );
        }
        aliases.insert(keyword.value.to_owned(), lane.value.to_owned());
    }
    aliases
}

pub(super) fn undeclared_help(lane: &str, declared: &[&str]) -> String {
    if nearest(lane, declared).is_some() {
        did_you_mean(lane, declared)
    } else {
        format!("add `{lane}` to `concurrent` or `exclusive` of `[lanes]`, or remove this")
    }
}

fn owned(names: &[Found<'_, &str>]) -> Vec<String> {
    names.iter().map(|name| name.value.to_owned()).collect()
}
