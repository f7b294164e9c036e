//! A worker that writes as much as it can: nobody's memory grows, the disk does not fill, and the
//! worker is not held up.

use std::path::Path;

use super::machine::{self, Sweep, memory_kb, poll};
use crate::support::daemon::Daemon;

const FLOODS: &str = "head -c 1G /dev/zero\ntouch flooded\nexec sleep 600\n";

/// What may come on top, for the reading of memory is a coarse one.
const GROWTH_KB: u64 = 30_000;

/// Two finished files and the one that is written, of a megabyte each.
const LOGS_AT_MOST: u64 = 3_000_000;

#[test]
fn a_gigabyte_of_output_costs_neither_memory_nor_disk_nor_the_workers_time() {
    let rotation = "log = { max_size = \"1MB\", keep = 2 }";
    let workspace = super::workspace(&["only"], "stop", FLOODS, rotation);
    let _sweep = Sweep::after(&workspace);
    let mut daemon = Daemon::start(&workspace);
    daemon.wait_for_worker("only");
    let before = memory_kb(daemon.pid(), "VmRSS");
    let helpers = || machine::processes(&workspace).into_iter().filter(|it| it.is_helper);
    let logs = workspace.root().join(".dos/logs/only");
    let mut most_logs = 0;
    poll("the flood is over", || {
        most_logs = most_logs.max(size_of(&logs));
        let is_over = workspace.root().join("flooded").exists();
        is_over.then_some(()).ok_or_else(|| format!("{most_logs} bytes of logs were there at most"))
    });
    let helper = helpers().next().expect("the worker's helper");
    let grown = memory_kb(daemon.pid(), "VmHWM").saturating_sub(before);
    assert!(grown < GROWTH_KB, "the daemon grew by {grown} kB");
    let most = memory_kb(helper.pid, "VmHWM");
    assert!(most < GROWTH_KB, "the helper had {most} kB");
    assert!(most_logs > 0, "no output was seen");
    assert!(most_logs <= LOGS_AT_MOST, "{most_logs} bytes of logs");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
}

/// The bytes of all files in a folder that others write to.
fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    // One that was deleted meanwhile has none.
    entries.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}
