//! The names in a directory at one moment.

use std::ffi::CStr;
use std::os::fd::BorrowedFd;

use dosd_actors::witness::Entities;
use rustix::fs::{Dir, FileType};

use crate::steady::{is_still, settled};
use crate::stop::Halt;

/// A directory whose names change while they are listed is listed so often at most.
const ATTEMPTS: u32 = 5;

/// Between two looks at the time.
const PER_LOOK: usize = 4096;

/// Names with their kind, one behind the other: a million of them are a few megabytes.
#[derive(Default)]
pub(super) struct Names {
    /// For each name its kind in one byte, the name, and a zero byte.
    bytes: Vec<u8>,
}

impl Names {
    /// Those in an open directory. Names that come or go while a directory is listed may be
    /// missed together with others that are renamed: such a list is made again.
    pub(super) fn of(directory: BorrowedFd<'_>, into: &mut dyn Entities) -> Result<Self, Halt> {
        let mut names = Self::default();
        for _ in 0..ATTEMPTS {
            let stamp = settled(directory, into)?;
            names.bytes.clear();
            for (at, entry) in Dir::read_from(directory)?.enumerate() {
                let entry = entry?;
                if at % PER_LOOK == 0 {
                    into.go_on()?;
                }
                names.add(entry.file_name(), entry.file_type());
            }
            if is_still(directory, stamp)? {
                return Ok(names);
            }
        }
        Err(Halt::Moved)
    }

    fn add(&mut self, name: &CStr, kind: FileType) {
        if !matches!(name.to_bytes(), b"." | b"..") {
            self.bytes.push(match kind {
                FileType::RegularFile => b'f',
                FileType::Directory => b'd',
                FileType::Symlink => b'l',
                FileType::Unknown => b'?',
                FileType::Fifo
                | FileType::Socket
                | FileType::CharacterDevice
                | FileType::BlockDevice => b'-',
            });
            self.bytes.extend_from_slice(name.to_bytes_with_nul());
        }
    }

    /// Each name with its kind, unless the file system does not tell it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&CStr, Option<Kind>)> {
        let mut rest = &self.bytes[..];
        std::iter::from_fn(move || {
            let (kind, names) = rest.split_first()?;
            let name = CStr::from_bytes_until_nul(names).ok()?;
            rest = names.get(name.count_bytes() + 1..).unwrap_or_default();
            let kind = match kind {
                b'f' => Some(Kind::File),
                b'd' => Some(Kind::Directory),
                b'l' => Some(Kind::Link),
                b'-' => Some(Kind::Other),
                _ => None,
            };
            Some((name, kind))
        })
    }
}

/// What is behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// Something without content.
    Other,
}

impl Kind {
    pub(super) fn of(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Link,
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => Self::Other,
        }
    }
}
