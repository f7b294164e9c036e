//! Kills of a daemon at work, or of one of its helpers: then another daemon, a look at everything, and on.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use dosd_actors::port::failpoint::Point;
use fastrand::Rng;
use serde_json::Value;

use super::load::Operator;
use super::{Passes, Work, export};
use crate::supervision::book;
use crate::supervision::machine::{self, Sweep, poll, poll_while_it_moves};
use crate::supervision::rest::{come_to_rest, compare};
use crate::support::daemon::Daemon;
use crate::support::workspace::Workspace;

const LANES: [&str; 4] = ["brief", "claiming", "forking", "long"];

/// Each worker holds a lock of its lane, and so do all that it begets: one that finds it held says so.
const WORKER: &str = r#"exec 9>"lock.$1"
flock -n 9 || echo "$CID_RUN_ID on $1" >>doubled
[ -e calm ] && exec sleep 600
echo "at work on $1"
case $1 in
brief) exit 3 ;;
claiming) "$DOSD_BIN" claim "orders:$CID_RUN_ID" >said.$CID_RUN_ID 2>&1
    case $? in 0|1|3) echo "$CID_RUN_ID" >>claimed ;; esac ;;
forking) sleep 0.02 &
    sh -c 'sleep 0.01 & exit 0'; exit 0 ;;
*) exec sleep 600 ;;
esac
"#;

const MORE: &str = r#"stop_timeout = "5s"

[[dosd.witness]]
name = "orders"
kind = "json"
path = "orders.json"

[[dosd.exporter]]
kind = "file"
name = "audit"
path = "audit.jsonl"
from = "start"
"#;

/// Whose end the point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Daemon,
    /// A helper; its daemon is killed a moment later.
    Helper,
    /// A helper whose daemon was killed before.
    HelperAlone,
}

impl Victim {
    fn at(point: Point) -> Self {
        if point == Point::HelperRecordSynced {
            Self::HelperAlone
        } else if point.name().starts_with("helper.") {
            Self::Helper
        } else {
            Self::Daemon
        }
    }
}

/// The first and the last pass at which a kill comes: late enough that there is something to lose.
fn passes_of(point: Point) -> std::ops::RangeInclusive<u64> {
    match point.name().split('.').next() {
        Some("lanes") => 8..=60,
        Some("verdicts") => 4..=40,
        Some("lease") => 6..=50,
        Some("compact" | "signal") => 1..=3,
        Some("export" | "cursor") => 3..=20,
        // Two live when a daemon comes.
        Some("adopt") => 1..=2,
        _ if point == Point::HelperRecordSynced => 1..=1,
        _ => 2..=15,
    }
}

fn is_about_adoption(point: Point) -> bool {
    [Point::AdoptBefore, Point::AdoptAfter].contains(&point)
}

/// Kills at the point again and again in one workspace.
pub(super) fn kill_at(point: Point, kills: u32, random: &mut Rng) -> Work {
    kill_with(point, kills, random, "")
}

/// [`kill_at`] with a planted bug.
pub(super) fn kill_with(point: Point, kills: u32, random: &mut Rng, bug: &str) -> Work {
    let workspace = crate::supervision::workspace(&LANES, "stop", WORKER, MORE);
    workspace.write("orders.json", "{\"1\": {\"state\": \"paid\"}}");
    let _sweep = Sweep::after(&workspace);
    let mut operator = Operator::new(&workspace, random.fork());
    let mut work = Work::default();
    if is_about_adoption(point) {
        // Somebody has to be there when the first one comes.
        workspace.write("calm", "");
        let mut first = Daemon::start(&workspace);
        come_to_rest(&workspace, &mut first, LANES.len());
        first.kill();
    }
    for kill in 0..kills {
        let nth = random.u64(passes_of(point));
        let at = format!("kill {kill}, at pass {nth} of {}", point.name());
        churn(&workspace, &mut operator, random, point, nth, bug, &at);
        work.kills += 1;
        workspace.write("calm", "");
        let mut next = Daemon::start(&workspace);
        operator.claim_and_be_answered();
        come_to_rest(&workspace, &mut next, LANES.len());
        compare(&workspace, &at);
        check(&workspace, &operator, &at);
        fs::remove_file(workspace.root().join("calm")).expect("it is there");
        next.signal("KILL");
        next.wait();
        for process in machine::workers(&workspace) {
            let stays = match process.lane.as_str() {
                "long" => random.bool() || is_about_adoption(point),
                "forking" => is_about_adoption(point),
                _ => false,
            };
            if !stays {
                machine::end(process.pid);
            }
        }
    }
    work.acknowledged = operator.acknowledged() + lines(&workspace, "claimed").len();
    work.rows = book::rows(&workspace).len() + verdicts(&workspace).len();
    verify(&workspace, point, kills);
    work
}

