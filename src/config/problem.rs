//! What is wrong with a configuration file, each thing with its place. It never decides whether a
//! program goes on.

use super::place::{Place, Places};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// What follows from a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// The file is refused.
    Error,
    /// The file is used; somebody should look.
    Warning,
}

/// What a problem is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// How the file is written: syntax, keys, types, ranges.
    Writing,
    /// Declarations that do not go together; `dosd lint` reports the same.
    Declarations,
}

/// One thing that is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Error or warning.
    pub weight: Weight,
    /// What it is about.
    #[serde(skip)]
    pub subject: Subject,
    /// Where in the file.
    #[serde(flatten)]
    pub place: Place,
    /// The dotted key that it is about; none for a syntax error.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to do next.
    pub help: String,
}

impl Problem {
    /// The problem with the file's name before it, as compilers print it.
    #[must_use]
    pub fn in_file<'a>(&'a self, file: &'a Path) -> impl fmt::Display + 'a {
        InFile { problem: self, file }
    }
}

struct InFile<'a> {
    problem: &'a Problem,
    file: &'a Path,
}

impl fmt::Display for InFile<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { weight, place, key, what, help, .. } = self.problem;
        write!(formatter, "{}:{}:{}: ", self.file.display(), place.line, place.column)?;
        if *weight == Weight::Warning {
            formatter.write_str("warning: ")?;
        }
        if let Some(key) = key {
            write!(formatter, "key `{key}`: ")?;
        }
        write!(formatter, "{what}\n  help: {help}")
    }
}

/// Why there is no configuration. A usage error: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there and cannot be read.
    #[error("cannot read `{}`: {cause}\n  help: make it a readable UTF-8 file, or remove it to run on defaults", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// The file was read and something in it is wrong: everything at once, warnings included, in
    /// the order of the file.
    #[error("{}", Refused { file, problems })]
    Invalid {
        /// The file.
        file: PathBuf,
        /// At least one of these is an error.
        problems: Vec<Problem>,
    },
}

struct Refused<'a> {
    file: &'a Path,
    problems: &'a [Problem],
}

impl fmt::Display for Refused<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self.problems {
            writeln!(formatter, "{}", problem.in_file(self.file))?;
        }
        let count =
            |weight| self.problems.iter().filter(|problem| problem.weight == weight).count();
        let errors = count(Weight::Error);
        write!(formatter, "{errors} {}", if errors == 1 { "error" } else { "errors" })?;
        match count(Weight::Warning) {
            0 => {}
            1 => formatter.write_str(" and 1 warning")?,
            warnings => write!(formatter, " and {warnings} warnings")?,
        }
        write!(formatter, " in `{}`", self.file.display())
    }
}

/// The problems of one file while it is being checked.
///
/// Where the syntax is broken, what follows from it is noise: a line with a syntax error gives no
/// second error, nothing is called missing, and there are no warnings.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    places: Places<'a>,
    broken_lines: RefCell<BTreeSet<usize>>,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            places: Places::new(text),
            broken_lines: RefCell::default(),
            problems: RefCell::default(),
        }
    }

    /// The text is not TOML at this offset. One line gives one such problem.
    pub(super) fn syntax(&self, at: usize, what: String, help: &str) {
        let place = self.places.place(at);
        if self.broken_lines.borrow_mut().insert(place.line) {
            let help = help.to_owned();
            let (weight, subject) = (Weight::Error, Subject::Writing);
            let problem = Problem { weight, subject, place, key: None, what, help };
            self.problems.borrow_mut().push(problem);
        }
    }

    /// Something that is wrong at an offset, with the key that it is about.
    pub(super) fn report(
        &self,
        (weight, subject): (Weight, Subject),
        at: usize,
        key: &str,
        what: String,
        help: String,
    ) {
        let place = self.places.place(at);
        let broken = self.broken_lines.borrow();
        let noise = match weight {
            Weight::Error => broken.contains(&place.line),
            Weight::Warning => !broken.is_empty(),
        };
        if !noise {
            let key = Some(key.to_owned());
            self.problems.borrow_mut().push(Problem { weight, subject, place, key, what, help });
        }
    }

    /// A key that has to be there is not.
    pub(super) fn missing(&self, at: usize, key: &str, help: String) {
        if self.broken_lines.borrow().is_empty() {
            let what = "is missing".to_owned();
            self.report((Weight::Error, Subject::Writing), at, key, what, help);
        }
    }

    /// Everything that was found, in the order of the file.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.place);
        // Two checks may look at one value; what both say is said once.
        let mut said: Vec<Problem> = Vec::new();
        for problem in problems {
            if !said.contains(&problem) {
                said.push(problem);
            }
        }
        said
    }
}
