//! The second step: a TOML document becomes a [`Config`], one file for each section. Checks only add
//! to the findings; a value that does not fit is replaced by its default and the check goes on.

mod cooldown;
mod data_class;
mod dosd;
mod exporter;
mod foreign;
mod http;
mod lanes;
mod names;
mod overlap;
mod paths;
mod reasons;
mod retention;
mod secret;
mod stamp;
mod supervise;
mod witness;
mod worker;

use super::model::Config;
use super::section::Section;
use super::words::nearest;

/// The sections that are read here.
const READ: [&str; 11] = [
    "lanes",
    "supervise",
    "paths",
    "overlap",
    "retention",
    "cooldown",
    "stamp",
    "reasons",
    "concurrency_class",
    "data_class",
    "dosd",
];

/// A key that the peer's `init` writes above all sections, and nobody reads.
const WORKSPACE: &str = "workspace";

/// Checks the whole document.
pub(super) fn check(document: &Section<'_>) -> Config {
    let known: Vec<&str> = READ.into_iter().chain(foreign::names()).chain([WORKSPACE]).collect();
    for key in document.keys().filter(|key| !known.contains(&key.value)) {
        let help = match nearest(key.value, &known) {
            Some(known) => format!("did you mean `[{known}]`?"),
            None => {
                "remove it, or correct its name; our own sections stand under `[dosd]`".to_owned()
            }
        };
        key.warning("is not a known section, nothing reads it", help);
    }
    foreign::check(document);
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
    check_policies(document, &mut config);
    if let Some(section) = document.child("dosd") {
        dosd::check(&section, &mut config);
    }
    config
}

/// The sections in which each key replaces one default.
fn check_policies(document: &Section<'_>, config: &mut Config) {
    if let Some(section) = document.child("overlap") {
        config.overlap = overlap::check(&section);
    }
    if let Some(section) = document.child("retention") {
        retention::check(&section, &mut config.retention);
    }
    if let Some(section) = document.child("cooldown") {
        cooldown::check(&section, &mut config.cooldown);
    }
    if let Some(section) = document.child("stamp") {
        stamp::check(&section, &mut config.stamp);
    }
    if let Some(section) = document.child("reasons") {
        reasons::check(&section, &mut config.reasons);
    }
    config.class_budgets = overlap::class_budgets(&document.children("concurrency_class"));
    if let Some(section) = document.child("data_class") {
        data_class::check(&section, &mut config.data_class);
    }
}

/// A list of texts in place of the default, when the key is there.
fn replace_texts(section: &Section<'_>, key: &str, texts: &mut Vec<String>) {
    if let Some(found) = section.texts_or_one(key) {
        *texts = found.iter().map(|text| text.value.to_owned()).collect();
    }
}
