//! The sections that only other tools read. Nothing here becomes a value: each key is checked against
//! one table, so that a misspelt one does not pass in silence.
//!
//! What makes the peer drop such a section as a whole is an error. What it passes over is a warning.

use crate::config::problem::Weight;
use crate::config::section::Section;
use crate::config::value::Shape;

/// What stands behind a key.
enum Holds {
    /// One text.
    Text,
    /// A list of texts, or one text.
    Texts,
    /// As [`Self::Texts`], and the peer uses its default for anything else.
    LenientTexts,
    /// `true` or `false`.
    Boolean,
    /// As [`Self::Boolean`], and the peer makes one of anything else.
    LenientBoolean,
    /// A whole number from this up.
    Whole(i64),
    /// A list of whole numbers.
    Integers,
    /// A table from names of any kind to lists of texts.
    TableOfTexts,
    /// Tables with these keys: a list of them.
    Entries(&'static [(&'static str, Holds)]),
}

/// What stands in a section.
enum Body {
    /// These keys.
    Keys(&'static [(&'static str, Holds)]),
    /// A table for each name that somebody chose, with these keys; the first has to be there.
    Named(&'static [(&'static str, Holds)]),
    /// Whatever its reader likes; nobody else may judge it.
    Anything,
    /// It is announced by the peer's documentation, and no release reads it.
    Unread,
}

const SECTIONS: [(&str, Body); 26] = [
    ("ci", Body::Anything),
    (
        "enumerate",
        Body::Keys(&[
            ("style", Holds::Text),
            ("heading_levels", Holds::Integers),
            ("scan_tables", Holds::Boolean),
            ("generic_numeric_table", Holds::Boolean),
            ("bare_phase_fallback", Holds::Boolean),
            ("rollup_parents", Holds::Boolean),
        ]),
    ),
    (
        "intervention",
        Body::Named(&[
            ("rank", Holds::Whole(0)),
            ("summary", Holds::Text),
            ("actuation", Holds::Text),
            ("dispatches", Holds::LenientBoolean),
            ("returns_synthetic", Holds::LenientBoolean),
            ("see_also", Holds::Texts),
        ]),
    ),
    (
        "lifecycle",
        Body::Keys(&[
            ("classes", Holds::Texts),
            (
                "transitions",
                Holds::Entries(&[
                    ("from", Holds::Text),
                    ("to", Holds::Text),
                    ("trigger", Holds::Text),
                    ("auto", Holds::Boolean),
                ]),
            ),
            ("veto_class", Holds::Text),
            ("max_transitions_per_cycle", Holds::Whole(i64::MIN)),
            ("per_plan_cooldown_hours", Holds::Whole(i64::MIN)),
        ]),
    ),
    (
        "marker",
        Body::Keys(&[
            ("max_streak", Holds::Whole(0)),
            ("arm_on_env", Holds::LenientTexts),
            ("respect_stop_hook_active", Holds::LenientBoolean),
        ]),
    ),
    ("noop_streak", Body::Keys(&[("max_streak", Holds::Whole(0))])),
    (
        "precursor",
        Body::Keys(&[("requires", Holds::TableOfTexts), ("aliases", Holds::TableOfTexts)]),
    ),
    (
        "tool_stream",
        Body::Keys(&[
            ("repeat_n", Holds::Whole(1)),
            ("stall_n", Holds::Whole(1)),
            ("ignore_tools", Holds::Texts),
        ]),
    ),
    ("verify", Body::Keys(&[("non_git_oracle", Holds::Text)])),
    ("arg_provenance", Body::Unread),
    ("breaker", Body::Unread),
    ("completion", Body::Unread),
    ("coverage", Body::Unread),
    ("dangling", Body::Unread),
    ("efficiency", Body::Unread),
    ("env", Body::Unread),
    ("evidence", Body::Unread),
    ("exec_capability", Body::Unread),
    ("hook_exit", Body::Unread),
    ("improve", Body::Unread),
    ("liveness", Body::Unread),
    ("productivity", Body::Unread),
    ("resume", Body::Unread),
    ("rewind", Body::Unread),
    ("scope", Body::Unread),
    ("scout", Body::Unread),
];

/// The names of these sections.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().map(|(name, _)| *name)
}

