//! `[overlap]` and `[[concurrency_class]]`: which requests are let in beside live leases.

use crate::config::section::Section;
use crate::config::value::Number;
use dosd_kernel::arbiter::{Overlap, OverlapPolicy};
use std::collections::BTreeMap;

/// The peer calls the soft policy by how it compares; it knows no other by itself.
const POLICIES: [(&str, OverlapPolicy); 3] = [
    ("strict", OverlapPolicy::Strict),
    ("soft", OverlapPolicy::Soft),
    ("prefix", OverlapPolicy::Soft),
];

pub(super) fn check(section: &Section<'_>) -> Overlap {
    section.refuse_unknown(&["policy", "ratio_max"]);
    let usual = Overlap::default();
    let policy = section.choice("policy", &POLICIES).map_or(usual.policy(), |found| found.value);
    let ratio_max = ratio_max(section).unwrap_or(usual.ratio_max());
    Overlap::new(policy, ratio_max).unwrap_or(usual)
}

fn ratio_max(section: &Section<'_>) -> Option<f64> {
    let found = section.number("ratio_max")?;
    let ratio = match found.value {
        Number::Float(ratio) => ratio,
        // Of whole numbers only 1 fits.
        Number::Integer(1) => 1.0,
        Number::Integer(_) => f64::INFINITY,
    };
    if ratio > 0.0 && ratio <= 1.0 {
        return Some(ratio);
    }
    found.error("must be above 0 and not above 1", "write a part of one, like `0.25`");
    None
}

/// The most leases at once of each kind of lane; of two entries for a kind the last counts.
pub(super) fn class_budgets(entries: &[Section<'_>]) -> BTreeMap<String, u64> {
    let mut budgets = BTreeMap::new();
    for entry in entries {
        entry.refuse_unknown(&["name", "max_concurrent"]);
        for key in ["name", "max_concurrent"].into_iter().filter(|key| !entry.has(key)) {
            entry.missing(key, "a class is a `name` and the `max_concurrent` leases of that kind");
        }
        let name = entry.text("name").filter(|name| {
            let is_empty = name.value.is_empty();
            if is_empty {
                name.error("is empty", "name a kind of lane, like `\"cluster\"`");
            }
            !is_empty
        });
        let most = super::supervise::whole(entry, "max_concurrent", 0);
        let most = most.and_then(|most| u64::try_from(most).ok());
        if let (Some(name), Some(most)) = (name, most)
            && budgets.insert(name.value.to_owned(), most).is_some()
        {
            name.warning("is there twice, and the last one counts", "remove one of the two");
        }
    }
    budgets
}
