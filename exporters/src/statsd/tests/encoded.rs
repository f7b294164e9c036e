//! Lines: what they are called, and what hostile rows cannot do to them.

use std::collections::BTreeSet;
use std::time::Duration;

use dosd_actors::supervisor::FleetView;
use dosd_kernel::population::{Evidence, Outcome, Plan};
use dosd_kernel::telemetry::statsd_lines;
use proptest::prelude::*;

use super::super::config::{Address, StatsdConfig, Tags};
use super::super::encode::{Counts, gauges};
use super::super::transport::StatsdSink;
use super::event;
use crate::event::Event;

const NOW_MS: i64 = 1_795_375_885_000;

fn config(tags: Tags) -> StatsdConfig {
    StatsdConfig { tags, ..StatsdConfig::default() }
}

fn lines(events: &[Event], tags: Tags) -> Vec<String> {
    Counts::of(events, &config(tags)).lines
}

#[test]
fn a_batch_is_a_line_for_each_pair() {
    let events = [event(0, "worker", "EXITED"), event(1, "lint", ""), event(2, "worker", "EXITED")];
    let verdicts: Vec<_> = events.iter().map(|event| event.verdict().clone()).collect();
    let tagged = lines(&events, Tags::DogStatsD);
    assert_eq!(tagged, statsd_lines(&verdicts, "dos.verdict"));
    assert_eq!(tagged[1], "dos.verdict:2|c|#syscall:worker,verdict:EXITED");
    assert_eq!(
        lines(&events, Tags::None),
        ["dos.verdict.lint.none:1|c", "dos.verdict.worker.EXITED:2|c"]
    );
}

#[test]
fn words_that_become_one_are_one_counter() {
    let events = [event(0, "a.b", "V"), event(1, "a/b", "V"), event(2, "a|b", "V")];
    assert_eq!(lines(&events, Tags::None), ["dos.verdict.a_b.V:3|c"]);
    assert_eq!(lines(&events, Tags::DogStatsD).len(), 3);
}

#[test]
fn no_prefix_is_no_dot() {
    let config = StatsdConfig { prefix: String::new(), ..config(Tags::None) };
    assert_eq!(Counts::of(&[event(0, "a", "B")], &config).lines, ["verdict.a.B:1|c"]);
}

proptest! {
    #[test]
    fn any_row_is_counted_once_in_a_line_that_holds(
        words in prop::collection::vec((".{0,300}", any::<String>()), 1..40),
        tags in prop::sample::select(vec![Tags::DogStatsD, Tags::None]),
    ) {
        let events: Vec<Event> =
            words.iter().zip(0..).map(|((s, v), place)| event(place, s, v)).collect();
        let lines = lines(&events, tags);
        let mut sum = 0;
        for line in &lines {
            prop_assert!(line.len() <= Address::default().datagram_bytes());
            prop_assert!(!line.contains(char::is_control));
            let (name, value) = line.split_once(':').unwrap();
            let (count, labels) = value.split_once("|c").unwrap();
            sum += count.parse::<usize>().unwrap();
            match tags {
                Tags::None => {
                    prop_assert_eq!(labels, "");
                    prop_assert_eq!(name.split('.').count(), 4);
                }
                Tags::DogStatsD => {
                    prop_assert_eq!(name, "dos.verdict");
                    let labels: Vec<_> = labels.strip_prefix("|#").unwrap().split(',').collect();
                    prop_assert_eq!(labels.len(), 2);
                    prop_assert!(labels.iter().all(|label| label.matches(':').count() == 1));
                }
            }
        }
        prop_assert_eq!(sum, events.len());
        let names: BTreeSet<_> = lines.iter().map(|line| {
            line.split_once(':').map(|(name, rest)| (name, rest.split_once('|').unwrap().1))
        }).collect();
        prop_assert_eq!(names.len(), lines.len(), "a counter has one line");
    }
}

fn fleet() -> FleetView {
    FleetView {
        plan: Some(Plan {
            verdict: Outcome::Filling,
            reason: String::new(),
            alive: 1,
            admissible: 2,
            target: 3,
            spawn: Vec::new(),
            reap: Vec::new(),
            flag: Vec::new(),
            proposed_halt: Vec::new(),
            evidence: Evidence { lanes: Vec::new(), target: 3 },
        }),
        runs: vec![("api".to_owned(), "r1".to_owned()), ("api".to_owned(), "r2".to_owned())],
        gave_up: vec!["docs".to_owned()],
        beats: vec![("api".to_owned(), NOW_MS - 1500), ("a b".to_owned(), NOW_MS + 9)],
    }
}

#[test]
fn the_fleet_is_gauges_and_what_it_left_is_zero_once() {
    let config = config(Tags::DogStatsD);
    let mut known = BTreeSet::new();
    let shown = gauges(&fleet(), NOW_MS, &config, &mut known);
    let expected = [
        "dos.population.alive:1|g",
        "dos.population.target:3|g",
        "dos.population.admissible:2|g",
        // A beat from the future is new, not older than nothing.
        "dos.lane.beat_age_ms:0|g|#lane:a_b",
        "dos.lane.workers:0|g|#lane:a_b",
        "dos.lane.gave_up:0|g|#lane:a_b",
        "dos.lane.beat_age_ms:1500|g|#lane:api",
        "dos.lane.workers:2|g|#lane:api",
        "dos.lane.gave_up:0|g|#lane:api",
        "dos.lane.workers:0|g|#lane:docs",
        "dos.lane.gave_up:1|g|#lane:docs",
    ];
    assert_eq!(shown, expected);

    let alone = FleetView { beats: Vec::new(), plan: None, gave_up: Vec::new(), ..fleet() };
    let shown = gauges(&alone, NOW_MS, &config, &mut known);
    assert!(shown.contains(&"dos.lane.gave_up:0|g|#lane:docs".to_owned()), "{shown:?}");
    let shown = gauges(&alone, NOW_MS, &config, &mut known);
    assert_eq!(shown, ["dos.lane.workers:2|g|#lane:api", "dos.lane.gave_up:0|g|#lane:api"]);
}

#[test]
fn without_tags_a_lane_is_a_part_of_the_name() {
    let shown = gauges(&fleet(), NOW_MS, &config(Tags::None), &mut BTreeSet::new());
    assert!(shown.contains(&"dos.lane.beat_age_ms.api:1500|g".to_owned()), "{shown:?}");
}

#[test]
fn a_configuration_that_breaks_lines_is_refused() {
    let with = |change: &dyn Fn(&mut StatsdConfig)| {
        let mut config = StatsdConfig::default();
        change(&mut config);
        StatsdSink::new(config).err()
    };
    assert_eq!(with(&|_| {}), None);
    assert!(with(&|config| config.interval = Duration::ZERO).is_some());
    assert!(with(&|config| config.prefix = "a:b\n".to_owned()).unwrap().contains(r"a:b\n"));
    assert!(with(&|config| config.prefix = "a".repeat(101)).is_some());
    let udp = |host: &str, port| Address::Udp { host: host.to_owned(), port };
    assert!(with(&|config| config.address = udp("", 1)).is_some());
    assert!(with(&|config| config.address = udp("::1", 0)).is_some());
    assert_eq!(udp("::1", 8125).to_string(), "[::1]:8125");
}
