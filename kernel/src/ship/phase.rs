//! The spellings of a phase's id in commit messages.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::text::{blanks, contains, digits, is_boundary, is_boundary_behind, strip};

/// One way to write a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spelling {
    /// These letters.
    Literal(String),
    /// The plan and the number, with or without blanks between: `PSC6`, `PSC 6`.
    Number { plan: String, number: String },
    /// The plan right before a numbered phase: `PSC Phase 6`, `PSC: Phase 6`.
    Beside { plan: String, number: String },
}

impl Spelling {
    /// What follows the phase at the front of a text.
    pub(super) fn strip<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Literal(letters) => strip(text, letters),
            Self::Number { plan, number } => strip(strip(text, plan)?.trim_start(), number),
            Self::Beside { plan, number } => {
                let behind = strip(text, plan)?;
                let rest = match behind.trim_start().strip_prefix(':') {
                    Some(rest) => blanks(rest)?,
                    None => blanks(behind)?,
                };
                strip(strip(rest, "phase")?.trim_start(), number)
            }
        }
    }
}

/// What follows the first spelling that stands at the front, as a whole id.
pub(super) fn strip_any<'a>(spellings: &[Spelling], text: &'a str) -> Option<&'a str> {
    spellings.iter().filter_map(|spelling| spelling.strip(text)).find(|rest| is_boundary(rest))
}

/// What follows the first place where a spelling stands as a whole id.
pub(super) fn find_any<'a>(spellings: &[Spelling], text: &'a str) -> Option<&'a str> {
    text.char_indices()
        .filter(|(place, _)| is_boundary_behind(&text[..*place]))
        .find_map(|(place, _)| strip_any(spellings, &text[place..]))
}

/// The spellings that count where the plan is named beside them.
///
/// Commands cannot always hold an apostrophe, so `MG3'` is also `MG3prime`; and a plan whose
/// phases are plainly numbered is stamped as `Phase 6` and as `PSC6`.
pub(super) fn beside_plan(plan: &str, phase: &str) -> Vec<Spelling> {
    variants(plan, phase).into_iter().map(Spelling::Literal).collect()
}

/// The spellings that count by themselves, in a text that names many plans. A bare `Phase 6`
/// there may be any plan's, so it counts only right behind the plan.
pub(super) fn alone(plan: &str, phase: &str) -> Vec<Spelling> {
    let owned = |number: &str| (plan.to_string(), number.to_string());
    if let Some(number) = generic_number(phase.trim()) {
        let ((plan, number), (beside, again)) = (owned(number), owned(number));
        return Vec::from([
            Spelling::Number { plan, number },
            Spelling::Beside { plan: beside, number: again },
        ]);
    }
    let spelling = |variant: String| match generic_number(&variant) {
        Some(number) if plan.is_empty() || !contains(&variant, plan) => {
            let (plan, number) = owned(number);
            Spelling::Beside { plan, number }
        }
        _ => Spelling::Literal(variant),
    };
    variants(plan, phase).into_iter().map(spelling).collect()
}

/// The spellings of a plan in a trailer: `docs/286_ship-the-binary` is also `docs/286`.
pub(super) fn plan_spellings(plan: &str) -> Vec<&str> {
    let head = plan.split_once('_').map(|(head, _)| head).filter(|head| {
        let tail = head.rsplit(|letter: char| !letter.is_ascii_alphanumeric()).next();
        !head.contains(char::is_whitespace)
            && tail.is_some_and(|tail| tail.contains(|letter: char| letter.is_ascii_digit()))
    });
    core::iter::once(plan).chain(head).collect()
}

fn variants(plan: &str, phase: &str) -> Vec<String> {
    let mut variants = Vec::from([phase.to_string()]);
    if phase.contains('\'') {
        variants.push(phase.replace('\'', "prime"));
    }
    if phase.contains("prime") {
        variants.push(phase.replace("prime", "'"));
    }
    if plan.is_empty() {
        return variants;
    }
    let phase = phase.trim();
    if let Some(number) = generic_number(phase) {
        variants.extend([format!("{plan}{number}"), format!("{plan} {number}")]);
    } else if let Some(number) = own_number(plan, phase) {
        variants.extend([format!("Phase {number}"), format!("Phase{number}")]);
    }
    variants
}

/// The number of a phase that carries no plan: `Phase 2.6`.
fn generic_number(phase: &str) -> Option<&str> {
    Some(strip(phase, "phase")?.trim_start()).filter(|rest| is_number(rest))
}

/// The number of a phase that is the plan's letters and a number: `PSC5` of `PSC`.
fn own_number<'a>(plan: &str, phase: &'a str) -> Option<&'a str> {
    plan.chars().all(|letter| letter.is_ascii_alphabetic()).then_some(())?;
    Some(strip(phase, plan)?.trim_start()).filter(|rest| is_number(rest))
}

/// `6` or `2.6`.
fn is_number(text: &str) -> bool {
    let Some((_, rest)) = digits(text) else { return false };
    rest.is_empty()
        || rest.strip_prefix('.').and_then(digits).is_some_and(|(_, rest)| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{alone, beside_plan, find_any, plan_spellings, strip_any};

    #[test]
    fn numbered_phases_have_two_names() {
        let named = beside_plan("PSC", "Phase 6");
        for text in ["Phase 6 x", "PSC6", "psc 6: x"] {
            assert!(strip_any(&named, text).is_some(), "{text}");
        }
        let short = beside_plan("PSC", "PSC5");
        assert!(strip_any(&short, "Phase 5").is_some());
        assert!(strip_any(&short, "Phase 5.1").is_none());
        assert!(strip_any(&beside_plan("EV", "PSC5"), "Phase 5").is_none());
        assert!(strip_any(&beside_plan("M", "MG3'-1"), "MG3prime-1").is_some());
    }

    #[test]
    fn a_bare_number_is_nobodys_in_a_text_of_many_plans() {
        for phase in ["Phase 6", "PSC6"] {
            let spellings = alone("PSC", phase);
            assert!(find_any(&spellings, " docs/09 Phase 6 UI").is_none(), "{phase}");
            for text in [" PSC6 and more", " a, PSC Phase 6", "x PSC: Phase6"] {
                assert!(find_any(&spellings, text).is_some(), "{phase}: {text}");
            }
            assert!(find_any(&spellings, " XPSC6 PSC60 PSC6.1").is_none(), "{phase}");
        }
    }

    #[test]
    fn a_plan_with_a_numbered_head_is_known_by_it() {
        assert_eq!(plan_spellings("docs/286_ship-it"), ["docs/286_ship-it", "docs/286"]);
        assert_eq!(plan_spellings("82_x"), ["82_x", "82"]);
        for plan in ["docs/286", "RS4-port", "my_plan", "a 1_x", "v1.x_y"] {
            assert_eq!(plan_spellings(plan), [plan]);
        }
    }
}
