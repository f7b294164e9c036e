//! `dosd id-alloc`: numbers that are never given out twice. The counters do the work.

use super::{Context, Exit, Failure, Layout, Output};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use dosd_actors::counter::{CounterError, Counters};
use dosd_actors::port::{Disk, SystemClock};
use serde_json::json;
use std::sync::Arc;

const ALLOCATE_EXAMPLES: &str = "\
Examples:
  dosd id-alloc allocate next-up-2026-11-22
  dosd id-alloc allocate tickets --start 100 | jq .id

Prints {\"scope\",\"id\"} as one JSON object.";

const PEEK_EXAMPLES: &str = "\
Examples:
  dosd id-alloc peek next-up-2026-11-22

Prints {\"scope\",\"id\"} as one JSON object; `id` is null before the first number.";

/// Number things without giving a number out twice: allocate, peek
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Allocate(Allocate),
    Peek(Peek),
}

/// Give out the next number of a scope
#[derive(Debug, Args)]
#[command(after_help = ALLOCATE_EXAMPLES)]
struct Allocate {
    /// What is numbered; any text
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    scope: String,
    /// The first number of a scope that has none yet
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true)]
    start: i64,
}

/// Show the last number of a scope; gives none out
#[derive(Debug, Args)]
#[command(after_help = PEEK_EXAMPLES)]
struct Peek {
    /// What is numbered
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    scope: String,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let paths = context.config()?.paths;
        let directory = context.workspace()?.id_alloc_dir(&paths, context.environment());
        let counters = Counters::new(Arc::new(Disk), Arc::new(SystemClock::new()), directory);
        let (scope, id) = match self.verb {
            Verb::Peek(Peek { scope }) => {
                let id = counters.peek(&scope)?;
                (scope, id)
            }
            Verb::Allocate(Allocate { scope, start }) => {
                context.workspace()?.ensure_state_dir().map_err(|cause| {
                    let help = "make the workspace writable";
                    Failure::Failed(format!(
                        "cannot make the state directory: {cause}\n  help: {help}"
                    ))
                })?;
                let runtime = super::waiting()?;
                let id = runtime.block_on(counters.allocate(&scope, start))?;
                (scope, Some(id))
            }
        };
        output.json(&json!({"scope": scope, "id": id}), Layout::Compact);
        Ok(Exit::SUCCESS)
    }
}

impl From<CounterError> for Failure {
    fn from(error: CounterError) -> Self {
        match error {
            CounterError::Busy(_) => Self::Busy(error.to_string()),
            CounterError::Damaged(_) | CounterError::Exhausted(_) | CounterError::Io { .. } => {
                Self::Failed(error.to_string())
            }
        }
    }
}
