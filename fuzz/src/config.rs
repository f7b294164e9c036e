//! A `dos.toml` of any text. The laws:
//!
//! - It is read, or refused with at least one error; nothing else happens.
//! - Every problem says what is wrong and what to do, and has a place that is in the file; they
//!   come in the order of the file.
//! - The same text gives the same answer, and so does the text with a comment or a byte order mark.

use std::path::Path;

use dosd::config::{Config, ConfigError, Problem, Weight, parse};

/// Any bytes as a `dos.toml`; bytes that are no text are refused before anybody parses.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = look(text);
    assert_eq!(read, look(text), "the same text is read alike");
    if !text.starts_with('\u{feff}') {
        assert_eq!(read, look(&format!("\u{feff}{text}")), "a byte order mark says nothing");
    }
    if read.is_ok() {
        let config = |read: Result<(Config, Vec<Problem>), Vec<Problem>>| read.map(|read| read.0);
        let commented = look(&format!("{text}\n# nothing"));
        assert_eq!(config(read), config(commented), "a comment says nothing");
    }
}

fn look(text: &str) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    let file = Path::new("dos.toml");
    match parse(text, file) {
        Ok((config, warnings)) => {
            assert!(warnings.iter().all(|problem| problem.weight == Weight::Warning));
            check(text, &warnings);
            Ok((config, warnings))
        }
        Err(error) => {
            let said = error.to_string();
            let ConfigError::Invalid { problems, .. } = error else { panic!("{said}") };
            assert!(problems.iter().any(|problem| problem.weight == Weight::Error));
            check(text, &problems);
            Err(problems)
        }
    }
}

fn check(text: &str, problems: &[Problem]) {
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in problems {
        let said = problem.in_file(Path::new("dos.toml")).to_string();
        assert!(!problem.what.is_empty() && !problem.help.is_empty(), "{said}");
        let line = problem.place.line.checked_sub(1).and_then(|line| lines.get(line));
        let columns = line.map(|line| line.chars().count() + 1);
        assert!(columns.is_some_and(|most| (1..=most).contains(&problem.place.column)), "{said}");
    }
    assert!(problems.is_sorted_by_key(|problem| problem.place), "in the order of the file");
}
