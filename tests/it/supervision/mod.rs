//! What becomes of workers, whatever happens to them and to their daemon: proven with real processes.

pub(crate) mod book;
mod churn;
mod drain;
mod flood;
pub(crate) mod machine;
mod many;
mod process_one;
pub(crate) mod rest;
mod strays;
mod stubborn;

use crate::support::workspace::Workspace;

/// A workspace with these lanes, where `worker.sh` is every worker; `more` goes to `[dosd.worker]`.
pub(crate) fn workspace(lanes: &[&str], on_shutdown: &str, worker: &str, more: &str) -> Workspace {
    let workspace = Workspace::new();
    let trees: Vec<_> = lanes.iter().map(|lane| format!("{lane} = [\"{lane}/**\"]")).collect();
    let trees = trees.join("\n");
    let target = lanes.len();
    workspace.write(
        "dos.toml",
        format!(
            r#"
[lanes]
concurrent = {lanes:?}

[lanes.trees]
{trees}

[supervise]
target = {target}

[dosd]
on_shutdown = "{on_shutdown}"

[dosd.worker]
command = ["sh", "worker.sh", "{{lane}}"]
lease = "supervisor"
restart = {{ burst = 100000, window = "1m", delay = "1ms", max_delay = "5ms" }}
{more}
"#
        ),
    );
    workspace.write("worker.sh", worker);
    workspace
}
