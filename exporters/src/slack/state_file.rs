//! The file beside the cursor that keeps, over restarts, what was told and what waits to
//! be told. It decides nothing.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dosd_actors::port::SharedStorage;
use serde::{Deserialize, Serialize};
use tracing::error;

use super::book::{Book, Kind, Volumes};
use super::gather::Fingerprint;
use crate::aside::put_aside;
use crate::directory::in_directory;
use crate::off_thread::off_thread;

/// Names the format inside the file.
const FAMILY: &str = "slack-state";
/// The version of the format that is written.
const VERSION: u32 = 1;

/// What outlives a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) book: Book,
    /// The message that shows how the fleet stands.
    pub(super) status: Option<Posted>,
}

/// Where a message is that can be edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Posted {
    /// The channel as it is configured.
    pub(super) asked: String,
    /// The channel's id, as Slack gave it.
    pub(super) channel: String,
    /// The message's id in it.
    pub(super) ts: String,
}

/// The state file of one exporter.
#[derive(Clone)]
pub struct StateFile {
    storage: SharedStorage,
    path: PathBuf,
    saved: Arc<Mutex<u64>>,
    saves: u64,
}

impl StateFile {
    /// The file `<exporter>.slack.json` in `directory`.
    #[must_use]
    pub fn new(storage: SharedStorage, directory: &Path, exporter: &str) -> Self {
        let path = directory.join(format!("{exporter}.slack.json"));
        Self { storage, path, saved: Arc::default(), saves: 0 }
    }

    /// Reads it. A file that cannot be used is put aside and reported, and what it kept is
    /// forgotten.
    ///
    /// # Errors
    /// In words, when the disk does not answer. Nothing has changed then.
    pub(super) async fn load(&self) -> Result<Kept, String> {
        let (storage, path) = (self.storage.clone(), self.path.clone());
        let read = off_thread(move || storage.read(&path)).await;
        let fault = match read.as_deref().map(decode) {
            Ok(Ok(kept)) => return Ok(kept),
            Ok(Err(fault)) => fault,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
            Err(error) => return Err(self.explain(error)),
        };
        let (storage, path) = (self.storage.clone(), self.path.clone());
        let aside = off_thread(move || {
            let aside = put_aside(&*storage, &path)?;
            storage.remove(&path).map(|()| aside)
        });
        let aside = aside.await.map_err(|error| self.explain(&error))?;
        error!(
            "state file `{}` cannot be used: {fault}; it is kept as `{}`. help: what it had counted \
             is not told, and what was told lately may be told again",
            self.path.display(),
            aside.display()
        );
        Ok(Kept::default())
    }

    /// Replaces it.
    ///
    /// # Errors
    /// In words; the old content then still stands.
    pub(super) async fn save(&mut self, kept: &Kept) -> Result<(), String> {
        self.saves += 1;
        let (number, bytes) = (self.saves, encode(kept));
        let (storage, path, saved) =
            (self.storage.clone(), self.path.clone(), Arc::clone(&self.saved));
        let replaced = off_thread(move || {
            // A save that was given up may still be under way; it must not undo a later one.
            let mut saved = saved.lock().unwrap_or_else(PoisonError::into_inner);
            if *saved < number {
                in_directory(&*storage, &path, || storage.replace(&path, &bytes))?;
                *saved = number;
            }
            Ok(())
        });
        replaced.await.map_err(|error: io::Error| self.explain(&error))
    }

    fn explain(&self, error: &io::Error) -> String {
        format!("state file `{}`: {error}", self.path.display())
    }
}

/// The file, version 1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: Format,
    message_ms: Option<i64>,
    kinds: Vec<Record>,
    others: Volumes,
    status: Option<Posted>,
}

#[derive(Serialize, Deserialize)]
struct Format {
    family: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    name: Fingerprint,
    #[serde(flatten)]
    kind: Kind,
}

/// The part that every version has.
#[derive(Deserialize)]
struct Envelope {
    format: Format,
}

pub(super) fn encode(kept: &Kept) -> Vec<u8> {
    let kinds = kept.book.kinds.iter();
    let kinds = kinds.map(|(name, kind)| Record { name: name.clone(), kind: kind.clone() });
    let document = Document {
        format: Format { family: FAMILY.to_owned(), version: VERSION },
        message_ms: kept.book.message_ms,
        kinds: kinds.collect(),
        others: kept.book.others,
        status: kept.status.clone(),
    };
    let mut bytes =
        serde_json::to_vec_pretty(&document).expect("text and numbers are always valid JSON");
    bytes.push(b'\n');
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Kept, String> {
    let unparsable = |error: serde_json::Error| format!("it does not parse: {error}");
    // The envelope first: a later version is recognised as one.
    let Envelope { format: Format { family, version } } =
        serde_json::from_slice(bytes).map_err(unparsable)?;
    if family != FAMILY || version != VERSION {
        return Err(format!(
            "it is `{family}` version {version}, expected `{FAMILY}` version {VERSION}"
        ));
    }
    let document: Document = serde_json::from_slice(bytes).map_err(unparsable)?;
    let kinds = document.kinds.into_iter().map(|Record { name, kind }| (name, kind));
    let book =
        Book { message_ms: document.message_ms, kinds: kinds.collect(), others: document.others };
    Ok(Kept { book, status: document.status })
}