/// Checks those of these sections that are there.
pub(super) fn check(document: &Section<'_>) {
    for (name, body) in &SECTIONS {
        match (document.shape(name), body) {
            (None, _) => {}
            (Some(_), Body::Unread) => unread(document, name),
            (Some(Shape::Table), body) => {
                if let Some(section) = document.child(name) {
                    check_body(&section, body);
                    check_across(name, &section);
                }
            }
            (Some(_), _) => document.misshapen(name, Weight::Warning, "a table"),
        }
    }
}

fn unread(document: &Section<'_>, name: &str) {
    let Some(key) = document.keys().find(|key| key.value == name) else { return };
    let help = match name {
        "liveness" => "the windows of this daemon stand in `[dosd.liveness]`",
        _ => "remove it; the defaults stand",
    };
    key.warning("is a section that nothing reads, `dos` 0.22 included", help);
}

fn check_body(section: &Section<'_>, body: &Body) {
    match body {
        Body::Keys(keys) => check_keys(section, keys),
        Body::Named(keys) => {
            for name in section.keys() {
                let Some(entry) = section.child(name.value) else { continue };
                check_keys(&entry, keys);
                if let Some((first, _)) = keys.first().filter(|(first, _)| !entry.has(first)) {
                    entry.missing(first, "the peer drops the whole section without it");
                }
            }
        }
        Body::Anything | Body::Unread => {}
    }
}

fn check_keys(section: &Section<'_>, keys: &[(&str, Holds)]) {
    let known: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
    section.report_unknown(Weight::Warning, &known);
    for (key, holds) in keys.iter().filter(|(key, _)| section.has(key)) {
        holds.check(section, key);
    }
}

impl Holds {
    fn check(&self, section: &Section<'_>, key: &str) {
        let shape = section.shape(key);
        match self {
            Self::Text => drop(section.text(key)),
            Self::Texts => drop(section.texts_or_one(key)),
            Self::LenientTexts => {
                if !matches!(shape, Some(Shape::Text | Shape::List)) {
                    section.misshapen(key, Weight::Warning, "a list of texts");
                }
            }
            Self::Boolean => drop(section.boolean(key)),
            Self::LenientBoolean => {
                if shape != Some(Shape::Boolean) {
                    section.misshapen(key, Weight::Warning, "`true` or `false`");
                }
            }
            Self::Whole(least) => drop(super::supervise::whole(section, key, *least)),
            Self::Integers => drop(section.integers(key)),
            Self::TableOfTexts => {
                let Some(table) = section.child(key) else { return };
                for name in table.keys() {
                    table.texts_or_one(name.value);
                }
            }
            Self::Entries(keys) => {
                for entry in section.children(key) {
                    check_keys(&entry, keys);
                }
            }
        }
    }
}

/// What has to fit together for the peer to take a section.
fn check_across(name: &str, section: &Section<'_>) {
    match name {
        "lifecycle" => check_lifecycle(section),
        "tool_stream" => check_tool_stream(section),
        _ => {}
    }
}

/// Transitions lead between classes that are there.
fn check_lifecycle(section: &Section<'_>) {
    let declared = section.texts_or_one("classes");
    let classes: Vec<&str> = match &declared {
        Some(classes) => classes.iter().map(|class| class.value).collect(),
        None => vec!["active", "done"],
    };
    let ends = section.children("transitions").into_iter().flat_map(|entry| {
        for key in ["from", "to", "trigger"].into_iter().filter(|key| !entry.has(key)) {
            entry.missing(key, "a transition is `from`, `to` and a `trigger`");
        }
        [entry.text("from"), entry.text("to")]
    });
    for class in ends.chain([section.text("veto_class")]).flatten() {
        if !class.value.is_empty() && !classes.contains(&class.value) {
            class.error(
                format!("`{}` is not among `classes`", class.value.escape_debug()),
                "add it there, or correct it",
            );
        }
    }
}

/// Standing still is more repetition than repeating.
fn check_tool_stream(section: &Section<'_>) {
    let whole = |key| section.integer(key).map(|found| found.value);
    let (repeat, stall) = (whole("repeat_n").unwrap_or(3), whole("stall_n").unwrap_or(5));
    if stall < repeat
        && let Some(key) = section.keys().find(|key| matches!(key.value, "stall_n" | "repeat_n"))
    {
        key.error(
            format!("`stall_n` is {stall} and `repeat_n` {repeat}, so nothing ever repeats"),
            "make `stall_n` at least `repeat_n`",
        );
    }
}
