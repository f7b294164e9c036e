//! The daemon as the first process of a container: nobody outlives it, and all orphans are its own.

use std::process::{Command, Stdio};

use super::book;
use super::machine::{self, Sweep, poll};
use crate::support::daemon::{Daemon, signal};

const UNSHARE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];

/// Its grandchild outlives its parent, and ends.
const ORPHANS: &str = "(setsid sh -c 'touch orphaned' &)\nexec sleep 600\n";

#[test]
fn as_process_one_it_buries_orphans_and_stops_workers_that_it_would_else_leave() {
    let can = Command::new("unshare").args(UNSHARE).arg("true").stderr(Stdio::piped()).output();
    if let Some(why) = can.map_or_else(
        |error| Some(error.to_string()),
        |it| (!it.status.success()).then(|| String::from_utf8_lossy(&it.stderr).into_owned()),
    ) {
        println!("NOT PROVEN HERE: a process namespace needs privileges: {why}");
        return;
    }
    let workspace = super::workspace(&["only"], "detach", ORPHANS, "");
    let _sweep = Sweep::after(&workspace);
    let inner = workspace.command(&["run", "--log-format", "json"]);
    let mut outer = Command::new("unshare");
    outer.args(UNSHARE).arg(inner.get_program()).args(inner.get_args());
    outer.current_dir(workspace.root()).stdin(Stdio::null());
    outer.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let mut daemon = Daemon::watch(&mut outer);
    let inner = poll("the child of `unshare`", || match machine::children_of(daemon.pid())[..] {
        [inner] => Ok(inner),
        ref others => Err(format!("{others:?}")),
    });
    let _end = EndFirst(inner);
    daemon.wait_for_worker("only");
    poll("the orphan was there", || {
        workspace.root().join("orphaned").exists().then_some(()).ok_or_else(String::new)
    });
    poll("it is buried", || match machine::zombies_of(inner) {
        unburied if unburied.is_empty() => Ok(()),
        unburied => Err(format!("{unburied:?}")),
    });

    signal(inner, "TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    assert!(daemon.log().contains("nobody outlives process 1"), "{}", daemon.log());
    assert_eq!(machine::workers(&workspace), []);
    let ops = book::ops_of(&workspace, "only");
    assert_eq!(ops[ops.len() - 3..], ["HALT", "WORKER_EXITED", "RELEASE"], "{ops:?}");
}

/// Ends the daemon when the test fails: `unshare`, which would be told, waits for it.
struct EndFirst(u32);

impl Drop for EndFirst {
    fn drop(&mut self) {
        if std::thread::panicking() {
            machine::end(self.0);
        }
    }
}
