//! `[reasons.TOKEN]`: reasons of the workspace's own, beside the built-in ones; and
//! `[[reasons.morphology]]`, which sorts unknown tokens into categories.

use super::replace_texts;
use crate::config::problem::Weight;
use crate::config::section::Section;
use crate::config::value::Shape;
use dosd_kernel::reasons::{Category, Reason, key};

const KNOWN: [&str; 5] = ["category", "refusal", "summary", "fix", "see_also"];

/// The one name here that is no reason's.
const MORPHOLOGY: &str = "morphology";

pub(super) fn check(section: &Section<'_>, reasons: &mut Vec<Reason>) {
    for token in section.keys() {
        if token.value == MORPHOLOGY && section.shape(MORPHOLOGY) == Some(Shape::List) {
            check_morphology(&section.children(MORPHOLOGY));
            continue;
        }
        let Some(body) = section.child(token.value) else { continue };
        if token.value.trim().is_empty() {
            token.error("is an empty reason", "name the reason, like `LANE_PARKED`");
            continue;
        }
        if reasons.iter().any(|reason| reason.key() == key(token.value)) {
            token.error(
                "is a reason that is there already; case does not count",
                "give it another name, or remove it",
            );
            continue;
        }
        if let Some(reason) = reason(token.value, &body) {
            reasons.push(reason);
        }
    }
}

fn reason(token: &str, body: &Section<'_>) -> Option<Reason> {
    body.refuse_unknown(&KNOWN);
    // Texts for people, which no verb of ours prints yet.
    body.text("summary");
    body.text("fix");
    let refusal = body.boolean("refusal").is_none_or(|refusal| refusal.value);
    let mut see_also = Vec::new();
    replace_texts(body, "see_also", &mut see_also);
    let category = category(body)?;
    Some(Reason { token: token.to_owned(), category, refusal, see_also })
}

fn category(body: &Section<'_>) -> Option<Category> {
    if !body.has("category") {
        body.missing("category", "write what it rolls up to, like `\"OPERATOR_GATE\"`");
    }
    let categories = Category::ALL.map(|category| (category.as_str(), category));
    body.choice("category", &categories).map(|category| category.value)
}

fn check_morphology(rules: &[Section<'_>]) {
    for rule in rules {
        rule.report_unknown(Weight::Warning, &["substring", "category"]);
        category(rule);
        match rule.text("substring") {
            None if !rule.has("substring") => {
                rule.missing("substring", "write a part of the tokens that are meant");
            }
            Some(part) if part.value.trim().is_empty() => {
                part.error("is empty, so it would fit every token", "write a part of the tokens");
            }
            Some(_) | None => {}
        }
    }
}
