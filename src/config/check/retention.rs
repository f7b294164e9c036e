//! `[retention]`: how much history is kept.

use crate::config::problem::Weight;
use crate::config::section::{Found, Section};
use crate::config::value::{Number, Shape};
use dosd_kernel::retention::Policy;

const KNOWN: [&str; 6] = [
    "journal_max_entries",
    "journal_max_age_days",
    "runs_keep_last",
    "verdicts_keep_last",
    "audits_keep_last",
    "projections_compact",
];

pub(super) fn check(section: &Section<'_>, policy: &mut Policy) {
    section.refuse_unknown(&KNOWN);
    for (key, cap) in [
        ("journal_max_entries", &mut policy.journal_max_entries),
        ("runs_keep_last", &mut policy.runs_keep_last),
        ("verdicts_keep_last", &mut policy.verdicts_keep_last),
        ("audits_keep_last", &mut policy.audits_keep_last),
    ] {
        if let Some(value) = self::cap(section, key) {
            *cap = value.and_then(|number| entries(&number));
        }
    }
    if let Some(value) = cap(section, "journal_max_age_days") {
        policy.journal_max_age_days = value.map(|number| as_float(number.value));
    }
    if let Some(compact) = section.boolean("projections_compact") {
        policy.projections_compact = compact.value;
    }
}

/// The value of a cap: a number, or nothing for "keep everything". Nothing at all when the key is
/// absent or wrong.
#[expect(clippy::option_option, reason = "an absent cap and one that keeps all are two answers")]
fn cap<'a>(section: &Section<'a>, key: &str) -> Option<Option<Found<'a, Number>>> {
    const WANTED: &str = "a number of 0 or more, or `\"none\"` to keep everything";
    match section.shape(key)? {
        Shape::Number => {}
        Shape::Text => {
            let text = section.text(key)?;
            if text.value.trim().eq_ignore_ascii_case("none") {
                return Some(None);
            }
            text.error(
                format!("`{}` is no cap", text.value.escape_debug()),
                format!("write {WANTED}"),
            );
            return None;
        }
        Shape::Boolean | Shape::Date | Shape::List | Shape::Table => {
            section.misshapen(key, Weight::Error, WANTED);
            return None;
        }
    }
    let number = section.number(key)?;
    let value = as_float(number.value);
    // TOML has no null, so the peer takes -1 for "no cap" as well.
    #[expect(clippy::float_cmp, reason = "only this very number means something else")]
    if value == -1.0 {
        return Some(None);
    }
    if value < 0.0 {
        number.error("must not be negative", format!("write {WANTED}"));
        return None;
    }
    Some(Some(number))
}

/// A cap in whole entries. A fraction of one is dropped, as the peer does.
fn entries(number: &Found<'_, Number>) -> Option<u64> {
    match number.value {
        Number::Integer(count) => u64::try_from(count).ok(),
        Number::Float(count) => {
            if count.fract() != 0.0 {
                number.warning("is a fraction, which is dropped", "write a whole number");
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is not negative, and a cap of 2^64 is none"
            )]
            Some(count as u64)
        }
    }
}

fn as_float(number: Number) -> f64 {
    match number {
        #[expect(clippy::cast_precision_loss, reason = "caps are far below 2^53")]
        Number::Integer(integer) => integer as f64,
        Number::Float(float) => float,
    }
}
