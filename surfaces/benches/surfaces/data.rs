//! Made-up orders: as JSON, as rows and as files.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use dosd_actors::witness::SharedSurface;
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Pointer;
use dosd_surfaces::{Dir, Identity, Json, JsonLines, Rows, Sqlite};
use std::sync::Arc;

/// An entity that is another one afterwards, in the numbering of JSON files.
pub(crate) const CHANGED_KEY: &str = "order-0000500";

/// So many entities are changed: every one whose number divides by this.
const CHANGED: u32 = 500;

/// Names of the same file, so that a million names take no million blocks.
const NAMES_A_FILE: u32 = 100;

const NAMES_A_FOLDER: u32 = 1000;

/// Makes the data of a kind. For files two of them, for the others [`change`] comes between.
pub(crate) fn make(kind: &str, folder: &Path, entities: u32) {
    match kind {
        "json" => {
            json(&folder.join("before.json"), entities, "open");
            json(&folder.join("after.json"), entities, "paid");
        }
        "jsonl" => lines(&folder.join("log.jsonl"), entities),
        "sqlite" => rows(&folder.join("orders.db"), entities),
        _ => files(&folder.join("files"), entities),
    }
}

/// The surface before and after.
pub(crate) fn surface(kind: &str, folder: &Path, is_after: bool) -> SharedSurface {
    let identity = Identity { name: "orders".into(), accountability: Accountability::OsRecorded };
    match kind {
        "json" => {
            let path = folder.join(if is_after { "after.json" } else { "before.json" });
            Arc::new(Json { identity, path, key: None })
        }
        "jsonl" => {
            let key = Pointer::parse("/id").expect("a pointer");
            Arc::new(JsonLines { identity, path: folder.join("log.jsonl"), key })
        }
        "sqlite" => {
            let (path, rows) = (folder.join("orders.db"), Rows::Table("orders".into()));
            Arc::new(Sqlite { identity, path, rows, key: vec!["id".into()] })
        }
        _ => Arc::new(Dir::new(identity, folder.join("files"), &[], &[]).expect("no pattern")),
    }
}

/// Changes what is there, in place.
pub(crate) fn change(kind: &str, folder: &Path) {
    match kind {
        "json" => {}
        "jsonl" => {
            let log = File::options().append(true).open(folder.join("log.jsonl"));
            let mut log = log.expect("the log");
            // Another state in each run.
            let length = log.metadata().expect("the log").len();
            writeln!(log, r#"{{"id":"order-0000500","state":"sent-{length}"}}"#)
                .expect("a written line");
        }
        "sqlite" => {
            let database = rusqlite::Connection::open(folder.join("orders.db")).expect("it");
            database.execute("UPDATE orders SET total = total + 1 WHERE id = 500", []).expect("ok");
        }
        _ => {
            let path = folder.join("files/0/500");
            let was = fs::read_to_string(&path).expect("a file");
            fs::remove_file(&path).expect("a name that is gone");
            fs::write(path, was + "!").expect("a written file");
        }
    }
}

fn value(number: u32, state: &str) -> String {
    let state = if number.is_multiple_of(CHANGED) { state } else { "shipped" };
    format!(
        r#"{{"customer": "c-{}", "state": "{state}", "lines": {}, "total": {}.25}}"#,
        number % 9973,
        number % 7,
        number % 10_000
    )
}

fn json(path: &Path, entities: u32, state: &str) {
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    let mut before = "{";
    for number in 0..entities {
        let value = value(number, state);
        write!(file, "{before}\"order-{number:07}\": {value}").expect("a written value");
        before = ", ";
    }
    file.write_all(b"}\n").and_then(|()| file.flush()).expect("a written file");
}

fn lines(path: &Path, entities: u32) {
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    for number in 0..entities {
        let value = value(number, "open");
        writeln!(file, "{{\"id\": \"order-{number:07}\", \"order\": {value}}}").expect("a line");
    }
    file.flush().expect("a written file");
}

fn rows(path: &Path, entities: u32) {
    let database = rusqlite::Connection::open(path).expect("a database");
    let sql = format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         CREATE TABLE orders (id INTEGER PRIMARY KEY, customer, state, total REAL);
         WITH RECURSIVE n(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM n LIMIT {entities})
         INSERT INTO orders SELECT id, 'c-' || id % 9973, 'shipped', id % 10000 + 0.25 FROM n;
         PRAGMA journal_mode = WAL;"
    );
    database.execute_batch(&sql).expect("a table");
}

fn files(root: &Path, entities: u32) {
    for number in 0..entities {
        let folder = root.join((number / NAMES_A_FOLDER).to_string());
        if number.is_multiple_of(NAMES_A_FOLDER) {
            fs::create_dir_all(&folder).expect("a directory");
        }
        let path = folder.join(number.to_string());
        let first = number / NAMES_A_FILE * NAMES_A_FILE;
        if number == first {
            fs::write(path, value(number, "open")).expect("a written file");
        } else {
            fs::hard_link(folder.join(first.to_string()), path).expect("another name");
        }
    }
}
