//! `[supervise]`: the population policy, with the peer's keys and its strictness on types.

use crate::config::command::{CommandTemplate, Stranger, names_lane, strangers};
use crate::config::model::Config;
use crate::config::section::{Found, Section};
use crate::config::value::Number;
use dosd_kernel::population::{MOST_WORKERS, Policy};

const KNOWN: [&str; 7] = [
    "target",
    "count_spinning_as_alive",
    "reap_stalled",
    "spin_halt_after_ms",
    "spin_halt_after_minutes",
    "worker_launch_template",
    "max_concurrency",
];

pub(super) fn check(section: &Section<'_>, config: &mut Config) {
    section.refuse_unknown(&KNOWN);
    let policy = &mut config.supervise;
    if let Some(target) = whole(section, "target", 0) {
        policy.target = target;
    }
    if let Some(count) = section.boolean("count_spinning_as_alive") {
        policy.count_spinning_as_alive = count.value;
    }
    if let Some(reap) = section.boolean("reap_stalled") {
        policy.reap_stalled = reap.value;
    }
    check_max_concurrency(section, policy);
    if let Some(after_ms) = spin_halt_after_ms(section) {
        policy.spin_halt_after_ms = Some(after_ms);
    }
    if let Some(line) = section.text("worker_launch_template")
        && let Some(command) = launch_command(&line)
    {
        line.value.clone_into(&mut config.worker_launch_template);
        config.workers.usual.command = command;
    }
}

fn check_max_concurrency(section: &Section<'_>, policy: &mut Policy) {
    let Some(limit) = whole(section, "max_concurrency", 1) else { return };
    if limit > MOST_WORKERS {
        if let Some(found) = section.integer("max_concurrency") {
            found.error(
                format!("must be {MOST_WORKERS} or less, found {limit}"),
                "write how many workers may really run at once",
            );
        }
        return;
    }
    policy.max_concurrency = Some(limit);
}

/// A whole number that is not below `least`.
pub(super) fn whole(section: &Section<'_>, key: &str, least: i64) -> Option<i64> {
    let number = section.integer(key)?;
    if number.value < least {
        number.error(
            format!("must be {least} or more, found {}", number.value),
            format!("write a whole number from {least} up"),
        );
        return None;
    }
    Some(number.value)
}

/// The threshold in either of its two spellings.
fn spin_halt_after_ms(section: &Section<'_>) -> Option<i64> {
    let millis = section.number("spin_halt_after_ms");
    let minutes = section.number("spin_halt_after_minutes");
    if let (Some(_), Some(minutes)) = (&millis, &minutes) {
        minutes.error(
            "says the same as `spin_halt_after_ms`, which is there too",
            "keep one of the two",
        );
    }
    millis
        .and_then(|millis| to_ms(&millis, &[]))
        .or_else(|| minutes.and_then(|minutes| to_ms(&minutes, &[60, 1_000])))
}

/// Milliseconds from a number of units; `factors` lead from one unit to the next smaller one. Each is
/// applied by itself, as the peer does, so that fractions round alike.
fn to_ms(number: &Found<'_, Number>, factors: &[i32]) -> Option<i64> {
    let whole_ms = match number.value {
        Number::Integer(count) => {
            factors.iter().try_fold(count, |count, factor| count.checked_mul(i64::from(*factor)))
        }
        Number::Float(count) => {
            truncated(factors.iter().fold(count, |count, factor| count * f64::from(*factor)))
        }
    };
    match whole_ms {
        Some(ms) if ms >= 0 => return Some(ms),
        Some(_) => number.error("must not be negative", "write 0 or more"),
        None => number.error("is out of range", "write a shorter time"),
    }
    None
}

/// The whole part of a number of milliseconds, when it is one that a clock can count.
fn truncated(millis: f64) -> Option<i64> {
    // 2^53: up to here every whole number is a float of its own, so the cast is exact.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range was just checked")]
    (millis.abs() <= LARGEST).then(|| millis.floor() as i64)
}

/// What a launch line starts; nothing when it cannot be used.
fn launch_command(line: &Found<'_, &str>) -> Option<CommandTemplate> {
    if !names_lane(line.value) {
        line.error("does not hold `{lane}`", "write `{lane}` where the lane's name goes");
        return None;
    }
    check_placeholders(line);
    match CommandTemplate::from_launch_template(line.value) {
        Ok(command) => Some(command),
        Err(what) => {
            line.error(what, "correct the line, or give the words in `command` of `[dosd.worker]`");
            None
        }
    }
}

/// Reports what stands in braces and is no placeholder.
pub(super) fn check_placeholders(word: &Found<'_, &str>) {
    for stranger in strangers(word.value) {
        match stranger {
            Stranger::Misspelt { name, meant } => word.error(
                format!("`{{{name}}}` is not a placeholder"),
                format!("did you mean `{{{meant}}}`?"),
            ),
            Stranger::Literal { name } => word.warning(
                format!("`{{{name}}}` is not a placeholder and is passed on as it is"),
                "the placeholders are `{lane}`, `{run_id}` and `{workspace}`",
            ),
        }
    }
}
