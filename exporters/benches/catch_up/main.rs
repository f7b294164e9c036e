//! How fast an exporter catches up that is 100,000 events behind, and what memory that
//! takes: a real journal, cursor and sink, and a receiver in a process of its own.
//!
//! `cargo bench -p dosd-exporters --bench catch_up -- [file] [otlp] [statsd] [webhook]`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod exporter;
mod file;
mod journal;
mod memory;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(any(feature = "otlp", feature = "webhook"))]
mod receiver;
#[cfg(feature = "statsd")]
mod statsd;
#[cfg(feature = "webhook")]
mod webhook;

use std::process::Command;

/// A sink's name, and what catches up by so many events and prints a line.
type Case = (&'static str, fn(usize));

const CASES: &[Case] = &[
    ("file", file::run),
    #[cfg(feature = "otlp")]
    ("otlp", otlp::run),
    #[cfg(feature = "statsd")]
    ("statsd", statsd::run),
    #[cfg(feature = "webhook")]
    ("webhook", webhook::run),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["catch-up", name, events] => {
            let (_, run) = CASES.iter().find(|(known, _)| known == name).expect("a known sink");
            run(events.parse().expect("a number"));
        }
        #[cfg(any(feature = "otlp", feature = "webhook"))]
        ["receive-http"] => receiver::serve(),
        arguments => run_all(arguments),
    }
}

fn run_all(arguments: &[&str]) {
    // A test run only checks that benchmarks run.
    let events = if arguments.contains(&"--bench") { "100000" } else { "2000" };
    let wanted: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    println!("{}", exporter::HEADING);
    for (name, _) in CASES {
        if wanted.is_empty() || wanted.contains(&name) {
            // A process for each: memory that one left behind is not the next one's.
            let program = std::env::current_exe().expect("this program");
            let ended = Command::new(program).args(["catch-up", name, events]).status();
            assert!(ended.expect("a child").success(), "`{name}` did not catch up");
        }
    }
}
