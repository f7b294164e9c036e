//! Socket addresses of any length.
//!
//! A Unix socket address holds 107 bytes of path, and workspaces lie deeper than
//! that. A longer one is reached through its opened directory,
//! `/proc/self/fd/N/NAME`, which the kernel resolves to the same place.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// The longest path that fits, with its terminator, into `sockaddr_un`.
const LONGEST: usize = 107;

/// A path that fits, and what keeps it valid.
pub(super) struct SocketAddress {
    pub(super) path: PathBuf,
    _directory: Option<File>,
}

/// An address for `socket` that can be bound or connected to.
pub(super) fn of(socket: &Path) -> io::Result<SocketAddress> {
    if socket.as_os_str().len() <= LONGEST {
        return Ok(SocketAddress { path: socket.to_owned(), _directory: None });
    }
    let (Some(parent), Some(name)) = (socket.parent(), socket.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let directory = File::open(parent)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name);
    Ok(SocketAddress { path, _directory: Some(directory) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    #[test]
    fn a_socket_deep_in_the_tree_is_reached() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let socket = deep.join("dosd.sock");
        let _listener = UnixListener::bind(super::of(&socket).unwrap().path).unwrap();
        assert!(socket.exists());
        UnixStream::connect(super::of(&socket).unwrap().path).unwrap();
    }
}
