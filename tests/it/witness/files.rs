//! The table for surfaces that are files: JSON, JSON Lines, directories.

use super::table::{Never, Place, Row, Situation, Verdict, quoted, row};
use super::writer::Writer;
use Situation::{
    Absent, ChangedWhileRead, Deleted, Present, SameValue, Slow, TooLarge, Truncated, Unreadable,
    UnreadableBefore,
};
use Verdict::{Confirmed, NeverRefuted, Refuted, Unwitnessed};
use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Replaces a file by a rename.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).expect("a written file");
    fs::rename(new, path).expect("a renamed file");
}

fn append(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut file = File::options().append(true).open(path).expect("a file");
    file.write_all(text.as_bytes()).expect("a written file");
}

/// A file with one JSON object.
pub(super) struct Json {
    path: PathBuf,
    writer: RefCell<Writer>,
}

#[rustfmt::skip]
pub(super) static JSON: [Row<Json>; 17] = [
    row(Present,          |at| at.write(r#"{"old": 1, "new": 1}"#),     "new", Confirmed,    "was inserted"),
    row(Present,          |at| at.write(r#"{"old": 2}"#),               "old", Confirmed,    "was updated"),
    row(Absent,           |at| at.write(r#"{"old": 1, "other": 1}"#),   "new", Refuted,      "is not among 1 inserted"),
    row(SameValue,        |at| at.write("{ \"old\" : 1.0\n}"),          "old", Refuted,      "as it was before"),
    row(Deleted,          |at| at.write("{}"),                          "old", Refuted,      "was deleted"),
    row(Unreadable,       |at| at.remove(),                             "old", Unwitnessed,  "No such file"),
    row(Unreadable,       |at| at.become_a_directory(),                 "old", Unwitnessed,  "no regular file"),
    row(Unreadable,       |at| at.write("nonsense"),                    "old", Unwitnessed,  "no JSON object"),
    row(Unreadable,       |at| at.write(r#"{"old": 1, "old": 2}"#),     "new", Unwitnessed,  "twice"),
    row(Truncated,        |at| at.write(r#"{"old": 1, "ne"#),           "new", Unwitnessed,  "at byte 11"),
    row(Truncated,        |at| at.write(""),                            "old", Unwitnessed,  "it is empty"),
    row(TooLarge,         |at: &Json| at.write(r#"{"a": 1, "b": 2, "c": 3}"#), "new", Unwitnessed,  "raise `max_entities`").with("max_entities = 2"),
    row(TooLarge,         |at: &Json| at.write_many(1_000),                    "new", Unwitnessed,  "raise `max_bytes`").with("max_bytes = \"1KB\""),
    row(Slow,             |at: &Json| at.write_many(500_000),                  "new", Unwitnessed,  "raise `timeout`").with("timeout = \"20ms\""),
    row(ChangedWhileRead, |at| at.keep_replacing(),                     "new", Confirmed,    "was inserted"),
    row(ChangedWhileRead, |at| at.keep_writing(),                       "new", NeverRefuted, ""),
    row(UnreadableBefore, |at: &Json| at.write(r#"{"old": 1}"#),               "new", Unwitnessed,  "at the run's start").after(|at| at.remove()),
];

impl Place for Json {
    const KIND: &'static str = "json";

    fn keys(&self) -> String {
        format!("path = {}", quoted(&self.path))
    }
}

impl Json {
    pub(super) fn make(folder: &Path) -> Self {
        let place = Self { path: folder.join("state.json"), writer: RefCell::default() };
        place.write(r#"{"old": 1}"#);
        place
    }

    fn write(&self, text: &str) {
        fs::write(&self.path, text).expect("a written file");
    }

    fn remove(&self) {
        fs::remove_file(&self.path).expect("a file");
    }

    fn become_a_directory(&self) {
        self.remove();
        fs::create_dir(&self.path).expect("a directory");
    }

    fn write_many(&self, entities: u32) {
        let mut text = "{\"old\": 1".to_owned();
        for at in 0..entities {
            write!(text, ", \"filler-{at}\": {{\"state\": [{at}]}}").expect("a text");
        }
        self.write(&(text + "}"));
    }

    fn keep_replacing(&self) {
        let path = self.path.clone();
        let write = move |number| replace(&path, &format!("{{\"old\": 1, \"new\": {number}}}"));
        write(0);
        self.writer.replace(Writer::start(write));
    }

    /// In place: a reader may find half of it.
    fn keep_writing(&self) {
        let path = self.path.clone();
        let write = move |number| {
            let filler = "x".repeat(100_000);
            let text = format!("{{\"new\": {number}, \"filler\": \"{filler}\", \"old\": 1}}");
            fs::write(&path, text).expect("a written file");
        };
        write(0);
        self.writer.replace(Writer::start(write));
    }
}

/// A file with one JSON value a line.
pub(super) struct JsonLines {
    path: PathBuf,
    writer: RefCell<Writer>,
}

#[rustfmt::skip]
pub(super) static JSON_LINES: [Row<JsonLines>; 16] = [
    row(Present,          |at| at.append("{\"id\": \"new\"}\n"),            "new", Confirmed,    "was inserted"),
    row(Present,          |at| at.append("{\"id\": \"old\", \"v\": 2}"),    "old", Confirmed,    "was updated"),
    row(Absent,           |at| at.append("{\"id\": \"other\"}\n"),          "new", Refuted,      "is not among 1 inserted"),
    row(SameValue,        |at| at.append("{\"v\": 1.0, \"id\": \"old\"}\n"), "old", Refuted,     "as it was before"),
    row(Deleted,          |at| at.write("{\"id\": \"other\"}\n"),           "old", Refuted,      "was deleted"),
    row(Unreadable,       |at| at.remove(),                                 "old", Unwitnessed,  "No such file"),
    row(Unreadable,       |at| at.append("nonsense\n{\"id\": \"new\"}\n"),  "new", Unwitnessed,  "line 2 is no JSON value"),
    row(Unreadable,       |at| at.append("{\"di\": 1}\n"),                  "new", Unwitnessed,  "line 2 has no key"),
    row(Truncated,        |at| at.append("{\"id\": \"new\", \"v"),          "new", Unwitnessed,  "is not whole"),
    row(Truncated,        |at| at.append("{\"id\": \"old\", \"v\": 2"),     "old", Unwitnessed,  "is not whole"),
    row(TooLarge,         |at: &JsonLines| at.write_many(3),                            "new", Unwitnessed,  "raise `max_entities`").with("max_entities = 2"),
    row(TooLarge,         |at: &JsonLines| at.write_many(1_000),                        "new", Unwitnessed,  "raise `max_bytes`").with("max_bytes = \"1KB\""),
    row(Slow,             |at: &JsonLines| at.write_many(500_000),                      "new", Unwitnessed,  "raise `timeout`").with("timeout = \"20ms\""),
    row(ChangedWhileRead, |at| at.keep_appending(),                         "new", Confirmed,    "was inserted"),
    row(ChangedWhileRead, |at| at.keep_writing(),                           "new", NeverRefuted, ""),
    row(UnreadableBefore, |at: &JsonLines| at.write("{\"id\": \"new\"}\n"),             "new", Unwitnessed,  "at the run's start").after(|at| at.remove()),
];

impl Place for JsonLines {
    const KIND: &'static str = "jsonl";

    fn keys(&self) -> String {
        format!("path = {}\nkey = \"/id\"", quoted(&self.path))
    }
}

impl JsonLines {
    pub(super) fn make(folder: &Path) -> Self {
        let place = Self { path: folder.join("log.jsonl"), writer: RefCell::default() };
        place.write("{\"id\": \"old\", \"v\": 1}\n");
        place
    }

    fn write(&self, text: &str) {
        fs::write(&self.path, text).expect("a written file");
    }

    fn append(&self, text: &str) {
        append(&self.path, text);
    }

    fn remove(&self) {
        fs::remove_file(&self.path).expect("a file");
    }

    fn write_many(&self, entities: u32) {
        let lines = (0..entities).map(|at| format!("{{\"id\": {at}, \"state\": [{at}]}}\n"));
        self.write(&lines.collect::<String>());
    }

    fn keep_appending(&self) {
        self.append("{\"id\": \"new\"}\n");
        let path = self.path.clone();
        self.writer.replace(Writer::start(move |number| {
            // In two pieces, so that there are lines without an end.
            append(&path, "{\"id\": \"more\", ");
            append(&path, &format!("\"v\": {number}}}\n"));
        }));
    }

    /// In place: a reader may find half of an old and half of a new line.
    fn keep_writing(&self) {
        use std::os::unix::fs::FileExt as _;
        let filler = "x".repeat(100_000);
        let line = move |number: u32| {
            let number = number % 10;
            format!(
                "{{\"id\": \"new\", \"v\": {number}, \"filler\": \"{filler}\", \"w\": {number}}}\n"
            )
        };
        self.write(&line(0));
        let path = self.path.clone();
        self.writer.replace(Writer::start(move |number| {
            let file = File::options().write(true).open(&path).expect("a file");
            file.write_all_at(line(number).as_bytes(), 0).expect("a written file");
        }));
    }
}

/// A directory.
pub(super) struct Dir {
    path: PathBuf,
    writer: RefCell<Writer>,
}

pub(super) static NEVER_DIR: [Never; 1] =
    [(Truncated, "a file that was cut short is another content, and that is what is seen")];

#[rustfmt::skip]
pub(super) static DIR: [Row<Dir>; 15] = [
    row(Present,          |at| at.write("new", "1"),              "new", Confirmed,    "was inserted"),
    row(Present,          |at| at.write("old", "2"),              "old", Confirmed,    "was updated"),
    row(Absent,           |at| at.write("other", "1"),            "new", Refuted,      "is not among 1 inserted"),
    row(SameValue,        |at| at.write("old", "1"),              "old", Refuted,      "as it was before"),
    row(Deleted,          |at| at.remove("old"),                  "old", Refuted,      "was deleted"),
    row(Unreadable,       |at| at.remove_all(),                   "old", Unwitnessed,  "No such file"),
    row(Unreadable,       |at| at.become_a_file(),                "old", Unwitnessed,  "Not a directory"),
    row(TooLarge,         |at: &Dir| at.write_many(),                   "new", Unwitnessed,  "raise `max_entities`").with("max_entities = 2"),
    row(TooLarge,         |at: &Dir| at.write("new", &"x".repeat(2000)), "new", Unwitnessed, "raise `max_bytes`").with("max_bytes = \"1KB\""),
    row(TooLarge,         |at| at.write_huge(1 << 33),            "new", Unwitnessed,  "raise `max_bytes`"),
    row(Slow,             |at: &Dir| at.write_huge(1 << 40),            "new", Unwitnessed,  "raise `timeout`").with("timeout = \"100ms\"\nmax_bytes = \"100000GB\""),
    row(ChangedWhileRead, |at| at.keep_replacing(),               "new", NeverRefuted, ""),
    row(ChangedWhileRead, |at| at.keep_writing(),                 "new", NeverRefuted, ""),
    row(ChangedWhileRead, |at| at.keep_making_others(),           "new", NeverRefuted, ""),
    row(UnreadableBefore, |at: &Dir| at.make_anew(),                    "new", Unwitnessed,  "at the run's start").after(|at| at.remove_all()),
];

impl Place for Dir {
    const KIND: &'static str = "dir";

    fn keys(&self) -> String {
        format!("path = {}", quoted(&self.path))
    }
}

impl Dir {
    pub(super) fn make(folder: &Path) -> Self {
        let place = Self { path: folder.join("files"), writer: RefCell::default() };
        fs::create_dir(&place.path).expect("a directory");
        place.write("old", "1");
        place
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path.join(name), text).expect("a written file");
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path.join(name)).expect("a file");
    }

    fn remove_all(&self) {
        fs::remove_dir_all(&self.path).expect("a directory");
    }

    fn become_a_file(&self) {
        self.remove_all();
        fs::write(&self.path, "old").expect("a written file");
    }

    fn make_anew(&self) {
        fs::create_dir(&self.path).expect("a directory");
        self.write("new", "1");
    }

    fn write_many(&self) {
        for name in ["a", "b", "c"] {
            self.write(name, "1");
        }
    }

    /// A file with a length and no blocks.
    fn write_huge(&self, bytes: u64) {
        let file = File::create(self.path.join("huge")).expect("a file");
        file.set_len(bytes).expect("a length");
    }

    fn keep_replacing(&self) {
        let (path, aside) = (self.path.join("new"), self.path.with_extension("aside"));
        let write = move |number: u32| {
            fs::write(&aside, number.to_string()).expect("a written file");
            fs::rename(&aside, &path).expect("a renamed file");
        };
        write(0);
        self.writer.replace(Writer::start(write));
    }

    fn keep_writing(&self) {
        let path = self.path.join("new");
        let write = move |number: u32| {
            fs::write(&path, format!("{number}{}", "x".repeat(300_000))).expect("a written file");
        };
        write(0);
        self.writer.replace(Writer::start(write));
    }

    fn keep_making_others(&self) {
        self.write("new", "1");
        let folder = self.path.clone();
        self.writer.replace(Writer::start(move |number| {
            let name = folder.join(format!("other-{}", number % 10));
            if number % 20 < 10 {
                fs::write(name, "1").expect("a written file");
            } else {
                let _ = fs::remove_file(name);
            }
        }));
    }
}
