//! `dosd exporters resume`: has an exporter send again whose sink said that it is gone for good. Through
//! the daemon when one runs, and in its cursor file otherwise.

use super::super::claim::no_answer;
use super::super::lane_request::through_daemon;
use super::super::{Context, Exit, Failure, Layout, Output, waiting};
use super::named;
use crate::control::{Answer, Request};
use clap::Args;
use dosd_actors::port::{Clock as _, Disk, SystemClock};
use dosd_exporters::cursor::{CursorFile, Loaded, Saved};
use std::sync::Arc;
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  dosd exporters resume oncall

Exit codes:
  0 it sends, also when it did before; 2 there is no such exporter; 70 it could not be recorded";

/// Have an exporter send again whose sink was gone
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The exporter
    #[arg(value_name = "NAME")]
    name: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let name = named(context, &self.name)?.name;
        let request = Request::ResumeExporter { name: name.clone() };
        let was_disabled = match through_daemon(context, &request, Duration::ZERO)? {
            Some(Answer::Resumed { was_disabled }) => was_disabled,
            Some(other) => return Err(no_answer(other)),
            None => in_the_file(context, &name)?,
        };
        if self.json {
            let answer = serde_json::json!({"exporter": name, "was_disabled": was_disabled});
            output.json(&answer, Layout::Compact);
        } else if was_disabled {
            output.line(format!("{name} sends again"));
        } else {
            output.line(format!("{name} was not disabled"));
        }
        Ok(Exit::SUCCESS)
    }
}

/// No daemon runs, so nobody else writes the file.
fn in_the_file(context: &Context, name: &str) -> Result<bool, Failure> {
    let directory = context.workspace()?.exporters_dir();
    let file = CursorFile::new(Arc::new(Disk), &directory, name);
    let failed = |cause: &dyn std::fmt::Display| {
        let path = file.path().display();
        Failure::Failed(format!(
            "`{path}` cannot be changed: {cause}\n  help: make it readable and writable for this user"
        ))
    };
    waiting()?.block_on(async {
        match file.load().await.map_err(|cause| failed(&cause))? {
            Loaded::Found(saved) if saved.disabled.is_some() => {
                let saved = Saved { disabled: None, ..saved };
                let now_ms = SystemClock::new().now_ms();
                file.save(&saved, now_ms).await.map_err(|cause| failed(&cause))?;
                Ok(true)
            }
            Loaded::Found(_) | Loaded::Missing => Ok(false),
            Loaded::Unreadable(fault) => Err(failed(&fault)),
        }
    })
}