/// A daemon at work and an operator beside it, until the point is reached.
fn churn(
    workspace: &Workspace,
    operator: &mut Operator,
    random: &mut Rng,
    point: Point,
    nth: u64,
    bug: &str,
    at: &str,
) {
    let passes = Passes::new(workspace);
    let start = || {
        let mut command = workspace.command(&["run", "--log-format", "json"]);
        passes.arm(&mut command, point, nth, bug);
        Daemon::watch(&mut command)
    };
    match Victim::at(point) {
        Victim::Daemon => {
            let mut daemon = start();
            let ended = poll_while_it_moves(&format!("{at}: the daemon is gone"), || {
                operator.act(&LANES);
                daemon.ended().ok_or_else(|| passes.count())
            });
            assert_eq!(ended.signal(), Some(9), "{at}: {ended}, the log:\n{}", daemon.log());
            assert_eq!(passes.count(), nth, "{at}: passes");
        }
        Victim::Helper => {
            let mut daemon = start();
            poll_while_it_moves(&format!("{at}: a helper is gone"), || {
                operator.act(&LANES);
                if let Some(ended) = daemon.ended() {
                    panic!("{at}: the daemon went with its helper: {ended}\n{}", daemon.log());
                }
                let count = passes.count();
                if count >= nth { Ok(()) } else { Err(count) }
            });
            if random.bool() {
                // A moment in which the daemon finds out.
                let _ = operator.claim();
            }
            daemon.kill();
        }
        Victim::HelperAlone => {
            // Whether a worker is about to end just then is a matter of luck.
            poll(&format!("{at}: a helper is gone"), || {
                let mut daemon = start();
                daemon.wait_for("it is at work", |line| line["message"] == "worker started");
                for _ in 0..random.u32(5..20) {
                    operator.act(&LANES);
                }
                daemon.kill();
                let alone = || machine::processes(workspace).iter().any(|it| it.lane != "long");
                while passes.count() < nth && alone() {
                    std::thread::park_timeout(Duration::from_millis(5));
                }
                if passes.count() >= nth {
                    Ok(())
                } else {
                    Err("nobody was about to end".to_owned())
                }
            });
        }
    }
}

fn check(workspace: &Workspace, operator: &Operator, at: &str) {
    let (lanes, verdicts) = (book::rows(workspace), verdicts(workspace));
    operator.check(&lanes, &verdicts);
    for run_id in lines(workspace, "claimed") {
        let is_there = verdicts
            .iter()
            .any(|row| row["run_id"] == run_id.as_str() && row["syscall"] == "effect_witness");
        assert!(is_there, "{at}: the verdict on the claim of {run_id} was given and is lost");
    }
    let read = |path: &str| fs::read_to_string(workspace.root().join(path)).unwrap_or_default();
    poll(&format!("{at}: the exporter has caught up"), || {
        export::compare(&read(".dos/verdict-journal.jsonl"), &read("audit.jsonl"))
    });
}

/// The journals are whole, but for the rows that the kills tore.
fn verify(workspace: &Workspace, point: Point, kills: u32) {
    let torn_at = |torn: Point| if point == torn { kills as usize } else { 0 };
    for (words, torn) in [
        (&["journal", "verify", "--json"][..], torn_at(Point::LanesAppendWithin)),
        (&["journal", "verify", "--verdicts", "--json"], torn_at(Point::VerdictsAppendWithin)),
    ] {
        let report = workspace.dosd(words).values().remove(0);
        let corrupt = report["corrupt"].as_array().expect("a list");
        // A compaction takes the torn rows of its time along.
        assert!(corrupt.len() <= torn, "{report}");
        assert_eq!(report["torn"], Value::Null, "{report}");
    }
}

fn verdicts(workspace: &Workspace) -> Vec<Value> {
    let lines = lines(workspace, ".dos/verdict-journal.jsonl");
    lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn lines(workspace: &Workspace, path: &str) -> Vec<String> {
    let text = fs::read_to_string(workspace.root().join(path)).unwrap_or_default();
    let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    lines.map(ToOwned::to_owned).collect()
}
