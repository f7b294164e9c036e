//! The cursor file of one exporter: how far its sink has taken the journal. It
//! decides nothing about where to go on when a file is missing or unreadable.

use std::io;
use std::path::{Path, PathBuf};

use dosd_actors::journal::{Cursor, EventId, FileIdentity};
use dosd_actors::port::SharedStorage;
use dosd_kernel::stamp;
use serde::{Deserialize, Serialize};

use crate::aside::put_aside;
use crate::directory::in_directory;
use crate::off_thread::off_thread;

/// Names the format inside the file.
const FAMILY: &str = "exporter-cursor";
/// The version of the format that is written.
const VERSION: u32 = 1;

/// What a cursor file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The place after the last row that is settled: delivered, dead, or left
    /// out by the filter.
    pub cursor: Cursor,
    /// The id of the last event that was delivered or became a dead letter, for
    /// people.
    pub event_id: Option<String>,
    /// Why nothing is sent, when the sink said that it is gone for good.
    pub disabled: Option<String>,
}

impl Saved {
    /// A place where nothing was delivered yet.
    #[must_use]
    pub fn at(cursor: Cursor) -> Self {
        Self { cursor, event_id: None, disabled: None }
    }

    /// Moves on to `cursor`, over `event` if there was one.
    pub(crate) fn advance(&mut self, cursor: Cursor, event: Option<EventId>) {
        self.cursor = cursor;
        if let Some(event) = event {
            self.event_id = Some(event.to_string());
        }
    }
}

/// Why a cursor file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CursorFault {
    /// It is not the JSON that was written.
    #[error("it does not parse: {0}")]
    Unparsable(String),
    /// It is JSON of something else, or of a later version.
    #[error("it is `{family}` version {version}, expected `{FAMILY}` version {VERSION}")]
    Foreign {
        /// The family it names.
        family: String,
        /// The version it names.
        version: u32,
    },
    /// It belongs to another exporter.
    #[error("it belongs to the exporter `{0}`")]
    OtherExporter(String),
    /// Its check sum does not match: it was damaged or edited.
    #[error("its check sum does not match")]
    Damaged,
}

/// What was found at the cursor's path.
#[derive(Debug)]
pub enum Loaded {
    /// No file: this exporter is new.
    Missing,
    /// A place to go on from.
    Found(Saved),
    /// A file that says nothing reliable.
    Unreadable(CursorFault),
}

/// The cursor file of one exporter.
#[derive(Clone)]
pub struct CursorFile {
    storage: SharedStorage,
    exporter: String,
    path: PathBuf,
}

