//! `[data_class]`: what kind of data a path holds. A list that is given replaces the default.

use super::replace_texts;
use crate::config::section::Section;
use dosd_kernel::data_class::{DataClass, Policy};

const KNOWN: [&str; 5] = [
    "trajectory_patterns",
    "audit_patterns",
    "baseline_patterns",
    "product_patterns",
    "default_class",
];

pub(super) fn check(section: &Section<'_>, policy: &mut Policy) {
    section.refuse_unknown(&KNOWN);
    for (key, patterns) in [
        ("trajectory_patterns", &mut policy.trajectory_patterns),
        ("audit_patterns", &mut policy.audit_patterns),
        ("baseline_patterns", &mut policy.baseline_patterns),
        ("product_patterns", &mut policy.product_patterns),
    ] {
        replace_texts(section, key, patterns);
    }
    let classes = DataClass::ALL.map(|class| (class.as_str(), class));
    if let Some(class) = section.choice("default_class", &classes) {
        policy.default_class = class.value;
    }
}
