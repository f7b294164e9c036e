//! What became of a line that no fold counts, told from its bytes alone.
//!
//! Owns the kinds of damage, under names that stand in reports, and what can still be read in a
//! damaged line. It decides nothing: whether a line counts is the fold's word, and what is read
//! here is a hint for people.

mod clues;
#[cfg(test)]
mod tests;

use core::fmt;

use serde_json::Value;

pub use clues::Clues;

use crate::checksum::{self, Checked};
use crate::lines;

/// Behind so many openings of an object a whole row is looked for.
const OPENINGS_TRIED: usize = 32;

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flaw {
    /// Bytes of it are zero: a file system that lost power keeps a file's length and not what was
    /// in it.
    Zeroed,
    /// A row that parses, and does not match its check sum.
    WrongSum,
    /// A fragment, and a whole row right behind it, on the same line.
    Glued,
    /// The beginning of a row, without its end.
    Torn,
    /// Bytes that are no text.
    NotUtf8,
    /// Text that is no JSON.
    NotJson,
}

impl Flaw {
    /// Its name, as it stands in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Zeroed => "zeroed",
            Self::WrongSum => "wrong-sum",
            Self::Glued => "glued",
            Self::Torn => "torn",
            Self::NotUtf8 => "not-utf-8",
            Self::NotJson => "not-json",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a damaged line turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// What is wrong with it.
    pub flaw: Flaw,
    /// How many of its bytes are zero.
    pub zeros: u64,
    /// What can still be read of the row that it was.
    pub clues: Clues,
    /// What the whole row behind a fragment says; only of [`Flaw::Glued`].
    pub behind: Option<Clues>,
}

/// Looks at the bytes, without the newline, of a line that a fold does not count.
#[must_use]
pub fn examine(bytes: &[u8]) -> Examined {
    let zeros = memchr::memchr_iter(0, bytes).count() as u64;
    let text = lines::text(bytes);
    let found = |flaw| Examined { flaw, zeros, clues: Clues::gather(&text), behind: None };
    if let Some((before, row)) = glued(&text) {
        let behind = Some(Clues::gather(row));
        return Examined { flaw: Flaw::Glued, zeros, clues: Clues::gather(before), behind };
    }
    if zeros > 0 {
        return found(Flaw::Zeroed);
    }
    if checksum::check(&text) == Checked::Wrong {
        return found(Flaw::WrongSum);
    }
    // The same bytes as text: what was cut within a character is not more than cut.
    let is_cut = |text: &str| {
        let parsed = serde_json::from_str::<Value>(text.trim_start());
        text.trim_start().starts_with('{') && parsed.is_err_and(|error| error.is_eof())
    };
    let flaw = match core::str::from_utf8(bytes) {
        Ok(text) if is_cut(text) => Flaw::Torn,
        Ok(_) => Flaw::NotJson,
        Err(error) if error.error_len().is_none() && is_cut(&text) => Flaw::Torn,
        Err(_) => Flaw::NotUtf8,
    };
    found(flaw)
}

/// The fragment and the whole row that a line ends with.
fn glued(text: &str) -> Option<(&str, &str)> {
    // A row that parses whole is nothing else, whatever it has in it.
    if serde_json::from_str::<Value>(text.trim()).is_ok() {
        return None;
    }
    let openings = memchr::memmem::find_iter(text.as_bytes(), b"{\"").filter(|at| *at > 0);
    openings.take(OPENINGS_TRIED).find_map(|at| {
        let (before, row) = text.split_at_checked(at)?;
        let parsed = serde_json::from_str::<Value>(row.trim_end()).ok()?;
        let is_row =
            parsed.get("seq").is_some() && (parsed.get("op").or(parsed.get("syscall"))).is_some();
        (is_row && checksum::check(row) != Checked::Wrong).then_some((before, row))
    })
}
