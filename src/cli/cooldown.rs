//! `dosd cooldown`: whether a unit was tried too recently. It gathers attempts; the kernel decides.

use super::context::read_journal;
use super::{Context, Exit, Failure, Layout, Output, rows};
use clap::Args;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::{Map, cooldown, stamp};
use serde_json::Value;

const EXAMPLES: &str = "\
Examples:
  dosd cooldown AUTH3
  dosd cooldown AUTH3 --json --now-ms 1795000000000
  dosd cooldown AUTH3 --attempts [{\"unit_id\":\"AUTH3\",\"attempted_at_ms\":1,\"outcome\":\"drained\"}]

Exit codes:
  0 CLEAR
  3 RECENTLY_ATTEMPTED";

/// Tell whether a unit rests after a recent attempt; the code is the verdict
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The unit
    #[arg(allow_hyphen_values = true)]
    unit: String,
    /// Decide for this time, in milliseconds since 1970 [default: now]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    now_ms: Option<i64>,
    /// A JSON list of attempts [default: those in the lane journal]
    #[arg(long, value_name = "JSON")]
    attempts: Option<String>,
    /// Print the verdict as one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let attempts = match &self.attempts {
            Some(given) => parse(given)?,
            None => recorded(&read_journal(&context.lane_journal()?)?),
        };
        let policy = context.config()?.cooldown;
        let now_ms = self.now_ms.unwrap_or_else(|| SystemClock::new().now_ms());
        let verdict = cooldown::judge(&self.unit, &attempts, now_ms, &policy);
        if self.json {
            output.json(&verdict, Layout::Compact);
        } else {
            output.line(format_args!("{}  {}", verdict.state.as_str(), verdict.reason));
        }
        Ok(verdict.state.into())
    }
}

/// Attempts from the command line. Elements that are no objects are no attempts.
fn parse(given: &str) -> Result<Vec<Map>, Failure> {
    let unusable = |what: String| {
        let help = "pass a list of objects with `unit_id`, `outcome` and `attempted_at_ms`";
        Failure::Usage(format!("`--attempts` {what}\n  help: {help}"))
    };
    match serde_json::from_str(given) {
        Ok(Value::Array(items)) => Ok(items.into_iter().filter_map(object).collect()),
        Ok(_) => Err(unusable("is no JSON list".to_owned())),
        Err(cause) => Err(unusable(format!("is no JSON: {cause}"))),
    }
}

fn object(value: Value) -> Option<Map> {
    if let Value::Object(object) = value { Some(object) } else { None }
}

/// The attempts in a lane journal, each with the time of its row unless it names its own.
fn recorded(journal: &[u8]) -> Vec<Map> {
    let is_attempt = |row: &Map| row.get("op").is_some_and(|op| op == "ATTEMPT");
    rows::last(journal, 0).into_iter().filter(is_attempt).filter_map(timed).collect()
}

fn timed(mut row: Map) -> Option<Map> {
    if !row.contains_key("attempted_at_ms") {
        let written_ms = row.get("ts").and_then(Value::as_str).and_then(stamp::parse_ms)?;
        row.insert("attempted_at_ms".to_owned(), written_ms.into());
    }
    Some(row)
}
