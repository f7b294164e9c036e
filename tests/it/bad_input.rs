//! What is wrong is said once, plainly, and nothing that was there is lost.

use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;

const ONE_LANE: &str = r#"
[lanes]
concurrent = ["a"]
[lanes.trees]
a = ["a/**"]
[dosd]
on_shutdown = "stop"

[dosd.worker]
lease = "supervisor"
restart = { burst = 3, window = "1m", delay = "10ms", max_delay = "20ms" }
"#;

#[test]
fn a_broken_configuration_starts_nothing_and_names_every_line() {
    let workspace = Workspace::new();
    workspace.write("dos.toml", "[supervise]\ntarget = \"three\"\n[dosd]\ntik = \"5s\"\n");
    let answer = workspace.dosd(&["run"]);
    assert_eq!(answer.code, 2, "{}", answer.stderr);
    assert!(answer.stderr.contains("dos.toml:2:"), "{}", answer.stderr);
    assert!(answer.stderr.contains("dos.toml:4:"), "{}", answer.stderr);
    assert!(!workspace.root().join(".dos").exists(), "nothing was made");
}

#[test]
fn a_damaged_journal_is_reported_with_its_place_and_served() {
    let workspace = Workspace::new();
    workspace.write("dos.toml", format!("{ONE_LANE}command = [\"sleep\", \"600\"]\n"));
    let damaged = "{\"op\":\"NOTE\",\"seq\":7}\nnot json\n{\"op\":\"ACQ";
    let journal = workspace.write(".dos/lane-journal.jsonl", damaged);
    let mut daemon = Daemon::start(&workspace);
    let corrupt = daemon.wait_for("the corrupt line", |line| {
        line["message"].as_str().is_some_and(|text| text.contains("is damaged"))
    });
    assert!(corrupt["message"].as_str().is_some_and(|text| text.contains("byte 22")), "{corrupt}");
    daemon.wait_for_worker("a");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    let text = std::fs::read_to_string(journal).expect("the journal");
    assert!(text.starts_with(&format!("{damaged}\n")), "what was there is there: {text}");
    assert_eq!(workspace.dosd(&["journal", "verify"]).code, 1);
}

#[test]
fn a_claim_without_a_daemon_says_how_to_get_one() {
    let workspace = Workspace::new();
    let answer = workspace.dosd(&["claim", "orders:42"]);
    assert_eq!(answer.code, 70);
    assert!(answer.stderr.contains("dosd run"), "{}", answer.stderr);
}

#[test]
fn a_disk_that_takes_no_more_ends_the_daemon_and_says_so() {
    let workspace = Workspace::new();
    workspace.write("dos.toml", format!("{ONE_LANE}command = [\"sleep\", \"600\"]\n"));
    let row = "{\"op\":\"NOTE\",\"seq\":7}\n".repeat(1000);
    let journal = workspace.write(".dos/lane-journal.jsonl", &row);
    // A limit on the size of files that is below what the journal has already: every further
    // write fails, as on a full disk.
    let dosd = env!("CARGO_BIN_EXE_dosd");
    let limited = format!("trap '' XFSZ; ulimit -f 8; exec '{dosd}' run");
    let output = std::process::Command::new("sh")
        .args(["-c", &limited])
        .current_dir(workspace.root())
        .output()
        .expect("sh runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(70), "{stderr}");
    assert!(stderr.contains("write failed"), "{stderr}");
    assert!(stderr.contains("is acknowledged"), "{stderr}");
    assert!(!stderr.contains("worker started"), "{stderr}");
    assert_eq!(std::fs::read_to_string(journal).expect("the journal"), row);
}
