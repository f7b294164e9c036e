//! `dosd export`: hands the verdict journal's events to a destination, once or again and again. The
//! daemon does the same by itself for its `[[dosd.exporter]]`s; this is for who runs no daemon.

mod drain;
mod source;
mod target;

use super::cadence::{self, Cadence};
use super::exit::note;
use super::surroundings::Surroundings;
use super::{Context, Exit, Failure, Layout, Output};
use crate::config;
use crate::sinks::{SinkPorts, SinkUser};
use crate::workspace::Workspace;
use clap::Args;
use dosd_exporters::Sink;
use drain::{Begin, Drain, Drained, Means, Nowhere};
use serde::Serialize;
use std::time::Duration;
use target::{Target, Typed};

const EXAMPLES: &str = "\
Examples:
  dosd export
  dosd export --to file --path verdicts.jsonl --since auto
  dosd export --to file --path verdicts.jsonl --follow --follow-interval 5
  dosd export --to otlp --endpoint http://localhost:4318 --tail 100

With --since auto, and with --follow, the place behind what was sent is kept in the workspace: a byte
offset, so that an event whose number was used twice is sent too. --since SEQ compares numbers.

Exit codes:
  0 sent, or nothing waited; 1 the destination did not take what waited; 2 there is no such destination";

/// Hand the verdict journal's events to a sink, from where the last drain ended
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Where to: `null` (only counts), `file`, `statsd`, `otlp`, `slack`, `webhook`
    #[arg(long, value_name = "NAME", default_value = "null")]
    to: String,
    #[command(flatten)]
    typed: Typed,
    /// Only events with a higher number, or `auto`: those behind the place of the last drain
    #[arg(
        long,
        value_name = "SEQ|auto",
        value_parser = since,
        default_value = "",
        hide_default_value = true,
        allow_negative_numbers = true
    )]
    since: Since,
    /// Begin with the last N rows; 0 is all
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        allow_negative_numbers = true
    )]
    tail: i64,
    /// Go on with what is added, until interrupted
    #[arg(long)]
    follow: bool,
    /// How many seconds between two drains of --follow
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "2",
        value_parser = cadence::seconds,
        allow_negative_numbers = true
    )]
    follow_interval: Duration,
    /// End --follow after N drains; 0 is never
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        allow_negative_numbers = true
    )]
    follow_max: i64,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object a drain
    #[arg(long)]
    json: bool,
}

/// Where a drain begins, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Since {
    Beginning,
    Auto,
    Seq(i64),
}

fn since(text: &str) -> Result<Since, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Since::Beginning);
    }
    if text.eq_ignore_ascii_case("auto") {
        return Ok(Since::Auto);
    }
    text.parse()
        .map(Since::Seq)
        .map_err(|_| format!("`{text}` is no row number: pass one, or `auto`"))
}

/// The JSON answer of one drain.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    result: Outcome<'a>,
    exporter: &'a str,
    /// Events that waited.
    shipped: usize,
    /// The number that the drain began behind.
    since: i64,
    /// Whether the place behind it is kept.
    persist: bool,
}

#[derive(Debug, Serialize)]
struct Outcome<'a> {
    exported: usize,
    detail: &'a str,
    /// The highest number among them; empty without one.
    cursor: &'a str,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let (workspace, journal) = (context.workspace()?, context.verdict_journal()?);
        let surroundings = Surroundings::of(&workspace, context.environment());
        let Self { to, typed, since, tail, follow, follow_interval, follow_max, dry_run, json } =
            self;
        let target = Target::named(&to, typed, &surroundings)?;
        let persist = since == Since::Auto || follow;
        let begin = Begin {
            auto: since == Since::Auto,
            since_seq: if let Since::Seq(seq) = since { seq } else { 0 },
            tail: usize::try_from(tail).unwrap_or(0),
        };
        let means = Means::new(&target, &to, journal, workspace.clone(), persist, dry_run)?;
        let rounds = follow.then_some((follow_interval, follow_max));
        let job = Job { begin, rounds, json, name: to, persist, output };
        match target {
            Target::Sink(exporter, _) => {
                let runtime = means.runtime();
                let _inside = runtime.enter();
                let ports = SinkPorts::once(workspace, context.environment());
                make_directory(&exporter.sink, &ports.workspace);
                ports.open(&exporter, Draining { means, job })
            }
            Target::Null | Target::Nameless(_) => job.run(Drain::new(means, Nowhere)),
        }
    }
}

/// Makes the directory of a file that is exported to; what keeps it from being made, the sink says.
fn make_directory(sink: &config::Sink, workspace: &Workspace) {
    if let config::Sink::File { path, .. } = sink
        && let Some(directory) = workspace.resolve_path(path).parent()
    {
        let _ = std::fs::create_dir_all(directory);
    }
}

/// What is done with a destination.
struct Job<'a> {
    begin: Begin,
    /// The time between two rounds and how many there are; one round without.
    rounds: Option<(Duration, i64)>,
    json: bool,
    name: String,
    persist: bool,
    output: &'a mut Output,
}

struct Draining<'a> {
    means: Means,
    job: Job<'a>,
}

impl SinkUser for Draining<'_> {
    type Output = Result<Exit, Failure>;

    fn with<S: Sink>(self, sink: S) -> Self::Output {
        self.job.run(Drain::new(self.means, sink))
    }
}

impl Job<'_> {
    fn run<S: Sink>(self, mut drain: Drain<S>) -> Result<Exit, Failure> {
        let Self { begin, rounds, json, name, persist, output } = self;
        drain.begin(&begin, |message| note(&message))?;
        let mut is_refused = false;
        let mut round = |output: &mut Output| {
            let drained = drain.drain(|message| note(&message))?;
            is_refused |= drained.is_refused;
            print(&name, &drained, persist, json, output);
            Ok(())
        };
        if let Some((interval, most)) = rounds {
            let mut cadence = Cadence::every(interval)?;
            cadence::repeat(&mut cadence, Some(most).filter(|most| *most != 0), output, round)?;
        } else {
            round(output)?;
        }
        Ok(if is_refused { Exit::NEGATIVE } else { Exit::SUCCESS })
    }
}

fn print(name: &str, drained: &Drained, persist: bool, json: bool, output: &mut Output) {
    let Drained { waiting, exported, detail, cursor, since, .. } = drained;
    if json {
        let result = Outcome { exported: *exported, detail, cursor };
        let answer = Answer { result, exporter: name, shipped: *waiting, since: *since, persist };
        output.json(&answer, Layout::Indented);
    } else {
        output.line(format_args!("{name}  {exported} of {waiting} sent  {detail}"));
        if !cursor.is_empty() && !persist {
            output.line(format_args!("the last number is {cursor}: go on with --since {cursor}"));
        }
    }
}
