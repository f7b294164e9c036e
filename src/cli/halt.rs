//! `dosd halt`: put on record that a run is to be stopped, and with `--enact` stop it. Without it nobody
//! is signalled, and the command that was passed is never run.

use super::lane_request::{PATIENCE, ask, through_daemon};
use super::server::Side;
use super::{Context, Exit, Failure, Layout, Output};
use crate::control::{Answer, HaltedWorker, Request};
use crate::intent;
use crate::remote::{self, Daemon, RemoteError, Why};
use clap::Args;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::Map;
use dosd_kernel::lane::{Halted, LaneReply, LaneRequest, NoteHalt};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a worker may take to be stopped: its `stop_timeout`, the look whether its group is empty,
/// and a slow disk.
const STOP_AT_MOST: Duration = Duration::from_mins(10);

const EXAMPLES: &str = "\
Examples:
  dosd halt --handle 4711 --reason spins --command restart-it
  dosd halt --handle task-9 --run-id RID-000000000000000 --resumable
  dosd halt --lane src --enact
  dosd halt --lane src --enact --server https://fleet.example

Exit codes:
  0 recorded, and with --enact stopped and proven; 1 it was not; 70 the tool failed, or --enact found
  no daemon; 75 somebody keeps the lease lock";

/// Put on record that a run is to be stopped; with --enact, stop it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// What is to be stopped; with --enact a run id, a lane or a pid of a worker of the daemon
    #[arg(long, value_name = "HANDLE", required_unless_present_all = ["lane", "enact"])]
    handle: Option<String>,
    /// Its lane; with --enact in place of --handle
    #[arg(long, value_name = "LANE", default_value = "")]
    lane: String,
    /// The stamp of its lease
    #[arg(long, value_name = "STAMP", default_value = "", conflicts_with = "enact")]
    loop_ts: String,
    /// Who wants it stopped
    #[arg(long, value_name = "NAME", default_value = "")]
    owner: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Its run
    #[arg(long, value_name = "RID", default_value = "")]
    run_id: String,
    /// The command that would stop it; recorded and echoed, never run
    #[arg(long, value_name = "TEXT", default_value = "")]
    command: String,
    /// Also mark the run as suspended in its intent ledger; needs --run-id
    #[arg(long)]
    resumable: bool,
    /// The commit from which a resumable run goes on
    #[arg(long, value_name = "SHA", default_value = "")]
    resume_sha: String,
    /// Have the daemon stop the worker's process group, and prove that nobody is left
    #[arg(long)]
    enact: bool,
    /// Indent the JSON
    #[arg(long)]
    pretty: bool,
}

impl Arguments {
    pub(super) fn execute(self, context: &Context, output: &mut Output) -> Result<Exit, Failure> {
        let layout = Layout::pretty(self.pretty);
        if self.enact && self.handle.is_some() && !self.lane.is_empty() {
            return Err(Failure::Usage(
                "--handle and --lane may mean two workers\n  help: with --enact name one of them"
                    .to_owned(),
            ));
        }
        let (mut answer, is_done) = match context.side()? {
            Side::Here if self.enact => self.enact(context)?,
            Side::Here => self.record(context)?,
            Side::There(daemon) => self.ask_there(&daemon)?,
        };
        if self.resumable {
            answer.extend(self.suspend(context)?);
        }
        output.json(&answer, layout);
        Ok(if is_done { Exit::SUCCESS } else { Exit::NEGATIVE })
    }

    fn record(&self, context: &Context) -> Result<(Map, bool), Failure> {
        let request = LaneRequest::Halt(NoteHalt {
            handle: self.meant(),
            lane: self.lane.clone(),
            loop_ts: self.loop_ts.clone(),
            owner: self.owner.clone(),
            reason: self.reason.clone(),
            run_id: self.run_id.clone(),
            command: self.command.clone(),
        });
        match ask(context, request, PATIENCE)? {
            LaneReply::Halt(halted) => Ok((fields(&halted), halted.recorded)),
            LaneReply::Acquire(_)
            | LaneReply::Release(_)
            | LaneReply::Heartbeat(_)
            | LaneReply::Spawn(_) => Err(super::claim::unexpected_answer()),
        }
    }

