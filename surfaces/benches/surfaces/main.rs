//! What a claim costs on large surfaces: a baseline that is read and kept, a fresh read, and
//! the walk over both. Each case runs in a process of its own, whose peak of memory is
//! measured; the Python tool's driver compares the same JSON files.
//!
//! `cargo bench -p dosd-surfaces --bench surfaces -- [json] [jsonl] [sqlite] [sqlite10] [dir]`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod data;
mod measure;
#[path = "../../../tests/it/support/peer_install.rs"]
mod peer_install;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use measure::{Cost, Measured};

/// A surface of a kind, and how many entities it has.
struct Case {
    name: &'static str,
    kind: &'static str,
    entities: u32,
    /// More than so many megabytes of memory are too many.
    goal: Option<f64>,
}

const CASES: [Case; 5] = [
    Case { name: "json", kind: "json", entities: 1_000_000, goal: Some(200.0) },
    Case { name: "jsonl", kind: "jsonl", entities: 1_000_000, goal: None },
    Case { name: "sqlite", kind: "sqlite", entities: 1_000_000, goal: Some(120.0) },
    Case { name: "sqlite10", kind: "sqlite", entities: 10_000_000, goal: Some(120.0) },
    Case { name: "dir", kind: "dir", entities: 1_000_000, goal: None },
];

/// So many times faster than the Python tool.
const GOAL: f64 = 10.0;

/// The data take about a gigabyte and a half at once; nobody's disk is filled for them.
const FREE_BYTES: u64 = 6 << 30;

const RUNS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [child, kind, folder] = &arguments[..]
        && child == "child"
    {
        measure::child(kind, Path::new(folder));
        return;
    }
    let wanted: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|it| !it.starts_with('-')).collect();
    println!(
        "{:<10} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "surface", "entities", "wall ms", "cpu ms", "read ms", "keep ms", "walk ms", "peak MB"
    );
    for case in CASES {
        if wanted.is_empty() || wanted.contains(&case.name) {
            run(&case);
        }
    }
}

fn run(case: &Case) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let space = rustix::fs::statvfs(target).expect("a file system");
    if space.f_bavail * space.f_frsize < FREE_BYTES {
        println!("{:<10} left out: less than {} GB of disk are free", case.name, FREE_BYTES >> 30);
        return;
    }
    let folder = tempfile::tempdir_in(target).expect("a directory");
    data::make(case.kind, folder.path(), case.entities);
    let ours: Vec<Measured> = (0..RUNS).map(|_| run_child(case.kind, folder.path())).collect();
    let best = ours.iter().min_by(|a, b| a.whole.cpu.total_cmp(&b.whole.cpu)).expect("a run");
    let peak = ours.iter().map(|run| run.peak).fold(0.0, f64::max);
    let goal = case.goal.map(|goal| (peak < goal, format!("under {goal} MB")));
    println!(
        "{:<10} {:>10} {:>9.0} {:>9.0} {:>9.0} {:>9.0} {:>9.0} {:>9.1}{}",
        case.name,
        best.entities,
        best.whole.wall,
        best.whole.cpu,
        best.read,
        best.keep,
        best.walk,
        peak,
        goal.map_or_else(String::new, |(is_met, goal)| told(is_met, &goal))
    );
    if case.kind == "json" {
        let peer = (0..RUNS).map(|_| run_peer(folder.path()));
        let peer = peer.min_by(|a, b| a.0.cpu.total_cmp(&b.0.cpu)).expect("a run");
        println!(
            "{:<10} {:>10} {:>9.0} {:>9.0} {:>9} {:>9} {:>9} {:>9.1}   {:.1}x cpu, {:.1}x wall{}",
            "  peer",
            best.entities,
            peer.0.wall,
            peer.0.cpu,
            "",
            "",
            "",
            peer.1,
            peer.0.cpu / best.whole.cpu,
            peer.0.wall / best.whole.wall,
            told(peer.0.cpu / best.whole.cpu >= GOAL, &format!("{GOAL}x"))
        );
    }
}

/// A goal, and what became of it.
fn told(is_met: bool, goal: &str) -> String {
    format!("   {goal}: {}", if is_met { "met" } else { "MISSED" })
}

fn run_child(kind: &str, folder: &Path) -> Measured {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["child", kind])
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("a child");
    assert!(output.status.success(), "the child for `{kind}` ended with {}", output.status);
    Measured::parse(&String::from_utf8_lossy(&output.stdout))
}

/// Wall and CPU time in milliseconds, and the peak of memory in megabytes, of the Python
/// tool's comparison without the start of its interpreter.
fn run_peer(folder: &Path) -> (Cost, f64) {
    let python: PathBuf = peer_install::dos().with_file_name("python");
    let script = "import resource, sys, time; from dos.drivers.state_diff import main\n\
        began = time.monotonic(); cpu = time.process_time()\n\
        main(sys.argv[1:])\n\
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n\
        print('FIGURES', (time.monotonic() - began) * 1e3, (time.process_time() - cpu) * 1e3, peak)";
    let output = Command::new(python)
        .args(["-c", script, data::CHANGED_KEY, "--before"])
        .arg(folder.join("before.json"))
        .arg("--after")
        .arg(folder.join("after.json"))
        .output()
        .expect("the peer");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("VERDICT   CONFIRMED"), "the peer says {text}");
    let figures: Vec<f64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("FIGURES "))
        .flat_map(|line| line.split(' ').map(|figure| figure.parse().expect("a figure")))
        .collect();
    (Cost { wall: figures[0], cpu: figures[1] }, figures[2])
}
