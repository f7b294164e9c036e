//! A running `dosd run`, watched through its own log lines.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use dosd_actors::port::{Clock, Launcher, SystemClock, SystemLauncher};
use serde_json::Value;

use super::workspace::Workspace;

/// Longer than anything here takes on a loaded machine: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// A daemon that is told to stop when the test is over, however it is over.
pub(crate) struct Daemon {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Daemon {
    /// Starts `dosd run` in a workspace.
    pub(crate) fn start(workspace: &Workspace) -> Self {
        Self::watch(&mut workspace.command(&["run", "--log-format", "json"]))
    }

    /// Starts a daemon by a command of the test's own, which has to log JSON.
    pub(crate) fn watch(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("dosd starts");
        let stderr = child.stderr.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Reads the log until a line for which `wanted` says yes.
    pub(crate) fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let clock = SystemClock::new();
        loop {
            match self.lines.recv_timeout(PATIENCE.saturating_sub(clock.monotonic())) {
                Ok(line) => {
                    let value: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
                    self.seen.push(line);
                    if wanted(&value) {
                        return value;
                    }
                }
                Err(ended @ (RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) => {
                    panic!("{what}: {ended}; the log:\n{}", self.seen.join("\n"));
                }
            }
        }
    }

    /// Waits until a worker of a lane was started, and gives its pid.
    pub(crate) fn wait_for_worker(&mut self, lane: &str) -> u32 {
        let started = self.wait_for(&format!("a worker on lane `{lane}`"), |line| {
            line["message"] == "worker started" && line["lane"] == lane
        });
        u32::try_from(started["pid"].as_u64().expect("a pid")).expect("a pid")
    }

    /// Reads no more of the log: after one more line its pipe has no reader.
    pub(crate) fn stop_listening(&mut self) {
        self.lines = channel().1;
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is a child")
    }

    /// Ends it with KILL, at once, and waits for that.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is there");
        self.child.wait().expect("an exit status");
    }

    /// Sends a signal to the daemon.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        // The log ends with the process, so that the wait is bounded.
        let clock = SystemClock::new();
        loop {
            match self.lines.recv_timeout(PATIENCE.saturating_sub(clock.monotonic())) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the daemon does not end; the log:\n{}", self.seen.join("\n"));
                }
            }
        }
        self.child.wait().expect("an exit status")
    }

    /// What it logged so far.
    pub(crate) fn log(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // A daemon that was waited for is gone; its pid is not signalled again.
        if self.child.try_wait().ok().flatten().is_none() {
            self.signal("TERM");
            let _ = self.child.wait();
        }
    }
}

/// Sends a signal to one process.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
    assert!(sent.expect("kill runs").success(), "process {pid} is there to get {name}");
}

/// Sends a signal to a process and all of its group, which it leads.
pub(crate) fn signal_group(pgid: u32, name: &str) {
    let group = format!("-{pgid}");
    let sent = Command::new("kill").args([&format!("-{name}"), "--", &group]).status();
    assert!(sent.expect("kill runs").success(), "group {pgid} is there to get {name}");
}

/// Whether a group has a member that lives; a zombie does not.
pub(crate) fn group_lives(pgid: u32) -> bool {
    let launcher = SystemLauncher::new().expect("/proc");
    !launcher.group_members(pgid).is_empty()
}

/// Whether a process lives; a zombie does not.
pub(crate) fn lives(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .ok()
        .and_then(|stat| stat.rsplit_once(')').map(|(_, rest)| !rest.trim_start().starts_with('Z')))
        .unwrap_or(false)
}
