//! What a daemon costs that has nothing to do: processor time and memory over a minute, at the default
//! tick, and the price of one tick. Beside it, the same with workers whose leases it has to keep.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dosd_actors::port::{Clock, SystemClock};
use dosd_kernel::stamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;

const LANES: usize = 1_000;

const WINDOW: Duration = Duration::from_mins(1);

/// How long a daemon may take to have its workers.
const PATIENCE: Duration = Duration::from_mins(2);

/// A daemon of one kind.
struct Case {
    name: &'static str,
    /// How many lanes are held by workers that somebody else started.
    leases: usize,
    /// How many workers it starts and keeps leases for.
    workers: usize,
    /// How many ticks there are in a second; `None` for the default.
    ticks_per_second: Option<u32>,
}

const CASES: [Case; 5] = [
    Case { name: "free lanes", leases: 0, workers: 0, ticks_per_second: None },
    Case { name: "free lanes", leases: 0, workers: 0, ticks_per_second: Some(10) },
    Case { name: "held lanes", leases: LANES, workers: 0, ticks_per_second: None },
    Case { name: "held lanes", leases: LANES, workers: 0, ticks_per_second: Some(10) },
    Case { name: "20 workers", leases: 0, workers: 20, ticks_per_second: None },
];

fn main() {
    // An idle daemon leaves the machine to the others, so all are measured at once.
    let daemons: Vec<Daemon> = CASES.iter().map(Daemon::start).collect();
    daemons.iter().for_each(Daemon::wait_until_idle);
    let before: Vec<Use> = daemons.iter().map(Daemon::used).collect();
    let clock = SystemClock::new();
    while clock.monotonic() < WINDOW {
        std::thread::park_timeout(WINDOW.saturating_sub(clock.monotonic()));
    }
    let after: Vec<Use> = daemons.iter().map(Daemon::used).collect();
    let took = clock.monotonic();
    println!("{LANES} lanes, {} s", took.as_secs());
    println!(
        "{:<12} {:>8} {:>9} {:>13} {:>9} {:>14} {:>12}",
        "", "ticks/s", "CPU (%)", "a tick (µs)", "RSS (MB)", "journal (rows)", "disk (bytes)"
    );
    for ((case, before), after) in CASES.iter().zip(before).zip(after) {
        let busy = after.busy.saturating_sub(before.busy);
        let (ticks, tick) = case.ticks_per_second.map_or_else(
            || ("default".to_owned(), "-".to_owned()),
            |ticks| {
                let tick = busy.as_secs_f64() * 1e6 / took.as_secs_f64() / f64::from(ticks);
                (ticks.to_string(), format!("{tick:.0}"))
            },
        );
        println!(
            "{:<12} {ticks:>8} {:>9.3} {tick:>13} {:>9.1} {:>14} {:>12}",
            case.name,
            busy.as_secs_f64() * 100.0 / took.as_secs_f64(),
            f64::from(after.resident_kb) / 1e3,
            after.rows - before.rows,
            after.written - before.written,
        );
    }
}

/// A daemon at work, and its workspace; both are gone when it is dropped.
struct Daemon {
    child: Child,
    workspace: TempDir,
    workers: usize,
}

/// What a daemon has used up to a moment.
struct Use {
    /// Processor time of all of its threads.
    busy: Duration,
    resident_kb: u32,
    /// Rows in both journals.
    rows: usize,
    /// Bytes that went on their way to a disk.
    written: u64,
}

impl Daemon {
    fn start(case: &Case) -> Self {
        let workspace = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        fs::write(workspace.path().join("dos.toml"), config(case)).expect("a written file");
        fs::create_dir(workspace.path().join(".dos")).expect("a directory");
        let journal = workspace.path().join(".dos/lane-journal.jsonl");
        fs::write(journal, leases(case.leases)).expect("a written file");
        let child = Command::new(env!("CARGO_BIN_EXE_dosd"))
            .arg("run")
            .current_dir(workspace.path())
            .stdin(Stdio::null())
            .stderr(fs::File::create(workspace.path().join("log")).expect("a log"))
            .spawn()
            .expect("dosd starts");
        Self { child, workspace, workers: case.workers }
    }

