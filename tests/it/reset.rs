//! `dosd reset`, and what an operator's stop counts as.

use crate::support::daemon::{Daemon, lives};
use crate::support::workspace::Workspace;
use serde_json::{Value, json};

/// One lane, given up after three failures, whose worker fails until the file `mended` is there.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write(
        "dos.toml",
        r#"
[lanes]
concurrent = ["a", "b"]
[lanes.trees]
a = ["a/**"]
b = ["b/**"]
[supervise]
target = 2
[dosd]
on_shutdown = "stop"
[dosd.worker]
command = ["sh", "{lane}.sh"]
lease = "supervisor"
restart = { burst = 3, window = "10m", delay = "10ms", max_delay = "20ms" }
"#,
    );
    workspace.write("a.sh", "test -e mended || exit 3\nexec sleep 600\n");
    workspace.write("b.sh", "exec sleep 600\n");
    workspace
}

fn says(line: &Value, text: &str) -> bool {
    line["message"].as_str().is_some_and(|message| message.contains(text))
}

/// Lane and state of every worker that `dosd ps` shows.
fn states(workspace: &Workspace) -> Vec<(Value, Value)> {
    let shown = workspace.dosd(&["ps", "--json"]).values();
    let workers = shown[0].as_array().cloned().unwrap_or_default();
    workers.into_iter().map(|it| (it["lane"].clone(), it["state"].clone())).collect()
}

#[test]
fn a_lane_that_was_given_up_is_shown_reset_and_runs_again() {
    let workspace = workspace();
    let mut daemon = Daemon::start(&workspace);
    let is_up = std::cell::Cell::new((false, false));
    daemon.wait_for("lane b runs and lane a is given up", |line| {
        let (started, gave_up) = is_up.get();
        is_up.set((
            started || (line["lane"] == "b" && says(line, "worker started")),
            gave_up || says(line, "lane given up"),
        ));
        is_up.get() == (true, true)
    });
    assert_eq!(states(&workspace)[0], (json!("a"), json!("GAVE_UP")));

    let unknown = workspace.dosd(&["reset", "a", "nowhere"]);
    assert_eq!(unknown.code, 2, "{}", unknown.stdout);
    assert!(unknown.stderr.contains("no lane `nowhere`"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("`a`, `b`"), "{}", unknown.stderr);
    assert_eq!(states(&workspace)[0], (json!("a"), json!("GAVE_UP")), "nor was the other reset");

    workspace.write("mended", "");
    let reset = workspace.dosd(&["reset", "a", "b"]);
    assert_eq!(reset.code, 0, "{}", reset.stderr);
    let said =
        "a: was given up after 3 failures; it may have a worker again\nb: had nothing to reset\n";
    assert_eq!(reset.stdout, said);
    let pid = daemon.wait_for_worker("a");
    assert!(lives(pid));
    assert!(states(&workspace).iter().all(|(_, state)| state != "GAVE_UP"));

    let again = workspace.dosd(&["reset", "--all"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, "no lane was given up\n"));
    let json = workspace.dosd(&["reset", "b", "--json"]).values();
    let clean = json!([{"lane": "b", "was": "CLEAN", "failures": 0, "wait_ms": null}]);
    assert_eq!(json, [clean]);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());

    let rows = workspace.dosd(&["journal", "tail", "0"]).values();
    let resets: Vec<_> = rows.iter().filter(|row| row["op"] == "WORKER_RESET").collect();
    assert_eq!(resets.len(), 1, "{resets:?}");
    assert_eq!((&resets[0]["lane"], &resets[0]["gave_up"]), (&json!("a"), &json!(true)));
    let verdicts = workspace.dosd(&["observe", "--json"]).values();
    assert_eq!(verdicts[0]["rollup"]["counts"]["worker"]["RESET"], 1);
}

#[test]
fn without_a_daemon_there_is_nothing_to_reset() {
    let workspace = workspace();
    let answer = workspace.dosd(&["reset", "a"]);
    assert_eq!(answer.code, 70);
    assert!(answer.stderr.contains("clean slate"), "{}", answer.stderr);
    assert_eq!(workspace.dosd(&["reset"]).code, 2, "some lane has to be meant");
    assert_eq!(workspace.dosd(&["reset", "a", "--all"]).code, 2);
}

#[test]
fn a_worker_that_an_operator_stops_is_replaced_and_has_not_failed() {
    let workspace = workspace();
    workspace.write("mended", "");
    let mut daemon = Daemon::start(&workspace);
    let mut pid = daemon.wait_for_worker("b");
    for _ in 0..4 {
        let halted = workspace.dosd(&["halt", "--handle", &pid.to_string(), "--enact"]);
        assert_eq!(halted.code, 0, "{}{}", halted.stdout, halted.stderr);
        assert!(!lives(pid));
        let next = daemon.wait_for_worker("b");
        assert_ne!(next, pid);
        pid = next;
    }
    let reset = workspace.dosd(&["reset", "b"]);
    assert_eq!(reset.stdout, "b: had nothing to reset\n");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    let rows = workspace.dosd(&["journal", "tail", "0"]).values();
    let excused = rows.iter().filter(|row| row["excused"] == "halted").count();
    assert_eq!(excused, 4);
}
