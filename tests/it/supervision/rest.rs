//! A fleet at rest, and whether the journal tells of it as the machine does. It starts and ends nothing.

use std::collections::BTreeSet;

use dosd_kernel::invariant;

use super::book;
use super::machine::{self, Process, poll};
use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;

/// Waits until every lane has its worker, and nothing moves any more.
pub(crate) fn come_to_rest(workspace: &Workspace, daemon: &mut Daemon, lanes: usize) {
    let mut before = 0;
    poll("every lane has a worker, and the journal is at rest", || {
        let rows = book::rows(workspace);
        let is_at_rest = std::mem::replace(&mut before, rows.len()) == rows.len();
        let stories = book::stories(&rows);
        let open: Vec<_> = stories.values().filter(|story| !story.is_over()).collect();
        let known = open.iter().filter(|story| story.process.is_some()).count();
        let processes = machine::processes(workspace);
        // A helper stays for a moment after the end that it has recorded.
        let is_over = |it: &Process| stories.get(&it.run_id).is_some_and(book::Story::is_over);
        let lingers = processes.iter().any(|it| it.is_helper && is_over(it));
        let lasting: BTreeSet<_> =
            processes.into_iter().filter(|it| !it.is_helper).map(|it| it.run_id).collect();
        let is_whole = open.len() == lanes && known == open.len();
        if is_at_rest && is_whole && !lingers && lasting.len() == lanes {
            return Ok(());
        }
        let log = daemon.log();
        Err(format!("open in the journal: {open:#?}, in /proc: {lasting:?}, the log:\n{log}"))
    });
}

/// The journal's story is the machine's: every run that is open has its process, every process its run, and
/// no lane has two of either, nor ever had two holders.
pub(crate) fn compare(workspace: &Workspace, at: &str) {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a boot");
    let rows = book::rows(workspace);
    let stories = book::stories(&rows);
    let processes = machine::processes(workspace);
    let doubled = std::fs::read_to_string(workspace.root().join("doubled")).unwrap_or_default();
    assert_eq!(doubled, "", "{at}: workers that found another one on their lane");
    let numbered = book::numbered(&rows);
    let known: Vec<_> = processes.iter().map(Process::known).collect();
    // Helpers and children are among them, of which no row tells.
    book::holds(&invariant::processes_are_known(&numbered, &known, false));
    let workers = processes.iter().filter(|it| !it.is_helper);
    let living = workers.map(|it| it.run_id.clone()).collect();
    book::holds(&invariant::intents_have_outcomes(&numbered, book::HOLDER, &living));
    book::holds(&invariant::one_holder(&numbered, |_| true));
    let mut open = Vec::new();
    for (run_id, story) in stories.iter().filter(|(_, story)| !story.is_over()) {
        let (pid, start_ticks, boot_id) = story.process.as_ref().expect("a known process");
        let is_it = |it: &&Process| (it.pid, it.start_ticks) == (*pid, *start_ticks);
        // A run whose leader is gone is not over while its group has members.
        let is_left = |it: &&Process| {
            it.run_id == *run_id && !it.is_helper && machine::group_of(it.pid) == Some(*pid)
        };
        let found = processes.iter().find(is_it);
        let found = found.or_else(|| processes.iter().find(is_left));
        let found = found.unwrap_or_else(|| panic!("{at}: {run_id} has no process {pid}"));
        assert_eq!((&found.run_id, boot_id.as_str()), (run_id, boot.trim()), "{at}");
        open.push(run_id.clone());
    }
    assert_eq!(leased_runs(workspace), open, "{at}: one lease for each run that lives");
}

/// The run ids of the live leases, sorted. A lease that is no run's is left out.
pub(crate) fn leased_runs(workspace: &Workspace) -> Vec<String> {
    let live = workspace.dosd(&["lease-lane", "live"]).values();
    let leases = live[0].as_array().expect("a list").iter();
    let mut runs: Vec<_> =
        leases.filter_map(|lease| lease["run_id"].as_str()).map(ToOwned::to_owned).collect();
    runs.sort();
    runs
}
