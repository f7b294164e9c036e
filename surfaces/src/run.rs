//! What the surfaces that run a program say when it gave no answer.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use dosd_actors::port::Ended;
use dosd_actors::witness::Unreadable;

/// No answer of a program, because of what the system says.
pub(crate) fn failed(program: &OsStr, cause: &io::Error) -> Unreadable {
    let is_late = cause.kind() == io::ErrorKind::TimedOut;
    let help = if is_late { ": raise `timeout`, or ask for less" } else { "" };
    Unreadable::new(format!("`{}`: {cause}{help}", program.display()))
}

/// No answer of a program that could not be started.
pub(crate) fn not_started(program: &OsStr, directory: &Path, cause: &io::Error) -> Unreadable {
    let (program, directory) = (program.display(), directory.display());
    Unreadable::new(format!("`{program}` cannot be started in `{directory}`: {cause}"))
}

/// No answer of a program, because of how it ended.
pub(crate) fn ended(program: &OsStr, ended: &Ended) -> Unreadable {
    let Ended { status, complaint } = ended;
    let told = if complaint.is_empty() { String::new() } else { format!(": {complaint}") };
    Unreadable::new(format!("`{}` ended with {status}{told}", program.display()))
}
