//! `[[dosd.witness]]`: the surfaces and probes that claims are checked against.

mod kinds;

use super::dosd::not_zero;
use super::names::entry_name;
use crate::config::model::{Surface, Witness};
use crate::config::section::Section;
use crate::config::value::Shape;
use crate::config::words::{did_you_mean, one_of};
use dosd_actors::witness::Limits;
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Pointer;
use std::collections::BTreeSet;
use std::time::Duration;

/// The keys that every kind has.
const COMMON: [&str; 5] = ["name", "kind", "rung", "timeout", "settle"];

/// The keys of every kind that is read as a map.
const READ: [&str; 3] = ["max_entities", "max_bytes", "ignore"];

/// The program of a probe may take so long.
const PROBE_TIMEOUT: Duration = Duration::from_mins(5);

pub(super) fn check(entries: &[Section<'_>]) -> Vec<Witness> {
    let mut taken = BTreeSet::new();
    entries.iter().filter_map(|entry| check_one(entry, &mut taken)).collect()
}

/// The names of all entries, also of those that cannot stand as they are.
pub(super) fn names<'a>(entries: &[Section<'a>]) -> Vec<&'a str> {
    let named = entries.iter().filter(|entry| entry.shape("name") == Some(Shape::Text));
    named.filter_map(|entry| entry.text("name")).map(|name| name.value).collect()
}

fn check_one(entry: &Section<'_>, taken: &mut BTreeSet<String>) -> Option<Witness> {
    let name = entry_name(entry, taken);
    if !kind_works(entry, &kinds::NAMES, &[]) {
        return None;
    }
    let kind = entry.text("kind")?.value;
    let is_probe = kind == "exit";
    let read: &[&str] = if is_probe { &[] } else { &READ };
    entry.refuse_unknown(&[&COMMON, read, kinds::keys(kind)].concat());
    let rung = check_rung(entry, kind);
    let defaults = Limits::default();
    let default_timeout = if is_probe { PROBE_TIMEOUT } else { defaults.timeout };
    let timeout = entry.duration("timeout").filter(|it| not_zero(it, "no read would end in time"));
    let settle = entry.duration("settle");
    let ignore = pointers(entry, "ignore");
    let max_entities = at_least_one(entry, "max_entities");
    let max_bytes = entry.size("max_bytes").map(|size| size.value);
    let surface = kinds::surface(entry, kind);
    if let Some(Surface::Exit { .. }) = surface
        && let Some(wait) = settle.as_ref().filter(|wait| !wait.value.is_zero())
    {
        wait.warning(
            "has the program run again and again until it says yes",
            "leave it out if the program waits by itself",
        );
    }
    Some(Witness {
        name: name?,
        surface: surface?,
        rung: rung?,
        max_entities: max_entities.unwrap_or(defaults.max_entities),
        max_bytes: max_bytes.unwrap_or(defaults.max_bytes),
        timeout: timeout.map_or(default_timeout, |it| it.value),
        settle: settle.map_or(Duration::ZERO, |it| it.value),
        ignore,
    })
}

fn at_least_one(entry: &Section<'_>, key: &str) -> Option<u64> {
    let count = entry.integer(key)?;
    match u64::try_from(count.value) {
        Ok(0) | Err(_) => {
            count.error(
                format!("must be 1 or more, found {}", count.value),
                "write how many are read at most",
            );
            None
        }
        Ok(count) => Some(count),
    }
}

/// A list of JSON pointers.
fn pointers(entry: &Section<'_>, key: &str) -> Vec<String> {
    let list = entry.texts_or_one(key).unwrap_or_default();
    let fits = list.into_iter().filter(|text| {
        let is_pointer = Pointer::parse(text.value).is_some();
        if !is_pointer {
            text.error(
                format!("`{}` is not a JSON pointer", text.value.escape_debug()),
                "write one like `/updated_at`",
            );
        }
        is_pointer
    });
    fits.map(|text| text.value.to_owned()).collect()
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
            format!("`{}` is not part of this build", kind.value),
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
fn check_rung(entry: &Section<'_>, kind: &str) -> Option<Accountability> {
    let rungs = [
        ("OS_RECORDED", Some(Accountability::OsRecorded)),
        ("THIRD_PARTY", Some(Accountability::ThirdParty)),
        ("AGENT_AUTHORED", None),
    ];
    if !entry.has("rung") {
        return Some(Accountability::OsRecorded);
    }
    let rung = entry.choice("rung", &rungs)?;
    match rung.value {
        None => rung.error(
            "`AGENT_AUTHORED` proves nothing: a surface that the worker can forge decides no claim",
            "use `OS_RECORDED` or `THIRD_PARTY`, or remove the witness",
        ),
        Some(Accountability::ThirdParty) if !matches!(kind, "http" | "postgres") => {
            rung.error(
                format!("a `{kind}` is read on this machine, so nobody else stands behind it"),
                "use `OS_RECORDED`; `http` and `postgres` may be `THIRD_PARTY`",
            );
            return None;
        }
        Some(_) => {}
    }
    rung.value
}
