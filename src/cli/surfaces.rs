//! `dosd surfaces`: what claims are checked against, each read once, here and now.

use super::{Context, Exit, Failure, Layout, Output};
use crate::config::{Witness, format_duration};
use crate::surfaces::{self, Fresh};
use crate::workspace::Workspace;
use clap::Args;
use dosd_actors::port::Children;
use dosd_actors::witness::{Digests, SurfaceError};
use serde::Serialize;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd surfaces
  dosd surfaces orders --json

Every surface is read as a claim would have it read. A probe (`kind = \"exit\"`) is only listed: its
program is run for claims.

Exit codes:
  0 all of them can be read, 1 at least one cannot, 2 no such surface";

/// List the surfaces that claims are checked against, and read each
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Only these
    names: Vec<String>,
    /// Print a JSON object for each, one a line
    #[arg(long)]
    json: bool,
}

/// One surface, as it is now.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    kind: &'static str,
    rung: &'static str,
    /// Whether it could be read; nothing for a probe.
    reachable: Option<bool>,
    entities: Option<u64>,
    bytes: Option<u64>,
    read_ms: Option<u64>,
    settle_ms: u64,
    problem: Option<String>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let workspace = context.workspace()?;
        let config = context.config()?;
        let known: Vec<&str> = config.witnesses.iter().map(|it| it.name.as_str()).collect();
        if let Some(stranger) = self.names.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(Failure::Usage(format!(
                "`{stranger}` is not a surface of this workspace\n  help: {}",
                if known.is_empty() {
                    "there is none; add a `[[dosd.witness]]` to `dos.toml`".to_owned()
                } else {
                    format!("the surfaces are {}", known.join(", "))
                }
            )));
        }
        let meant = config
            .witnesses
            .iter()
            .filter(|it| self.names.is_empty() || self.names.contains(&it.name));
        let rows = read_all(&workspace, meant);
        let all = rows.iter().all(|row| row.reachable != Some(false));
        if self.json {
            for row in &rows {
                output.json(row, Layout::Compact);
            }
        } else {
            print(&rows, output);
        }
        Ok(if all { Exit::SUCCESS } else { Exit::NEGATIVE })
    }
}

/// Reads each on a thread of its own: a slow one delays no other.
fn read_all<'a>(workspace: &Workspace, meant: impl Iterator<Item = &'a Witness>) -> Vec<Row> {
    let read = |witness: &Witness| {
        surfaces::read(workspace, &surfaces::witnessed(workspace, witness, &Children::default()))
    };
    std::thread::scope(|scope| {
        // All of them are started before the first is waited for.
        let reads: Vec<_> =
            meant.map(|witness| (witness, scope.spawn(move || read(witness)))).collect();
        let rows = reads.into_iter().map(|(witness, read)| {
            let read = read.join().unwrap_or_else(|_| {
                let cause = "its reader failed".to_owned();
                Some(Err(SurfaceError { surface: witness.name.clone(), cause }))
            });
            Row::of(witness, read)
        });
        rows.collect()
    })
}

impl Row {
    fn of(witness: &Witness, read: Option<Result<Fresh, SurfaceError>>) -> Self {
        let digests = read.as_ref().and_then(|read| read.as_deref().ok());
        Self {
            name: witness.name.clone(),
            kind: witness.surface.kind(),
            rung: witness.rung.as_str(),
            reachable: read.as_ref().map(Result::is_ok),
            entities: digests.map(Digests::entities),
            bytes: digests.map(Digests::bytes),
            read_ms: digests.map(|digests| whole_ms(digests.took())),
            settle_ms: whole_ms(witness.settle),
            problem: read.and_then(Result::err).map(|failed| failed.cause),
        }
    }

    fn state(&self) -> String {
        match (self.entities, &self.problem) {
            (Some(entities), _) => {
                let took = match self.read_ms {
                    Some(0) | None => "under 1ms".to_owned(),
                    Some(ms) => format_duration(Duration::from_millis(ms)),
                };
                let bytes = self.bytes.unwrap_or_default();
                let noun = if entities == 1 { "entity" } else { "entities" };
                format!("{entities} {noun}, {bytes} bytes, read in {took}")
            }
            (None, Some(problem)) => format!("cannot be read: {problem}"),
            (None, None) => "asked for each claim".to_owned(),
        }
    }
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn print(rows: &[Row], output: &mut Output) {
    if rows.is_empty() {
        output.line("no surfaces: add a `[[dosd.witness]]` to `dos.toml`, else every claim stays UNWITNESSED");
        return;
    }
    let width = |of: fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or_default();
    let (names, kinds) = (width(|row| row.name.len()), width(|row| row.kind.len()));
    for row in rows {
        output.line(format_args!(
            "{:names$}  {:kinds$}  {:11}  {}",
            row.name,
            row.kind,
            row.rung,
            row.state()
        ));
    }
}
