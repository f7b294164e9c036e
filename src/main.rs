//! The `dosd` binary: parse, run, print the error once, exit. Everything else is in the library.

use std::process::ExitCode;

use dosd_actors::exec;
use dosd_actors::port::failpoint;

fn main() -> ExitCode {
    if failpoint::ARE_COMPILED_IN
        && let Some((wish, passes)) = dosd::env::failpoint()
        && let Err(malformed) = failpoint::arm(&wish, &passes)
    {
        return dosd::cli::conclude(Err(dosd::cli::Failure::Usage(malformed.to_string())));
    }
    let mut arguments = std::env::args_os();
    // Before anything else is set up: there is a helper for each worker, and it has to be small.
    if arguments.by_ref().nth(1).is_some_and(|verb| verb == exec::VERB) {
        return exec::run(arguments);
    }
    let outcome = dosd::cli::parse(std::env::args_os()).and_then(dosd::cli::execute);
    dosd::cli::conclude(outcome)
}
