//! Runs the simulation over many seeds, or replays one.

use std::process::ExitCode;

use clap::Parser;
use dosd_simulation::{Report, Show, Summary, run};

/// The actor system of dosd, simulated with faults
#[derive(Debug, Parser)]
#[command(after_help = "Exit codes:\n  0 nothing is wrong, 1 a seed failed or too little happened")]
struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = 1000, conflicts_with = "seed")]
    seeds: u64,
    /// The first of them
    #[arg(long, default_value_t = 1, conflicts_with = "seed")]
    first: u64,
    /// Runs beside each other; as many as there are processors when not given
    #[arg(long)]
    threads: Option<usize>,
    /// Replay this one, and show everything that happens
    #[arg(long)]
    seed: Option<u64>,
    /// What the actors log, with a replay
    #[arg(long, requires = "seed")]
    log: bool,
}

#[expect(clippy::print_stdout, reason = "the report is what this program is for")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(seed) = arguments.seed {
        if arguments.log {
            let log = tracing_subscriber::fmt().without_time().with_writer(std::io::stdout);
            log.with_ansi(false).init();
        }
        let report = run(seed, Show::Lines);
        for finding in &report.findings {
            println!("{finding}");
        }
        return code(report.findings.is_empty());
    }
    let threads = arguments
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    let summary = Summary::of(arguments.first, arguments.seeds, threads, tell);
    println!("{summary}");
    code(summary.is_good())
}

fn code(is_good: bool) -> ExitCode {
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Somebody may be waiting for hours.
#[expect(clippy::print_stderr, reason = "it is told before the report")]
fn tell(report: &Report) {
    eprintln!("seed {} failed", report.seed);
}
