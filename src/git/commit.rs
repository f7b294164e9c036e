//! What is known about one commit. Plain values; nothing here asks git.

/// A commit in one line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Headline {
    /// Its abbreviated id.
    pub sha: String,
    /// The first line of its message.
    pub subject: String,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its id in full.
    pub id: String,
    /// Its id as git abbreviates it here.
    pub short_id: String,
    /// The ids of its parents: none of a root, several of a merge.
    pub parents: Vec<String>,
    /// When it was written, by its author's clock, in milliseconds since 1970.
    pub author_ms: i64,
    /// The first line of its message.
    pub subject: String,
    /// The rest of its message.
    pub body: String,
    /// What it changed against its first parent; empty also when the query did not ask.
    pub changes: Vec<Change>,
}

/// What a commit did to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The file's path from the root of the repository. What is not UTF-8 in it is replaced.
    pub path: String,
    /// What was done to it.
    pub kind: ChangeKind,
    /// Lines added and lines removed; none for a binary file.
    pub lines: Option<(i64, i64)>,
}

/// The ways to change a file. A move is a deletion and an addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The file is new.
    Added,
    /// The file is gone.
    Deleted,
    /// Its content or its mode changed.
    Modified,
    /// It became another kind of file, for example a symbolic link.
    Retyped,
    /// Anything else that git reports.
    Other,
}

impl Commit {
    /// Whether nothing changed against the first parent. Only known when the query asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
