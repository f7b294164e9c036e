//! `dosd arbitrate`: may a worker start, and on which lane? It asks and takes nothing: only
//! `lease-lane acquire` makes a lease.

mod options;
mod words;

use super::context::read_journal;
use super::form::Form;
use super::{Context, Exit, Failure, Layout, Output};
use clap::Args;
use dosd_actors::journal::scan;
use dosd_actors::port::{Clock, SystemClock, holder_process};
use dosd_kernel::arbiter::{self, Decision, Request, Rules};
use dosd_kernel::lane::{LaneFold, Lease};
use serde::Serialize;
use std::sync::Arc;

const EXAMPLES: &str = "\
Examples:
  dosd arbitrate
  dosd arbitrate --lane src --kind cluster
  dosd arbitrate --lane fix-42 --kind keyword --tree src/parser/** tests/parser/** --explain

Live leases come from the lane journal; one that went silent for too long no longer counts.

Exit codes:
  0 acquire, 1 refuse, 2 the request or the configuration is wrong";

/// Decide whether a worker may take a lane, and which; leases nothing
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The lane that is wished for [default: the first that is free]
    #[arg(long, value_name = "LANE", default_value = "", hide_default_value = true)]
    lane: String,
    /// What the lane is to be: cluster, keyword, global, or an exclusive lane's name
    #[arg(long, value_name = "KIND", default_value = "", hide_default_value = true)]
    kind: String,
    /// The path globs that the worker will touch [default: the lane's own]
    #[arg(long, value_name = "GLOB", num_args = 0..)]
    tree: Vec<String>,
    /// Live leases as a JSON array, in place of those in the journal
    #[arg(long, value_name = "JSON", default_value = "", hide_default_value = true)]
    leases: String,
    /// Take the named lane whatever speaks against it, except a lease that runs alone
    #[arg(long)]
    force: bool,
    /// Pick no lane while N leases of this kind are live; beats `[[concurrency_class]]`
    #[arg(long, value_name = "KIND=N", value_parser = options::class_budget)]
    class_budget: Vec<(String, u64)>,
    /// Indent the JSON
    #[arg(long)]
    pretty: bool,
    /// How to print the decision: text is JSON too, plain is a sentence
    #[arg(long, value_enum, value_name = "FORM", default_value = "text")]
    output: Form,
    /// Say in a sentence what to do next
    #[arg(long)]
    explain: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let config = context.config()?;
        let live = match self.leases.as_str() {
            "" => blocking(context, &config.paths)?,
            given => options::leases(given).map_err(Failure::Usage)?,
        };
        let tree = match self.tree.as_slice() {
            [] => config.lanes.tree(&self.lane).to_vec(),
            given => given.to_vec(),
        };
        let request = Request { lane: self.lane, kind: self.kind, tree, force: self.force };
        let mut budgets = config.class_budgets;
        budgets.extend(self.class_budget);
        let rules = Rules { lanes: &config.lanes, overlap: config.overlap, budgets: &budgets };
        let decision = arbiter::arbitrate(&request, &live, &rules);
        let layout = if self.pretty { Layout::Indented } else { Layout::Compact };
        print(&decision, self.output, layout, self.explain, output);
        Ok(Exit::from(decision.outcome))
    }
}

/// The leases of the journal that keep others off their lanes.
fn blocking(context: &Context, paths: &crate::config::Paths) -> Result<Vec<Arc<Lease>>, Failure> {
    let journal = context.workspace()?.lane_journal(paths, context.environment());
    let mut lanes = LaneFold::default();
    scan(&read_journal(&journal)?, &mut lanes);
    let host = crate::host::host_id(context.environment());
    let observation = lanes.observe(SystemClock::new().now_ms());
    Ok(observation.blocking(|lease| holder_process(lease, &host)))
}

/// A decision with what it means for the next step.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    decision: &'a Decision,
    interpretation: &'a str,
}

fn print(decision: &Decision, form: Form, layout: Layout, explain: bool, output: &mut Output) {
    let interpretation = explain.then(|| words::next_step(decision));
    match (form, &interpretation) {
        (Form::Json, Some(interpretation)) => {
            output.json(&Explained { decision, interpretation }, layout);
            return;
        }
        (Form::Text | Form::Json, _) => output.json(decision, layout),
        (Form::Plain, _) => output.line(words::plain(decision)),
    }
    if let Some(interpretation) = interpretation {
        output.line(interpretation);
    }
}
