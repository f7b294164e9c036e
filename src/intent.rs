//! The intent ledger of a run, `.dos/runs/RID/intent.jsonl`: what it was for, and that it was set aside.
//! Owns the rows that we append; reading it is the work of the verbs that show runs.

use crate::workspace::Workspace;
use dosd_kernel::stamp;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

/// The row that sets a run aside, to be gone on with from `resume_sha`.
#[must_use]
pub fn suspend(run_id: &str, reason: &str, resume_sha: &str, now_ms: i64) -> Value {
    json!({
        "op": "SUSPEND",
        "run_id": run_id,
        "ts": stamp::format_ms(now_ms),
        "reason": reason,
        "resume_sha": resume_sha,
        "schema": {"family": "intent-ledger", "version": 1},
    })
}

/// Appends a row to the ledger of a run and makes it durable. Gives the ledger's path.
///
/// # Errors
///
/// When the run id is no name of one directory, and what the system says.
pub fn append(workspace: &Workspace, run_id: &str, row: &Value) -> io::Result<PathBuf> {
    let is_name = !matches!(run_id, "" | "." | "..") && !run_id.contains(['/', '\0']);
    if !is_name {
        return Err(io::Error::other(format!("`{run_id}` is no run id")));
    }
    workspace.ensure_state_dir()?;
    let directory = workspace.runs_dir().join(run_id);
    std::fs::create_dir_all(&directory)?;
    let path = directory.join("intent.jsonl");
    let mut file = OpenOptions::new().append(true).create(true).open(&path)?;
    file.write_all(format!("{row}\n").as_bytes())?;
    file.sync_data()?;
    std::fs::File::open(&directory)?.sync_all()?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Environment;

    #[test]
    fn a_ledger_grows_and_stays_inside_its_directory() {
        let root = tempfile::tempdir().unwrap();
        let environment = Environment { cwd: root.path().to_owned(), ..Environment::default() };
        let workspace = Workspace::resolve(None, &environment).unwrap();
        let row = suspend("RID-1", "why", "abc", 0);
        append(&workspace, "RID-1", &row).unwrap();
        let path = append(&workspace, "RID-1", &row).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{row}\n{row}\n"));
        for outside in ["", ".", "..", "../x", "a/b"] {
            assert!(append(&workspace, outside, &row).is_err(), "{outside}");
        }
    }
}
