//! The check sum that a row of ours carries, so that a flipped bit inside of a text is noticed.
//!
//! Owns its key, what it covers, and what a line says about it. It finds damage, not malice.
//! Rows of other writers have none, and neither have those that we wrote before there was one:
//! what they say is taken as it stands.

mod crc;

use alloc::format;
use alloc::string::{String, ToString as _};

use serde_json::Value;

pub(crate) use crc::Crc;

use crate::Map;

/// The key of the check sum: the CRC-32 of zlib over the row's compact text without this key
/// and without the newline, in eight lower-case hexadecimal digits.
pub const KEY: &str = "crc32";

/// The key as it stands in a row of ours.
const OPENING: &str = "\"crc32\":\"";
/// How many digits follow [`OPENING`].
pub(crate) const DIGITS: usize = 8;
/// From the key's first quote to the comma before the next key.
pub(crate) const SPAN: usize = OPENING.len() + DIGITS + "\",".len();

/// What a line says about its check sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It has none.
    Absent,
    /// It is right.
    Right,
    /// It does not match: the row says something else than what was written.
    Wrong,
}

/// Looks at a line that is a row; of what is no object there is nothing to say.
///
/// The text is checked as it stands, and as the same row would stand if we had written it: a
/// program that lays it out differently has not damaged it.
#[must_use]
pub fn check(line: &str) -> Checked {
    let line = line.trim();
    let Some(at) = find(line) else { return Checked::Absent };
    if let Some(given) = given(line, at)
        && let Some((before, rest)) = around(line, at)
        && Crc::new().over(before.as_bytes()).over(rest.as_bytes()).digits() == given.as_bytes()
    {
        return Checked::Right;
    }
    match serde_json::from_str(line) {
        Ok(Value::Object(row)) => check_row(row),
        Ok(_) | Err(_) => Checked::Absent,
    }
}

/// The text of a row with its check sum, without a newline.
#[must_use]
pub fn seal(mut row: Map) -> String {
    row.remove(KEY);
    let digits = of_text(&Value::from(row.clone()).to_string());
    row.insert(KEY.into(), digits.into());
    Value::from(row).to_string()
}

/// [`OPENING`] without the digits, for whoever writes a row piece by piece.
pub(crate) fn placeholder() -> String {
    format!("{OPENING}{}\"", "0".repeat(DIGITS))
}

/// Where the digits stand in a text whose key begins at `at`.
pub(crate) fn digits_of(at: usize) -> usize {
    at + OPENING.len()
}

fn check_row(mut row: Map) -> Checked {
    let Some(given) = row.remove(KEY) else { return Checked::Absent };
    if given == of_text(&Value::from(row).to_string()) { Checked::Right } else { Checked::Wrong }
}

fn of_text(text: &str) -> String {
    String::from_utf8_lossy(&Crc::new().over(text.as_bytes()).digits()).into_owned()
}

/// Where the key may begin. It stands at the front of most rows of ours.
fn find(line: &str) -> Option<usize> {
    if line.as_bytes().get(1..).is_some_and(|rest| rest.starts_with(OPENING.as_bytes())) {
        return Some(1);
    }
    memchr::memmem::find(line.as_bytes(), b"\"crc32\"")
}

/// The digits that a row of ours has there.
fn given(line: &str, at: usize) -> Option<&str> {
    line.get(at..)?.strip_prefix(OPENING)?.get(..DIGITS)
}

/// What stands before and after the key, if another key follows it.
fn around(line: &str, at: usize) -> Option<(&str, &str)> {
    let (before, rest) = (line.get(..at)?, line.get(at + SPAN..)?);
    line.get(..at + SPAN)?.ends_with("\",").then_some((before, rest))
}

#[cfg(test)]
mod tests;
