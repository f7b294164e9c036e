//! The sinks: files are looked at, and the others are asked whether they can be reached.

use super::{ExporterCheck, checks, shown};
use crate::config::model::{Config, Exporter, Sink};
use crate::env::Environment;
use crate::sinks::{SinkPorts, SinkUser};
use crate::workspace::Workspace;
use std::pin::Pin;
use std::time::Duration;

/// Somebody who waits for a report does not wait longer for a sink.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn checks(
    config: &Config,
    workspace: &Workspace,
    environment: &Environment,
) -> Vec<ExporterCheck> {
    let problems = problems(&config.exporters, &SinkPorts::once(workspace.clone(), environment));
    let exporters = config.exporters.iter().zip(problems);
    exporters.map(|(exporter, problem)| check(exporter, problem, workspace)).collect()
}

/// What somebody can do about a sink of this kind.
pub(super) fn help(kind: &str) -> &'static str {
    match kind {
        "file" => {
            "correct `path` of the exporter, or create its directory; events wait in the journal"
        }
        _ => "correct the exporter, or mend its sink; events wait in the journal until then",
    }
}

fn check(exporter: &Exporter, problem: Option<String>, workspace: &Workspace) -> ExporterCheck {
    ExporterCheck {
        name: exporter.name.clone(),
        kind: exporter.sink.kind(),
        path: match &exporter.sink {
            Sink::File { path, .. } => Some(shown(&workspace.resolve_path(path))),
            Sink::Otlp(_) | Sink::Statsd(_) | Sink::Slack(_) | Sink::Webhook(_) => None,
        },
        min_severity: exporter.min_severity.as_str(),
        problem,
    }
}

/// What keeps each sink from taking events; all are asked at once.
fn problems(exporters: &[Exporter], ports: &SinkPorts) -> Vec<Option<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(cause) => return vec![Some(format!("cannot be asked: {cause}")); exporters.len()],
    };
    let workspace = &ports.workspace;
    runtime.block_on(async {
        let asked = exporters.iter().map(|exporter| async {
            match &exporter.sink {
                // A look that opens the file would make it.
                Sink::File { path, .. } => {
                    let path = workspace.resolve_path(path);
                    checks::writable_in_place(&path, &workspace.state_dir()).err()
                }
                Sink::Otlp(_) | Sink::Statsd(_) | Sink::Slack(_) | Sink::Webhook(_) => {
                    ports.open(exporter, Asking).await
                }
            }
        });
        futures_util::future::join_all(asked).await
    })
}

/// Asks a sink whether it can be reached.
struct Asking;

impl SinkUser for Asking {
    type Output = Pin<Box<dyn Future<Output = Option<String>>>>;

    fn with<S: dosd_exporters::Sink>(self, mut sink: S) -> Self::Output {
        Box::pin(async move {
            match tokio::time::timeout(PATIENCE, sink.check()).await {
                Ok(reached) => reached.err().map(|unhealthy| unhealthy.to_string()),
                Err(_) => Some(format!("no answer within {} s", PATIENCE.as_secs())),
            }
        })
    }
}
