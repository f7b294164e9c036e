//! Where the files are, and what the rows look like.

use std::path::{Path, PathBuf};

use dosd_kernel::draft::Draft;
use serde_json::json;

/// A directory for one measurement, on the disk that the build is on.
pub(crate) fn directory() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("journal-bench-")
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .expect("the target directory is writable")
}

pub(crate) fn journal_in(directory: &Path) -> PathBuf {
    directory.join("lane-journal.jsonl")
}

/// A row of about 300 bytes, as a worker's beat is.
pub(crate) fn row(number: usize) -> Draft {
    let row = json!({
        "op": "HEARTBEAT",
        "ts": "2026-11-22T19:31:25Z",
        "heartbeat_at": "2026-11-22T19:31:25Z",
        "lane": format!("lane-{}", number % 50),
        "loop_ts": "2026-11-22T18:00:00Z",
        "host_id": "build-host-with-a-usual-name.example.internal",
        "reason": "a beat that carries as much text as most other rows of a journal do, ".repeat(2),
    });
    Draft::new(row.as_object().cloned().unwrap_or_default())
}

/// `count` rows as they stand in a file.
pub(crate) fn lines(count: usize) -> Vec<u8> {
    let mut lines = Vec::new();
    for number in 0..count {
        row(number).write_into(&mut lines, number as u64 + 1);
    }
    lines
}
