//! `dosd claim`, as a worker and a person use it.

use super::fleet::{Run, answer, rows, workspace};
use crate::support::daemon::Daemon;
use crate::support::http_server::{Server, ok};
use crate::support::workspace::Workspace;
use dosd_actors::port::{Clock, SystemClock};
use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const ORDERS: &str = r#"
[[dosd.witness]]
name = "orders"
kind = "json"
path = "orders.json"
"#;

const VERDICTS: &str = ".dos/verdict-journal.jsonl";

#[test]
fn a_value_that_is_expected_is_compared_without_what_is_no_state() {
    let workspace = workspace(&format!("{ORDERS}ignore = [\"/updated_at\"]\n"));
    workspace.write("orders.json", r#"{"41": {"sum": 1, "updated_at": "monday"}}"#);
    let mut daemon = Daemon::start(&workspace);
    let run = Run::begin(&mut daemon);
    workspace.write(
        "orders.json",
        r#"{"41": {"sum": 1, "updated_at": "friday"}, "42": {"sum": 7, "updated_at": "friday"}}"#,
    );
    let (said, code) = run.judge(&workspace, &["orders:41"]);
    assert_eq!((&said["verdict"], code), (&"REFUTED".into(), 1), "{said}");
    for expected in [r#"{"sum": 7.0}"#, r#"{"updated_at": "sunday", "sum": 7}"#] {
        let (said, code) = run.judge(&workspace, &["orders:42", "--expect", expected]);
        assert_eq!((&said["verdict"], code), (&"CONFIRMED".into(), 0), "{said}");
    }
    for expected in [r#"{"sum": 8}"#, "7", "null"] {
        let (said, code) = run.judge(&workspace, &["orders:42", "--expect", expected]);
        assert_eq!((&said["verdict"], code), (&"REFUTED".into(), 1), "{said}");
        let reason = said["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("not with the expected value"), "{reason}");
    }
    let typo = answer(&mut run.claim(&workspace, &["orders:42", "--expect", "paid"]));
    assert_eq!((typo.code, typo.stdout.as_str()), (2, ""));
    assert!(typo.stderr.contains("--expect is not JSON"), "{}", typo.stderr);
}

#[test]
fn a_claim_that_does_not_wait_is_judged_all_the_same() {
    let workspace = workspace(ORDERS);
    workspace.write("orders.json", "{}");
    let mut daemon = Daemon::start(&workspace);
    let run = Run::begin(&mut daemon);
    workspace.write("orders.json", r#"{"42": 1}"#);
    let judged = |daemon: &mut Daemon, key: &str, verdict: &str| {
        let line = daemon.wait_for("the verdict", |line| line["claim"] == key);
        let message = line["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(&format!("claim {verdict}")), "{message}");
    };
    let told = answer(&mut run.claim(&workspace, &["orders:42", "--no-wait"]));
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert_eq!(told.stdout, "accepted; the verdict goes to the journal\n");
    judged(&mut daemon, "orders:42", "CONFIRMED");
    let (told, code) = run.judge(&workspace, &["orders:43", "--no-wait"]);
    assert_eq!((told.to_string().as_str(), code), (r#"{"accepted":true}"#, 0));
    judged(&mut daemon, "orders:43", "REFUTED");
    let verdicts = rows(&workspace, VERDICTS);
    let judged = verdicts.iter().filter(|row| row["syscall"] == "effect_witness");
    let judged: Vec<_> = judged.map(|row| (&row["subject"], &row["verdict"])).collect();
    assert_eq!(
        judged,
        [(&"orders:42".into(), &"CONFIRMED".into()), (&"orders:43".into(), &"REFUTED".into())]
    );
}

#[test]
fn an_effect_that_comes_after_its_claim_settles() {
    // The baseline and two looks find nothing, the third look finds it.
    let asked = AtomicU32::new(0);
    let server = Server::start(move |_, stream| {
        use std::io::Write as _;
        let is_there = asked.fetch_add(1, Ordering::SeqCst) >= 3;
        let body = if is_there { r#"{"42": 1}"# } else { "{}" };
        let _ = stream.write_all(ok("", body).as_bytes());
    });
    let workspace = workspace(&format!(
        "{ORDERS}settle = \"200ms\"\n[[dosd.witness]]\nname = \"tickets\"\nkind = \"http\"\n\
         url = \"http://{}/\"\nsettle = \"1m\"\n",
        server.address
    ));
    workspace.write("orders.json", "{}");
    let mut daemon = Daemon::start(&workspace);
    let run = Run::begin(&mut daemon);
    assert_eq!(run.verdict(&workspace, &["tickets:42", "--timeout", "1m"]), "CONFIRMED");
    assert_eq!(run.verdict(&workspace, &["orders:42"]), "REFUTED");
    let verdicts = rows(&workspace, VERDICTS);
    let looks = |subject: &str| {
        let row = verdicts.iter().find(|row| row["subject"] == subject).expect("a verdict");
        row["detail"]["looks"].as_u64().unwrap_or(1)
    };
    assert_eq!(looks("tickets:42"), 3);
    assert!(looks("orders:42") > 1, "it was looked for again before it was refuted");
}

#[test]
fn a_key_without_a_surface_is_looked_up_on_all_of_them() {
    let workspace = workspace(&format!(
        "{ORDERS}[[dosd.witness]]\nname = \"copy\"\nkind = \"json\"\npath = \"copy.json\"\n"
    ));
    workspace.write("orders.json", "{}");
    workspace.write("copy.json", r#"{"41": 1}"#);
    let mut daemon = Daemon::start(&workspace);
    let run = Run::begin(&mut daemon);
    workspace.write("orders.json", r#"{"41": 1, "42": 1, "urn:isbn:42": 1}"#);
    for (key, verdict, says) in [
        ("42", "CONFIRMED", "orders"),
        ("orders:42", "CONFIRMED", "orders"),
        ("copy:42", "REFUTED", "not among"),
        ("urn:isbn:42", "CONFIRMED", "orders"),
        ("orders:urn:isbn:42", "CONFIRMED", "orders"),
        ("43", "REFUTED", "not among"),
        ("orders:41", "CONFIRMED", "orders"),
        ("41", "REFUTED", "conflict"),
        ("orders:", "NO_CLAIM", "no effect"),
    ] {
        let (said, _) = run.judge(&workspace, &[key]);
        let reason = said["reason"].as_str().unwrap_or_default();
        assert!(said["verdict"] == verdict && reason.contains(says), "{key}: {said}");
    }
    fs::remove_file(workspace.root().join("copy.json")).expect("a file");
    assert_eq!(run.verdict(&workspace, &["42"]), "CONFIRMED", "one that shows it is enough");
    let (said, code) = run.judge(&workspace, &["43"]);
    assert_eq!((&said["verdict"], code), (&"UNWITNESSED".into(), 3), "it may be in the copy");
    assert!(said["reason"].as_str().is_some_and(|why| why.contains("copy.json")), "{said}");
}

/// Waits for something that another process does.
fn wait_for(what: &str, happened: impl Fn() -> bool) {
    let clock = SystemClock::new();
    while !happened() {
        assert!(clock.monotonic() < Duration::from_mins(1), "{what} did not happen in time");
        std::thread::yield_now();
    }
}

fn lines(workspace: &Workspace, path: &str) -> usize {
    fs::read_to_string(workspace.root().join(path)).map_or(0, |text| text.lines().count())
}

#[test]
fn claims_at_the_same_time_share_a_read() {
    const CLAIMS: usize = 20;
    let workspace = workspace(
        "[[dosd.witness]]\nname = \"orders\"\nkind = \"command\"\nargv = [\"sh\", \"read.sh\"]\n",
    );
    // Each read leaves a line, and waits at the gate if there is one.
    workspace.write(
        "read.sh",
        "echo read >>reads\nif test -p gate; then cat gate; fi\ncat orders.json\n",
    );
    workspace.write("orders.json", "{}");
    let mut daemon = Daemon::start(&workspace);
    let run = Run::begin(&mut daemon);
    let gate = workspace.root().join("gate");
    assert!(Command::new("mkfifo").arg(&gate).status().expect("mkfifo runs").success());
    let claim = |at: usize| {
        let mut claim = run.claim(&workspace, &[&format!("orders:{at}"), "--timeout", "5m"]);
        claim.stdout(Stdio::null()).spawn().expect("dosd starts")
    };
    let mut claims = vec![claim(0)];
    // Opens once somebody reads at the other end: the first claim's read is under way.
    let open = File::options().write(true).open(&gate).expect("a gate");
    claims.extend((1..=CLAIMS).map(claim));
    let claimed = format!(".dos/runs/{}/baseline/claimed.jsonl", run.id);
    wait_for("all are with the daemon", || lines(&workspace, &claimed) == 1 + CLAIMS);
    fs::remove_file(&gate).expect("a gate");
    drop(open);
    for mut claim in claims {
        assert_eq!(claim.wait().expect("dosd ends").code(), Some(1), "it is not there");
    }
    // The baseline's, the first claim's, and one for all the others; or two, if the first ended
    // before the last was heard.
    let reads = lines(&workspace, "reads");
    assert!((3..=4).contains(&reads), "{reads} reads");
}
