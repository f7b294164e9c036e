//! The command line: what can be typed, what each verb prints, and with which code it ends.
//!
//! This module is the only one that prints. Results go to standard output through [`Output`], and
//! messages to standard error; a verb never exits by itself, and never decides anything that the
//! kernel can decide.

mod age;
mod arbitrate;
mod cadence;
pub mod claim;
mod commit_audit;
pub mod compact;
mod context;
mod cooldown;
mod decisions;
mod doctor;
mod envelopes;
pub mod eval;
mod exit;
mod exit_codes;
mod export;
mod exporters;
mod form;
mod halt;
mod health;
mod help;
mod id_alloc;
mod journal;
mod lane_commits;
mod lane_request;
mod lease;
mod lease_lane;
mod lint;
mod liveness;
mod logs;
mod not_yet;
mod notify;
mod observe;
mod output;
mod plan;
mod ps;
mod reap;
mod renderer;
mod reset;
mod rows;
pub mod run;
mod run_evidence;
mod run_files;
mod run_id;
mod server;
mod status;
mod surfaces;
mod surroundings;
mod table;
mod top;
mod trace;
mod verify;
mod watch;
mod witness;

pub use context::Context;
pub use exit::{Exit, Failure, conclude};
pub use output::{Layout, Output};

use crate::env::Environment;
use clap::{FromArgMatches, Parser, Subcommand};
use server::ServerOptions;
use std::ffi::OsString;
use std::path::PathBuf;

/// One command line, checked: the verb and what it was given.
#[derive(Debug, Parser)]
#[command(name = "dosd", version, about)]
#[command(disable_help_subcommand = true, subcommand_value_name = "VERB")]
pub struct Invocation {
    /// Workspace to serve [default: `$DISPATCH_WORKSPACE`, else this directory]
    #[arg(long, global = true, value_name = "DIR", display_order = 900)]
    workspace: Option<PathBuf>,
    #[command(flatten)]
    server: ServerOptions,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Arguments),
    Claim(claim::Arguments),
    Loop(plan::Arguments),
    Arbitrate(arbitrate::Arguments),
    Watch(watch::Arguments),
    Top(top::Arguments),
    Decisions(decisions::Arguments),
    Notify(notify::Arguments),
    LeaseLane(lease_lane::Arguments),
    Halt(halt::Arguments),
    Health(health::Arguments),
    Reset(reset::Arguments),
    Lease(lease::Arguments),
    Verify(verify::Arguments),
    CommitAudit(commit_audit::Arguments),
    Liveness(liveness::Arguments),
    Ps(ps::Arguments),
    Logs(logs::Arguments),
    Status(status::Arguments),
    Trace(trace::Arguments),
    Witness(witness::Arguments),
    Surfaces(surfaces::Arguments),
    Journal(journal::Arguments),
    Observe(observe::Arguments),
    Export(export::Arguments),
    Exporters(exporters::Arguments),
    RunId(run_id::Arguments),
    Doctor(doctor::Arguments),
    Eval(eval::Arguments),
    ExitCodes(exit_codes::Arguments),
    Lint(lint::Arguments),
    Reap(reap::Arguments),
    Cooldown(cooldown::Arguments),
    IdAlloc(id_alloc::Arguments),
}

/// The verbs that can ask a daemon behind a network.
const REMOTE: &str = "claim, lease-lane (without spawn), ps, observe, top, halt and health";

impl Verb {
    /// Whether it can ask a daemon behind a network.
    fn is_remote(&self) -> bool {
        if let Self::LeaseLane(arguments) = self {
            return arguments.is_remote();
        }
        matches!(
            self,
            Self::Claim(_)
                | Self::Ps(_)
                | Self::Observe(_)
                | Self::Top(_)
                | Self::Halt(_)
                | Self::Health(_)
        )
    }
}

