//! Where a drain sends events: nowhere, or into a file. It decides nothing about which ones.

use super::super::Failure;
use crate::env::Environment;
use crate::workspace::Workspace;
use dosd_actors::port::{Disk, SharedStorage};
use dosd_exporters::file::{FileConfig, FileSink, Rotation};
use dosd_exporters::{Event, send_once};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The names that `--to` knows here.
const KNOWN: &str = "null, file";

/// A destination.
pub(super) enum Target {
    /// It takes nothing: a look at what waits.
    Null,
    /// A file was meant and none is named.
    Nameless,
    /// A file.
    File {
        /// The file.
        path: PathBuf,
        /// What writes it.
        sink: FileSink,
    },
}

impl Target {
    /// The destination of this name.
    ///
    /// # Errors
    ///
    /// When no destination is called so, or it is not there yet.
    pub(super) fn named(
        name: &str,
        path: Option<&Path>,
        workspace: &Workspace,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        match name {
            "null" => Ok(Self::Null),
            "file" => Ok(match file_path(path, workspace, environment) {
                None => Self::Nameless,
                Some(path) => Self::file(path),
            }),
            "statsd" | "otlp" | "slack" | "webhook" => Err(Failure::Usage(format!(
                "`export --to {name}` is not there yet; known are: {KNOWN}\n  help: export to a file that your collector reads"
            ))),
            _ => Err(Failure::Usage(format!(
                "nothing is called `{name}` to export to; known are: {KNOWN}\n  help: correct `--to`"
            ))),
        }
    }

    fn file(path: PathBuf) -> Self {
        let storage: SharedStorage = Arc::new(Disk);
        // Whoever reads the file also cuts it: it is not rotated here.
        let rotation = Rotation { max_size_bytes: u64::MAX, keep: 0 };
        let sink = FileSink::new(storage, FileConfig { path: path.clone(), rotation });
        Self::File { path, sink }
    }

    /// Whether it is there to take events.
    pub(super) fn is_real(&self) -> bool {
        !matches!(self, Self::Null)
    }

    /// Hands it one batch.
    ///
    /// # Errors
    ///
    /// Why it does not have the batch, for people.
    pub(super) async fn send(&mut self, events: &[Event]) -> Result<(), String> {
        match self {
            Self::Null | Self::Nameless => Err("there is no destination".to_owned()),
            Self::File { path, sink } => {
                if let Some(directory) = path.parent() {
                    std::fs::create_dir_all(directory).map_err(|cause| {
                        format!("cannot make the directory `{}`: {cause}", directory.display())
                    })?;
                }
                let sent = send_once(sink, events).await;
                let refused = sent.refused.first().map(|refusal| refusal.reason.clone());
                sent.problem.or(refused).map_or(Ok(()), Err)
            }
        }
    }
}

/// The file: by the option, the environment, or the workspace's `.env`; relative to the workspace.
fn file_path(
    option: Option<&Path>,
    workspace: &Workspace,
    environment: &Environment,
) -> Option<PathBuf> {
    let given = option.filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned);
    let path = given.or_else(|| environment.export_file.clone()).or_else(|| {
        let text = std::fs::read_to_string(workspace.root().join(".env")).ok()?;
        dot_env(&text, "DOS_EXPORT_FILE").map(PathBuf::from)
    })?;
    Some(workspace.resolve_path(&path))
}

/// A variable's value in the text of a `.env` file; the last one counts.
fn dot_env<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let mut values = lines.filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim().trim_matches('"').trim_matches('\''))
    });
    values.next_back().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::dot_env;

    #[test]
    fn a_dot_env_file_is_read_leniently() {
        let text = "# X=no\nX = \"a b\"\nexport\nY='c'\nX=d=e\nZ=\n";
        assert_eq!(dot_env(text, "X"), Some("d=e"));
        assert_eq!(dot_env(text, "Y"), Some("c"));
        assert_eq!((dot_env(text, "Z"), dot_env(text, "export")), (None, None));
    }
}
