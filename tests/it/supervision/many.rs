//! A thousand short lives in a row leave nothing in the daemon.

use std::cell::Cell;

use super::machine::{self, Sweep, open_files, poll};
use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;

const LANES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

const BRIEF: &str = "[ -e calm ] && exec sleep 600\nexit 0\n";

#[test]
fn a_thousand_short_workers_leave_no_zombie_and_no_open_file() {
    let workspace = super::workspace(&LANES, "stop", BRIEF, "");
    let _sweep = Sweep::after(&workspace);
    let mut daemon = Daemon::start(&workspace);
    come_and_go(&mut daemon, 50);
    let before = at_rest(&workspace, &daemon);
    std::fs::remove_file(workspace.root().join("calm")).expect("it is there");
    for worker in machine::workers(&workspace) {
        machine::end(worker.pid);
    }
    come_and_go(&mut daemon, 1_000);
    let after = at_rest(&workspace, &daemon);
    assert!(after <= before + LANES.len(), "{before} open files have become {after}");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
}

/// Waits for so many ends.
fn come_and_go(daemon: &mut Daemon, ends: u32) {
    let seen = Cell::new(0);
    daemon.wait_for("they come and go", |line| {
        seen.set(seen.get() + u32::from(line["message"] == "worker finished"));
        seen.get() == ends
    });
}

/// Lets every lane have a worker that stays, waits until nobody is unburied, and gives the number
/// of files that the daemon has open then.
fn at_rest(workspace: &Workspace, daemon: &Daemon) -> usize {
    workspace.write("calm", "");
    poll("every lane has a worker that stays, and there are no zombies", || {
        let processes = machine::processes(workspace);
        let helpers: Vec<u32> =
            processes.iter().filter(|it| it.is_helper).map(|it| it.pid).collect();
        let unburied: Vec<u32> = helpers
            .iter()
            .chain([&daemon.pid()])
            .flat_map(|parent| machine::zombies_of(*parent))
            .collect();
        let is_staying = |pid: u32| {
            std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|it| it.starts_with(b"sleep"))
        };
        let staying = processes.iter().filter(|it| !it.is_helper && is_staying(it.pid)).count();
        if unburied.is_empty() && staying == LANES.len() && helpers.len() == LANES.len() {
            return Ok(());
        }
        Err(format!("zombies {unburied:?}, {staying} staying, {} helpers", helpers.len()))
    });
    open_files(daemon.pid())
}
