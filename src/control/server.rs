//! The daemon's side: accepts, reads a line, asks the actor, answers.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dosd_actors::journal::{Compact, Decide, JournalError, JournalErrorKind};
use dosd_actors::reach::{Reach, Unreachable};
use dosd_actors::spawn::{HaltRun, Halting, Run, Survivors};
use dosd_actors::supervisor::{Reset, ResetError, Which};
use dosd_actors::witness::Claim;
use dosd_kernel::lane::LaneRequest;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;
use tracing::{debug, warn};

use super::address;
use super::exporters::{self, ExporterDoors};
use super::protocol::{Answer, ErrorKind, HaltedWorker, Refusal, Request};

/// The longest request in bytes: a claim with a long story.
pub const LONGEST_REQUEST: u64 = 1 << 20;

/// Whom requests are handed to.
#[derive(Clone)]
pub struct Doors {
    /// Judges claims.
    pub claim: Reach<Claim>,
    /// Compacts the lane journal.
    pub compact: Reach<Compact>,
    /// Decides about lanes.
    pub lanes: Reach<Decide<LaneRequest>>,
    /// Stops a worker.
    pub halt: Reach<HaltRun>,
    /// Forgets how the tries of lanes went.
    pub reset: Reach<Reset>,
    /// How exporters go.
    pub exporters: ExporterDoors,
    /// The lane journal that the daemon keeps.
    pub journal: PathBuf,
}

