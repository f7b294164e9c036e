//! A process that forked twice and leads a session of its own: it outlives its run, comes to the
//! daemon, and is buried there.

use serde_json::Value;

use super::machine::{self, Sweep, poll};
use crate::support::daemon::Daemon;

/// The first worker leaves somebody behind, the next ones stay.
const LEAVES_ONE: &str = "[ -e left ] && exec sleep 600\n\
    touch left\n\
    (setsid sleep 600 &)\n\
    exit 3\n";

#[test]
fn a_process_that_forked_twice_is_named_counted_and_buried() {
    let workspace = super::workspace(&["only"], "stop", LEAVES_ONE, "");
    let _sweep = Sweep::after(&workspace);
    let mut daemon = Daemon::start(&workspace);
    let seen = daemon.wait_for("it is seen", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("outside of its group"))
    });
    let run_id = seen["run"].as_str().expect("a run").to_owned();
    daemon.wait_for_worker("only");
    let strays: Vec<_> =
        machine::workers(&workspace).into_iter().filter(|it| it.run_id == run_id).collect();
    let [stray] = &strays[..] else { panic!("one is left behind: {strays:?}") };
    let named = format!("{} (sleep)", stray.pid);
    assert!(seen["message"].as_str().is_some_and(|text| text.ends_with(&named)), "{seen}");
    assert_eq!(machine::children_of(daemon.pid()).iter().filter(|it| **it == stray.pid).count(), 1);

    let verdicts = std::fs::read_to_string(workspace.root().join(".dos/verdict-journal.jsonl"));
    let verdicts = verdicts.expect("a journal");
    let mut verdicts =
        verdicts.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
    let exited = verdicts.find(|row| row["verdict"] == "EXITED").expect("a verdict");
    assert_eq!((&exited["run_id"], &exited["detail"]["strays"]), (&run_id.into(), &1.into()));

    machine::end(stray.pid);
    poll("it is buried", || {
        let is_gone = !machine::is_there(stray.pid);
        is_gone.then_some(()).ok_or_else(|| format!("{} is still there", stray.pid))
    });
    assert_eq!(machine::zombies_of(daemon.pid()), Vec::<u32>::new());
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
}
