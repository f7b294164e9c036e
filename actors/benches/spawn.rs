//! Workers started a second: as children of the daemon and through helpers, from a
//! small daemon and from one of 1 GiB.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use dosd_actors::exec;
use dosd_actors::port::{Clock as _, Keep, LaunchSpec, Launcher as _, SystemClock, SystemLauncher};
use dosd_actors::rotated_log::Rotation;

/// Workers for each figure; several batches take turns, because machines are noisy.
const WORKERS: usize = 100;
const BATCHES: usize = 7;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    if arguments.by_ref().nth(1).is_some_and(|verb| verb == exec::VERB) {
        return exec::run(arguments);
    }
    print();
    ExitCode::SUCCESS
}

#[expect(clippy::print_stdout, reason = "this is what the benchmark is run for")]
fn print() {
    println!("daemon | started by | workers/s");
    let small = rates();
    let ballast = vec![1u8; 1 << 30];
    let large = rates();
    // Still there, page by page.
    assert_eq!(ballast.iter().step_by(4096).map(|byte| usize::from(*byte)).sum::<usize>(), 1 << 18);
    for (daemon, [direct, helped]) in [("small", small), ("1 GiB", large)] {
        println!("{daemon:>6} | {:>10} | {direct:>9.0}", "itself");
        println!("{daemon:>6} | {:>10} | {helped:>9.0}", "helper");
    }
    println!("large to small, with helper: {:.2}", large[1] / small[1]);
}

/// Workers a second, directly and through helpers: medians.
fn rates() -> [f64; 2] {
    let direct = SystemLauncher::new().expect("/proc");
    let helped = SystemLauncher::new().expect("/proc").with_helper();
    let mut pairs: Vec<[f64; 2]> = (0..BATCHES).map(|_| [rate(&direct), rate(&helped)]).collect();
    [0, 1].map(|which| {
        pairs.sort_by(|a, b| a[which].total_cmp(&b[which]));
        pairs[BATCHES / 2][which]
    })
}

/// Starts workers one after the other, as the spawner does, and waits for all.
fn rate(launcher: &SystemLauncher) -> f64 {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    actix::System::new().block_on(async {
        let clock = SystemClock::new();
        let mut running = Vec::with_capacity(WORKERS);
        for number in 0..WORKERS {
            let launched = launcher.launch(&spec(directory.path(), number)).await;
            running.push(launched.expect("`true` starts"));
        }
        let started = clock.monotonic();
        for worker in running {
            worker.exited.await;
        }
        per_second(started)
    })
}

#[expect(clippy::cast_precision_loss, reason = "a hundred fits")]
fn per_second(time: Duration) -> f64 {
    WORKERS as f64 / time.as_secs_f64()
}

fn spec(directory: &Path, number: usize) -> LaunchSpec {
    LaunchSpec {
        argv: vec!["true".to_owned()],
        directory: directory.to_owned(),
        environment: BTreeMap::new(),
        keep: Keep {
            run_directory: directory.join(format!("run-{number}")),
            log: directory.join(format!("{number}.log")),
            rotation: Rotation { max_bytes: 1 << 20, keep: 5 },
        },
    }
}
