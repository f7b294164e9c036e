//! The checked `[[dosd.witness]]` entries: plain values, no reader.

use super::secret::Secret;
use dosd_kernel::evidence::Accountability;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// One `[[dosd.witness]]`: something that can be asked about an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The name of the surface.
    pub name: String,
    /// What is read.
    pub surface: Surface,
    /// How far a worker is from being able to forge it; never agent-authored.
    pub rung: Accountability,
    /// More entities than this are not read.
    pub max_entities: u64,
    /// More bytes than this, keys and values together, are not read.
    pub max_bytes: u64,
    /// A read may take so long.
    pub timeout: Duration,
    /// For so long an effect that is not there yet is looked for again.
    pub settle: Duration,
    /// Parts of values, as JSON pointers, that are no state.
    pub ignore: Vec<String>,
}

/// What a witness reads. Paths are relative to the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surface {
    /// A file with one JSON object, or with an array of entities.
    Json {
        /// The file.
        path: PathBuf,
        /// In an array: where an entity has its key, as a JSON pointer.
        key: Option<String>,
    },
    /// A file with one JSON value a line.
    JsonLines {
        /// The file.
        path: PathBuf,
        /// Where an entity has its key, as a JSON pointer.
        key: String,
    },
    /// A SQLite database.
    Sqlite {
        /// The database file.
        path: PathBuf,
        /// Which rows.
        source: SqlSource,
        /// The columns that make the key.
        key: Vec<String>,
    },
    /// A PostgreSQL database.
    Postgres {
        /// Where it is.
        url: Secret,
        /// Which rows.
        query: String,
        /// The columns that make the key.
        key: Vec<String>,
    },
    /// A JSON document behind a URL.
    Http {
        /// The URL.
        url: String,
        /// Headers of the request.
        headers: BTreeMap<String, Secret>,
        /// Where the entities are in the document, as a JSON pointer; all of it by default.
        items: Option<String>,
        /// In an array: where an entity has its key, as a JSON pointer.
        key: Option<String>,
    },
    /// A git repository.
    Git {
        /// Its directory.
        path: PathBuf,
        /// Which refs, as globs of full names.
        refs: Vec<String>,
        /// The files at this ref, too.
        files: Option<String>,
    },
    /// The files of a directory.
    Dir {
        /// The directory.
        path: PathBuf,
        /// Which files, as globs; all by default.
        include: Vec<String>,
        /// Which not.
        exclude: Vec<String>,
    },
    /// What a program prints.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
        /// Where the entities are in the document, as a JSON pointer; all of it by default.
        items: Option<String>,
        /// In an array: where an entity has its key, as a JSON pointer.
        key: Option<String>,
    },
    /// How a program ends.
    Exit {
        /// The program and its arguments; `{key}` stands for the claimed key.
        argv: Vec<String>,
    },
}

impl Surface {
    /// Its kind, as the configuration names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Json { .. } => "json",
            Self::JsonLines { .. } => "jsonl",
            Self::Sqlite { .. } => "sqlite",
            Self::Postgres { .. } => "postgres",
            Self::Http { .. } => "http",
            Self::Git { .. } => "git",
            Self::Dir { .. } => "dir",
            Self::Command { .. } => "command",
            Self::Exit { .. } => "exit",
        }
    }
}

/// The rows of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlSource {
    /// All of a table.
    Table(String),
    /// Those that a query gives.
    Query(String),
}
