//! `dosd reap`: what runs left behind, kept within the caps of `[retention]`. It previews unless told
//! to act, and spares whatever a live run still needs.

use super::context::read_journal;
use super::exit::note;
use super::{Context, Exit, Failure, Layout, Output, compact};
use crate::config::Config;
use crate::scratch::{self, Kind, Leftovers};
use clap::Args;
use dosd_actors::journal::scan;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::lane::LaneFold;
use dosd_kernel::retention;
use serde_json::{Value, json};

const EXAMPLES: &str = "\
Examples:
  dosd reap
  dosd reap --apply --journal
  dosd reap --journal --json | jq .runs.dropped

Without --apply nothing is removed. Files and directories of runs that the lane journal knows as
alive always stay.";

/// Remove leftovers of runs beyond the caps of `[retention]`; previews unless told to
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Remove, instead of only showing what would be
    #[arg(long)]
    apply: bool,
    /// Compact the lane journal too, when it is over its size or age
    #[arg(long)]
    journal: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let config = context.config()?;
        let (lanes, found) = survey(context, &config)?;
        let mut failures = Vec::new();
        if self.apply {
            for (kind, leftovers) in &found {
                failures.extend(scratch::remove(*kind, leftovers));
            }
        }
        let journal =
            self.journal.then(|| self.reap_journal(context, &config, &lanes)).transpose()?;
        if self.json {
            let mut report: serde_json::Map<String, Value> =
                found.iter().map(|(kind, left)| (kind.key().to_owned(), json!(left))).collect();
            report.insert("_applied".to_owned(), self.apply.into());
            report.extend(journal.map(|journal| ("journal".to_owned(), journal)));
            output.json(&report, Layout::Indented);
        } else {
            self.print(&found, journal.as_ref(), output);
        }
        for (path, cause) in &failures {
            note(&format_args!("cannot remove `{}`: {cause}", path.display()));
        }
        Ok(if failures.is_empty() { Exit::SUCCESS } else { Exit::FAILED })
    }

    fn reap_journal(
        &self,
        context: &Context,
        config: &Config,
        lanes: &LaneFold,
    ) -> Result<Value, Failure> {
        let census = lanes.census();
        let policy = &config.retention;
        if !retention::is_over(census, policy, SystemClock::new().now_ms()) {
            return Ok(json!({"compacted": false, "entries": census.entries}));
        }
        if !self.apply {
            let threshold = policy.journal_max_entries;
            return Ok(json!({
                "would_compact": true, "entries": census.entries, "threshold": threshold,
            }));
        }
        let done = compact::compact(context)?;
        Ok(json!({
            "compacted": true,
            "entries_before": done.entries_before,
            "entries_after": done.entries_after,
            "bytes_reclaimed": done.bytes_reclaimed,
        }))
    }

    fn print(&self, found: &[(Kind, Leftovers)], journal: Option<&Value>, output: &mut Output) {
        let (goes, mode) = if self.apply {
            ("removed", "applied")
        } else {
            ("beyond", "a preview, nothing is removed")
        };
        output.line(format_args!("reap      {mode}"));
        for (kind, left) in found {
            let cap = left.cap.map_or_else(|| "no limit".to_owned(), |cap| format!("limit {cap}"));
            let (kept, dropped) = (left.kept, left.dropped.len());
            output.line(format_args!("{:8}  {cap}, {kept} kept, {dropped} {goes}", kind.key()));
            for name in &left.dropped {
                output.line(format_args!("  {goes}  {name}"));
            }
            for name in &left.spared {
                output.line(format_args!("  alive  {name}"));
            }
        }
        if let Some(journal) = journal {
            let number = |key: &str| journal.get(key).and_then(Value::as_u64).unwrap_or_default();
            match (journal.get("would_compact").is_some(), journal.get("entries_after").is_some()) {
                (true, _) => output.line(format_args!(
                    "journal   over its limits with {} rows",
                    number("entries")
                )),
                (_, true) => output.line(format_args!(
                    "journal   compacted from {} rows to {}",
                    number("entries_before"),
                    number("entries_after")
                )),
                _ => output.line(format_args!(
                    "journal   within its limits with {} rows",
                    number("entries")
                )),
            }
        }
    }
}

/// What there is of each kind, sorted. The directories are listed before the journal is read: a run
/// announces itself there before it makes a directory.
fn survey(
    context: &Context,
    config: &Config,
) -> Result<(LaneFold, Vec<(Kind, Leftovers)>), Failure> {
    let (workspace, environment) = (context.workspace()?, context.environment());
    let protected = scratch::protected(config, &workspace, environment);
    if let Some(path) = scratch::endangered(config, &workspace, &protected) {
        return Err(Failure::Usage(format!(
            "`fanout_runs` of `[paths]` names a directory that holds more than runs: `{}`\n  \
             help: name a directory of their own, or remove the key",
            path.display()
        )));
    }
    let mut listed = Vec::new();
    for kind in Kind::ALL {
        let entries = scratch::list(kind, config, &workspace).map_err(|cause| {
            let help = "make the directory readable, or correct `[paths]`";
            Failure::Failed(format!("cannot list the {}: {cause}\n  help: {help}", kind.key()))
        })?;
        listed.push((kind, entries));
    }
    let mut lanes = LaneFold::default();
    let journal = workspace.lane_journal(&config.paths, environment);
    scan(&read_journal(&journal)?, &mut lanes);
    let alive = scratch::alive(&lanes);
    let sorted = |(kind, entries): (Kind, Vec<scratch::Entry>)| {
        (kind, scratch::sort(kind, &entries, &alive, config, &workspace))
    };
    let found = listed.into_iter().map(sorted).collect();
    Ok((lanes, found))
}
