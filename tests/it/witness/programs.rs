//! The table for programs: what they print, and how they end.

use super::table::{Never, Place, Row, Situation, Verdict, quoted, row};
use Situation::{
    Absent, ChangedWhileRead, Deleted, Present, SameValue, Slow, TooLarge, Truncated, Unreadable,
    UnreadableBefore,
};
use Verdict::{Confirmed, Refuted, Unwitnessed};
use std::fs;
use std::path::{Path, PathBuf};

/// A script.
pub(super) struct Script {
    path: PathBuf,
}

impl Script {
    fn make(folder: &Path, text: &str) -> Self {
        let script = Self { path: folder.join("answer.sh") };
        script.is(text);
        script
    }

    /// Becomes this one, in one step.
    fn is(&self, text: &str) {
        let new = self.path.with_extension("new");
        fs::write(&new, text).expect("a written file");
        fs::rename(new, &self.path).expect("a renamed file");
    }

    fn remove(&self) {
        fs::remove_file(&self.path).expect("a file");
    }
}

/// A program that prints JSON.
pub(super) struct Command(Script);

pub(super) static NEVER_COMMAND: [Never; 1] =
    [(ChangedWhileRead, "a read is one run of the program, and what it prints is its answer")];

#[rustfmt::skip]
pub(super) static COMMAND: [Row<Command>; 15] = [
    row(Present,          |at| at.0.is(r#"echo '{"old": 1, "new": 1}'"#),         "new", Confirmed,   "was inserted"),
    row(Present,          |at| at.0.is(r#"echo '{"old": 2}'"#),                   "old", Confirmed,   "was updated"),
    row(Absent,           |at| at.0.is(r#"echo '{"old": 1, "other": 1}'"#),       "new", Refuted,     "is not among 1 inserted"),
    row(SameValue,        |at| at.0.is(r#"echo '{ "old" : 1.0 }'"#),              "old", Refuted,     "as it was before"),
    row(Deleted,          |at| at.0.is("echo '{}'"),                              "old", Refuted,     "was deleted"),
    row(Unreadable,       |at| at.0.remove(),                                     "old", Unwitnessed, "answer.sh"),
    row(Unreadable,       |at| at.0.is("echo '{}'; echo out of order >&2; exit 1"), "old", Unwitnessed, "out of order"),
    row(Unreadable,       |at| at.0.is("echo '{}'; kill -9 $$"),                  "old", Unwitnessed, "signal: 9"),
    row(Unreadable,       |at| at.0.is("echo nonsense"),                          "old", Unwitnessed, "expected"),
    row(Truncated,        |at| at.0.is(r#"printf '{"old": 1, "ne'"#),             "new", Unwitnessed, "EOF"),
    row(Truncated,        |at| at.0.is(""),                                       "old", Unwitnessed, "EOF"),
    row(TooLarge,         |at: &Command| at.0.is(r#"echo '{"a": 1, "b": 2, "c": 3}'"#),     "new", Unwitnessed, "raise `max_entities`").with("max_entities = 2"),
    row(TooLarge,         |at: &Command| at.0.is("yes '                                '"), "new", Unwitnessed, "raise `max_bytes`").with("max_bytes = \"1KB\""),
    row(Slow,             |at: &Command| at.0.is(r#"echo '{"new": 1}'; exec sleep 600"#),   "new", Unwitnessed, "raise `timeout`").with("timeout = \"1s\""),
    row(UnreadableBefore, |at: &Command| at.0.is(r#"echo '{"new": 1}'"#),                   "new", Unwitnessed, "at the run's start").after(|at| at.0.is("exit 1")),
];

impl Place for Command {
    const KIND: &'static str = "command";

    fn keys(&self) -> String {
        format!("argv = [\"sh\", {}]", quoted(&self.0.path))
    }
}

impl Command {
    pub(super) fn make(folder: &Path) -> Self {
        Self(Script::make(folder, r#"echo '{"old": 1}'"#))
    }
}

/// A program that is asked about an entity.
pub(super) struct Exit {
    script: Script,
    shell: PathBuf,
}

pub(super) static NEVER_EXIT: [Never; 5] = [
    (SameValue, "it has no values"),
    (Deleted, "it has no baseline: what is not there is absent"),
    (TooLarge, "what it prints goes nowhere"),
    (ChangedWhileRead, "it is asked once, and its status is its answer"),
    (UnreadableBefore, "it has no baseline"),
];

#[rustfmt::skip]
pub(super) static EXIT: [Row<Exit>; 6] = [
    row(Present,    |at| at.script.is("test \"$1\" = new"), "new", Confirmed,   "is there"),
    row(Absent,     |at| at.script.is("test \"$1\" = old"), "new", Refuted,     "it says no"),
    row(Absent,     |at| at.script.is("exit 127"),          "new", Refuted,     "it says no"),
    row(Unreadable, |at| at.lose_shell(),                   "new", Unwitnessed, "cannot be started"),
    row(Truncated,  |at| at.script.is("kill -9 $$"),        "new", Unwitnessed, "signal: 9"),
    row(Slow,       |at: &Exit| at.script.is("exec sleep 600"),    "new", Unwitnessed, "raise `timeout`").with("timeout = \"500ms\""),
];

impl Place for Exit {
    const KIND: &'static str = "exit";

    fn keys(&self) -> String {
        format!("argv = [{}, {}, \"{{key}}\"]", quoted(&self.shell), quoted(&self.script.path))
    }
}

impl Exit {
    pub(super) fn make(folder: &Path) -> Self {
        let shell = folder.join("shell");
        std::os::unix::fs::symlink("/bin/sh", &shell).expect("a link");
        Self { script: Script::make(folder, "exit 1"), shell }
    }

    fn lose_shell(&self) {
        fs::remove_file(&self.shell).expect("a link");
    }
}