/// Reads a command line; the first argument is the program's name.
///
/// # Errors
///
/// When it is not one of ours, not there yet, or only asks for help or the version.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Invocation, Failure> {
    let matches = help::command().try_get_matches_from(arguments).map_err(not_yet::explain)?;
    Ok(Invocation::from_arg_matches(&matches)?)
}

/// Carries out a command and writes its results to standard output.
///
/// # Errors
///
/// What kept it from an answer. A verdict, a negative one too, is an answer.
pub fn execute(invocation: Invocation) -> Result<Exit, Failure> {
    let environment = Environment::read().map_err(|cause| {
        Failure::Failed(format!(
            "cannot read the working directory: {cause}\n  help: change to a directory that exists"
        ))
    })?;
    if invocation.server.server.is_some() && !invocation.verb.is_remote() {
        return Err(Failure::Usage(format!(
            "this verb works on the files of a workspace, and not with --server\n  help: {REMOTE} ask a daemon behind a network; for the others say --workspace"
        )));
    }
    let context = Context::new(invocation.workspace, invocation.server, environment);
    let mut output = Output::stdout();
    let exit = match invocation.verb {
        Verb::Run(arguments) => arguments.execute(&context),
        Verb::Claim(arguments) => arguments.execute(&context, &mut output),
        Verb::Arbitrate(arguments) => arguments.execute(&context, &mut output),
        Verb::Loop(arguments) => arguments.execute(&context, &mut output),
        Verb::Watch(arguments) => arguments.execute(&context, &mut output),
        Verb::Top(arguments) => arguments.execute(&context, &mut output),
        Verb::Decisions(arguments) => arguments.execute(&context, &mut output),
        Verb::Notify(arguments) => arguments.execute(&context, &mut output),
        Verb::LeaseLane(arguments) => arguments.execute(&context, &mut output),
        Verb::Halt(arguments) => arguments.execute(&context, &mut output),
        Verb::Health(arguments) => arguments.execute(&context, &mut output),
        Verb::Reset(arguments) => arguments.execute(&context, &mut output),
        Verb::Lease(arguments) => arguments.execute(&context, &mut output),
        Verb::Verify(arguments) => arguments.execute(&context, &mut output),
        Verb::CommitAudit(arguments) => arguments.execute(&context, &mut output),
        Verb::Liveness(arguments) => arguments.execute(&context, &mut output),
        Verb::Logs(arguments) => arguments.execute(&context, &mut output),
        Verb::Ps(arguments) => arguments.execute(&context, &mut output),
        Verb::Status(arguments) => arguments.execute(&context, &mut output),
        Verb::Trace(arguments) => arguments.execute(&context, &mut output),
        Verb::Witness(arguments) => arguments.execute(&context, &mut output),
        Verb::Surfaces(arguments) => arguments.execute(&context, &mut output),
        Verb::Journal(arguments) => arguments.execute(&context, &mut output),
        Verb::Observe(arguments) => arguments.execute(&context, &mut output),
        Verb::Export(arguments) => arguments.execute(&context, &mut output),
        Verb::Exporters(arguments) => arguments.execute(&context, &mut output),
        Verb::RunId(arguments) => arguments.execute(&context, &mut output),
        Verb::Doctor(arguments) => arguments.execute(&context, &mut output),
        Verb::Eval(arguments) => arguments.execute(&context, &mut output),
        Verb::ExitCodes(arguments) => arguments.execute(&context, &mut output),
        Verb::Lint(arguments) => arguments.execute(&context, &mut output),
        Verb::Reap(arguments) => arguments.execute(&context, &mut output),
        Verb::Cooldown(arguments) => arguments.execute(&context, &mut output),
        Verb::IdAlloc(arguments) => arguments.execute(&context, &mut output),
    }?;
    output.finish()?;
    Ok(exit)
}

/// A runtime for a verb that has to wait for others now and then.
fn waiting() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|cause| Failure::Failed(format!("cannot wait for a lock: {cause}")))
}

/// A runtime for a verb that speaks to somebody on the network.
fn online() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Failure::Failed(format!("cannot use the network: {cause}")))
}