/// Listens on `socket` and serves until the returned future is dropped. A socket
/// left by a daemon that is gone is replaced: the caller holds the workspace's
/// lock.
///
/// # Errors
/// When the socket cannot be made.
pub fn serve(socket: &Path, doors: Doors) -> io::Result<impl Future<Output = ()> + use<>> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let address = address::of(socket)?;
    let listener = UnixListener::bind(&address.path)?;
    std::fs::set_permissions(socket, Permissions::from_mode(0o600))?;
    Ok(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let doors = doors.clone();
                    actix_rt::spawn(async move {
                        let (reader, writer) = stream.into_split();
                        if let Err(error) = converse(reader, writer, &doors).await {
                            debug!("a caller of the control socket is gone: {error}");
                        }
                    });
                }
                Err(error) => {
                    // Out of descriptors, most likely: others may close theirs.
                    warn!("the control socket cannot accept: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    })
}

/// Reads one request, of at most [`LONGEST_REQUEST`] bytes, and answers it with one line. Whatever
/// is no request is answered too.
///
/// # Errors
/// When the caller cannot be read, or does not read on.
pub async fn converse(
    reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    doors: &Doors,
) -> io::Result<()> {
    let mut line = Vec::new();
    BufReader::new(reader.take(LONGEST_REQUEST)).read_until(b'\n', &mut line).await?;
    let answer = match serde_json::from_slice(&line) {
        // A caller that died while it wrote gets nothing done.
        Ok(_) if line.last() != Some(&b'\n') => {
            refusal(ErrorKind::InvalidRequest, "not a whole line".to_owned())
        }
        Ok(request) => answer(request, doors).await,
        Err(error) => refusal(ErrorKind::InvalidRequest, format!("not a request: {error}")),
    };
    let mut bytes = serde_json::to_vec(&answer)?;
    bytes.push(b'\n');
    writer.write_all(&bytes).await
}

/// Has a request carried out by the actor that owns the matter. The HTTP interface asks here, too.
pub async fn answer(request: Request, doors: &Doors) -> Answer {
    match request {
        Request::Claim { run_id, lane, key, narrated, expect, wait } => {
            let claim = Claim { run_id, lane, key, narrated, expect };
            if !wait {
                return accept(doors, claim);
            }
            match doors.claim.ask(claim).await {
                Ok(Ok(judged)) => {
                    Answer::Claim { report: Box::new(judged.report), seq: judged.seq }
                }
                Ok(Err(failed)) => journal_refusal(&failed),
                Err(gone) => unreachable_refusal(gone),
            }
        }
        Request::Compact => match doors.compact.ask(Compact).await {
            Ok(Ok(compacted)) => Answer::Compact(compacted),
            Ok(Err(failed)) => journal_refusal(&failed),
            Err(gone) => unreachable_refusal(gone),
        },
        Request::Exporters => Answer::Exporters(exporters::statuses(&doors.exporters).await),
        Request::ResumeExporter { name } => exporters::resume(&doors.exporters, &name).await,
        Request::Lanes { journal, .. }
        | Request::HaltWorker { journal, .. }
        | Request::Reset { journal, .. }
            if !is_same_file(&journal, &doors.journal) =>
        {
            let ours = doors.journal.display();
            refusal(ErrorKind::OtherJournal, format!("this daemon keeps the journal `{ours}`"))
        }
        Request::Lanes { request, patience_ms, .. } => {
            let patience = Duration::from_millis(patience_ms);
            match doors.lanes.ask(Decide { matter: *request, patience }).await {
                Ok(Ok(reply)) => Answer::Lanes(Box::new(reply)),
                Ok(Err(failed)) => journal_refusal(&failed),
                Err(gone) => unreachable_refusal(gone),
            }
        }
        Request::HaltWorker { handle, command, reason, .. } => {
            match doors.halt.ask(HaltRun { handle, command, reason }).await {
                Ok(halting) => Answer::HaltWorker(halting.into()),
                Err(gone) => unreachable_refusal(gone),
            }
        }
        Request::Reset { lanes, .. } => {
            let which = lanes.map_or(Which::GivenUp, Which::Named);
            match doors.reset.ask(Reset { which }).await {
                Ok(Ok(lanes)) => Answer::Reset(lanes),
                Ok(Err(refused)) => reset_refusal(&refused),
                Err(gone) => unreachable_refusal(gone),
            }
        }
    }
}

/// Takes a claim whose verdict nobody waits for.
fn accept(doors: &Doors, claim: Claim) -> Answer {
    let door = doors.claim.clone();
    actix_rt::spawn(async move {
        let key = claim.key.clone();
        match door.ask(claim).await {
            Ok(Ok(_)) => {}
            Ok(Err(failed)) => warn!(claim = key, "a claim has no verdict: {failed}"),
            Err(gone) => warn!(claim = key, "a claim has no verdict: {gone}"),
        }
    });
    Answer::Accepted
}

impl From<Halting> for HaltedWorker {
    fn from(halting: Halting) -> Self {
        let (run, recorded, enacted, note) = match halting {
            Halting::Stopped(run) => (Some(run), true, true, None),
            Halting::Survived(Survivors { run, members }) => {
                let survivors = members.iter().map(|member| member.pid).collect();
                let note = "members of its group outlived KILL".to_owned();
                return Self { survivors, ..Self::about(Some(run), true, false, Some(note)) };
            }
            Halting::Unproven(run) => {
                (Some(run), true, false, Some("its end is not recorded yet".to_owned()))
            }
            Halting::NotRecorded(run) => {
                (Some(run), false, false, Some("the intent could not be recorded".to_owned()))
            }
            Halting::Unknown => {
                (None, false, false, Some("no worker of this daemon is meant".to_owned()))
            }
            Halting::Ambiguous(runs) => {
                let note = format!("several workers are meant, name one: {}", runs.join(", "));
                (None, false, false, Some(note))
            }
        };
        Self::about(run, recorded, enacted, note)
    }
}

impl HaltedWorker {
    fn about(run: Option<Run>, recorded: bool, enacted: bool, note: Option<String>) -> Self {
        let (lane, loop_ts, run_id) =
            run.map_or_else(Default::default, |run| (run.lane, run.loop_ts, Some(run.run_id)));
        Self { recorded, enacted, lane, loop_ts, run_id, survivors: Vec::new(), note }
    }
}

/// Whether two paths name one journal. It need not exist, and may be replaced, so its
/// directory counts.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let directory = path.parent().and_then(|parent| parent.canonicalize().ok());
        directory.zip(path.file_name().map(ToOwned::to_owned))
    };
    one == other || place(one).is_some_and(|one| Some(one) == place(other))
}

fn journal_refusal(failed: &JournalError) -> Answer {
    let kind = match failed.kind {
        JournalErrorKind::Busy { .. } => ErrorKind::Busy,
        JournalErrorKind::Fatal { .. }
        | JournalErrorKind::Io { .. }
        | JournalErrorKind::Unreachable => ErrorKind::Failed,
    };
    refusal(kind, failed.to_string())
}

fn reset_refusal(refused: &ResetError) -> Answer {
    let kind = match refused {
        ResetError::Unknown { .. } => ErrorKind::UnknownLane,
        ResetError::NotReady => ErrorKind::Busy,
        ResetError::NotRecorded => ErrorKind::Failed,
    };
    refusal(kind, refused.to_string())
}

pub(super) fn unreachable_refusal(gone: Unreachable) -> Answer {
    refusal(ErrorKind::Failed, gone.to_string())
}

fn refusal(kind: ErrorKind, message: String) -> Answer {
    Answer::Error(Refusal { kind, message })
}
