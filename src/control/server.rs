//! The daemon's side: accepts, reads a line, asks the actor, answers.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use dosd_actors::journal::{Compact, JournalError, JournalErrorKind};
use dosd_actors::reach::{Reach, Unreachable};
use dosd_actors::witness::Claim;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tracing::{debug, warn};

use super::address;
use super::protocol::{Answer, ErrorKind, Refusal, Request};

/// The longest request: a claim with a long story.
const LONGEST_REQUEST: u64 = 1 << 20;

/// Whom requests are handed to.
#[derive(Clone)]
pub struct Doors {
    /// Judges claims.
    pub claim: Reach<Claim>,
    /// Compacts the lane journal.
    pub compact: Reach<Compact>,
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
                        if let Err(error) = converse(stream, &doors).await {
                            debug!("a caller of the control socket is gone: {error}");
                        }
                    });
                }
                Err(error) => {
                    // Out of descriptors, most likely: others may close theirs.
                    warn!("the control socket cannot accept: {error}");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    })
}

async fn converse(stream: UnixStream, doors: &Doors) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = Vec::new();
    BufReader::new(reader.take(LONGEST_REQUEST)).read_until(b'\n', &mut line).await?;
    let answer = match serde_json::from_slice(&line) {
        Ok(request) => answer(request, doors).await,
        Err(error) => refusal(ErrorKind::InvalidRequest, format!("not a request: {error}")),
    };
    let mut bytes = serde_json::to_vec(&answer)?;
    bytes.push(b'\n');
    writer.write_all(&bytes).await
}

async fn answer(request: Request, doors: &Doors) -> Answer {
    match request {
        Request::Claim { run_id, lane, key, narrated } => {
            match doors.claim.ask(Claim { run_id, lane, key, narrated }).await {
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
    }
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

fn unreachable_refusal(gone: Unreachable) -> Answer {
    refusal(ErrorKind::Failed, gone.to_string())
}

fn refusal(kind: ErrorKind, message: String) -> Answer {
    Answer::Error(Refusal { kind, message })
}
