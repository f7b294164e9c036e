//! The lease verbs, with and without a daemon, and beside the Python tool.

use crate::support::daemon::{Daemon, group_lives};
use crate::support::peer::PeerRunner;
use crate::support::workspace::{Answer, Workspace};
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::stamp;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

const LANES: &str = r#"
[lanes]
concurrent = ["a", "b"]
autopick = ["a", "b"]
[lanes.trees]
a = ["a/**"]
b = ["b/**"]
"#;

/// One lane of the daemon's own, beside those that others take.
const FLEET: &str = r#"
[supervise]
target = 1
[dosd]
on_shutdown = "stop"
[dosd.worker]
command = ["sleep", "600"]
lease = "supervisor"
stop_timeout = "5s"
restart = { burst = 5, window = "1m", delay = "10ms", max_delay = "20ms" }
"#;

const JOURNAL: &str = ".dos/lane-journal.jsonl";

fn workspace(config: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("dos.toml", config);
    workspace
}

fn rows(workspace: &Workspace) -> Vec<Value> {
    let text = std::fs::read_to_string(workspace.root().join(JOURNAL)).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

fn ops(workspace: &Workspace) -> Vec<String> {
    let rows = rows(workspace);
    rows.iter().map(|row| row["op"].as_str().expect("an op").to_owned()).collect()
}

fn minutes_ago(minutes: i64) -> String {
    stamp::format_ms(SystemClock::new().now_ms() - minutes * 60_000)
}

fn acquire_a(owner: &str) -> [&str; 8] {
    ["lease-lane", "acquire", "--lane", "a", "--kind", "cluster", "--owner", owner]
}

/// Words and moments are each side's own.
fn without_words(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            // Only rows of ours have a check sum; the peer passes over it.
            fields.remove("crc32");
            for (key, field) in fields.iter_mut() {
                let own = ["reason", "ts", "loop_ts", "acquired_at", "heartbeat_at", "pid", "seq"];
                let is_own = key == "suspend_note" || own.contains(&key.as_str());
                // A start without an owner names its process.
                let is_process =
                    key == "holder" && field.as_str().is_some_and(|it| it.contains(':'));
                let taken = field.take();
                *field = if (is_own || is_process) && !taken.is_null() {
                    "given".into()
                } else {
                    without_words(taken)
                };
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_words(item.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

#[test]
fn a_life_of_leases_prints_and_writes_what_the_peer_does() {
    let (ours, theirs) = (workspace(LANES), workspace(LANES));
    let mut peer = PeerRunner::start();
    let commands: [&[&str]; 17] = [
        &["lease-lane", "acquire", "--lane", "a", "--kind", "cluster", "--owner", "me"],
        &["lease-lane", "acquire", "--lane", "a", "--owner", "you", "--run-id", "RID-X"],
        &["lease-lane", "acquire", "--owner", "you", "--run-id", "RID-Y", "--pretty"],
        &[
            "lease-lane",
            "acquire",
            "--lane",
            "k",
            "--kind",
            "keyword",
            "--tree",
            "k/**",
            "l/*",
            "--owner",
            "k",
        ],
        &[
            "lease-lane",
            "acquire",
            "--lane",
            "m",
            "--kind",
            "keyword",
            "--tree",
            "l/x",
            "--owner",
            "k",
        ],
        &["lease-lane", "heartbeat", "--lane", "a", "--owner", "me"],
        &["lease-lane", "heartbeat", "--lane", "a", "--owner", "you"],
        &["lease-lane", "heartbeat", "--lane", "a", "--owner", "me", "--coalesce-within-s", "600"],
        &["lease-lane", "release", "--lane", "a", "--owner", "you"],
        &["lease-lane", "release", "--lane", "a", "--owner", "me"],
        &["lease-lane", "release", "--lane", "a", "--owner", "me"],
        &["lease-lane", "spawn", "--lane", "q"],
        &["lease-lane", "spawn", "--lane", "q", "--owner", "o", "--run-id", "R", "--reason", "x"],
        &["halt", "--handle", "123"],
        &["halt", "--handle", "h", "--lane", "k", "--owner", "op", "--command", "kill 1"],
        &["halt", "--handle", "h", "--run-id", "RID-7", "--resumable", "--resume-sha", "abc"],
        &[
            "lease-lane",
            "acquire",
            "--owner",
            "me",
            "--leases",
            "[{\"lane\":\"a\",\"tree\":[\"a/**\"]}]",
        ],
    ];
    for command in commands {
        let (mine, their) = (ours.dosd(command), peer.dos(theirs.root(), command));
        assert_eq!(mine.code, their.code, "{command:?}: {}", mine.stderr);
        let print = |answer: &Answer| answer.values().into_iter().map(without_words);
        assert!(print(&mine).eq(print(&their)), "{command:?}\n{}\n{}", mine.stdout, their.stdout);
    }
    let written = |workspace: &Workspace| rows(workspace).into_iter().map(without_words);
    let (mine, their): (Vec<_>, Vec<_>) = (written(&ours).collect(), written(&theirs).collect());
    assert_eq!(mine, their);
    let ledger = |workspace: &Workspace| {
        let text = std::fs::read_to_string(workspace.root().join(".dos/runs/RID-7/intent.jsonl"));
        without_words(serde_json::from_str(&text.expect("a ledger")).expect("one row"))
    };
    assert_eq!(ledger(&ours), ledger(&theirs));
    assert_eq!(ours.dosd(&["lease-lane", "live"]).values().len(), 1);
}

#[test]
fn w_1_a_lease_after_a_torn_line_is_seen_by_everybody() {
    let workspace = workspace(LANES);
    workspace.write(JOURNAL, "{\"op\":\"ACQUIRE\",\"lane\":\"a\",\"loop_");
    assert_eq!(workspace.dosd(&acquire_a("first")).code, 0);
    let second = workspace.dosd(&["lease-lane", "acquire", "--lane", "a", "--owner", "second"]);
    assert_eq!(second.code, 1);
    let mut peer = PeerRunner::start();
    let theirs = peer.dos(workspace.root(), &["lease-lane", "live"]).values();
    assert_eq!(theirs[0][0]["holder"], "first");
    assert_eq!(theirs, workspace.dosd(&["lease-lane", "live"]).values());
}

#[test]
fn w_5_an_expired_lease_is_taken_back_on_the_way() {
    let workspace = workspace(LANES);
    let lease = |lane: &str, minutes: i64, pid: u32, host: &str| {
        let at = minutes_ago(minutes);
        let lease = json!({
            "lane": lane, "loop_ts": "old", "tree": [format!("{lane}/**")], "holder": "gone",
            "host_id": host, "pid": pid, "acquired_at": at, "lane_kind": "cluster",
        });
        json!({"op": "ACQUIRE", "seq": 1, "ts": at, "lane": lane, "loop_ts": "old", "lease": lease})
    };
    let mut ended = Command::new("true").spawn().expect("true runs");
    let pid = ended.id();
    ended.wait().expect("and ends");
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    for (minutes, pid, host, is_free) in [
        (56, std::process::id(), "elsewhere", true),
        (54, std::process::id(), host.as_str(), false),
        (6, pid, host.as_str(), true),
        (6, pid, "elsewhere", false),
        (4, pid, host.as_str(), false),
    ] {
        workspace.write(JOURNAL, format!("{}\n", lease("a", minutes, pid, host)));
        let command =
            ["lease-lane", "acquire", "--lane", "a", "--kind", "keyword", "--owner", "me"];
        let answer = workspace.dosd(&command);
        let expected: &[&str] =
            if is_free { &["ACQUIRE", "SCAVENGE", "ACQUIRE"] } else { &["ACQUIRE", "REFUSE"] };
        assert_eq!(ops(&workspace), expected, "after {minutes} min: {}", answer.stdout);
        assert_eq!(answer.code, i32::from(!is_free));
    }
}

#[test]
fn w_12_a_busy_lock_and_a_failure_are_no_verdicts() {
    let workspace = workspace(LANES);
    let lock = workspace.write(
        ".dos/.lane-lease.lock",
        format!("owner: py\nacquired_at: {}\npid: 7\n", minutes_ago(0)),
    );
    // Something to compact.
    workspace.write(JOURNAL, "{\"op\":\"NOTE\",\"seq\":1}\n");
    let acquire =
        ["lease-lane", "acquire", "--owner", "me", "--retries", "1", "--retry-interval", "0.01"];
    let busy = workspace.dosd(&acquire);
    assert_eq!((busy.code, busy.stdout.as_str()), (4, ""));
    let told: Value = serde_json::from_str(&busy.stderr).expect("JSON");
    assert_eq!((&told["outcome"], &told["lane"]), (&json!("lock-busy"), &json!("")));
    let others: [&[&str]; 5] = [
        &["lease-lane", "release", "--lane", "a", "--owner", "me"],
        &["lease-lane", "heartbeat", "--lane", "a", "--owner", "me"],
        &["lease-lane", "spawn", "--lane", "a"],
        &["halt", "--handle", "x"],
        &["journal", "compact"],
    ];
    for command in others {
        let answer = workspace.dosd(command);
        assert_eq!((answer.code, answer.stdout.as_str()), (75, ""), "{command:?}");
    }
    assert_eq!(rows(&workspace).len(), 1, "nothing was written");
    std::fs::remove_file(lock).expect("a lock");
    std::fs::remove_file(workspace.root().join(JOURNAL)).unwrap_or_default();
    std::fs::create_dir(workspace.root().join(JOURNAL)).expect("a directory in its place");
    for command in [&acquire[..], others[0], others[3]] {
        let answer = workspace.dosd(command);
        assert_eq!((answer.code, answer.stdout.as_str()), (70, ""), "{command:?}");
        assert!(answer.stderr.contains("lane-journal.jsonl"), "{}", answer.stderr);
    }
}

#[test]
fn what_cannot_be_meant_is_a_usage_error_and_writes_nothing() {
    let workspace = workspace(LANES);
    let wrong: [&[&str]; 6] = [
        &["lease-lane", "acquire", "--lane", "a"],
        &["lease-lane", "acquire", "--owner", "me", "--leases", "{"],
        &["lease-lane", "acquire", "--owner", "me", "--leases", "[1]"],
        &["lease-lane", "acquire", "--owner", "me", "--retry-interval", "-1"],
        &["lease-lane", "release", "--lane", "a"],
        &["halt", "--lane", "a"],
    ];
    for command in wrong {
        assert_eq!(workspace.dosd(command).code, 2, "{command:?}");
    }
    assert!(!workspace.root().join(JOURNAL).exists());
}

#[test]
fn a_daemon_that_dies_over_a_request_leaves_it_unknown_and_undoubled() {
    let workspace = workspace(LANES);
    std::fs::create_dir(workspace.root().join(".dos")).expect("a directory");
    let socket = UnixListener::bind(workspace.root().join(".dos/dosd.sock")).expect("a socket");
    let dies = std::thread::spawn(move || {
        let (stream, _) = socket.accept().expect("a caller");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("a request");
        line
    });
    let answer = workspace.dosd(&acquire_a("me"));
    let request: Value = serde_json::from_str(&dies.join().expect("a line")).expect("JSON");
    assert_eq!(request["request"]["ask"], "acquire");
    assert_eq!((answer.code, answer.stdout.as_str()), (70, ""));
    assert!(answer.stderr.contains("not known"), "{}", answer.stderr);
    assert!(!workspace.root().join(JOURNAL).exists(), "nobody wrote it a second time");
    // The socket is still there, and nobody listens: then the work is done here.
    assert_eq!(workspace.dosd(&acquire_a("me")).code, 0);
}

#[test]
fn a_daemon_decides_for_everybody() {
    let workspace = workspace(&format!("{LANES}{FLEET}"));
    let mut daemon = Daemon::start(&workspace);
    daemon.wait_for_worker("a");
    let refused = workspace.dosd(&["lease-lane", "acquire", "--lane", "a", "--owner", "me"]);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    let command = ["lease-lane", "acquire", "--lane", "b", "--kind", "cluster", "--owner", "me"];
    let granted = workspace.dosd(&command);
    assert_eq!(granted.code, 0, "{}{}", granted.stdout, granted.stderr);
    assert_eq!(
        workspace.dosd(&["lease-lane", "heartbeat", "--lane", "b", "--owner", "me"]).code,
        0
    );
    assert_eq!(workspace.dosd(&["lease-lane", "release", "--lane", "b", "--owner", "you"]).code, 1);
    assert_eq!(workspace.dosd(&["lease-lane", "release", "--lane", "b", "--owner", "me"]).code, 0);
    assert_eq!(workspace.dosd(&["halt", "--handle", "x", "--reason", "y"]).code, 0);
    // Another journal is not the daemon's business, whatever the socket.
    let mut elsewhere = workspace.command(&command);
    elsewhere.env("DISPATCH_LANE_JOURNAL_PATH", "other.jsonl");
    assert!(elsewhere.status().expect("dosd starts").success());
    let other = std::fs::read_to_string(workspace.root().join("other.jsonl")).expect("a journal");
    assert_eq!(other.lines().count(), 1);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
    let of_b: Vec<_> = rows(&workspace)
        .iter()
        .filter(|row| row["lane"] == "b")
        .map(|row| row["op"].as_str().expect("an op").to_owned())
        .collect();
    assert_eq!(of_b, ["ACQUIRE", "HEARTBEAT", "RELEASE"]);
    assert_eq!(workspace.dosd(&["journal", "verify"]).code, 0);
}

#[test]
fn an_enacted_halt_stops_the_group_and_proves_it() {
    let workspace = workspace(&format!("{LANES}{FLEET}"));
    let alone = workspace.dosd(&["halt", "--handle", "a", "--enact"]);
    assert_eq!(alone.code, 70, "without a daemon there is nobody to stop");
    let mut daemon = Daemon::start(&workspace);
    let worker = daemon.wait_for_worker("a");
    let unknown = workspace.dosd(&["halt", "--handle", "b", "--enact"]);
    assert_eq!(unknown.code, 1, "{}", unknown.stdout);
    assert_eq!(unknown.values()[0]["enacted"], false);
    let halted = workspace.dosd(&["halt", "--handle", "a", "--enact", "--reason", "enough"]);
    assert_eq!(halted.code, 0, "{}{}", halted.stdout, halted.stderr);
    assert!(!group_lives(worker));
    let answer = &halted.values()[0];
    assert_eq!((&answer["recorded"], &answer["enacted"]), (&json!(true), &json!(true)));
    assert_eq!(answer["survivors"], json!([]));
    let ops = ops(&workspace);
    let life = ["SPAWN", "ACQUIRE", "WORKER_STARTED", "HALT", "WORKER_EXITED", "RELEASE"];
    assert_eq!(ops[..6], life, "the intent comes before the effect");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.log());
}

#[test]
fn the_archive_lock_is_shared_with_the_peer() {
    let workspace = workspace(LANES);
    let mut peer = PeerRunner::start();
    let print = |answer: &Answer| (answer.code, answer.stdout.trim().to_owned());
    assert_eq!(print(&workspace.dosd(&["lease", "status"])), (0, "free".to_owned()));
    assert_eq!(print(&workspace.dosd(&["lease", "acquire", "A"])), (0, "acquired A".to_owned()));
    let refused = ["lease", "acquire", "B", "--retries", "0"];
    assert_eq!(peer.dos(workspace.root(), &refused).code, 1);
    assert_eq!(workspace.dosd(&refused).code, 1);
    let theirs = peer.dos(workspace.root(), &["lease", "status"]);
    assert!(theirs.stdout.starts_with("held A age="), "{}", theirs.stdout);
    assert_eq!(workspace.dosd(&["lease", "release", "B"]).code, 0, "and leaves it alone");
    assert_eq!(peer.dos(workspace.root(), &["lease", "release", "A"]).stdout, "released A\n");
    assert_eq!(peer.dos(workspace.root(), &["lease", "acquire", "P"]).code, 0);
    assert_eq!(workspace.dosd(&["lease", "acquire", "A", "--retries", "0"]).code, 1);
    let stolen = workspace.dosd(&["lease", "acquire", "A", "--ttl-seconds", "0"]);
    assert!(stolen.stdout.starts_with("stole-stale P age="), "{}", stolen.stdout);
    let forced = workspace.dosd(&["lease", "release", "x", "--force"]);
    assert_eq!(print(&forced), (0, "force-released (was: A)".to_owned()));
    let free = workspace.dosd(&["lease", "release", "A"]);
    assert_eq!(print(&free), (0, "released (no-lock)".to_owned()));
}

#[test]
fn w_2_the_archive_lock_goes_to_one_of_many_of_the_same_name() {
    let workspace = workspace(LANES);
    for round in 0..20 {
        let start = || {
            let mut command = workspace.command(&["lease", "acquire", "A", "--retries", "0"]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()
        };
        let racers: Vec<_> = (0..6).map(|_| start().expect("dosd starts")).collect();
        let codes = racers.into_iter().map(|mut child| child.wait().expect("it ends").code());
        let winners = codes.filter(|code| *code == Some(0)).count();
        assert_eq!(winners, 1, "round {round}");
        assert_eq!(workspace.dosd(&["lease", "release", "A"]).code, 0);
    }
}
