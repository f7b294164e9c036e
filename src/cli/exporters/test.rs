//! `dosd exporters test`: whether a sink can be reached, and whether it takes an event. It needs no
//! daemon and moves no cursor.

use super::super::{Context, Exit, Failure, Layout, Output, online};
use super::named;
use crate::sinks::{SinkPorts, SinkUser};
use clap::Args;
use dosd_actors::journal::{EventId, FileIdentity};
use dosd_actors::port::{Clock as _, SystemClock};
use dosd_exporters::{Event, Sink, send_once};
use dosd_kernel::verdict::VerdictEvent;
use serde::Serialize;
use tokio::time::timeout;

const EXAMPLES: &str = "\
Examples:
  dosd exporters test oncall
  dosd exporters test oncall --check --json

The event that is sent is no verdict of the journal: syscall `exporter`, verdict `TEST`. A `file` is
only looked at, because it is to hold the journal's rows and nothing else.

Exit codes:
  0 it takes events; 1 it does not; 2 there is no such exporter";

/// Send one event that says that it is a test
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The exporter
    #[arg(value_name = "NAME")]
    name: String,
    /// Only look whether it can be reached, and send nothing
    #[arg(long)]
    check: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Found {
    exporter: String,
    kind: &'static str,
    /// Whether it can be reached.
    reachable: bool,
    /// Whether it took the event; nothing when none was sent.
    taken: Option<bool>,
    /// Why not.
    problem: Option<String>,
    /// The id of the event.
    event_id: Option<String>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let exporter = named(context, &self.name)?;
        let ports = SinkPorts::once(context.workspace()?, context.environment());
        let is_sent = !self.check && exporter.sink.kind() != "file";
        let event = is_sent.then(|| test_event(&self.name));
        let probe = Probe { name: self.name, event };
        // The sink is made where its connections live.
        let found = online()?.block_on(async { ports.open(&exporter, probe).await });
        let is_good = found.reachable && found.taken != Some(false);
        if self.json {
            output.json(&found, Layout::Compact);
        } else {
            print(&found, output);
        }
        Ok(if is_good { Exit::SUCCESS } else { Exit::NEGATIVE })
    }
}

struct Probe {
    name: String,
    event: Option<Event>,
}

impl SinkUser for Probe {
    type Output = std::pin::Pin<Box<dyn Future<Output = Found>>>;

    fn with<S: Sink>(self, mut sink: S) -> Self::Output {
        Box::pin(async move {
            let (patience, kind) = (sink.limits().timeout, sink.kind());
            let reached = match timeout(patience, sink.check()).await {
                Ok(reached) => reached.map_err(|unhealthy| unhealthy.to_string()),
                Err(_) => Err(format!("no answer within {} s", patience.as_secs())),
            };
            let mut found = Found {
                exporter: self.name,
                kind,
                reachable: reached.is_ok(),
                taken: None,
                problem: reached.err(),
                event_id: None,
            };
            if let (Some(event), true) = (self.event, found.reachable) {
                found.event_id = Some(event.id().to_string());
                let sent = send_once(&mut sink, &[event]).await;
                let refused = sent.refused.into_iter().next().map(|refusal| refusal.reason);
                found.problem = sent.problem.or(refused);
                found.taken = Some(found.problem.is_none());
            }
            found
        })
    }
}

/// An event that is in no journal, and new each time.
fn test_event(name: &str) -> Event {
    let now_ms = SystemClock::new().now_ms();
    let event = VerdictEvent {
        syscall: "exporter".to_owned(),
        verdict: "TEST".to_owned(),
        subject: name.to_owned(),
        ..VerdictEvent::default()
    };
    let mut row = Vec::new();
    event.draft(now_ms).write_into(&mut row, 0);
    let row = String::from_utf8_lossy(&row).trim_end().to_owned();
    let nowhere = FileIdentity { inode: 0, head: Some(now_ms.unsigned_abs()) };
    Event::parse(EventId::new(nowhere, 0), row).expect("a row that was just written")
}

fn print(found: &Found, output: &mut Output) {
    let problem = found.problem.as_deref().unwrap_or_default();
    let Found { exporter, kind, .. } = found;
    match (found.reachable, found.taken) {
        (false, _) => output.line(format!("{exporter} ({kind}): cannot be reached: {problem}")),
        (true, None) => output.line(format!("{exporter} ({kind}): can be reached")),
        (true, Some(true)) => output.line(format!(
            "{exporter} ({kind}): took the test event {}",
            found.event_id.as_deref().unwrap_or_default()
        )),
        (true, Some(false)) => {
            output.line(format!("{exporter} ({kind}): did not take the test event: {problem}"));
        }
    }
}
