//! Which journal a verb looks at, and how it is opened: for reading alone, and as far as it reaches
//! at that moment.

use crate::cli::context::unreadable_journal;
use crate::cli::{Context, Failure};
use clap::Args;
use std::fs::{File, Metadata};
use std::io::{BufReader, ErrorKind, Read, Take};
use std::path::PathBuf;

/// Read at once.
const CHUNK: usize = 1 << 18;

/// The journal, as it is typed.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// A file to look at, a copy or an archive segment [default: the workspace's lane journal]
    #[arg(value_name = "JOURNAL")]
    path: Option<PathBuf>,
    /// It is a verdict journal; without JOURNAL the one of the workspace
    #[arg(long)]
    verdicts: bool,
}

/// What its rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Lanes,
    Verdicts,
}

/// A journal that somebody means.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    /// Whether it is the one that the workspace uses, and not a file somewhere.
    pub(super) is_own: bool,
}

/// An open journal: what is appended from now on is not read.
pub(super) struct Opened {
    pub(super) reader: Take<BufReader<File>>,
    pub(super) metadata: Metadata,
}

impl Which {
    /// # Errors
    ///
    /// When the workspace or its `dos.toml` cannot be used.
    pub(super) fn source(self, context: &Context) -> Result<Source, Failure> {
        let kind = if self.verdicts { Kind::Verdicts } else { Kind::Lanes };
        let is_own = self.path.is_none();
        let path = match (self.path, kind) {
            (Some(path), _) => path,
            (None, Kind::Lanes) => context.lane_journal()?,
            (None, Kind::Verdicts) => context.verdict_journal()?,
        };
        Ok(Source { path, kind, is_own })
    }
}

impl Source {
    /// None when there is no such file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no file.
    pub(super) fn open(&self) -> Result<Option<Opened>, Failure> {
        let unreadable = |cause| unreadable_journal(&self.path, &cause);
        // Before it is opened: opening a pipe would wait for its writer.
        let is_file = match std::fs::metadata(&self.path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            looked => looked.map_err(unreadable)?.is_file(),
        };
        if !is_file {
            return Err(unreadable(std::io::Error::other("it is no regular file")));
        }
        let file = File::open(&self.path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        let reader = BufReader::with_capacity(CHUNK, file).take(metadata.len());
        Ok(Some(Opened { reader, metadata }))
    }

    /// What has to be typed behind a verb to mean this journal, with a blank before each word.
    pub(super) fn typed(&self) -> String {
        let flag = if self.kind == Kind::Verdicts { " --verdicts" } else { "" };
        let path = (!self.is_own).then(|| format!(" {}", self.path.display()));
        format!("{flag}{}", path.unwrap_or_default())
    }

    /// Why a file that was named cannot be looked at when there is none.
    pub(super) fn missing(&self) -> Failure {
        Failure::Usage(format!(
            "there is no journal `{}`\n  help: name a file that exists, or leave it out for the workspace's own",
            self.path.display()
        ))
    }
}
