//! `[supervise]` and `[paths]`.

use super::{good, the_error, the_warning};
use std::path::PathBuf;

#[test]
fn every_key_of_the_policy_is_read() {
    let config = good(
        "[supervise]\ntarget = 4\ncount_spinning_as_alive = false\nreap_stalled = false\n\
         spin_halt_after_ms = 90000\nmax_concurrency = 8\nworker_launch_template = \"run {lane}\"\n",
    );
    assert_eq!(config.supervise.target, 4);
    assert!(!config.supervise.count_spinning_as_alive);
    assert!(!config.supervise.reap_stalled);
    assert_eq!(config.supervise.spin_halt_after_ms, Some(90_000));
    assert_eq!(config.supervise.max_concurrency, Some(8));
    assert_eq!(config.worker_launch_template, "run {lane}");
    assert_eq!(config.workers.usual.command.words(), ["run", "{lane}"]);
}

#[test]
fn the_workers_own_command_wins_over_the_launch_line() {
    let config = good(
        "[supervise]\nworker_launch_template = \"run {lane}\"\n[dosd.worker]\ncommand = [\"other\"]\n",
    );
    assert_eq!(config.worker_launch_template, "run {lane}");
    assert_eq!(config.workers.usual.command.words(), ["other"]);
}

#[test]
fn a_spin_threshold_has_two_spellings_and_may_be_a_fraction() {
    for (line, expected_ms) in [
        ("spin_halt_after_ms = 0", 0),
        ("spin_halt_after_ms = 1500.9", 1_500),
        ("spin_halt_after_minutes = 2", 120_000),
        ("spin_halt_after_minutes = 0.5", 30_000),
        // Times 60,000 in one step would be 59,995,800.
        ("spin_halt_after_minutes = 999.93", 59_995_799),
        ("spin_halt_after_ms = 0x10", 16),
    ] {
        let config = good(&format!("[supervise]\n{line}\n"));
        assert_eq!(config.supervise.spin_halt_after_ms, Some(expected_ms), "{line}");
    }
}

#[test]
fn types_and_ranges_are_as_strict_as_the_peers() {
    for (line, expected) in [
        ("target = true", "key `supervise.target`: must be a whole number, found a boolean"),
        ("target = 1.0", "key `supervise.target`: must be a whole number, found a fraction"),
        ("target = -1", "key `supervise.target`: must be 0 or more, found -1"),
        ("target = 99999999999999999999", "key `supervise.target`: is out of range"),
        ("max_concurrency = 0", "key `supervise.max_concurrency`: must be 1 or more, found 0"),
        ("reap_stalled = 1", "key `supervise.reap_stalled`: must be `true` or `false`"),
        ("count_spinning_as_alive = \"yes\"", "key `supervise.count_spinning_as_alive`: must be"),
        ("spin_halt_after_ms = true", "key `supervise.spin_halt_after_ms`: must be a number"),
        ("spin_halt_after_ms = -1", "key `supervise.spin_halt_after_ms`: must not be negative"),
        ("spin_halt_after_ms = inf", "key `supervise.spin_halt_after_ms`: is out of range"),
        ("spin_halt_after_ms = nan", "key `supervise.spin_halt_after_ms`: is out of range"),
        (
            "spin_halt_after_minutes = 9e18",
            "key `supervise.spin_halt_after_minutes`: is out of range",
        ),
        ("worker_launch_template = 3", "key `supervise.worker_launch_template`: must be a text"),
        (
            "worker_launch_template = \"run\"",
            "key `supervise.worker_launch_template`: does not hold `{lane}`",
        ),
        (
            "worker_launch_template = \"run '{lane}\"",
            "key `supervise.worker_launch_template`: has a quote `'`",
        ),
        (
            "spin_halt_after_ms = 1\nspin_halt_after_minutes = 1",
            "key `supervise.spin_halt_after_minutes`: says the same",
        ),
        ("taget = 1", "key `supervise.taget`: is not a known key\n  help: did you mean `target`?"),
    ] {
        let error = the_error(&format!("[supervise]\n{line}\n"));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_journals_may_be_elsewhere() {
    let paths =
        good("[paths]\nlane_journal = \"state/l.jsonl\"\nverdict_journal = \"/var/v.jsonl\"").paths;
    assert_eq!(paths.lane_journal, Some(PathBuf::from("state/l.jsonl")));
    assert_eq!(paths.verdict_journal, Some(PathBuf::from("/var/v.jsonl")));
}

#[test]
fn paths_accept_the_peers_keys_and_no_others() {
    good("[paths]\nplans_glob = \"p/*.md\"\nleases_dir = \"l\"\nproject_card = \"c.json\"\n");
    for (line, expected) in [
        ("leases_dir = 4", "2:14: key `paths.leases_dir`: must be a text in quotes"),
        (
            "lane_jornal = \"x\"",
            "2:1: key `paths.lane_jornal`: is not a known key\n  help: did you mean `lane_journal`?",
        ),
        (
            "root = \"/\"",
            "2:1: key `paths.root`: is not a known key\n  help: name the workspace with `--workspace`",
        ),
        ("lane_journal = \"\"", "2:16: key `paths.lane_journal`: is not a path"),
        ("lane_journal = \"state/\"", "2:16: key `paths.lane_journal`: names a directory"),
        (
            "lane_journal = \"j\"\nverdict_journal = \"j\"",
            "3:19: key `paths.verdict_journal`: is the lane journal's path",
        ),
    ] {
        let error = the_error(&format!("[paths]\n{line}\n"));
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn misspelt_placeholders_are_found() {
    let error = the_error("[dosd.worker]\ncommand = [\"run\", \"{lane} {runid}\"]");
    assert!(error.starts_with("2:19: key `dosd.worker.command[1]`: `{runid}` is not a placeholder\n  help: did you mean `{run_id}`?"), "{error}");
    let warning = the_warning("[dosd.worker]\ncommand = [\"awk\", \"{print}\"]");
    assert!(warning.contains("passed on as it is"), "{warning}");
    good("[dosd.worker]\ncommand = [\"sh\", \"-c\", \"cd ${HOME} && run {lane}\"]");
}

#[test]
fn more_workers_than_a_plan_can_hold_are_refused() {
    let problem = the_error("[supervise]\nmax_concurrency = 100001\n");
    assert!(problem.contains("100000 or less"), "{problem}");
    let config = good("[supervise]\nmax_concurrency = 100000\n");
    assert_eq!(config.supervise.max_concurrency, Some(100_000));
}
