//! `dosd eval` as a filter: requests a second through the built program, for each function's golden
//! cases. The input is a file, so that nothing but the program is measured.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use dosd_actors::port::{Clock, SystemClock};

const REQUESTS: usize = 200_000;
const RUNS: usize = 5;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernel/tests/vectors");
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let input = directory.path().join("requests.jsonl");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("vectors").map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    println!("{:<24} {:>10} {:>14} {:>10}", "function", "bytes", "requests/s", "us each");
    for path in paths {
        let text = fs::read_to_string(&path).expect("a vector file");
        let requests: Vec<String> = text.lines().map(request).collect();
        let count = REQUESTS / requests.len() * requests.len();
        let whole = requests.concat();
        fs::write(&input, whole.repeat(count / requests.len())).expect("a written file");
        let mut times: Vec<Duration> = (0..RUNS).map(|_| run(&input)).collect();
        times.sort();
        let each = times[RUNS / 2] / u32::try_from(count).expect("few");
        println!(
            "{:<24} {:>10} {:>14.0} {:>10.2}",
            path.file_stem().expect("a name").to_string_lossy(),
            whole.len() / requests.len(),
            1.0 / each.as_secs_f64(),
            each.as_secs_f64() * 1e6
        );
    }
}

/// A golden case as a request.
fn request(case: &str) -> String {
    let mut case: serde_json::Value = serde_json::from_str(case).expect("JSON");
    let fields = case.as_object_mut().expect("an object");
    fields.remove("want");
    fields.insert("id".to_owned(), 1.into());
    format!("{case}\n")
}

fn run(input: &Path) -> Duration {
    let clock = SystemClock::new();
    let status = Command::new(env!("CARGO_BIN_EXE_dosd"))
        .arg("eval")
        .stdin(File::open(input).expect("the requests"))
        .stdout(Stdio::null())
        .status()
        .expect("dosd runs");
    assert!(status.success(), "dosd ended with {status}");
    clock.monotonic()
}
