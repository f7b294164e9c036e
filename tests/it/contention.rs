//! Lease contention with real processes: never two holders, never none.

use crate::support::peer::{Job, PeerRunner};
use crate::support::workspace::Workspace;
use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::stamp;
use fastrand::Rng;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Stdio};

const ROUNDS: usize = 1000;
const RACERS: usize = 6;
/// Rounds on one journal: it grows by seven rows in each, and every command reads it.
const ROUNDS_ON_ONE_JOURNAL: usize = 40;
const MIXED_ROUNDS: usize = 60;

/// A race for one lane. The lock is waited for as long as a loaded machine may need.
fn acquire<'a>(owner: &'a str, interval: &'a str) -> [&'a str; 14] {
    [
        "lease-lane",
        "acquire",
        "--lane",
        "docs",
        "--kind",
        "keyword",
        "--tree",
        "docs/**",
        "--owner",
        owner,
        "--retries",
        "600",
        "--retry-interval",
        interval,
    ]
}

fn release(owner: &str) -> [&str; 6] {
    ["lease-lane", "release", "--lane", "docs", "--owner", owner]
}

/// A seed of the day's own, or the one of the run that is to be looked at again.
#[expect(clippy::disallowed_methods, reason = "a test is told its seed by whoever repeats it")]
#[expect(clippy::print_stdout, reason = "a failing test shows what it printed")]
fn seed() -> u64 {
    let given = std::env::var("DOSD_CONTENTION_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("DOSD_CONTENTION_SEED={seed}");
    seed
}

/// Takes the lock, as one more program would.
fn shut(workspace: &Workspace) -> PathBuf {
    let now = stamp::format_ms(SystemClock::new().now_ms());
    let lock = format!("owner: gate\nacquired_at: {now}\npid: 1\n");
    workspace.write(".dos/.lane-lease.lock", lock)
}

/// Starts commands of ours at once.
fn start(workspace: &Workspace, owners: &[String]) -> Vec<Child> {
    let start = |owner: &String| {
        let mut command = workspace.command(&acquire(owner, "0.05"));
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("dosd starts")
    };
    owners.iter().map(start).collect()
}

/// Waits for commands and gives their exit codes.
fn finish(children: Vec<Child>) -> Vec<i32> {
    let code = |child: Child| {
        let output = child.wait_with_output().expect("it ends");
        let code = output.status.code().expect("by itself");
        assert!(matches!(code, 0 | 1), "{code}: {}", String::from_utf8_lossy(&output.stderr));
        code
    };
    children.into_iter().map(code).collect()
}

/// The one who got the lane, by its place.
fn winner(codes: &[i32], round: usize) -> usize {
    let winners: Vec<_> = (0..codes.len()).filter(|at| codes[*at] == 0).collect();
    assert_eq!(winners.len(), 1, "round {round}: {codes:?}");
    winners[0]
}

/// Replays a journal: nobody was granted the lane while somebody had it. Gives the number of grants.
fn grants(workspace: &Workspace) -> usize {
    let text = std::fs::read_to_string(workspace.root().join(".dos/lane-journal.jsonl"));
    let (mut holder, mut grants) = (None, 0);
    for line in text.expect("a journal").lines() {
        let row: Value = serde_json::from_str(line).expect("a whole row");
        match row["op"].as_str().expect("an op") {
            "ACQUIRE" => {
                let before = holder.replace(row["lease"]["holder"].clone());
                assert_eq!(before, None, "two holders: {line}");
                grants += 1;
            }
            "RELEASE" => holder = None,
            op => assert_eq!(op, "REFUSE", "{line}"),
        }
    }
    assert_eq!(holder, None, "everybody gave it back");
    grants
}

#[test]
fn w_2_a_thousand_rounds_of_six_processes_have_one_holder_each() {
    let mut rng = Rng::with_seed(seed());
    let mut workspace = Workspace::new();
    for round in 0..ROUNDS {
        if round.is_multiple_of(ROUNDS_ON_ONE_JOURNAL) {
            workspace = Workspace::new();
        }
        // All under one name, all under names of their own, or something in between.
        let names = 1 + rng.usize(..RACERS);
        let owners: Vec<_> = (0..RACERS).map(|at| format!("owner-{}", at % names)).collect();
        let at = winner(&finish(start(&workspace, &owners)), round);
        let freed = workspace.dosd(&release(&owners[at]));
        assert_eq!(freed.code, 0, "round {round}: {}{}", freed.stdout, freed.stderr);
        if (round + 1).is_multiple_of(ROUNDS_ON_ONE_JOURNAL) {
            assert_eq!(grants(&workspace), ROUNDS_ON_ONE_JOURNAL);
        }
    }
}

#[test]
fn sixty_rounds_of_both_implementations_have_one_holder_each() {
    let mut rng = Rng::with_seed(seed());
    let mut peer = PeerRunner::start();
    let workspace = Workspace::new();
    let mut wins = [0, 0];
    for round in 0..MIXED_ROUNDS {
        // Theirs need names of their own: two of the same name share the peer's lock.
        let theirs = ["py-0", "py-1", "py-2"];
        let ours: Vec<_> = (0..3).map(|at| format!("rs-{}", at % (1 + rng.usize(..3)))).collect();
        let intervals: Vec<_> = theirs.iter().map(|_| format!("0.0{}", rng.u8(1..9))).collect();
        let racers: Vec<_> =
            theirs.iter().zip(&intervals).map(|(owner, it)| acquire(owner, it)).collect();
        let jobs: Vec<_> = racers.iter().map(|it| Job::dos(workspace.root(), it)).collect();
        // Ours are faster at the lock: a gate before it gives everybody the time to come there.
        let gate = shut(&workspace);
        let (answers, ours_codes) = peer.race(&jobs, || {
            let children = start(&workspace, &ours);
            for _ in 0..rng.usize(20..60) {
                workspace.dosd(&["journal", "seq"]);
            }
            std::fs::remove_file(gate).expect("the gate opens");
            finish(children)
        });
        let mut codes: Vec<_> = answers.iter().map(|answer| answer.code).collect();
        for answer in &answers {
            assert!(matches!(answer.code, 0 | 1), "{}: {}", answer.code, answer.stderr);
        }
        codes.extend(ours_codes);
        let at = winner(&codes, round);
        let owner = if at < 3 { theirs[at] } else { ours[at - 3].as_str() };
        wins[usize::from(at >= 3)] += 1;
        // Either gives back what the other granted.
        let freed = if rng.bool() {
            workspace.dosd(&release(owner)).code
        } else {
            peer.dos(workspace.root(), &release(owner)).code
        };
        assert_eq!(freed, 0, "round {round}: {owner}");
    }
    assert!(wins.iter().all(|wins| *wins > 0), "no race: {wins:?}");
    assert_eq!(grants(&workspace), MIXED_ROUNDS);
}
