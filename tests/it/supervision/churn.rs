//! A daemon that is killed at any moment loses no worker and doubles none.
//!
//! Each worker holds a lock of its lane, and so do all that it begets. One that finds it held says so
//! in a file: that is the proof, at every moment and from the kernel, that no lane has two.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::book;
use super::machine::{self, Process, Sweep};
use super::rest::{come_to_rest, compare, leased_runs};
use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;

/// The kind of life that each lane's worker has.
const LIVES: [(&str, &str); 6] = [
    ("brief", "exit 0"),
    ("crashing", "exit 3"),
    ("killed", "kill -9 $$"),
    ("forking", "sleep 0.05 &\nsh -c 'sleep 0.03 & exit 0'\nexit 0"),
    ("long", "exec sleep 600"),
    ("deep", "sh -c 'sh -c \"sleep 600; :\" & wait' &\nwait"),
];

/// The lanes whose workers do not end by themselves.
const LASTING: [&str; 2] = ["long", "deep"];

const MOMENTS: u32 = 20;

#[test]
fn a_daemon_that_is_killed_at_any_moment_loses_no_worker_and_doubles_none() {
    let seed = seed();
    println!("the seed is {seed}; DOSD_CHURN_SEED={seed} gives the same moments again");
    let mut random = fastrand::Rng::with_seed(seed);
    let workspace = workspace();
    let _sweep = Sweep::after(&workspace);
    let mut in_the_middle = 0;
    for moment in 0..MOMENTS {
        let at = format!("moment {moment} of seed {seed}");
        churn(&workspace, &mut random);
        let left_alone = workers(&machine::processes(&workspace));
        in_the_middle += half_told(&workspace);
        // From here on what is started stays, so that there is one moment to compare.
        workspace.write("calm", "");
        let mut next = Daemon::start(&workspace);
        come_to_rest(&workspace, &mut next, LIVES.len());
        compare(&workspace, &at);
        for (run_id, process) in left_alone {
            let is_lasting = LASTING.contains(&process.lane.as_str());
            let was_stopped = book::rows(&workspace)
                .iter()
                .any(|row| row["op"] == "HALT" && row["run_id"] == run_id.as_str());
            assert!(
                !is_lasting || was_stopped || lives(&workspace, &process),
                "{at}: {process:?} was there before and is gone"
            );
        }
        std::fs::remove_file(workspace.root().join("calm")).expect("it is there");
        next.signal("KILL");
        next.wait();
        // Those that stayed end: the next daemon has something to do from its first moment on.
        for process in machine::processes(&workspace) {
            let is_lasting = LASTING.contains(&process.lane.as_str());
            if !process.is_helper && (!is_lasting || random.bool()) {
                machine::end(process.pid);
            }
        }
    }
    println!("{in_the_middle} runs of {MOMENTS} moments had an intent and no process yet");

    let mut last = Daemon::start(&workspace);
    last.wait_for_worker("brief");
    last.signal("TERM");
    assert_eq!(last.wait().code(), Some(0), "{}", last.log());
    let stories = book::stories(&book::rows(&workspace));
    let open: Vec<_> = stories.iter().filter(|(_, story)| !story.is_over()).collect();
    assert!(open.is_empty(), "intents without an outcome: {open:?}");
    assert_eq!(leased_runs(&workspace), Vec::<String>::new());
    let verified = workspace.dosd(&["journal", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

fn workspace() -> Workspace {
    let lanes: Vec<&str> = LIVES.iter().map(|(lane, _)| *lane).collect();
    let lives: Vec<_> = LIVES.iter().map(|(lane, life)| format!("{lane}) {life} ;;\n")).collect();
    let lives = lives.concat();
    let worker = format!(
        "exec 9>\"lock.$1\"\n\
         flock -n 9 || echo \"$CID_RUN_ID on $1\" >>doubled\n\
         [ -e calm ] && exec sleep 600\n\
         case $1 in\n{lives}esac\n"
    );
    super::workspace(&lanes, "stop", &worker, "stop_timeout = \"5s\"")
}

/// Has a daemon at work, and an operator beside it, until it is killed at a moment of chance.
fn churn(workspace: &Workspace, random: &mut fastrand::Rng) {
    let mut daemon = Daemon::start(workspace);
    let lines = random.usize(..60);
    let halt_at = random.bool().then(|| random.usize(..=lines));
    let (lane, _) = LIVES[random.usize(..LIVES.len())];
    let mut operator = None;
    for line in 0..=lines {
        daemon.wait_for("it is at work", |_| true);
        if halt_at == Some(line) {
            operator = Some(halt(workspace, lane));
        }
    }
    // Between two lines of the log is where things happen.
    std::thread::park_timeout(Duration::from_micros(random.u64(..3_000)));
    daemon.kill();
    if let Some(mut operator) = operator {
        // Whatever it was told; nobody is left to tell it.
        let _ = operator.wait();
    }
}

fn halt(workspace: &Workspace, lane: &str) -> Child {
    let mut command = workspace.command(&["halt", "--handle", lane, "--enact"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("dosd starts")
}

/// How many runs were killed with their daemon between the intent and the record of the start.
fn half_told(workspace: &Workspace) -> usize {
    let stories = book::stories(&book::rows(workspace));
    stories.values().filter(|story| !story.is_over() && story.process.is_none()).count()
}

/// The first process of each run's worker.
fn workers(processes: &[Process]) -> BTreeMap<String, Process> {
    let mut workers: BTreeMap<String, Process> = BTreeMap::new();
    for process in processes.iter().filter(|it| !it.is_helper) {
        let first = workers.entry(process.run_id.clone()).or_insert_with(|| process.clone());
        if (process.start_ticks, process.pid) < (first.start_ticks, first.pid) {
            *first = process.clone();
        }
    }
    workers
}

fn lives(workspace: &Workspace, process: &Process) -> bool {
    machine::processes(workspace)
        .iter()
        .any(|it| (it.pid, it.start_ticks) == (process.pid, process.start_ticks))
}

/// The seed of the moments: given, or new.
#[expect(clippy::disallowed_methods, reason = "a run that failed is repeated by its seed")]
fn seed() -> u64 {
    let given = std::env::var("DOSD_CHURN_SEED").ok();
    given.map_or_else(|| fastrand::u64(..), |text| text.parse().expect("a number as seed"))
}
