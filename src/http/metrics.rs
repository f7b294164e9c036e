//! `/metrics`: the numbers, as Prometheus reads them. Each one stands in docs/telemetry.md.
//!
//! Counters about the fleet are what the journals add up to, so a restart of the daemon does not set
//! them back. They are put together anew for each reader: nobody pays for numbers that nobody reads.

use super::api::fleet::look;
use super::board::Seen;
use super::error::{ApiError, Kind};
use super::readiness::{self, Readiness};
use super::server::Doors;
use crate::fleet::{LaneState, Overview};
use actix_web::HttpResponse;
use actix_web::web::Data;
use dosd_exporters::delivery::Circuit;
use dosd_exporters::{ExporterStatus, Phase};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// What Prometheus calls this format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Number = Gauge<f64, AtomicU64>;

/// How many there are now.
#[derive(Debug, Default)]
pub(super) struct Tally(AtomicI64);

/// One that is counted while it is there.
pub(super) struct Counted(Arc<Tally>);

impl Tally {
    pub(super) fn count(self: Arc<Self>) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Requests that were answered, by route.
#[derive(Clone)]
pub(super) struct Requests {
    answered: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram>,
}

impl Default for Requests {
    fn default() -> Self {
        let seconds = || Histogram::new([0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0]);
        Self { answered: Family::default(), seconds: Family::new_with_constructor(seconds) }
    }
}

impl Requests {
    /// Counts a request. `route` is its pattern, empty for a place that is not there: whoever asks
    /// for many such places makes no numbers of them.
    pub(super) fn note(&self, route: &str, code: u16, took: Duration) {
        let route = if route.is_empty() { "none" } else { route };
        let labels = vec![("route", route.to_owned()), ("code", code.to_string())];
        self.answered.get_or_create(&labels).inc();
        let labels = vec![("route", route.to_owned())];
        self.seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// The numbers, in the text format of `OpenMetrics`.
#[utoipa::path(
    get, path = "/metrics", tag = "daemon",
    responses(
        (status = 200, description = "The numbers", content_type = "application/openmetrics-text", body = String),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(super) async fn metrics(
    doors: Data<Doors>,
    requests: Data<Requests>,
    readers: Data<Tally>,
) -> Result<HttpResponse, ApiError> {
    let (seen, readiness) = tokio::join!(look(&doors), readiness::look(&doors));
    let mut page = Page::default();
    page.daemon(&readiness, &doors);
    page.fleet(&seen?);
    page.process();
    page.gauge(
        "dosd_event_readers",
        "Readers of /v1/events",
        [(vec![], signed(readers.0.load(Ordering::Relaxed)))],
    );
    page.0.register("dosd_http_requests", "Requests that were answered", requests.answered.clone());
    page.0.register(
        "dosd_http_request_duration_seconds",
        "How long requests took, a stream until it began",
        requests.seconds.clone(),
    );
    let mut text = String::new();
    encode(&mut text, &page.0).map_err(|cause| {
        ApiError::new(Kind::Failed, cause.to_string(), "this is a defect: report it")
    })?;
    Ok(HttpResponse::Ok().content_type(OPENMETRICS).body(text))
}

/// The numbers of one moment.
#[derive(Default)]
struct Page(Registry);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, f64)>) {
        let family = Family::<Labels, Number>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).set(value);
        }
        self.0.register(name, help, family);
    }

    fn counter(&mut self, name: &str, help: &str, values: impl IntoIterator<Item = (Labels, u64)>) {
        let family = Family::<Labels, Counter>::default();
        for (labels, value) in values {
            family.get_or_create(&labels).inc_by(value);
        }
        self.0.register(name, help, family);
    }

    fn daemon(&mut self, readiness: &Readiness, doors: &Doors) {
        let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
        self.gauge("dosd_build_info", "The version of dosd; always 1", [(version, 1.0)]);
        self.gauge("dosd_ready", "Whether /readyz says so", [(vec![], flag(readiness.ready))]);
        let journals = [("lane", "lane_journal"), ("verdict", "verdict_journal")];
        let ready = journals.map(|(journal, name)| {
            let ok = readiness.checks.iter().any(|check| check.name == name && check.ok);
            (vec![("journal", journal.to_owned())], flag(ok))
        });
        self.gauge(
            "dosd_journal_ready",
            "Whether the journal can be written, as far as can be told",
            ready,
        );
        let files = [("lane", &doors.control.journal), ("verdict", &doors.verdict_journal)];
        let sizes = files.map(|(journal, path)| {
            let size = std::fs::metadata(path).map_or(0, |it| it.len());
            (vec![("journal", journal.to_owned())], number(size))
        });
        self.gauge("dosd_journal_bytes", "Size of the journal", sizes);
    }

    fn fleet(&mut self, seen: &Seen) {
        let Overview { lanes, population, started_ms, .. } = &seen.picture.overview;
        let book = &seen.book;
        let count =
            |state: LaneState| lanes.iter().filter(|lane| lane.state == state).count() as u64;
        let of = |states: &[LaneState]| {
            let counted = states.iter().map(|state| {
                (vec![("state", state.as_str().to_lowercase())], number(count(*state)))
            });
            counted.collect::<Vec<_>>()
        };
        let workers = [
            LaneState::Starting,
            LaneState::Advancing,
            LaneState::Spinning,
            LaneState::Stalled,
            LaneState::Gone,
        ];
        self.gauge("dosd_workers", "Workers by how they do", of(&workers));
        let others = [LaneState::Free, LaneState::Held, LaneState::GaveUp];
        self.gauge("dosd_lanes", "Lanes without a worker of this daemon", of(&others));
        self.gauge(
            "dosd_workers_target",
            "Workers that are wanted",
            [(vec![], signed(population.target))],
        );
        let started = started_ms.map(|ms| (vec![], signed(ms) / 1000.0));
        self.gauge("dosd_start_time_seconds", "When the daemon started, since 1970", started);
        let beats = lanes.iter().filter_map(|lane| {
            Some((vec![("lane", lane.lane.clone())], signed(lane.beat_age_ms?) / 1000.0))
        });
        self.gauge("dosd_lane_beat_age_seconds", "Since the newest beat of the lane", beats);
        let by_lane = |(lane, count): (&String, &u64)| (vec![("lane", lane.clone())], *count);
        self.counter(
            "dosd_worker_starts",
            "Workers that were started",
            book.starts().iter().map(by_lane),
        );
        self.counter(
            "dosd_worker_gave_up",
            "Lanes that were given up",
            book.gave_up().iter().map(by_lane),
        );
        let exits = book.exits().map(|(lane, exit, count)| {
            (vec![("lane", lane.to_owned()), ("outcome", exit.as_str().to_owned())], count)
        });
        self.counter("dosd_worker_exits", "Workers that ended, by how", exits);
        let verdicts = book.verdicts().map(|(syscall, verdict, count)| {
            (vec![("syscall", syscall.to_owned()), ("verdict", verdict.to_owned())], count)
        });
        self.counter("dosd_verdicts", "Rows of the verdict journal", verdicts);
        let last = book.last_ms().map(|ms| (vec![], signed(ms) / 1000.0));
        self.gauge(
            "dosd_last_verdict_timestamp_seconds",
            "When the newest verdict was, since 1970",
            last,
        );
        let corrupt = [("lane", seen.picture.lane_corrupt), ("verdict", book.corrupt())];
        let corrupt =
            corrupt.map(|(journal, lines)| (vec![("journal", journal.to_owned())], number(lines)));
        self.gauge("dosd_journal_corrupt_lines", "Lines that are no rows", corrupt);
        self.exporters(seen);
    }

    fn exporters(&mut self, seen: &Seen) {
        let all = || seen.picture.exporters.iter();
        let shown = seen.picture.overview.exporters.iter();
        let lag = all().map(|it| (exporter(it), signed(it.lag_ms) / 1000.0));
        self.gauge("dosd_exporter_lag_seconds", "Age of the oldest event that waits", lag);
        let behind = all().map(|it| (exporter(it), number(it.behind_bytes)));
        self.gauge(
            "dosd_exporter_behind_bytes",
            "The part of the journal that is not settled",
            behind,
        );
        let dead = shown.map(|it| {
            (
                vec![("exporter", it.name.clone()), ("kind", it.kind.clone())],
                number(it.dead_letters),
            )
        });
        self.gauge("dosd_exporter_dead_letters", "Dead letters on disk", dead);
        let open = all().map(|it| (exporter(it), flag(matches!(it.circuit, Circuit::Open { .. }))));
        self.gauge("dosd_exporter_circuit_open", "Whether the sink is only probed", open);
        let disabled =
            all().map(|it| (exporter(it), flag(matches!(it.phase, Phase::Disabled { .. }))));
        self.gauge(
            "dosd_exporter_disabled",
            "Whether the sink is gone until it is resumed",
            disabled,
        );
        let sent = all().map(|it| (exporter(it), it.sent));
        self.counter("dosd_exporter_sent", "Events that the sink took since the start", sent);
        let failures = all().flat_map(|it| {
            let failed = &it.failed;
            let classes = [
                ("retry", failed.retry),
                ("throttled", failed.throttled),
                ("refused", failed.refused),
                ("partly", failed.partly),
                ("disabled", failed.disabled),
            ];
            classes.map(|(class, count)| {
                let mut labels = exporter(it);
                labels.push(("class", class.to_owned()));
                (labels, count)
            })
        });
        self.counter(
            "dosd_exporter_failures",
            "Answers of the sink that were no acceptance",
            failures,
        );
    }

    /// The usual numbers of a process; those that the system does not tell are absent.
    fn process(&mut self) {
        let memory = std::fs::read_to_string("/proc/self/statm").ok().and_then(|text| {
            let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
            Some((vec![], number(pages * rustix::param::page_size() as u64)))
        });
        self.gauge("process_resident_memory_bytes", "Memory in use", memory);
        let files = std::fs::read_dir("/proc/self/fd").ok();
        let files = files.map(|files| (vec![], number(files.count().saturating_sub(1) as u64)));
        self.gauge("process_open_fds", "Open files", files);
        if let Some(seconds) = cpu_seconds() {
            let counter = Counter::<f64, AtomicU64>::default();
            counter.inc_by(seconds);
            self.0.register("process_cpu_seconds", "Time on a processor", counter);
        }
    }
}

fn exporter(status: &ExporterStatus) -> Labels {
    vec![("exporter", status.name.clone()), ("kind", status.kind.to_string())]
}

/// User and system time, from the fields 14 and 15 of `/proc/self/stat`, see `proc(5)`. The name before them may
/// hold spaces, but ends with the last bracket.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()? + ticks()?;
    Some(number(ticks) / number(rustix::param::clock_ticks_per_second()))
}

fn flag(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn number(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
fn signed(value: i64) -> f64 {
    value as f64
}
