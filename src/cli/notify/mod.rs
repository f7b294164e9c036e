//! `dosd notify`: says once, by Slack or a webhook, what waits for a decision or how the fleet stands. It
//! keeps nothing and tries nothing again; for every verdict as it comes there are exporters.

mod deliver;
mod notice;

use super::{Context, Exit, Failure, Layout, Output, decisions, top};
use clap::{Args, Subcommand};
use deliver::{Delivered, Notifier};
use dosd_kernel::decisions::Resolver;
use notice::Notice;
use serde::Serialize;

const DECISIONS_EXAMPLES: &str = "\
Examples:
  dosd notify decisions
  dosd notify decisions --notifier slack --channel C0123456789
  dosd notify decisions --notifier webhook --url https://chat.example/hook --all --json

Exit codes:
  0 delivered, or none was asked for; also with --json, whose `result` says it; 1 not delivered;
  2 there is no such notifier";

const TOP_EXAMPLES: &str = "\
Examples:
  dosd notify top
  dosd notify top --notifier webhook --url https://chat.example/hook --dry-run

Exit codes:
  0 delivered, or none was asked for; also with --json, whose `result` says it; 1 not delivered;
  2 there is no such notifier";

/// Tell people once: the decisions that wait, or how the fleet stands
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Decisions(Decisions),
    Top(Top),
}

/// Tell what waits for somebody's decision
#[derive(Debug, Args)]
#[command(after_help = DECISIONS_EXAMPLES)]
struct Decisions {
    #[command(flatten)]
    way: Way,
    /// Tell also what a check, a model or time settles
    #[arg(long)]
    all: bool,
    /// How many stand out by themselves
    #[arg(long, value_name = "K", default_value_t = 5, allow_negative_numbers = true)]
    top: i64,
}

/// Tell how the lanes stand
#[derive(Debug, Args)]
#[command(after_help = TOP_EXAMPLES)]
struct Top {
    #[command(flatten)]
    way: Way,
}

/// How it is told.
#[derive(Debug, Args)]
struct Way {
    /// By whom: `null` (only shows it), `slack`, `webhook`
    #[arg(long, value_name = "NAME", default_value = "null")]
    notifier: String,
    /// The channel of `slack`, best by its id
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// Where `webhook` posts to [default: `$DOS_WEBHOOK_URL`]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A token, which others on this machine can see here [default: `$DOS_WEBHOOK_TOKEN`, `$SLACK_BOT_TOKEN`]
    #[arg(long, value_name = "SECRET")]
    token: Option<String>,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object: notification, result, notifier
    #[arg(long)]
    json: bool,
}

/// The JSON answer.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    notification: &'a Notice,
    result: &'a Delivered,
    notifier: &'a str,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Decisions(Decisions { way, all, top }) => {
                let notifier = Notifier::named(&way, context)?;
                let resolver = (!all).then_some(Resolver::Human);
                let found = decisions::collect(context, resolver)?;
                let summary = captured(|output| decisions::print(&found, output))?;
                let most = usize::try_from(top).unwrap_or(0);
                tell(&notice::of_decisions(&found, most, summary), notifier, &way, output)
            }
            Verb::Top(Top { way }) => {
                let notifier = Notifier::named(&way, context)?;
                let frame = top::frame(context)?;
                let summary = captured(|output| top::print(&frame, output))?;
                tell(&notice::of_frame(&frame, summary), notifier, &way, output)
            }
        }
    }
}

fn tell(
    notice: &Notice,
    notifier: Notifier,
    way: &Way,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let is_asked = !matches!(notifier, Notifier::Null) && !way.dry_run;
    let result = notifier.deliver(notice, way.dry_run)?;
    if way.json {
        let answer = Answer { notification: notice, result: &result, notifier: &way.notifier };
        output.json(&answer, Layout::Indented);
        return Ok(Exit::SUCCESS);
    }
    output.line(notice.headline());
    for (name, text) in &notice.fields {
        output.line(format_args!("    {name}: {text}"));
    }
    let Delivered { is_done, detail, .. } = &result;
    let outcome = if *is_done { "sent" } else { "not sent" };
    output.line(format_args!("  {outcome} by {}: {detail}", way.notifier));
    Ok(if is_asked && !is_done { Exit::NEGATIVE } else { Exit::SUCCESS })
}

/// What a verb would print.
fn captured(print: impl FnOnce(&mut Output)) -> Result<String, Failure> {
    let (mut output, bytes) = Output::captured();
    print(&mut output);
    output.finish()?;
    let bytes = bytes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}