    fn enact(&self, context: &Context) -> Result<(Map, bool), Failure> {
        let request = Request::HaltWorker {
            journal: context.lane_journal()?,
            handle: self.meant(),
            command: Some(self.command.clone()).filter(|command| !command.is_empty()),
            reason: self.why(),
        };
        match through_daemon(context, &request, STOP_AT_MOST)? {
            Some(Answer::HaltWorker(halted)) => {
                let is_done = halted.recorded && halted.enacted;
                Ok((self.enacted(halted), is_done))
            }
            Some(other) => Err(super::claim::no_answer(other)),
            None => Err(Failure::Failed(
                "no daemon keeps this workspace, so there is no worker to stop\n  help: leave `--enact` out to put the wish on record, or start `dosd run`"
                    .to_owned(),
            )),
        }
    }

    /// The same by a daemon behind a network, which finds out all the rest by itself.
    fn ask_there(&self, daemon: &Daemon) -> Result<(Map, bool), Failure> {
        let is_ours = [&self.loop_ts, &self.run_id, &self.resume_sha];
        let is_twice = self.handle.is_some() && !self.lane.is_empty();
        if self.resumable || is_twice || is_ours.iter().any(|text| !text.is_empty()) {
            return Err(Failure::Usage(
                "with --server a worker is named by --handle or --lane alone\n  help: leave out the other one, --loop-ts, --run-id, --resumable and --resume-sha"
                    .to_owned(),
            ));
        }
        let halt = remote::Halt {
            handle: self.meant(),
            reason: self.why(),
            command: self.command.clone(),
            enact: self.enact,
        };
        let answer = match daemon.halt(&halt, STOP_AT_MOST) {
            Err(RemoteError { why: Why::Refused { status: 404, message, .. }, .. }) => {
                self.nobody(message)
            }
            answer => answer?,
        };
        let is_true = |key: &str| answer.get(key) == Some(&Value::Bool(true));
        let is_done = is_true("recorded") && (!self.enact || is_true("enacted"));
        Ok((answer, is_done))
    }

    /// What is said when no worker is meant.
    fn nobody(&self, note: String) -> Map {
        self.enacted(HaltedWorker {
            recorded: false,
            enacted: false,
            lane: String::new(),
            loop_ts: String::new(),
            run_id: None,
            survivors: Vec::new(),
            note: Some(note),
        })
    }

    /// The handle, or the lane that stands for it.
    fn meant(&self) -> String {
        self.handle.clone().unwrap_or_else(|| self.lane.clone())
    }

    fn why(&self) -> String {
        match (self.reason.as_str(), self.owner.as_str()) {
            ("", "") => "halt".to_owned(),
            ("", owner) => format!("halt:{owner}"),
            (reason, _) => reason.to_owned(),
        }
    }

    fn enacted(&self, halted: HaltedWorker) -> Map {
        let mut answer = fields(&Halted {
            recorded: halted.recorded,
            handle: self.meant(),
            command: Some(self.command.clone()).filter(|command| !command.is_empty()),
            lane: halted.lane,
            loop_ts: halted.loop_ts,
        });
        answer.insert("enacted".to_owned(), halted.enacted.into());
        answer.insert("run_id".to_owned(), halted.run_id.into());
        answer.insert("survivors".to_owned(), halted.survivors.into());
        answer.insert("note".to_owned(), halted.note.into());
        answer
    }

    /// Notes in the run's ledger that it is set aside, and says so.
    fn suspend(&self, context: &Context) -> Result<Map, Failure> {
        let run_id = self.run_id.trim();
        let note = |suspended: bool, note: String| {
            fields(&json!({"suspended": suspended, "suspend_note": note}))
        };
        if run_id.is_empty() {
            let text = "no run is named, so none is suspended: pass --run-id";
            return Ok(note(false, text.to_owned()));
        }
        let reason = match (self.reason.as_str(), self.owner.as_str()) {
            ("", "") => "resumable-halt".to_owned(),
            ("", owner) => format!("resumable-halt:{owner}"),
            (reason, _) => reason.to_owned(),
        };
        let now_ms = SystemClock::new().now_ms();
        let row = intent::suspend(run_id, &reason, &self.resume_sha, now_ms);
        Ok(match intent::append(&context.workspace()?, run_id, &row) {
            Ok(ledger) => {
                note(true, format!("run {run_id} is suspended in `{}`", ledger.display()))
            }
            Err(cause) => note(false, format!("run {run_id} is not suspended: {cause}")),
        })
    }
}

/// A value's fields, when it is an object; all here are.
fn fields(value: &impl serde::Serialize) -> Map {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}
