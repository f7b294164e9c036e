//! An exporter that catches up, as the daemon runs one, measured.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Arbiter};
use dosd_actors::guard::EndGuard;
use dosd_actors::journal::{JournalActor, Log};
use dosd_actors::port::{Clock as _, Disk, SystemClock};
use dosd_actors::reach::Reach;
use dosd_exporters::delivery::Policy;
use dosd_exporters::{
    Drain, DrainEnd, Drained, ExporterActor, ExporterParts, Filter, Sink, StartFrom,
};
use dosd_kernel::verdict::VerdictFold;

use crate::{journal, memory};

/// Names the columns of what [`run`] prints.
pub(crate) const HEADING: &str =
    "sink     |   events | events/s |     goal | memory growth, MB (goal: under 20)";

const MEMORY_GOAL_MB: f64 = 20.0;

/// Lets an exporter with the sink that `sink` makes, in a directory for its files, catch up
/// by so many events, and prints how fast it was.
pub(crate) fn run<S: Sink + Unpin>(
    name: &str,
    goal_per_s: f64,
    events: usize,
    sink: impl FnOnce(&Path) -> S,
) {
    let directory = tempfile::Builder::new()
        .prefix("catch-up-")
        // On the disk that the build is on: one in memory would measure something else.
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("the target directory is writable");
    journal::build(directory.path(), events);
    let sink = sink(directory.path());
    let (took, growth_bytes) = actix::System::new().block_on(catch_up(directory.path(), sink));
    let per_s = count(events) / took.as_secs_f64();
    let growth_mb = count(usize::try_from(growth_bytes).unwrap_or(usize::MAX)) / 1e6;
    let missed = if per_s < goal_per_s || growth_mb >= MEMORY_GOAL_MB { "  MISSED" } else { "" };
    println!(
        "{name:<8} | {events:>8} | {per_s:>8.0} | {goal_per_s:>8.0} | {growth_mb:>6.1}{missed}"
    );
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn count(count: usize) -> f64 {
    count as f64
}

/// How long it takes, and by how much the process grows.
async fn catch_up<S: Sink + Unpin>(directory: &Path, sink: S) -> (Duration, u64) {
    let clock = SystemClock::new();
    let path = directory.join("verdict-journal.jsonl");
    let log: Log<VerdictFold> = Log::open(Arc::new(Disk), &path).expect("the journal");
    // As in the daemon, the journal has a thread of its own.
    let thread = Arbiter::new();
    let journal = JournalActor::start_in_arbiter(&thread.handle(), move |_| {
        JournalActor::new(log, Arc::new(clock), None, None)
    });
    let (read, subscribe) = (Reach::unset("journal"), Reach::unset("journal"));
    read.point_at(&journal);
    subscribe.point_at(&journal);
    let parts = ExporterParts {
        name: "catch-up".to_owned(),
        sink,
        filter: Filter::default(),
        from: StartFrom::Start,
        policy: Policy::default(),
        directory: directory.join("exporters"),
        clock: Arc::new(clock),
        storage: Arc::new(Disk),
        rng: fastrand::Rng::with_seed(1),
        read,
        subscribe,
        fleet: Reach::unset("supervisor"),
    };
    let (report, _) = tokio::sync::mpsc::unbounded_channel();
    let before = memory::begin();
    let since = clock.monotonic();
    let exporter = ExporterActor::new(parts, EndGuard::new("exporter", report)).start();
    let drained = exporter.send(Drain { within: Duration::from_mins(10) }).await;
    let took = clock.monotonic().saturating_sub(since);
    let growth = memory::peak().saturating_sub(before);
    let caught_up = Drained { end: DrainEnd::CaughtUp, behind_bytes: 0 };
    assert_eq!(drained.expect("an exporter"), caught_up);
    (took, growth)
}
