//! The `dosd` binary: parse, run, print the error once, exit. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = dosd::cli::parse(std::env::args_os()).and_then(dosd::cli::execute);
    dosd::cli::conclude(outcome)
}
