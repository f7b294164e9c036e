//! Calls that a signal interrupted. It is the port that makes them again: nobody above it ever
//! sees `EINTR`, and nobody above it has to know which calls may be repeated.

use std::io;

/// A call that a signal interrupted before it did anything is made again. That holds for
/// `fdatasync` too: one that was interrupted has lost nothing, unlike one that failed.
pub(super) fn retry_interrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
