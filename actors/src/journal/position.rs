//! Where one is in a journal.
//!
//! `seq` is for people: Python writers may repeat it. A position is the file's
//! identity and a byte offset, and an event's id is made from both, so that it
//! is the same on every try, after every restart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which journal file it is: the inode and a hash of the first line.
///
/// The inode alone is handed out again; the first line alone is the same in two
/// workspaces that started in the same second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// Inode number.
    pub inode: u64,
    /// FNV-1a hash of the first line, newline not included; `None` while the
    /// file has no complete line.
    pub head: Option<u64>,
}

impl FileIdentity {
    /// The identity of a file by its inode and its first line, without the newline; none
    /// while that line is not complete.
    #[must_use]
    pub fn of(inode: u64, first_line: Option<&[u8]>) -> Self {
        Self { inode, head: first_line.map(head_of) }
    }

    /// Whether `later` can be the same file, seen later: an empty file gains a
    /// first line.
    #[must_use]
    pub fn is_same_file(self, later: Self) -> bool {
        self.inode == later.inode && (self.head.is_none() || self.head == later.head)
    }
}

/// A place between two rows of one journal file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The file.
    pub file: FileIdentity,
    /// Bytes before this place.
    pub offset: u64,
}

/// Where a reader wants to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the first row.
    Beginning,
    /// After the last row.
    End,
    /// At a place reached before. If that file is gone, the journal was
    /// rewritten, and reading begins with the first row of the new one.
    At(Cursor),
}

/// The id of one journal row: stable, and unique across files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId {
    file: u64,
    offset: u64,
}

impl EventId {
    /// The id of the row that begins at `offset`.
    #[must_use]
    pub fn new(file: FileIdentity, offset: u64) -> Self {
        let mut hash = Fnv::new();
        hash.write(&file.inode.to_le_bytes());
        hash.write(&file.head.unwrap_or_default().to_le_bytes());
        Self { file: hash.0, offset }
    }

    /// The byte offset of the row.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{:x}", self.file, self.offset)
    }
}

/// A text is not an [`EventId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an event")]
pub struct InvalidEventId;

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = |text| u64::from_str_radix(text, 16).map_err(|_| InvalidEventId);
        let (file, offset) = text.split_once('-').ok_or(InvalidEventId)?;
        let id = Self { file: parse(file)?, offset: parse(offset)? };
        // One spelling only: an id is compared as text by whoever receives it.
        if id.to_string() == text { Ok(id) } else { Err(InvalidEventId) }
    }
}

impl Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The hash of a journal's first line.
pub(super) fn head_of(first_line: &[u8]) -> u64 {
    let mut hash = Fnv::new();
    hash.write(first_line);
    hash.0
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): written to disk inside cursors, so it
/// must never change, which the standard library's hashers do not promise.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // The published test vectors of the algorithm.
        assert_eq!(head_of(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(head_of(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(head_of(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn an_empty_file_that_gains_a_line_is_the_same_file() {
        let empty = FileIdentity { inode: 7, head: None };
        let filled = FileIdentity { inode: 7, head: Some(1) };
        assert!(empty.is_same_file(filled));
        assert!(filled.is_same_file(filled));
        assert!(!filled.is_same_file(FileIdentity { inode: 7, head: Some(2) }));
        assert!(!filled.is_same_file(FileIdentity { inode: 8, head: Some(1) }));
    }

    #[test]
    fn ids_of_two_workspaces_with_equal_rows_differ() {
        let a = EventId::new(FileIdentity { inode: 1, head: Some(9) }, 0);
        let b = EventId::new(FileIdentity { inode: 2, head: Some(9) }, 0);
        assert_ne!(a, b);
        assert_eq!(a.to_string().len(), "0123456789abcdef-0".len());
    }

    #[test]
    fn an_id_is_read_back_from_its_one_spelling() {
        let id = EventId::new(FileIdentity { inode: 1, head: Some(9) }, 0xabc);
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        for odd in ["", "-", "1-2", &text.to_uppercase(), &format!("{text} "), &text[1..]] {
            assert_eq!(odd.parse::<EventId>(), Err(InvalidEventId), "{odd}");
        }
    }
}
