//! The table for git.

use super::table::{Place, Row, Situation, Verdict, quoted, row};
use super::writer::Writer;
use crate::support::repository::git;
use Situation::{
    Absent, ChangedWhileRead, Deleted, Present, SameValue, Slow, TooLarge, Truncated, Unreadable,
    UnreadableBefore,
};
use Verdict::{Confirmed, Refuted, Unwitnessed};
use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

/// A repository with the branches `main` and `old`.
pub(super) struct Git {
    path: PathBuf,
    writer: RefCell<Writer>,
}

const FILES: &str = "files = \"refs/heads/main\"";

#[rustfmt::skip]
pub(super) static GIT: [Row<Git>; 18] = [
    row(Present,          |at| at.git(&["branch", "new"]),                    "refs/heads/new",  Confirmed,   "was inserted"),
    row(Present,          |at| at.commit("new"),                              "refs/heads/main", Confirmed,   "was updated"),
    row(Present,          |at: &Git| at.commit("new"),                              "refs/heads/main:new", Confirmed, "was inserted").with(FILES),
    row(Absent,           |at| at.git(&["branch", "other"]),                  "refs/heads/new",  Refuted,     "is not among 1 inserted"),
    row(Absent,           |at: &Git| at.write("new", "never committed"),            "refs/heads/main:new", Refuted, "is not among 0 inserted").with(FILES),
    row(SameValue,        |at| at.git(&["pack-refs", "--all"]),               "refs/heads/old",  Refuted,     "as it was before"),
    row(SameValue,        |at: &Git| at.git(&["commit", "--quiet", "--allow-empty", "-m", "again"]), "refs/heads/main:old", Refuted, "as it was before").with(FILES),
    row(Deleted,          |at| at.git(&["branch", "--quiet", "-D", "old"]),   "refs/heads/old",  Refuted,     "was deleted"),
    row(Unreadable,       |at| at.remove(".git"),                             "refs/heads/old",  Unwitnessed, "not a git repository"),
    row(Unreadable,       |at| at.remove(""),                                 "refs/heads/old",  Unwitnessed, "No such file"),
    row(Unreadable,       |at: &Git| at.git(&["update-ref", "-d", "refs/heads/main"]), "refs/heads/main:old", Unwitnessed, "refs/heads/main").with(FILES),
    row(Truncated,        |at| at.cut(".git/refs/heads/old"),                 "refs/heads/new",  Unwitnessed, "ref"),
    row(Truncated,        |at: &Git| at.cut_objects(),                              "refs/heads/main:new", Unwitnessed, "object").with(FILES),
    row(TooLarge,         |at: &Git| at.git(&["branch", "more"]),                   "refs/heads/new",  Unwitnessed, "raise `max_entities`").with("max_entities = 2"),
    row(TooLarge,         |at: &Git| at.branch_many(),                              "refs/heads/new",  Unwitnessed, "raise `max_bytes`").with("max_bytes = \"1KB\""),
    row(Slow,             |at: &Git| at.block(),                                    "refs/heads/old",  Unwitnessed, "raise `timeout`").with("timeout = \"1s\""),
    row(ChangedWhileRead, |at| at.keep_writing(),                             "refs/heads/new",  Confirmed,   "was inserted"),
    row(UnreadableBefore, |at: &Git| at.init(),                                     "refs/heads/new",  Unwitnessed, "at the run's start").after(|at| at.remove("")),
];

impl Place for Git {
    const KIND: &'static str = "git";

    fn keys(&self) -> String {
        format!("path = {}", quoted(&self.path))
    }
}

impl Git {
    pub(super) fn make(folder: &Path) -> Self {
        let place = Self { path: folder.join("repository"), writer: RefCell::default() };
        place.init();
        place
    }

    fn init(&self) {
        fs::create_dir(&self.path).expect("a directory");
        self.git(&["init", "--quiet", "--initial-branch=main", "."]);
        self.commit("old");
        self.git(&["branch", "old"]);
    }

    fn git(&self, arguments: &[&str]) {
        git(&self.path, arguments);
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path.join(name), text).expect("a written file");
    }

    fn commit(&self, name: &str) {
        self.write(name, name);
        self.git(&["add", name]);
        self.git(&["commit", "--quiet", "-m", name]);
    }

    fn remove(&self, name: &str) {
        fs::remove_dir_all(self.path.join(name)).expect("a directory");
    }

    /// Leaves the first half of a file.
    fn cut(&self, name: &str) {
        let path = self.path.join(name);
        let bytes = fs::read(&path).expect("a file");
        // Objects may not be written to, by their mode.
        fs::remove_file(&path).expect("a file");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("a written file");
    }

    /// Every object.
    fn cut_objects(&self) {
        let all = git(&self.path, &["rev-list", "--all", "--objects", "--no-object-names"]);
        for id in all.lines() {
            self.cut(&format!(".git/objects/{}/{}", &id[..2], &id[2..]));
        }
    }

    fn branch_many(&self) {
        for at in 0..20 {
            self.git(&["branch", &format!("branch-{at}")]);
        }
    }

    /// Git opens its packed refs, and waits for somebody to write them.
    fn block(&self) {
        let pipe = self.path.join(".git/packed-refs");
        let made = std::process::Command::new("mkfifo").arg(pipe).status();
        assert!(made.expect("mkfifo runs").success());
    }

    fn keep_writing(&self) {
        self.git(&["branch", "new"]);
        let path = self.path.clone();
        self.writer.replace(Writer::start(move |number| {
            git(&path, &["commit", "--quiet", "--allow-empty", "-m", &number.to_string()]);
            git(&path, &["branch", "--quiet", "--force", "new"]);
        }));
    }
}
