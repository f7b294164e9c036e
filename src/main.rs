//! The `dosd` binary: parse, run, print the error once, exit. Everything else is in the library.

use std::process::ExitCode;

use dosd_actors::exec;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    // Before anything else is set up: there is a helper for each worker, and it has to be small.
    if arguments.by_ref().nth(1).is_some_and(|verb| verb == exec::VERB) {
        return exec::run(arguments);
    }
    let outcome = dosd::cli::parse(std::env::args_os()).and_then(dosd::cli::execute);
    dosd::cli::conclude(outcome)
}