    /// Waits until it has said how the fleet stands, and its workers are there.
    fn wait_until_idle(&self) {
        let clock = SystemClock::new();
        loop {
            let is_planned = rows(self.workspace.path(), "verdict-journal.jsonl", "supervise") > 0;
            let started = rows(self.workspace.path(), "lane-journal.jsonl", "WORKER_STARTED");
            if is_planned && started == self.workers {
                return;
            }
            let log = fs::read_to_string(self.workspace.path().join("log")).unwrap_or_default();
            assert!(clock.monotonic() < PATIENCE, "{started} workers; the log:\n{log}");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn used(&self) -> Use {
        let proc = Path::new("/proc").join(self.child.id().to_string());
        let threads = fs::read_dir(proc.join("task")).expect("a process");
        let busy_ns = threads.map(|thread| {
            let stat = thread.expect("a thread").path().join("schedstat");
            let stat = fs::read_to_string(stat).expect("a kernel that keeps `schedstat`");
            number(stat.split_whitespace().next())
        });
        let (workspace, status) = (self.workspace.path(), proc.join("status"));
        Use {
            busy: Duration::from_nanos(busy_ns.sum()),
            resident_kb: u32::try_from(field(&status, "VmRSS:")).expect("less than 4 TB"),
            rows: rows(workspace, "lane-journal.jsonl", "")
                + rows(workspace, "verdict-journal.jsonl", ""),
            written: field(&proc.join("io"), "write_bytes:"),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
        let _ = self.child.wait();
    }
}

fn config(case: &Case) -> String {
    let names: Vec<String> = (0..LANES).map(|at| format!("lane{at}")).collect();
    let mut config = format!("[lanes]\nconcurrent = {names:?}\n[lanes.trees]\n");
    for name in &names {
        let _ = writeln!(config, "{name} = [\"{name}/**\"]");
    }
    let _ = write!(config, "[supervise]\ntarget = {}\n", case.leases + case.workers);
    config.push_str("[dosd]\non_shutdown = \"stop\"\n");
    if let Some(ticks) = case.ticks_per_second {
        let _ = writeln!(config, "tick = \"{}ms\"", 1000 / ticks);
    }
    config.push_str("[dosd.worker]\ncommand = [\"sleep\", \"600\"]\nlease = \"supervisor\"\n");
    config
}

/// The rows of workers that took their lanes just now.
fn leases(count: usize) -> String {
    let now = stamp::format_ms(SystemClock::new().now_ms());
    let mut rows = String::new();
    for at in 0..count {
        let lane = format!("lane{at}");
        let lease = json!({"lane": lane, "lane_kind": "cluster", "tree": [format!("{lane}/**")],
            "loop_ts": now, "holder": "somebody", "acquired_at": now});
        let row = json!({"op": "ACQUIRE", "seq": at + 1, "ts": now, "lane": lane, "loop_ts": now,
            "lease": lease});
        let _ = writeln!(rows, "{row}");
    }
    rows
}

/// How many rows of a journal hold this word.
fn rows(workspace: &Path, journal: &str, word: &str) -> usize {
    let text = fs::read_to_string(workspace.join(".dos").join(journal)).unwrap_or_default();
    text.lines().filter(|line| line.contains(word)).count()
}

/// The number behind a key in a file of `/proc`.
fn field(file: &Path, key: &str) -> u64 {
    let text = fs::read_to_string(file).expect("a process");
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    number(line.and_then(|line| line.split_whitespace().next()))
}

fn number(word: Option<&str>) -> u64 {
    word.and_then(|word| word.parse().ok()).expect("a number")
}
