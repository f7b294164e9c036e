//! Being told by the kernel that a file moved, instead of asking it.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use futures_util::StreamExt;
use futures_util::future::ready;
use inotify::{Inotify, WatchMask};

use super::storage::ChangeStream;

/// Watches the directory of `path` for changes of that name. The directory is
/// watched rather than the file, because a rewrite by rename brings a new file
/// under the old name.
///
/// Must be called inside a tokio runtime.
pub(super) fn changes(path: &Path) -> io::Result<ChangeStream> {
    let name = path.file_name().map(OsString::from).unwrap_or_default();
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let inotify = Inotify::init()?;
    inotify.watches().add(
        directory,
        WatchMask::MODIFY | WatchMask::CREATE | WatchMask::MOVED_TO | WatchMask::DELETE,
    )?;
    let events = inotify.into_event_stream(vec![0_u8; 4096])?;
    // An error means that the descriptor is gone: the stream ends, and the reader
    // falls back on its tick. An overflow of the queue has no name: assume the worst.
    let moves = events
        .take_while(|event| ready(event.is_ok()))
        .filter(move |event| {
            let seen = event.as_ref().ok().and_then(|event| event.name.as_ref());
            ready(seen.is_none_or(|seen| *seen == name))
        })
        .map(|_| ());
    Ok(moves.boxed())
}
