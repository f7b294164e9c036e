//! Tests of the configuration, one file for each part; what they share.

mod command;
mod defaults;
mod doctor;
mod dosd;
mod lanes;
mod place;
mod policies;
mod quantity;
mod reporting;
mod sinks;
mod supervise;
mod surfaces;
mod surroundings;
mod worker_lanes;

use super::{Config, ConfigError, Problem, Weight, parse};
use std::path::Path;

/// The configuration of a text that has nothing wrong with it.
fn good(text: &str) -> Config {
    let (config, warnings) = parse(text, Path::new("dos.toml")).unwrap();
    assert_eq!(warnings, [], "{text}");
    config
}

/// The problems of a text, errors and warnings.
fn problems(text: &str) -> Vec<Problem> {
    match parse(text, Path::new("dos.toml")) {
        Ok((_, warnings)) => warnings,
        Err(ConfigError::Invalid { problems, .. }) => problems,
        Err(ConfigError::Unreadable { cause, .. }) => panic!("{cause}"),
    }
}

/// The one problem of a text, as it prints without the file's name.
fn the_problem(text: &str) -> String {
    let problems = problems(text);
    let [problem] = problems.as_slice() else { panic!("one problem in {text:?}: {problems:#?}") };
    problem.in_file(Path::new("f")).to_string().trim_start_matches("f:").to_owned()
}

/// The one error of a text.
fn the_error(text: &str) -> String {
    assert!(problems(text).iter().all(|problem| problem.weight == Weight::Error), "{text}");
    the_problem(text)
}

/// The one warning of a text.
fn the_warning(text: &str) -> String {
    assert!(problems(text).iter().all(|problem| problem.weight == Weight::Warning), "{text}");
    the_problem(text)
}
