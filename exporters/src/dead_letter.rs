//! The dead letters of one exporter: events that its sink refused for good, each
//! with the reason and the time. It only ever appends. After a crash an event may
//! stand there twice, under the same id.

use std::io;
use std::path::{Path, PathBuf};

use dosd_actors::port::SharedStorage;
use dosd_kernel::stamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::directory::in_directory;
use crate::event::Event;
use crate::line_file::append_lines;
use crate::off_thread::off_thread;
use crate::sink::Refusal;

/// The version of the lines that are written.
const VERSION: u32 = 1;

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Version of this line's format.
    pub dead_letter: u32,
    /// The event's id, as it was sent.
    pub event_id: String,
    /// Why the sink refused it.
    pub reason: String,
    /// When, as a journal stamp.
    pub refused_at: String,
    /// The row as it stands in the journal.
    pub row: Box<RawValue>,
}

impl DeadLetter {
    /// Reads one line of the file.
    ///
    /// # Errors
    /// When the line was torn or is of a later version.
    pub fn parse(line: &str) -> Result<Self, String> {
        let letter: Self = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if letter.dead_letter != VERSION {
            return Err(format!(
                "is a dead letter of version {}, expected {VERSION}; use a later dosd",
                letter.dead_letter
            ));
        }
        Ok(letter)
    }
}

/// The dead-letter file of one exporter.
#[derive(Clone)]
pub struct DeadLetterFile {
    storage: SharedStorage,
    path: PathBuf,
}

impl DeadLetterFile {
    /// The file `<exporter>.dead.jsonl` in `directory`.
    #[must_use]
    pub fn new(storage: SharedStorage, directory: &Path, exporter: &str) -> Self {
        Self { storage, path: directory.join(format!("{exporter}.dead.jsonl")) }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts events of a batch there that were refused, durably.
    ///
    /// # Errors
    /// The file system's own. Nobody knows then how much of it is on disk.
    pub async fn bury(&self, batch: &[Event], refused: &[Refusal], now_ms: i64) -> io::Result<()> {
        self.append(encode(batch, refused, now_ms)).await
    }

    /// Appends the lines and syncs them.
    ///
    /// # Errors
    /// The file system's own. Nobody knows then how much of it is on disk: the
    /// same lines have to be appended again.
    pub(crate) async fn append(&self, lines: Vec<u8>) -> io::Result<()> {
        let (storage, path) = (self.storage.clone(), self.path.clone());
        off_thread(move || {
            // Opened anew each time: dead letters are rare, and a file that was
            // moved away after a replay is not written to.
            let mut file = in_directory(&*storage, &path, || storage.open_append(&path))?;
            append_lines(&mut *file, &lines)?;
            file.sync()?;
            storage.sync_parent(&path)
        })
        .await
    }
}

/// The lines for the events of `batch` that were refused. A refusal of an event
/// that is not in the batch says nothing and makes no line.
pub(crate) fn encode(batch: &[Event], refused: &[Refusal], now_ms: i64) -> Vec<u8> {
    let mut lines = Vec::new();
    for refusal in refused {
        let Some(event) = batch.get(refusal.index) else { continue };
        let letter = DeadLetter {
            dead_letter: VERSION,
            event_id: event.id().to_string(),
            reason: refusal.reason.clone(),
            refused_at: stamp::format_ms(now_ms),
            row: RawValue::from_string(event.row().to_owned())
                .expect("an event was parsed from its row"),
        };
        lines.extend(serde_json::to_vec(&letter).expect("text and parsed JSON are valid JSON"));
        lines.push(b'\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::event;

    #[test]
    fn a_line_gives_the_row_back_as_it_stood() {
        let batch = [event("verify", "OPEN"), event("liveness", "STALLED \u{e9}")];
        let refused = [Refusal { index: 1, reason: "no \"room\"".to_owned() }];
        let lines = String::from_utf8(encode(&batch, &refused, 1_795_375_885_000)).unwrap();
        assert_eq!(lines.matches('\n').count(), 1);
        let letter = DeadLetter::parse(lines.trim_end()).unwrap();
        assert_eq!(letter.row.get(), batch[1].row());
        assert_eq!(letter.event_id, batch[1].id().to_string());
        assert_eq!(letter.reason, "no \"room\"");
        assert_eq!(letter.refused_at, "2026-11-22T19:31:25Z");
    }

    #[test]
    fn a_torn_or_later_line_is_refused() {
        let lines =
            encode(&[event("verify", "OPEN")], &[Refusal { index: 0, reason: String::new() }], 0);
        let line = String::from_utf8(lines).unwrap();
        assert!(DeadLetter::parse(&line[..line.len() - 9]).is_err());
        let later = line.replace("\"dead_letter\":1", "\"dead_letter\":2");
        assert!(DeadLetter::parse(later.trim_end()).unwrap_err().contains("version 2"));
    }

    #[test]
    fn a_refusal_outside_of_the_batch_makes_no_line() {
        let refused = [Refusal { index: 1, reason: String::new() }];
        assert_eq!(encode(&[event("verify", "OPEN")], &refused, 0), b"");
    }
}
