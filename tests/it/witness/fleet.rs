//! One worker that does nothing, whose claims the test makes for it.

use crate::support::daemon::Daemon;
use crate::support::workspace::{Answer, Workspace};
use serde_json::Value;
use std::process::Command;

/// The lane, the worker, and the sections of a test's own.
pub(super) fn config(rest: &str) -> String {
    format!(
        r#"
[lanes]
concurrent = ["a"]
[lanes.trees]
a = ["a/**"]
[supervise]
target = 1
[dosd]
on_shutdown = "stop"
[dosd.worker]
command = ["sh", "-c", "exec sleep 600"]
lease = "supervisor"
stop_timeout = "5s"
restart = {{ burst = 50, window = "1m", delay = "10ms", max_delay = "20ms" }}
{rest}"#
    )
}

/// A workspace with this configuration.
pub(super) fn workspace(rest: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("dos.toml", config(rest));
    workspace
}

/// A run with a worker.
pub(super) struct Run {
    pub(super) id: String,
    pub(super) pid: u32,
}

impl Run {
    /// Waits until a worker was started, so that its baseline is taken.
    pub(super) fn begin(daemon: &mut Daemon) -> Self {
        let started = daemon.wait_for("a worker", |line| line["message"] == "worker started");
        Self {
            id: started["run"].as_str().expect("a run").to_owned(),
            pid: u32::try_from(started["pid"].as_u64().expect("a pid")).expect("a pid"),
        }
    }

    /// A claim that its worker could make.
    pub(super) fn claim(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut command = workspace.command(&[&["claim"], arguments].concat());
        command.env("CID_RUN_ID", &self.id).env("DOS_LANE", "a");
        command
    }

    /// What a claim prints as JSON, and its exit code.
    pub(super) fn judge(&self, workspace: &Workspace, arguments: &[&str]) -> (Value, i32) {
        let answer = answer(&mut self.claim(workspace, &[arguments, &["--json"]].concat()));
        let values = answer.values();
        let said = values.first().unwrap_or_else(|| panic!("no verdict: {}", answer.stderr));
        (said.clone(), answer.code)
    }

    /// The verdict on a claim, by its word.
    pub(super) fn verdict(&self, workspace: &Workspace, arguments: &[&str]) -> String {
        self.judge(workspace, arguments).0["verdict"].as_str().expect("a verdict").to_owned()
    }
}

/// Runs a command to its end.
pub(super) fn answer(command: &mut Command) -> Answer {
    let output = command.output().expect("dosd starts");
    Answer {
        code: output.status.code().expect("dosd ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

/// The rows of a journal.
pub(super) fn rows(workspace: &Workspace, path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(workspace.root().join(path)).expect("a journal");
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}
