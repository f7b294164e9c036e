//! `[stamp]`: what a shipping commit looks like. A list that is given replaces the default.

use super::replace_texts;
use crate::config::section::Section;
use crate::config::shared::Stamp;

const KNOWN: [&str; 10] = [
    "style",
    "subject_dirs",
    "summary_bundle_prefixes",
    "bookkeeping_prefixes",
    "code_dirs",
    "infra_basenames",
    "infra_doc_basenames",
    "progress_markers",
    "sub_phase_parent_fallback",
    "trailer_stamp",
];

pub(super) fn check(section: &Section<'_>, stamp: &mut Stamp) {
    section.refuse_unknown(&KNOWN);
    if let Some(style) = section.text("style") {
        if style.value != "grep" {
            style.warning("is not a known style, and ships are found as ever", "write `\"grep\"`");
        }
        style.value.clone_into(&mut stamp.style);
    }
    for (key, texts) in [
        ("subject_dirs", &mut stamp.subject_dirs),
        ("summary_bundle_prefixes", &mut stamp.summary_bundle_prefixes),
        ("bookkeeping_prefixes", &mut stamp.bookkeeping_prefixes),
        ("code_dirs", &mut stamp.code_dirs),
        ("infra_basenames", &mut stamp.infra_basenames),
        ("infra_doc_basenames", &mut stamp.infra_doc_basenames),
        ("progress_markers", &mut stamp.progress_markers),
    ] {
        replace_texts(section, key, texts);
    }
    for (key, flag) in [
        ("sub_phase_parent_fallback", &mut stamp.sub_phase_parent_fallback),
        ("trailer_stamp", &mut stamp.trailer_stamp),
    ] {
        if let Some(found) = section.boolean(key) {
            *flag = found.value;
        }
    }
}
