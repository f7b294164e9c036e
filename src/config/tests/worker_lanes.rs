//! `[dosd.worker.lanes.NAME]`.

use super::{good, problems, the_error, the_warning};
use crate::config::doctor::examine;
use crate::config::{LeaseKeeper, Rotation};
use crate::env::Environment;
use crate::workspace::Workspace;
use std::time::Duration;

const BASE: &str = r#"
[lanes]
concurrent = ["a", "b"]
exclusive = ["x"]
[lanes.trees]
a = ["a/**"]
b = ["b/**"]
[lanes.aliases]
alpha = "a"
[dosd.worker]
command = ["run", "{lane}"]
stop_timeout = "5s"
restart = { burst = 3, delay = "2s" }
log = { max_size = "1MB", keep = 2 }
"#;

fn with(lanes: &str) -> String {
    format!("{BASE}{lanes}")
}

#[test]
fn a_lane_replaces_key_by_key_and_keeps_the_rest() {
    let config = good(&with(
        r#"
[dosd.worker.lanes.a]
command = ["other", "{run_id}"]
lease = "supervisor"
restart = { burst = 9 }
[dosd.worker.lanes.x]
stop_timeout = "1m"
log.keep = 7
"#,
    ));
    let (a, b, x) = (config.worker("a"), config.worker("b"), config.worker("x"));
    assert_eq!(*b, config.workers.usual);
    assert_eq!(
        (a.command.words(), a.lease),
        (&["other".to_owned(), "{run_id}".to_owned()][..], LeaseKeeper::Supervisor)
    );
    assert_eq!((a.restart.burst, a.restart.delay_ms), (9, 2_000));
    assert_eq!((a.stop_timeout, a.log), (b.stop_timeout, b.log));
    assert_eq!((&x.command, x.lease, x.restart), (&b.command, b.lease, b.restart));
    assert_eq!(x.stop_timeout, Duration::from_mins(1));
    assert_eq!(x.log, Rotation { max_bytes: 1_000_000, keep: 7 });
}

#[test]
fn the_launch_template_is_what_a_lane_replaces_too() {
    let config = good(
        "[supervise]\nworker_launch_template = \"run {lane}\"\n[dosd.worker.lanes.main]\nlease = \"supervisor\"",
    );
    assert_eq!(config.worker("main").command.words(), ["run", "{lane}"]);
}

#[test]
fn the_keys_of_a_lane_are_checked_as_the_usual_ones() {
    for (lane, expected) in [
        (
            "command = [\"run\", \"{runid}\"]",
            "16:19: key `dosd.worker.lanes.a.command[1]`: `{runid}` is not a placeholder\n  help: did you mean `{run_id}`?",
        ),
        ("command = []", "16:11: key `dosd.worker.lanes.a.command`: names no program"),
        (
            "comand = [\"run\"]",
            "16:1: key `dosd.worker.lanes.a.comand`: is not a known key\n  help: did you mean `command`?",
        ),
        ("lanes = {}", "16:1: key `dosd.worker.lanes.a.lanes`: is not a known key"),
        (
            "restart = { max_delay = \"1s\" }",
            "16:25: key `dosd.worker.lanes.a.restart.max_delay`: `max_delay` (1s) is shorter than `delay` (2s)",
        ),
        (
            "log = { max_size = \"0B\" }",
            "16:20: key `dosd.worker.lanes.a.log.max_size`: must not be zero",
        ),
    ] {
        let error = the_error(&with(&format!("[dosd.worker.lanes.a]\n{lane}\n")));
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(the_error(&with("lanes = 3")).contains("must be a table"));
    assert!(
        the_error(&with("lanes = { a = 3 }")).contains("`dosd.worker.lanes.a`: must be a table")
    );
    let both =
        with("[dosd.worker.lanes.a]\nlease = \"me\"\n[dosd.worker.lanes.b]\nstop_timeout = 3");
    assert_eq!(problems(&both).len(), 2, "all at once");
}

#[test]
fn a_name_that_no_worker_is_started_under_is_warned_about() {
    let keep = |name: &str| with(&format!("[dosd.worker.lanes.{name}]\nlease = \"worker\"\n"));
    for (name, expected) in [
        (
            "bb",
            "15:20: key `dosd.worker.lanes.bb`: lane `bb` is not declared, so this is not used\n  help: did you mean `b`?",
        ),
        (
            "alpha",
            "15:20: key `dosd.worker.lanes.alpha`: `alpha` is another name of lane `a`, so this is not used\n  help: write `[dosd.worker.lanes.a]`",
        ),
        ("auto", "15:20: key `dosd.worker.lanes.auto`: lane `auto` is not declared"),
    ] {
        let warning = the_warning(&keep(name));
        let warning = warning.replacen(": warning", "", 1);
        assert!(warning.starts_with(expected), "{warning}");
    }
    let handles = format!("{}\n[supervise]\nmax_concurrency = 4\n", keep("auto"));
    let config = good(&handles);
    assert_eq!(config.worker("auto**"), &config.workers.lanes["auto"]);
}

#[test]
fn the_doctor_looks_for_the_programs_that_lanes_use() {
    let directory = tempfile::tempdir().unwrap();
    let examined = |text: &str| {
        std::fs::write(directory.path().join("dos.toml"), text).unwrap();
        let environment = Environment {
            search_path: Some("/usr/local/bin:/usr/bin:/bin".into()),
            ..Environment::default()
        };
        let workspace = Workspace::resolve(Some(directory.path()), &environment).unwrap();
        examine(&workspace, &environment)
    };
    let base = "[lanes]\nconcurrent = [\"a\", \"b\"]\n[lanes.trees]\na = [\"a/**\"]\nb = [\"b/**\"]\n\
        [dosd.worker]\ncommand = [\"/no/agent\"]\n[dosd.worker.lanes.a]\ncommand = [\"sh\"]\n";
    let report = examined(base);
    let text = report.to_string();
    assert!(text.contains("error: worker command: cannot open"), "{text}");
    assert!(text.contains("\n  a  sh\n             starts /"), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["lane_workers"]["a"]["command"], serde_json::json!(["sh"]));

    // Nobody is started by the usual command any more.
    let report = examined(&format!("{base}[dosd.worker.lanes.b]\ncommand = [\"/no/other\"]\n"));
    let [finding] = &report.findings[..] else { panic!("one finding: {:#?}", report.findings) };
    assert_eq!(finding.subject, "worker command of lane b");
    assert!(finding.help.contains("[dosd.worker.lanes.b]"), "{}", finding.help);
}