impl CursorFile {
    /// The file `<exporter>.json` in `directory`.
    #[must_use]
    pub fn new(storage: SharedStorage, directory: &Path, exporter: &str) -> Self {
        let path = directory.join(format!("{exporter}.json"));
        Self { storage, exporter: exporter.to_owned(), path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it.
    ///
    /// # Errors
    /// The file system's own, except "not found".
    pub async fn load(&self) -> io::Result<Loaded> {
        let (storage, path) = (self.storage.clone(), self.path.clone());
        match off_thread(move || storage.read(&path)).await {
            Ok(bytes) => Ok(match decode(&bytes, &self.exporter) {
                Ok(saved) => Loaded::Found(saved),
                Err(fault) => Loaded::Unreadable(fault),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Loaded::Missing),
            Err(error) => Err(error),
        }
    }

    /// Replaces it so that a crash leaves the old place or the new one.
    ///
    /// # Errors
    /// The file system's own; the old place then still stands.
    pub async fn save(&self, saved: &Saved, now_ms: i64) -> io::Result<()> {
        let bytes = encode(saved, &self.exporter, now_ms);
        let (storage, path) = (self.storage.clone(), self.path.clone());
        off_thread(move || in_directory(&*storage, &path, || storage.replace(&path, &bytes))).await
    }

    /// Gives a file that cannot be used a second name, the first of
    /// `<exporter>.json.unreadable-N` that is free, so that the next save does not
    /// lose it.
    ///
    /// # Errors
    /// The file system's own; nothing has changed then.
    pub async fn put_aside(&self) -> io::Result<PathBuf> {
        let (storage, path) = (self.storage.clone(), self.path.clone());
        off_thread(move || put_aside(&*storage, &path)).await
    }
}

/// The file, version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: Format,
    cursor: Body,
    /// Covers `cursor`, in compact form.
    check: String,
}

#[derive(Serialize, Deserialize)]
struct Format {
    family: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    exporter: String,
    file: FileIdentity,
    offset: u64,
    event_id: Option<String>,
    disabled: Option<String>,
    saved_at: String,
}

/// The part that every version has.
#[derive(Deserialize)]
struct Envelope {
    format: Format,
}

/// The bytes of a cursor file.
fn encode(saved: &Saved, exporter: &str, now_ms: i64) -> Vec<u8> {
    let cursor = Body {
        exporter: exporter.to_owned(),
        file: saved.cursor.file,
        offset: saved.cursor.offset,
        event_id: saved.event_id.clone(),
        disabled: saved.disabled.clone(),
        saved_at: stamp::format_ms(now_ms),
    };
    let format = Format { family: FAMILY.to_owned(), version: VERSION };
    let document = Document { format, check: check_sum(&cursor), cursor };
    let mut bytes = to_json(&document, serde_json::to_vec_pretty);
    bytes.push(b'\n');
    bytes
}

/// Reads the bytes of a cursor file.
fn decode(bytes: &[u8], exporter: &str) -> Result<Saved, CursorFault> {
    let unparsable = |error: serde_json::Error| CursorFault::Unparsable(error.to_string());
    // The envelope first: a later version is recognised as one.
    let Envelope { format } = serde_json::from_slice(bytes).map_err(unparsable)?;
    if format.family != FAMILY || format.version != VERSION {
        return Err(CursorFault::Foreign { family: format.family, version: format.version });
    }
    let Document { cursor: body, check, .. } = serde_json::from_slice(bytes).map_err(unparsable)?;
    if check != check_sum(&body) {
        return Err(CursorFault::Damaged);
    }
    if body.exporter != exporter {
        return Err(CursorFault::OtherExporter(body.exporter));
    }
    let cursor = Cursor { file: body.file, offset: body.offset };
    Ok(Saved { cursor, event_id: body.event_id, disabled: body.disabled })
}

/// FNV-1a over the compact JSON of the body: it finds damage, not malice.
fn check_sum(body: &Body) -> String {
    let hash =
        to_json(body, serde_json::to_vec).iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

fn to_json<T: Serialize>(value: &T, write: fn(&T) -> serde_json::Result<Vec<u8>>) -> Vec<u8> {
    // Only keys that are not text or a failing `Serialize` can fail here.
    write(value).expect("a struct of text and numbers is always valid JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved() -> Saved {
        Saved {
            cursor: Cursor { file: FileIdentity { inode: 7, head: Some(u64::MAX) }, offset: 4096 },
            event_id: Some("00000000000000ff-f80".to_owned()),
            disabled: None,
        }
    }

    /// Version 1 as it was first written. It must stay readable for good.
    const VERSION_1: &str = include_str!("cursor/version_1.json");

    #[test]
    fn version_1_is_written_and_read() {
        assert_eq!(
            String::from_utf8(encode(&saved(), "oncall", 1_795_375_885_000)).unwrap(),
            VERSION_1
        );
        assert_eq!(decode(VERSION_1.as_bytes(), "oncall"), Ok(saved()));
    }

    #[test]
    fn every_changed_digit_is_noticed() {
        for (at, byte) in VERSION_1.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
            let mut bytes = VERSION_1.as_bytes().to_vec();
            bytes[at] = if byte == b'9' { b'0' } else { byte + 1 };
            assert!(decode(&bytes, "oncall").is_err(), "digit at byte {at}");
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let whole = VERSION_1.trim_end().len();
        for len in 0..whole {
            let fault = decode(&VERSION_1.as_bytes()[..len], "oncall");
            assert!(matches!(fault, Err(CursorFault::Unparsable(_))), "cut at byte {len}");
        }
    }

    #[test]
    fn a_later_version_and_another_exporter_are_named() {
        let later = VERSION_1.replace("\"version\": 1", "\"version\": 2");
        let fault = decode(later.as_bytes(), "oncall").unwrap_err();
        assert_eq!(fault, CursorFault::Foreign { family: FAMILY.to_owned(), version: 2 });
        let fault = decode(VERSION_1.as_bytes(), "audit").unwrap_err();
        assert_eq!(fault, CursorFault::OtherExporter("oncall".to_owned()));
    }
}
