//! A file of JSON lines: a log in which the last line of a key is its state.

#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use dosd_actors::witness::{Entities, Repeats, Stop, Surface, Unreadable};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Pointer;

use crate::Identity;
use crate::steady::{not_just_emptied, open_regular, stamp, was_one_state};
use crate::stop::Halt;
use crate::values::{Refused, Values};
use crate::window::Window;

/// A file with a JSON value on each line, that holds its key.
///
/// - Of several lines with one key the last counts.
/// - Lines that are appended while it is read belong to the next read.
/// - A last line without an end is one that somebody is about to write, or was kept from
///   writing: it counts if it is a whole value with a key, and else the read is unfinished.
/// - Any other line that is no value with a key makes the file unreadable; blank ones are
///   nothing.
#[derive(Debug, Clone)]
pub struct JsonLines {
    /// Its name and rung.
    pub identity: Identity,
    /// The file.
    pub path: PathBuf,
    /// Where in each value its key is.
    pub key: Pointer,
}

impl Surface for JsonLines {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "jsonl"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn repeats(&self) -> Repeats {
        Repeats::LastCounts
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        self.read_file(into).map_err(|halt| halt.of(self.path.display()))
    }
}

impl JsonLines {
    fn read_file(&self, into: &mut dyn Entities) -> Result<(), Halt> {
        let file = open_regular(&self.path)?;
        let stamp = not_just_emptied(&file, into)?;
        let max = into.bytes_left();
        if stamp.len > max {
            return Err(Stop::TooLarge { max }.into());
        }
        let hashing = Hashing { file: &file, hasher: blake3::Hasher::new() };
        let mut window = Window::new(hashing, stamp.len, max);
        match lines(&mut window, &self.key, into) {
            Ok(is_whole) => {
                let hash = window.into_inner().hasher.finalize();
                if !was_one_state(&file, stamp, hash, into)? {
                    return Err(Halt::Moved);
                }
                if !is_whole {
                    let path = self.path.display();
                    into.unfinished(format!("the last line of `{path}` is not whole"));
                }
                Ok(())
            }
            // Written to from the start: the line may be half an old and half a new one.
            Err(Halt::Broken(_)) if self::stamp(&file)?.len < stamp.len => Err(Halt::Moved),
            Err(halt) => Err(halt),
        }
    }
}

/// Hands over what is on each line; says whether the last one is whole.
fn lines<R: Read>(
    window: &mut Window<R>,
    key: &Pointer,
    into: &mut dyn Entities,
) -> Result<bool, Halt> {
    let mut values = Values::by(Some(key));
    let mut is_whole = true;
    for number in 1_u64.. {
        let ended = window.line(into)?;
        let len = ended.unwrap_or_else(|| window.unended());
        let line = window.bytes(0..len);
        if !line.trim_ascii().is_empty() {
            match hand(&mut values, line, into) {
                Ok(()) => {}
                Err(Refused::Stop(stop)) => return Err(stop.into()),
                Err(Refused::Value(_)) if ended.is_none() => is_whole = false,
                Err(Refused::Value(why)) => {
                    return Err(Halt::Broken(format!("line {number} {why}")));
                }
            }
        }
        if ended.is_none() {
            return Ok(is_whole);
        }
        window.take(len + 1);
    }
    Ok(is_whole)
}

/// Hands over the one value of a line.
fn hand(values: &mut Values<'_>, line: &[u8], into: &mut dyn Entities) -> Result<(), Refused> {
    let no_json = |cause: &dyn Display| Refused::Value(format!("is no JSON value: {cause}"));
    let (value, len) = values.parse(line, into).map_err(|cause| no_json(&cause))?;
    if !line[len..].trim_ascii().is_empty() {
        return Err(no_json(&"something follows it"));
    }
    values.hand(value, into)
}

/// A file of which everything that is read is hashed.
struct Hashing<'a> {
    file: &'a File,
    hasher: blake3::Hasher,
}

impl Read for Hashing<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read(into)?;
        self.hasher.update(&into[..got]);
        Ok(got)
    }
}
