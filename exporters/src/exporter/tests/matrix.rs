//! Every sink behind HTTP against everything that a server may do to it, each through a real
//! exporter with a healthy one beside it.
//!
//! In each cell six events wait, the server misbehaves, and then it is well again. What
//! becomes of the events is in the table; in every cell each one is taken or a dead letter
//! with a reason, the first receipts are in order, no id is new, and the exporter beside it
//! has all of them. statsd and the file have no server that answers: what they do about a dead
//! agent and a failing disk is tested beside them.

use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use dosd_actors::port::SystemClock;
use dosd_actors::reach::Reach;
use dosd_network::Secret;
use tokio::time::timeout;

use crate::delivery::Policy;
use crate::otlp::{OtlpSettings, OtlpSignal, OtlpSink};
use crate::slack::{Destination, SlackConfig, SlackSink};
use crate::testing::{Reply, Request, Server, World, numbered_row};
use crate::webhook::{WebhookConfig, WebhookSink};
use crate::{ExporterActor, ExporterStatus, GetStatus, Phase, Sink};

const EVENTS: u64 = 6;

/// A request that is not answered by then is over.
const TIMEOUT: Duration = Duration::from_millis(300);

/// In real time: whoever waits in vain has failed.
const LONG_ENOUGH: Duration = Duration::from_mins(1);

/// What a server does before it is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Refused,
    Stalls,
    BreaksOff,
    Resets,
    TooMany,
    Is500,
    Is503,
    Is400Once,
    Is400,
    Is410,
    TakesAPart,
    /// It answers late, but in time.
    Slow,
}

/// What becomes of the six events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All are taken.
    Taken,
    /// So many are dead letters, the others taken.
    Dead(u64),
    /// Nothing is sent until somebody resumes the exporter.
    Disabled,
}

use End::{Dead, Disabled, Taken};
use Fault::{
    BreaksOff, Is400, Is400Once, Is410, Is500, Is503, Refused, Resets, Slow, Stalls, TakesAPart,
    TooMany,
};

/// By fault: webhook, otlp, slack. OTLP says of 500 that it is not to be tried again, and halves
/// a batch that was refused; to Slack a batch is one message.
const TABLE: [(Fault, [End; 3]); 12] = [
    (Refused, [Taken, Taken, Taken]),
    (Stalls, [Taken, Taken, Taken]),
    (BreaksOff, [Taken, Taken, Taken]),
    (Resets, [Taken, Taken, Taken]),
    (TooMany, [Taken, Taken, Taken]),
    (Is500, [Taken, Taken, Taken]),
    (Is503, [Taken, Taken, Taken]),
    (Is400Once, [Dead(1), Taken, Taken]),
    (Is400, [Dead(EVENTS), Dead(EVENTS), Dead(EVENTS)]),
    (Is410, [Disabled, Dead(EVENTS), Disabled]),
    (TakesAPart, [Taken, Dead(EVENTS), Taken]),
    (Slow, [Taken, Taken, Taken]),
];

impl Fault {
    /// What the next requests get, and all after them.
    fn set(self, server: &Server, well: &Reply) {
        match self {
            Self::Refused => {}
            Self::Stalls => server.then([Reply::Hang]),
            Self::BreaksOff => server.then([Reply::BreakOff]),
            Self::Resets => server.then([Reply::Reset, Reply::Reset]),
            Self::TooMany => server.then([Reply::say(429, &[("retry-after", "0")], b"")]),
            Self::Is500 => server.then([Reply::status(500)]),
            Self::Is503 => server.then([Reply::status(503), Reply::status(503)]),
            Self::Is400Once => server.then([Reply::status(400)]),
            Self::Is400 => server.otherwise(Reply::status(400)),
            Self::Is410 => server.otherwise(Reply::status(410)),
            // An ExportLogsServiceResponse that rejects two records; nobody else reads it.
            Self::TakesAPart => server.then([Reply::say(200, &[], b"\x0a\x07\x08\x02\x12\x03bad")]),
            Self::Slow => server.then([Reply::Late(Box::new(well.clone()), TIMEOUT / 3)]),
        }
    }
}

/// The ids of the events that a request delivers.
type Ids = fn(&Request) -> Vec<String>;

