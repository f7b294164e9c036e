//! A verb that prints again and again, and the test that listens to it.

use super::workspace::Workspace;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than anything here takes on a loaded machine: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running `dosd`; it is gone when the test is over.
pub(crate) struct Speaker {
    child: Child,
    lines: Receiver<String>,
}

impl Speaker {
    /// Starts a verb that does not end by itself.
    pub(crate) fn start(workspace: &Workspace, arguments: &[&str]) -> Self {
        let mut child =
            workspace.command(arguments).stdout(Stdio::piped()).spawn().expect("dosd starts");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Listens until a line for which `wanted` says yes.
    pub(crate) fn wait_for(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if wanted(&line) => return line,
                Ok(_) => {}
                Err(ended) => panic!("{what}: {ended}"),
            }
        }
    }

    /// Tells it to end, as Ctrl-C does, and gives its exit code.
    pub(crate) fn interrupt(mut self) -> Option<i32> {
        super::daemon::signal(self.child.id(), "INT");
        self.child.wait().expect("an exit status").code()
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        if self.child.try_wait().ok().flatten().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
