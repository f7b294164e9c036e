//! `dosd journal tail`: the newest rows of the lane journal.

use crate::cli::context::read_journal;
use crate::cli::{Context, Exit, Failure, Layout, Output, rows};
use clap::Args;
use dosd_kernel::Map;
use serde_json::Value;

const EXAMPLES: &str = "\
Examples:
  dosd journal tail
  dosd journal tail 100 | jq 'select(.op == \"ACQUIRE\")'
  dosd journal tail 50 --text

A line that does not parse is shown as {\"op\":\"_CORRUPT\",\"_raw\":TEXT,\"_line\":INDEX}.";

/// Print the last rows of the lane journal, oldest first, one JSON object a line
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// How many rows; 0 or less is all of them
    #[arg(value_name = "N", default_value_t = 20, allow_negative_numbers = true)]
    count: i64,
    /// Print JSON; this is the default
    #[arg(long, conflicts_with = "text")]
    json: bool,
    /// Print aligned text instead
    #[arg(long)]
    text: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let bytes = read_journal(&context.lane_journal()?)?;
        let count = usize::try_from(self.count).unwrap_or(0);
        for row in rows::last(&bytes, count) {
            if self.text {
                output.line(line(&row));
            } else {
                output.json(&row, Layout::Compact);
            }
            if !output.is_open() {
                break;
            }
        }
        Ok(Exit::SUCCESS)
    }
}

/// A row for people: number, time, what happened, to which lane of which loop, why.
fn line(row: &Map) -> String {
    let field = |name: &str| match row.get(name) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let why = if rows::is_corrupt(row) { field("_raw") } else { field("reason") };
    format!(
        "{:>6}  {:20}  {:14}  {:16}  {:20}  {why}",
        field("seq"),
        field("ts"),
        field("op"),
        field("lane"),
        field("loop_ts"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(row: Value) -> String {
        let Value::Object(row) = row else { panic!("an object is wanted") };
        line(&row)
    }

    #[test]
    fn a_row_shows_whatever_it_holds() {
        let row = json!({"seq": 7, "op": "HALT", "lane": "ü", "reason": ["x"], "loop_ts": ""});
        let line = text(row);
        assert!(line.starts_with("     7  -"), "{line}");
        assert!(
            line.contains("HALT") && line.contains("  ü  ") && line.ends_with("[\"x\"]"),
            "{line}"
        );
    }

    #[test]
    fn damage_shows_what_is_there() {
        assert!(text(json!({"op": "_CORRUPT", "_raw": "{\"x", "_line": 2})).ends_with("  {\"x"));
    }
}