/// Plays one cell.
async fn play<S: Sink>(
    cell: (Fault, End),
    well: Reply,
    ids: Option<Ids>,
    sink: impl FnOnce(String) -> S,
) {
    let (fault, end) = cell;
    let what = format!("{fault:?}");
    let server = Server::start(well.clone()).await;
    let mut world = World::new();
    // Sockets are real, and so is their time.
    tokio::time::resume();
    let instant = Duration::from_millis(1);
    world.policy = Policy {
        first_delay: instant,
        max_backoff: instant,
        max_named_delay: instant,
        max_probe_delay: instant,
        ..Policy::default()
    };
    world.journal.append((0..6).map(numbered_row));
    server.let_look();
    fault.set(&server, &well);
    let sink = sink(server.url("/"));
    let nobody = || Reach::unset("supervisor");
    let (exporter, server) = if fault == Refused {
        let port = server.port;
        server.stop().await;
        let exporter = world.start_sink(sink, nobody());
        until(&exporter, &what, |it| it.failed.retry >= 2).await;
        (exporter, Server::start_at(port, well).await)
    } else {
        (world.start_sink(sink, nobody()), server)
    };
    let beside = world.start_beside();
    let status = until(&exporter, &what, |it| {
        it.sent + it.dead_lettered == EVENTS || matches!(it.phase, Phase::Disabled { .. })
    })
    .await;
    match end {
        Taken => assert_eq!((status.sent, status.dead_lettered), (6, 0), "{what}: {status:?}"),
        Dead(dead) => {
            assert_eq!(status.dead_lettered, dead, "{what}: {status:?}");
            let letters = world.dead_letters();
            assert_eq!(letters.len() as u64, dead, "{what}");
            assert!(
                letters.iter().all(|it| !it.contains("\"reason\":\"\"")),
                "{what}: {letters:?}"
            );
        }
        Disabled => assert_eq!((status.sent, status.dead_lettered), (0, 0), "{what}: {status:?}"),
    }
    if let Some(ids) = ids {
        in_order(&server, ids, &what);
    }
    let beside = until(&beside, &what, |it| it.sent == EVENTS).await;
    assert_eq!(beside.failed, crate::Failures::default(), "{what}: {beside:?}");
}

/// Waits until an exporter says so of itself.
async fn until<S: Sink>(
    exporter: &Addr<ExporterActor<S>>,
    what: &str,
    wanted: impl Fn(&ExporterStatus) -> bool,
) -> ExporterStatus {
    let looks = async {
        loop {
            let status = exporter.send(GetStatus).await.unwrap();
            if wanted(&status) {
                return status;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG_ENOUGH, looks).await.unwrap_or_else(|_| panic!("{what}: never came to its end"))
}

/// Each id came first when its turn was, and there are no others than six.
fn in_order(server: &Server, ids: Ids, what: &str) {
    let mut first: Vec<String> = Vec::new();
    for id in server.requests().iter().flat_map(ids) {
        if !first.contains(&id) {
            first.push(id);
        }
    }
    let offset = |id: &String| u64::from_str_radix(id.rsplit_once('-').unwrap().1, 16).unwrap();
    assert!(first.is_sorted_by_key(offset) && first.len() as u64 <= EVENTS, "{what}: {first:?}");
}

#[actix::test]
async fn webhook_against_every_fault() {
    let ids: Ids = |request| request.header("webhook-id").map(str::to_owned).into_iter().collect();
    for (fault, [end, ..]) in TABLE {
        play((fault, end), Reply::status(204), Some(ids), |url| {
            let config = WebhookConfig { timeout: TIMEOUT, ..WebhookConfig::new(Secret::new(url)) };
            WebhookSink::new(&config, Arc::new(SystemClock::new())).unwrap()
        })
        .await;
    }
}

#[actix::test]
async fn otlp_against_every_fault() {
    for (fault, [_, end, _]) in TABLE {
        // One refusal by 500 makes it halve the batch, and all are taken.
        play((fault, end), Reply::status(200), Some(log_ids), |url| {
            let settings = OtlpSettings {
                endpoint: Some(url),
                signals: vec![OtlpSignal::Logs],
                timeout: Some(TIMEOUT),
                ..OtlpSettings::default()
            };
            let config = settings.resolve(&|_| None, &|_| Err(String::new())).unwrap();
            let clock: dosd_actors::port::SharedClock = Arc::new(SystemClock::new());
            OtlpSink::new(&config, &clock).unwrap()
        })
        .await;
    }
}

fn log_ids(request: &Request) -> Vec<String> {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use prost::Message as _;
    let Ok(message) = ExportLogsServiceRequest::decode(request.body.as_slice()) else {
        return Vec::new();
    };
    let scopes = message.resource_logs.into_iter().flat_map(|it| it.scope_logs);
    let attributes = scopes.flat_map(|it| it.log_records).flat_map(|it| it.attributes);
    let ids = attributes.filter(|it| it.key == "dos.event_id").filter_map(|it| it.value?.value);
    ids.filter_map(|it| if let Value::StringValue(id) = it { Some(id) } else { None }).collect()
}

#[actix::test]
async fn slack_against_every_fault() {
    // One message a second is all that it sends, so the cells wait beside each other.
    let cells = TABLE.map(|(fault, [.., end])| {
        play((fault, end), Reply::say(200, &[], b"ok"), None, |url| {
            let destination = Destination::Webhook { url: url.parse().unwrap() };
            let config = SlackConfig { timeout: TIMEOUT, ..SlackConfig::new(destination, "w") };
            SlackSink::new(config.at_once(), Arc::new(SystemClock::new()), None).unwrap()
        })
    });
    futures_util::future::join_all(cells).await;
}
