//! Events to counters, the fleet to gauges. Pure.

use std::collections::{BTreeMap, BTreeSet};

use dosd_actors::journal::EventId;
use dosd_actors::supervisor::FleetView;

use super::config::StatsdConfig;
use super::lines::Writer;
use crate::event::Event;

/// A batch: a line for each pair of syscall and verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    pub(super) of: Option<BatchId>,
    pub(super) lines: Vec<String>,
}

/// Which events a batch has: the first, the last, and how many. They stand side by side in
/// one journal, so no other batch has the same.
pub(super) type BatchId = (EventId, EventId, usize);

impl Counts {
    pub(super) fn of(events: &[Event], config: &StatsdConfig) -> Self {
        let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for event in events {
            let verdict = event.verdict();
            *counts.entry((&verdict.syscall, &verdict.verdict)).or_default() += 1;
        }
        let writer = Writer::new(&config.prefix, config.tags);
        // Words that are told apart in the journal may be one here.
        let mut told: BTreeMap<(String, String), u64> = BTreeMap::new();
        for ((syscall, verdict), count) in counts {
            *told.entry((writer.word(syscall), writer.word(verdict))).or_default() += count;
        }
        for ((syscall, verdict), count) in &told {
            writer.count("verdict", &[("syscall", syscall), ("verdict", verdict)], *count);
        }
        let of = events.first().zip(events.last());
        Self {
            of: of.map(|(first, last)| (first.id(), last.id(), events.len())),
            lines: writer.into_lines(),
        }
    }
}

/// How a lane stands.
#[derive(Debug, Default)]
struct Lane {
    beat_age_ms: Option<u64>,
    workers: u64,
    gave_up: u64,
}

/// The fleet as lines. `known` are the lanes that were shown before: one that is nobody's any
/// more is set to nothing once, and forgotten.
pub(super) fn gauges(
    fleet: &FleetView,
    now_ms: i64,
    config: &StatsdConfig,
    known: &mut BTreeSet<String>,
) -> Vec<String> {
    let writer = Writer::new(&config.prefix, config.tags);
    if let Some(plan) = &fleet.plan {
        for (name, count) in [
            ("population.alive", plan.alive),
            ("population.target", plan.target),
            ("population.admissible", plan.admissible),
        ] {
            writer.gauge(name, &[], at_least_zero(count));
        }
    }
    let mut lanes: BTreeMap<String, Lane> =
        std::mem::take(known).into_iter().map(|lane| (lane, Lane::default())).collect();
    for (lane, at_ms) in &fleet.beats {
        let lane = seen(&writer, &mut lanes, known, lane);
        let age_ms = at_least_zero(now_ms.saturating_sub(*at_ms));
        // Two lanes of one name here: the older beat is the one to worry about.
        lane.beat_age_ms = lane.beat_age_ms.max(Some(age_ms));
    }
    for (lane, _) in &fleet.runs {
        seen(&writer, &mut lanes, known, lane).workers += 1;
    }
    for lane in &fleet.gave_up {
        seen(&writer, &mut lanes, known, lane).gave_up = 1;
    }
    for (name, lane) in &lanes {
        let labels = [("lane", name.as_str())];
        if let Some(age_ms) = lane.beat_age_ms {
            writer.gauge("lane.beat_age_ms", &labels, age_ms);
        }
        writer.gauge("lane.workers", &labels, lane.workers);
        writer.gauge("lane.gave_up", &labels, lane.gave_up);
    }
    writer.into_lines()
}

fn seen<'l>(
    writer: &Writer,
    lanes: &'l mut BTreeMap<String, Lane>,
    known: &mut BTreeSet<String>,
    lane: &str,
) -> &'l mut Lane {
    let name = writer.word(lane);
    known.insert(name.clone());
    lanes.entry(name).or_default()
}

/// A gauge below zero would be taken as a change of the gauge.
fn at_least_zero(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
