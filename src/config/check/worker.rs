//! `[dosd.worker]`: how a worker is started, stopped, restarted and logged; and
//! `[dosd.worker.lanes.NAME]`, the same keys for one lane.

use super::dosd::{not_zero, whole_ms};
use super::lanes::undeclared_help;
use super::supervise::check_placeholders;
use crate::config::command::CommandTemplate;
use crate::config::model::{Config, LeaseKeeper, Rotation, Worker};
use crate::config::quantity::format_duration;
use crate::config::section::{Found, Section};
use crate::config::words::did_you_mean;
use dosd_kernel::population::is_handle;
use dosd_kernel::restart;
use std::time::Duration;

const KEYS: [&str; 6] = ["command", "lease", "stop_timeout", "restart", "log", "witness"];

pub(super) fn check(section: &Section<'_>, config: &mut Config) {
    section.refuse_unknown(&[&KEYS[..], &["lanes"]].concat());
    check_keys(section, &mut config.workers.usual);
    let Some(lanes) = section.child("lanes") else { return };
    for lane in lanes.keys() {
        check_lane(&lane, config);
        let Some(section) = lanes.child(lane.value) else { continue };
        section.refuse_unknown(&KEYS);
        let mut worker = config.workers.usual.clone();
        check_keys(&section, &mut worker);
        config.workers.lanes.insert(lane.value.to_owned(), worker);
    }
}

/// The key `witness`, which names what is declared after it: one of `known`.
pub(super) fn check_surfaces(section: &Section<'_>, known: &[&str], config: &mut Config) {
    let usual = surfaces(section, known);
    config.workers.usual.witness.clone_from(&usual);
    let lanes = section.shape("lanes").and_then(|_| section.child("lanes"));
    for (lane, worker) in &mut config.workers.lanes {
        let section = lanes.as_ref().and_then(|lanes| lanes.child(lane));
        let own = section.and_then(|section| surfaces(&section, known));
        worker.witness = own.or_else(|| usual.clone());
    }
}

fn surfaces(section: &Section<'_>, known: &[&str]) -> Option<Vec<String>> {
    let list = section.texts("witness")?;
    for name in list.value.iter().filter(|name| !known.contains(&name.value)) {
        name.error(
            format!("`{}` is not the name of a `[[dosd.witness]]`", name.value.escape_debug()),
            did_you_mean(name.value, known),
        );
    }
    Some(list.value.iter().map(|name| name.value.to_owned()).collect())
}

/// Says when no worker is ever started under a name. Requests may use an alias; workers
/// are started for the lane itself.
fn check_lane(lane: &Found<'_, &str>, config: &Config) {
    let lanes = &config.lanes;
    let declared: Vec<&str> =
        lanes.concurrent.iter().chain(&lanes.exclusive).map(String::as_str).collect();
    let handles = config.supervise.max_concurrency.is_some();
    if declared.contains(&lane.value) || (handles && is_handle(lane.value)) {
        return;
    }
    if let Some(meant) = lanes.aliases.get(lane.value) {
        lane.warning(
            format!("`{}` is another name of lane `{meant}`, so this is not used", lane.value),
            format!("write `[dosd.worker.lanes.{meant}]`"),
        );
        return;
    }
    lane.warning(
        format!("lane `{}` is not declared, so this is not used", lane.value.escape_debug()),
        undeclared_help(lane.value, &declared),
    );
}

/// The keys that are there replace what `worker` holds.
fn check_keys(section: &Section<'_>, worker: &mut Worker) {
    if let Some(command) = check_command(section) {
        worker.command = command;
    }
    let keepers = [("worker", LeaseKeeper::Worker), ("supervisor", LeaseKeeper::Supervisor)];
    if let Some(keeper) = section.choice("lease", &keepers) {
        worker.lease = keeper.value;
    }
    if let Some(timeout) = section.duration("stop_timeout") {
        worker.stop_timeout = timeout.value;
    }
    if let Some(section) = section.child("restart") {
        check_restart(&section, &mut worker.restart);
    }
    if let Some(section) = section.child("log") {
        section.refuse_unknown(&["max_size", "keep"]);
        check_rotation(&section, &mut worker.log);
    }
}

fn check_command(section: &Section<'_>) -> Option<CommandTemplate> {
    let list = section.texts("command")?;
    for word in &list.value {
        check_placeholders(word);
        if word.value.contains('\0') {
            word.error("holds a zero byte, which no argument can", "remove it");
        }
    }
    let words = list.value.iter().map(|word| word.value.to_owned()).collect();
    let command = CommandTemplate::new(words);
    if command.is_none() {
        list.error(
            "names no program",
            "write the program and its arguments, like `[\"agent\", \"--lane\", \"{lane}\"]`",
        );
    }
    command
}

fn check_restart(section: &Section<'_>, policy: &mut restart::Policy) {
    section.refuse_unknown(&["burst", "window", "delay", "max_delay"]);
    if let Some(burst) = section.integer("burst") {
        match u32::try_from(burst.value) {
            Ok(0) | Err(_) => burst.error(
                format!("must be 1 or more, found {}", burst.value),
                "write how many failures within `window` end the restarts",
            ),
            Ok(count) => policy.burst = count,
        }
    }
    let window = section.duration("window");
    if let Some(window) = window.filter(|window| not_zero(window, "no failure would count")) {
        policy.window_ms = whole_ms(window.value);
    }
    let delay = section.duration("delay");
    let delay = delay.filter(|delay| not_zero(delay, "a failing worker would restart at once"));
    let max_delay = section.duration("max_delay");
    if let Some(delay) = &delay {
        policy.delay_ms = whole_ms(delay.value);
    }
    if let Some(max_delay) = &max_delay {
        policy.max_delay_ms = whole_ms(max_delay.value);
    }
    check_order(delay.as_ref(), max_delay.as_ref(), policy);
}

/// The delay grows up to the longest one, so the longest is not below it; either may be a default.
fn check_order(
    delay: Option<&Found<'_, Duration>>,
    max_delay: Option<&Found<'_, Duration>>,
    policy: &restart::Policy,
) {
    if policy.max_delay_ms >= policy.delay_ms {
        return;
    }
    let shown = |ms: i64| format_duration(Duration::from_millis(ms.unsigned_abs()));
    let (delay_ms, max_delay_ms) = (shown(policy.delay_ms), shown(policy.max_delay_ms));
    let what = format!("`max_delay` ({max_delay_ms}) is shorter than `delay` ({delay_ms})");
    if let Some(culprit) = max_delay.or(delay) {
        culprit.error(what, format!("set `max_delay` to {delay_ms} or more"));
    }
}

/// The two keys that keep a file from growing without end.
pub(super) fn check_rotation(section: &Section<'_>, rotation: &mut Rotation) {
    if let Some(size) = section.size("max_size") {
        if size.value == 0 {
            size.error("must not be zero: nothing would be kept", "write a size like `\"10MB\"`");
        } else {
            rotation.max_bytes = size.value;
        }
    }
    if let Some(keep) = section.integer("keep") {
        match u32::try_from(keep.value).ok().filter(|count| *count <= MOST_KEPT) {
            Some(count) => rotation.keep = count,
            None => keep.error(
                format!("must be between 0 and {MOST_KEPT}, found {}", keep.value),
                "write how many old files are kept",
            ),
        }
    }
}

/// More files than this are a mistake, and every rotation renames each of them.
const MOST_KEPT: u32 = 1_000;
