//! Asking for a decision about lanes: the daemon when one runs, because it is the journal's one writer,
//! and this process otherwise. The same ruling either way.

use super::context::Context;
use super::exit::Failure;
use super::output::{Layout, Output};
use crate::control::{self, Answer, ClientError, ErrorKind, Request};
use crate::host;
use crate::leases::{self, LeaseFiles};
use dosd_kernel::lane::{Asker, LaneReply, LaneRequest};
use std::time::Duration;

/// How long the mutex is waited for when nobody says otherwise: five times 0.2 s.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// How long a daemon may take beside waiting for the mutex: a disk can be slow.
const SLACK: Duration = Duration::from_secs(30);

/// Has a request about lanes ruled on.
///
/// # Errors
///
/// [`Failure::Busy`] when somebody keeps the mutex for longer than `patience`; [`Failure::Failed`] also
/// when a daemon was asked and did not answer: then nobody knows whether it did what was asked.
pub(super) fn ask(
    context: &Context,
    request: LaneRequest,
    patience: Duration,
) -> Result<LaneReply, Failure> {
    let journal = context.lane_journal()?;
    let asked = Request::Lanes {
        journal,
        request: Box::new(request.clone()),
        patience_ms: u64::try_from(patience.as_millis()).unwrap_or(u64::MAX),
    };
    match through_daemon(context, &asked, patience)? {
        Some(Answer::Lanes(reply)) => Ok(*reply),
        Some(other) => Err(super::claim::no_answer(other)),
        None => in_this_process(context, request, patience),
    }
}

/// The daemon's answer; none when no daemon keeps this journal.
pub(super) fn through_daemon(
    context: &Context,
    request: &Request,
    patience: Duration,
) -> Result<Option<Answer>, Failure> {
    let socket = context.workspace()?.socket(context.environment());
    match control::call(&socket, request, patience.saturating_add(SLACK)) {
        Ok(Answer::Error(refusal)) if refusal.kind == ErrorKind::OtherJournal => Ok(None),
        Ok(answer) => Ok(Some(answer)),
        Err(ClientError::NotRunning { .. }) => Ok(None),
        Err(ClientError::NoAnswer { path, source }) => Err(Failure::Failed(format!(
            "the daemon on `{}` was asked and gave no answer: {source}; it is not known whether it did what was asked\n  help: look at `dosd lease-lane live` and `dosd journal tail` before you ask again",
            path.display()
        ))),
    }
}

fn in_this_process(
    context: &Context,
    request: LaneRequest,
    patience: Duration,
) -> Result<LaneReply, Failure> {
    let workspace = context.workspace()?;
    let files = LeaseFiles {
        journal: context.lane_journal()?,
        lock: context.lease_lock()?,
        host_id: host::host_id(context.environment()),
    };
    workspace.ensure_state_dir().map_err(|cause| {
        Failure::Failed(format!(
            "cannot use `{}`: {cause}\n  help: make it writable for this user",
            workspace.state_dir().display()
        ))
    })?;
    Ok(super::waiting()?.block_on(leases::decide(&files, request, patience))?)
}

/// Who asks, for the rows.
pub(super) fn asker(context: &Context, owner: String) -> Asker {
    Asker { owner, host_id: host::host_id(context.environment()), pid: Some(std::process::id()) }
}

/// The run that a command is about: the one that was named, else the one that this process belongs to.
pub(super) fn run_id(context: &Context, given: &str) -> String {
    let environment = context.environment();
    let known = [&environment.run_id, &environment.dispatch_run_id].into_iter().flatten();
    let mut candidates = std::iter::once(given).chain(known.map(String::as_str)).map(str::trim);
    candidates.find(|run_id| !run_id.is_empty()).unwrap_or_default().to_owned()
}

/// Prints an answer: the object of its kind, without the name of the kind.
pub(super) fn print(reply: &LaneReply, layout: Layout, output: &mut Output) {
    match reply {
        LaneReply::Acquire(answer) => output.json(answer, layout),
        LaneReply::Release(answer) => output.json(answer, layout),
        LaneReply::Heartbeat(answer) => output.json(answer, layout),
        LaneReply::Spawn(answer) => output.json(answer, layout),
        LaneReply::Halt(answer) => output.json(answer, layout),
    }
}
