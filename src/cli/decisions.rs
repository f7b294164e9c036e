//! `dosd decisions`: what waits for a person. It reads the lane journal and the verdict envelopes,
//! settles nothing and runs nothing.

use super::age::age;
use super::context::read_journal;
use super::exit::note;
use super::renderer::Renderer;
use super::{Context, Exit, Failure, Layout, Output, envelopes, rows};
use crate::config::OtherPath;
use clap::Args;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::decisions::{self, Decision, Envelope, Kind, Policy, Reasons, Resolver};

const EXAMPLES: &str = "\
Examples:
  dosd decisions
  dosd decisions --all --json
  dosd decisions show 1

Sources: REFUSE and HALT rows of the lane journal, and the verdict envelopes of planners. Without
--all only what a person has to settle is shown; a proposed halt is among the rest.

Exit codes:
  0 shown, 1 there is nothing to show in detail, 2 there is no decision with this number";

/// List what waits for somebody's decision, or show one decision
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Show also what a check, a model or time settles
    #[arg(long)]
    all: bool,
    /// Print the list and do not ask; this is always so here
    #[arg(long)]
    no_tui: bool,
    /// Print the decisions as a JSON array
    #[arg(long)]
    json: bool,
    /// How to print the list
    #[arg(long, value_enum, value_name = "NAME")]
    output: Option<Renderer>,
    /// Show the decision with this number in detail; `show` may stand before it
    #[arg(value_name = "[show] N")]
    target: Vec<String>,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let number = self.number()?;
        let resolver = (!self.all).then_some(Resolver::Human);
        let decisions = collect(context, resolver)?;
        if self.json && self.output.is_none() {
            output.json(&decisions, Layout::Indented);
            return Ok(Exit::SUCCESS);
        }
        if let Some(number) = number {
            return show(&decisions, number, output);
        }
        match self.output.unwrap_or(Renderer::Text) {
            Renderer::Json => output.json(&decisions, Layout::Indented),
            Renderer::Terse => decisions.iter().for_each(|decision| output.line(terse(decision))),
            Renderer::Text => print(&decisions, output),
        }
        Ok(Exit::SUCCESS)
    }

    /// The number that was asked for.
    fn number(&self) -> Result<Option<i64>, Failure> {
        let word = self.target.iter().find(|word| !word.eq_ignore_ascii_case("show"));
        let parse = |word: &String| {
            word.parse().map_err(|_| {
                Failure::Usage(format!(
                    "`{word}` is no number of a decision\n  help: `dosd decisions` lists them with their numbers"
                ))
            })
        };
        word.map(parse).transpose()
    }
}

/// All decisions that wait for a resolver, or for anybody, in order.
pub(super) fn collect(
    context: &Context,
    resolver: Option<Resolver>,
) -> Result<Vec<Decision>, Failure> {
    let (config, workspace) = (context.config()?, context.workspace()?);
    let policy = Policy { resolver, max_age_days: config.retention.journal_max_age_days };
    let reasons = Reasons::of(&config.reasons);
    let now_ms = SystemClock::new().now_ms();
    let journal = workspace.lane_journal(&config.paths, context.environment());
    let rows = rows::last(&read_journal(&journal)?, 0);
    let path = journal.display().to_string();
    let mut found = decisions::from_journal(&rows, &path, &reasons, now_ms);
    let files = envelopes::list(&workspace.other(&config.paths, OtherPath::NextPackets))?;
    found.extend(files.into_iter().filter_map(envelopes::read).filter_map(|file| {
        let path = file.path.display().to_string();
        let envelope = Envelope { path: &path, name: &file.name, fields: &file.fields };
        decisions::from_envelope(envelope, &reasons, now_ms)
    }));
    Ok(decisions::queue(found, &policy))
}

pub(super) fn print(decisions: &[Decision], output: &mut Output) {
    if decisions.is_empty() {
        output.line("nothing waits for a decision");
        return;
    }
    for (number, decision) in (1..).zip(decisions) {
        let again = if decision.dup_count > 1 {
            format!("  ({} times)", decision.dup_count)
        } else {
            String::new()
        };
        output.line(format_args!(
            "{number:>3}  {:>4}  {:<16}  {:<12}  {:<12}  {}{again}",
            age(decision.age_seconds),
            decision.kind.as_str(),
            decision.resolver_kind.as_str(),
            or_dash(&decision.lane),
            decision.reason_text,
        ));
    }
}

fn terse(decision: &Decision) -> String {
    let Decision { kind, resolver_kind, lane, reason_text, .. } = decision;
    format!("{} {} {} {reason_text}", kind.as_str(), resolver_kind.as_str(), or_dash(lane))
}

fn show(decisions: &[Decision], number: i64, output: &mut Output) -> Result<Exit, Failure> {
    if decisions.is_empty() {
        note(&"nothing waits for a decision");
        return Ok(Exit::NEGATIVE);
    }
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let Some(decision) = place.and_then(|place| decisions.get(place)) else {
        return Err(Failure::Usage(format!(
            "there is no decision {number}: there are 1 to {}\n  help: `dosd decisions` lists them",
            decisions.len()
        )));
    };
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            output.line(format_args!("{name:<10}{value}"));
        }
    };
    field("KIND", decision.kind.as_str());
    field("RESOLVER", decision.resolver_kind.as_str());
    field("LANE", &decision.lane);
    field("RUN", &decision.run_id);
    field("TOKEN", &decision.reason_token);
    field("REASON", &decision.reason_text);
    field("AGE", &age(decision.age_seconds));
    if decision.dup_count > 1 {
        field("SEEN", &format!("{} times", decision.dup_count));
    }
    for evidence in &decision.evidence {
        field("EVIDENCE", evidence);
    }
    field("SOURCE", &decision.source_path);
    field("NEXT", &next_step(decision));
    Ok(Exit::SUCCESS)
}

/// What somebody may type next.
fn next_step(decision: &Decision) -> String {
    match decision.kind {
        Kind::Liveness if !decision.proposed_command.is_empty() => {
            decision.proposed_command.clone()
        }
        Kind::Liveness => format!("stop `{}` by hand, or let it run", decision.handle),
        Kind::ArbiterRefuse | Kind::PreflightRefuse | Kind::Wedge => {
            let scope = if decision.lane.is_empty() { "" } else { " --scope " };
            format!("/replan{scope}{}", decision.lane)
        }
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
