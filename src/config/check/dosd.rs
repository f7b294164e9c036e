//! `[dosd]`: the daemon's own keys, and the tables under it.

use super::{exporter, http, witness, worker};
use crate::config::model::{Config, OnShutdown};
use crate::config::section::{Found, Section};
use dosd_kernel::liveness;
use std::time::Duration;

const KNOWN: [&str; 8] =
    ["tick", "listen", "on_shutdown", "http", "liveness", "worker", "witness", "exporter"];

const ON_SHUTDOWN: [(&str, OnShutdown); 3] =
    [("detach", OnShutdown::Detach), ("drain", OnShutdown::Drain), ("stop", OnShutdown::Stop)];

pub(super) fn check(section: &Section<'_>, config: &mut Config) {
    section.refuse_unknown(&KNOWN);
    if let Some(tick) = section.duration("tick")
        && not_zero(&tick, "the supervisor would never rest")
    {
        config.tick = tick.value;
    }
    config.http = http::check(section);
    if let Some(what) = section.choice("on_shutdown", &ON_SHUTDOWN) {
        config.on_shutdown = what.value;
    }
    if let Some(section) = section.child("liveness") {
        check_liveness(&section, &mut config.liveness);
    }
    if let Some(section) = section.child("worker") {
        worker::check(&section, config);
    }
    let witnesses = section.children("witness");
    config.witnesses = witness::check(&witnesses);
    if let Some(section) = section.shape("worker").and_then(|_| section.child("worker")) {
        worker::check_surfaces(&section, &witness::names(&witnesses), config);
    }
    config.exporters = exporter::check(&section.children("exporter"), &config.paths);
}

fn check_liveness(section: &Section<'_>, policy: &mut liveness::Policy) {
    section.refuse_unknown(&["grace", "spin"]);
    if let Some(grace) = section.duration("grace") {
        policy.grace_ms = whole_ms(grace.value);
    }
    if let Some(spin) = section.duration("spin")
        && not_zero(&spin, "every worker would count as stalled")
    {
        policy.spin_ms = whole_ms(spin.value);
    }
}

/// Reports a duration of zero, and what it would do.
pub(super) fn not_zero(duration: &Found<'_, Duration>, consequence: &str) -> bool {
    if duration.value.is_zero() {
        duration.error(format!("must not be zero: {consequence}"), "write a longer time");
    }
    !duration.value.is_zero()
}

/// Milliseconds as the kernel counts them. Configured durations stay far below the limit.
pub(super) fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
