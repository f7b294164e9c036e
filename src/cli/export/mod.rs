//! `dosd export`: hands the verdict journal's events to a destination, once or again and again. The
//! daemon does the same by itself for its `[[dosd.exporter]]`s; this is for who runs no daemon.

mod drain;
mod source;
mod target;

use super::cadence::{self, Cadence};
use super::exit::note;
use super::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use drain::{Begin, Drain, Drained};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;
use target::Target;

const EXAMPLES: &str = "\
Examples:
  dosd export
  dosd export --to file --path verdicts.jsonl --since auto
  dosd export --to file --path verdicts.jsonl --follow --follow-interval 5

With --since auto, and with --follow, the place behind what was sent is kept in the workspace: a byte
offset, so that an event whose number was used twice is sent too. --since SEQ compares numbers.

Exit codes:
  0 sent, or nothing waited; 1 the destination did not take what waited; 2 there is no such destination";

/// Hand the verdict journal's events to a file, from where the last drain ended
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Where to: `null` only counts, `file` appends to --path
    #[arg(long, value_name = "NAME", default_value = "null")]
    to: String,
    /// The file [default: `$DOS_EXPORT_FILE`, else the one in the workspace's `.env`]
    #[arg(long, value_name = "PATH")]
    path: Option<PathBuf>,
    /// For destinations on the network; nothing here uses it
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// For destinations on the network; nothing here uses it
    #[arg(long, value_name = "PORT", allow_negative_numbers = true)]
    port: Option<i64>,
    /// For destinations on the network; nothing here uses it
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
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
        let environment = context.environment();
        let target = Target::named(&self.to, self.path.as_deref(), &workspace, environment)?;
        let persist = self.since == Since::Auto || self.follow;
        let begin = Begin {
            auto: self.since == Since::Auto,
            since_seq: if let Since::Seq(seq) = self.since { seq } else { 0 },
            tail: usize::try_from(self.tail).unwrap_or(0),
        };
        let mut drain = Drain::new(target, &self.to, journal, workspace, persist, self.dry_run)?;
        drain.begin(&begin, |message| note(&message))?;
        let mut is_refused = false;
        let mut round = |output: &mut Output| {
            let drained = drain.drain(|message| note(&message))?;
            is_refused |= drained.is_refused;
            self.print(&drained, persist, output);
            Ok(())
        };
        if self.follow {
            let mut cadence = Cadence::every(self.follow_interval)?;
            let most = Some(self.follow_max).filter(|most| *most != 0);
            cadence::repeat(&mut cadence, most, output, round)?;
        } else {
            round(output)?;
        }
        Ok(if is_refused { Exit::NEGATIVE } else { Exit::SUCCESS })
    }

    fn print(&self, drained: &Drained, persist: bool, output: &mut Output) {
        let Drained { waiting, exported, detail, cursor, since, .. } = drained;
        if self.json {
            let result = Outcome { exported: *exported, detail, cursor };
            let answer =
                Answer { result, exporter: &self.to, shipped: *waiting, since: *since, persist };
            output.json(&answer, Layout::Indented);
        } else {
            output.line(format_args!("{}  {exported} of {waiting} sent  {detail}", self.to));
            if !cursor.is_empty() && !persist {
                output
                    .line(format_args!("the last number is {cursor}: go on with --since {cursor}"));
            }
        }
    }
}
