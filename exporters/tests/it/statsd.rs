//! A real journal, the real exporter, and the original statsd: its counters are the
//! journal's roll-up.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix::Actor;
use dosd_actors::guard::EndGuard;
use dosd_actors::journal::{Append, JournalActor, Log};
use dosd_actors::port::{Disk, SystemClock};
use dosd_actors::reach::Reach;
use dosd_actors::supervisor::FleetView;
use dosd_exporters::delivery::Policy;
use dosd_exporters::statsd::{Address, StatsdConfig, StatsdSink, Tags};
use dosd_exporters::{Drain, DrainEnd, ExporterActor, ExporterParts, Filter, Sink, StartFrom};
use dosd_kernel::verdict::{Dimension, VerdictEvent, VerdictFold, roll_up};

use crate::statsd_peer::{Statsd, soon};

const EVENTS: usize = 4_000;

const JOURNAL: &str = "verdict-journal.jsonl";

/// Words as they occur, and words as somebody who means harm would write them.
fn events() -> Vec<VerdictEvent> {
    let words = [
        ("worker", "EXITED"),
        ("worker", "STARTED"),
        ("effect_witness", "REFUTED"),
        ("supervise", "AT_TARGET"),
        ("", ""),
        ("a:1|c\nb", "x|#y,z"),
        ("größe/dots.and;semi=colons", "OPEN"),
    ];
    let event = |number: usize| {
        let (syscall, verdict) = words[number * number % words.len()];
        VerdictEvent {
            syscall: syscall.to_owned(),
            verdict: verdict.to_owned(),
            ..VerdictEvent::default()
        }
    };
    (0..EVENTS).map(event).collect()
}

/// Counts of each pair of syscall and verdict, as the journal on disk has them.
type Rolled = BTreeMap<(String, String), u64>;

fn rolled_up(directory: &Path) -> Rolled {
    let journal = std::fs::read_to_string(directory.join(JOURNAL)).unwrap();
    let events: Vec<VerdictEvent> =
        journal.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let rolled = roll_up(&events, Dimension::Syscall, 0);
    let pairs = rolled.counts.into_iter().flat_map(|(syscall, verdicts)| {
        verdicts.into_iter().map(move |(verdict, count)| ((syscall.clone(), verdict), count))
    });
    pairs.collect()
}

fn config(statsd: &Statsd, tags: Tags) -> StatsdConfig {
    let address = Address::Udp { host: "127.0.0.1".to_owned(), port: statsd.port };
    StatsdConfig { address, tags, ..StatsdConfig::default() }
}

async fn ready(statsd: &Statsd, tags: Tags) -> StatsdSink {
    let mut sink = StatsdSink::new(config(statsd, tags)).unwrap();
    soon("statsd never listened", async || sink.check().await.ok()).await;
    sink
}

/// Exports a journal to a statsd, and gives what that has counted, and what the journal has.
async fn counted(tags: Tags) -> (BTreeMap<String, u64>, Rolled) {
    let directory = tempfile::tempdir().unwrap();
    let statsd = Statsd::start(directory.path()).await;
    let sink = ready(&statsd, tags).await;
    let (read, subscribe) = (Reach::unset("journal"), Reach::unset("journal"));
    let journal = journal(directory.path());
    read.point_at(&journal);
    subscribe.point_at(&journal);
    let rows = events().iter().map(|event| event.draft(0)).collect();
    journal.send(Append { rows }).await.unwrap().unwrap();
    let parts = ExporterParts {
        name: "metrics".to_owned(),
        sink,
        filter: Filter::default(),
        from: StartFrom::Start,
        policy: Policy::default(),
        directory: directory.path().join("exporters"),
        clock: Arc::new(SystemClock::new()),
        storage: Arc::new(Disk),
        rng: fastrand::Rng::with_seed(7),
        read,
        subscribe,
        fleet: Reach::unset("supervisor"),
    };
    let (report, _) = tokio::sync::mpsc::unbounded_channel();
    let exporter = ExporterActor::new(parts, EndGuard::new("exporter", report)).start();
    let drained = exporter.send(Drain { within: Duration::from_mins(1) }).await.unwrap();
    assert_eq!((drained.end, drained.behind_bytes), (DrainEnd::CaughtUp, 0));
    let counters = soon("statsd never counted all events", async || {
        let counters = statsd.counters().await;
        (counters.values().sum::<u64>() >= EVENTS as u64).then_some(counters)
    })
    .await;
    (counters, rolled_up(directory.path()))
}

fn journal(directory: &Path) -> actix::Addr<JournalActor<VerdictFold>> {
    let log = Log::open(Arc::new(Disk), &directory.join(JOURNAL)).unwrap();
    JournalActor::new(log, Arc::new(SystemClock::new()), None, None).start()
}

/// A word as it stands in the name of a plain metric.
fn plain(word: &str) -> String {
    let stays = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let word: String = word.chars().map(|c| if stays(c) { c } else { '_' }).collect();
    // The roll-up has a word of its own for an empty one.
    if word == "_none_" { "none".to_owned() } else { word }
}

#[actix::test]
async fn its_counters_with_tags_are_the_roll_up() {
    let (counters, rolled) = counted(Tags::DogStatsD).await;
    for ((syscall, verdict), count) in &rolled {
        if plain(syscall).trim_matches('_') == syscall.trim_matches(['(', ')']) {
            let (syscall, verdict) = (plain(syscall), plain(verdict));
            let name = format!("dos.verdict;syscall={syscall};verdict={verdict}");
            assert_eq!(counters.get(&name), Some(count), "{name} of {counters:?}");
        }
    }
    // What statsd makes of other words is its own business; none is lost or split.
    assert_eq!(counters.len(), rolled.len());
    assert_eq!(counters.values().sum::<u64>(), EVENTS as u64);
}

#[actix::test]
async fn its_counters_without_tags_are_the_roll_up_under_the_names_that_were_sent() {
    let (counters, rolled) = counted(Tags::None).await;
    let name = |((syscall, verdict), count): ((String, String), u64)| {
        (format!("dos.verdict.{}.{}", plain(&syscall), plain(&verdict)), count)
    };
    let expected: BTreeMap<String, u64> = rolled.into_iter().map(name).collect();
    assert_eq!(counters, expected);
}

#[actix::test]
async fn its_gauges_are_the_fleet() {
    let directory = tempfile::tempdir().unwrap();
    let statsd = Statsd::start(directory.path()).await;
    let mut sink = ready(&statsd, Tags::DogStatsD).await;
    let mut fleet = FleetView {
        plan: None,
        runs: vec![("api".to_owned(), "r1".to_owned())],
        gave_up: Vec::new(),
        beats: vec![("api".to_owned(), 1_000)],
    };
    for (now_ms, age_ms) in [(3_500, 2_500), (4_500, 3_500)] {
        sink.show(&fleet, now_ms).await.unwrap();
        soon("statsd never showed the beat's age", async || {
            (statsd.gauges().await.get("dos.lane.beat_age_ms;lane=api") == Some(&age_ms))
                .then_some(())
        })
        .await;
    }
    assert_eq!(statsd.gauges().await["dos.lane.workers;lane=api"], 1);
    fleet.runs.clear();
    fleet.gave_up.push("api".to_owned());
    sink.show(&fleet, 5_000).await.unwrap();
    soon("statsd never showed that the lane was given up", async || {
        (statsd.gauges().await["dos.lane.gave_up;lane=api"] == 1).then_some(())
    })
    .await;
    assert_eq!(statsd.gauges().await["dos.lane.workers;lane=api"], 0);
}
