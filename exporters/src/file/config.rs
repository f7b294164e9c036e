//! What the sink `file` is told. Values only; the daemon checks what people
//! wrote.

use std::path::PathBuf;

/// Where the rows go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileConfig {
    /// The file. Its directory must exist.
    pub path: PathBuf,
    /// When it is put aside.
    pub rotation: Rotation,
}

/// How a file is kept from growing without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A row that would make the file longer than so many bytes goes into a new
    /// one; a longer row gets a file of its own.
    pub max_size_bytes: u64,
    /// How many old files stay, as `path.1` (the newest) to `path.N`.
    pub keep: u32,
}

impl Default for Rotation {
    /// 100 MB, five old files.
    fn default() -> Self {
        Self { max_size_bytes: 100_000_000, keep: 5 }
    }
}
