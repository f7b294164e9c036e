//! The command line's side: blocking, one request, bounded in time.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address;
use super::protocol::{Answer, Request};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("no daemon listens on `{}`: {source}\n  help: start one with `dosd run`, or set DOSD_SOCKET to its socket", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The daemon is there and did not answer, or not in time.
    #[error("the daemon on `{}` gave no answer: {source}\n  help: look at its log; a slow surface needs a longer --timeout", path.display())]
    NoAnswer {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Whether a daemon listens on `socket`. It is asked nothing.
#[must_use]
pub fn is_listening(socket: &Path) -> bool {
    address::of(socket).is_ok_and(|address| UnixStream::connect(&address.path).is_ok())
}

/// Asks the daemon behind `socket` and waits at most `timeout` for the answer.
///
/// # Errors
/// [`ClientError`]; a refusal is an answer.
pub fn call(socket: &Path, request: &Request, timeout: Duration) -> Result<Answer, ClientError> {
    let not_running = |source| ClientError::NotRunning { path: socket.to_owned(), source };
    let no_answer = |source| ClientError::NoAnswer { path: socket.to_owned(), source };
    let address = address::of(socket).map_err(not_running)?;
    let mut stream = UnixStream::connect(&address.path).map_err(not_running)?;
    // A timeout of zero would mean none at all.
    let timeout = Some(timeout.max(Duration::from_millis(1)));
    stream.set_read_timeout(timeout).map_err(no_answer)?;
    stream.set_write_timeout(timeout).map_err(no_answer)?;
    let mut line = serde_json::to_vec(request).map_err(|error| no_answer(error.into()))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(no_answer)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(no_answer)?;
    if answer.is_empty() {
        return Err(no_answer(io::ErrorKind::UnexpectedEof.into()));
    }
    serde_json::from_str(&answer).map_err(|error| no_answer(error.into()))
}
