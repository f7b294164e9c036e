//! `[cooldown]`: how long a unit rests after an attempt. Each window has two spellings.

use crate::config::section::Section;
use crate::config::value::Number;
use dosd_kernel::cooldown::Policy;

const KNOWN: [&str; 4] = ["window_ms", "window_hours", "error_window_ms", "error_window_minutes"];

pub(super) fn check(section: &Section<'_>, policy: &mut Policy) {
    section.refuse_unknown(&KNOWN);
    if let Some(ms) = window(section, "window_ms", ("window_hours", 3_600_000)) {
        policy.window_ms = ms;
    }
    if let Some(ms) = window(section, "error_window_ms", ("error_window_minutes", 60_000)) {
        policy.error_window_ms = ms;
    }
}

/// A window in milliseconds. The spelling in milliseconds wins, as it does for the peer.
fn window(section: &Section<'_>, in_ms: &str, (in_units, unit_ms): (&str, i64)) -> Option<i64> {
    let millis = whole(section, in_ms, 1);
    let units = whole(section, in_units, unit_ms);
    if section.has(in_ms)
        && let Some(key) = section.keys().find(|key| key.value == in_units)
    {
        key.warning(format!("is not used, because `{in_ms}` is there too"), "keep one of the two");
        return millis;
    }
    millis.or(units)
}

/// A number of units in milliseconds. The peer drops a fraction of a unit, and both tools have to
/// agree on when a unit rests.
fn whole(section: &Section<'_>, key: &str, unit_ms: i64) -> Option<i64> {
    let number = section.number(key)?;
    let count = match number.value {
        Number::Integer(count) => Some(count),
        Number::Float(count) => {
            if count.fract() != 0.0 {
                number.warning(
                    "is a fraction, which is dropped",
                    "write a whole number, in milliseconds if need be",
                );
            }
            #[expect(clippy::cast_possible_truncation, reason = "the range was just checked")]
            (count.abs() < 9e15).then_some(count as i64)
        }
    };
    let ms = count.and_then(|count| count.checked_mul(unit_ms));
    match ms {
        Some(ms) if ms >= 0 => return Some(ms),
        Some(_) => number.error("must not be negative", "write 0 or more"),
        None => number.error("is out of range", "write a shorter time"),
    }
    None
}
