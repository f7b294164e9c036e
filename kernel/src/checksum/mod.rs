//! The check sum that a row of ours carries, so that a flipped bit inside of a text is noticed.
//!
//! Owns its key, what it covers, and what a line says about it. It finds damage, not malice.
//! Rows of other writers have none, and neither have those that we wrote before there was one:
//! what they say is taken as it stands.

mod crc;

use alloc::format;
use alloc::string::{String, ToString as _};
use core::ops::Range;

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
    let Some(at) = find(line) else { return check_hit(line) };
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

/// Looks at a line without the key. One that has what is left of it was damaged there: the rest of
/// it is right only if the sum is.
fn check_hit(line: &str) -> Checked {
    let Some(span) = find_hit(line) else { return Checked::Absent };
    let (before, rest) = (&line[..span.start], &line[span.end..]);
    let sum = Crc::new().over(before.as_bytes()).over(rest.as_bytes()).digits();
    if line.as_bytes()[..span.end].ends_with(&[&sum[..], b"\","].concat()) {
        Checked::Right
    } else {
        Checked::Wrong
    }
}

/// From the first quote of a key that was the check sum's to the comma before the next one.
fn find_hit(line: &str) -> Option<Range<usize>> {
    let bytes = line.as_bytes();
    memchr::memmem::find_iter(bytes, b"\":\"").find_map(|name_end| {
        let digits = name_end + 3;
        let end = digits + DIGITS + 2;
        let is_sum =
            bytes.get(digits..end)?.strip_suffix(b"\",")?.iter().all(u8::is_ascii_hexdigit);
        let start = is_sum.then(|| hit_key(&line[..name_end]))??;
        Some(start..end)
    })
}

/// Where a text ends with the key, but for one character of its name or for the quote before it,
/// which then belongs to the name of the key before. In any other way the line is no JSON.
fn hit_key(text: &str) -> Option<usize> {
    let (quote, name) = text.rfind('"').map(|at| (at, &text[at + 1..]))?;
    let hits = name.chars().zip(KEY.chars()).filter(|(is, was)| is != was).count();
    if hits == 1 && name.chars().count() == KEY.len() {
        return Some(quote);
    }
    let before = name.strip_suffix(KEY)?;
    let was_quote = before.chars().next_back().filter(|last| is_near_quote(*last))?;
    Some(text.len() - KEY.len() - was_quote.len_utf8())
}

/// Whether one bit makes a quote of it. Bytes that are no text have become U+FFFD.
fn is_near_quote(hit: char) -> bool {
    hit == char::REPLACEMENT_CHARACTER || (u32::from(hit) ^ u32::from('"')).is_power_of_two()
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
