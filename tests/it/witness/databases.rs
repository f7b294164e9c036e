//! The table for databases: SQLite, and PostgreSQL where Debian puts it.

use super::table::{Place, Row, Situation, Verdict, quoted, row};
use super::writer::Writer;
use crate::support::postgres_server::Server;
use Situation::{
    Absent, ChangedWhileRead, Deleted, Present, SameValue, Slow, TooLarge, Truncated, Unreadable,
    UnreadableBefore,
};
use Verdict::{Confirmed, Refuted, Unwitnessed};
use rusqlite::Connection;
use std::cell::RefCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A database file with a table `t`.
pub(super) struct Sqlite {
    path: PathBuf,
    open: RefCell<Option<Connection>>,
    writer: RefCell<Writer>,
}

#[rustfmt::skip]
pub(super) static SQLITE: [Row<Sqlite>; 17] = [
    row(Present,          |at| at.run("INSERT INTO t VALUES ('new', 1)"),        "new", Confirmed,    "was inserted"),
    row(Present,          |at| at.run("UPDATE t SET v = 2"),                     "old", Confirmed,    "was updated"),
    row(Absent,           |at| at.run("INSERT INTO t VALUES ('other', 1)"),      "new", Refuted,      "is not among 1 inserted"),
    row(Absent,           |at: &Sqlite| at.begin("INSERT INTO t VALUES ('new', 1)"),      "new", Refuted,      "is not among 0 inserted").after(|at| at.run("PRAGMA journal_mode = WAL")),
    row(SameValue,        |at| at.run("UPDATE t SET v = 1"),                     "old", Refuted,      "as it was before"),
    row(SameValue,        |at| at.run("DELETE FROM t; INSERT INTO t VALUES ('old', 1.0); VACUUM"), "old", Refuted, "as it was before"),
    row(Deleted,          |at| at.run("DELETE FROM t"),                          "old", Refuted,      "was deleted"),
    row(Unreadable,       |at| at.remove(),                                      "old", Unwitnessed,  "No such file"),
    row(Unreadable,       |at| at.run("DROP TABLE t"),                           "old", Unwitnessed,  "no such table"),
    row(Unreadable,       |at| at.write("not a database, but long enough to be one, or so one may think"), "old", Unwitnessed, "not a database"),
    row(Truncated,        |at: &Sqlite| at.cut(4096),                                     "new", Unwitnessed,  "malformed").after(|at| at.fill()),
    row(Truncated,        |at: &Sqlite| at.cut(100),                                      "new", Unwitnessed,  "cut off").after(|at| at.fill()),
    row(TooLarge,         |at: &Sqlite| at.run("INSERT INTO t VALUES ('a', 1), ('b', 1)"), "new", Unwitnessed, "raise `max_entities`").with("max_entities = 2"),
    row(TooLarge,         |at: &Sqlite| at.fill(),                                        "new", Unwitnessed,  "raise `max_bytes`").with("max_bytes = \"1KB\""),
    row(Slow,             |at: &Sqlite| at.begin_alone(),                                 "old", Unwitnessed,  "raise `timeout`").with("timeout = \"300ms\""),
    row(ChangedWhileRead, |at| at.keep_writing(),                                "new", Confirmed,    "was inserted"),
    row(UnreadableBefore, |at: &Sqlite| at.run("CREATE TABLE t (id, v); INSERT INTO t VALUES ('new', 1)"), "new", Unwitnessed, "at the run's start").after(|at| at.run("DROP TABLE t")),
];

impl Place for Sqlite {
    const KIND: &'static str = "sqlite";

    fn keys(&self) -> String {
        format!("path = {}\ntable = \"t\"\nkey = [\"id\"]", quoted(&self.path))
    }
}

impl Sqlite {
    pub(super) fn make(folder: &Path) -> Self {
        let path = folder.join("state.db");
        let place = Self { path, open: RefCell::default(), writer: RefCell::default() };
        place.run("CREATE TABLE t (id, v); INSERT INTO t VALUES ('old', 1)");
        place
    }

    fn connect(path: &Path) -> Connection {
        let connection = Connection::open(path).expect("a database");
        connection.busy_timeout(Duration::from_mins(1)).expect("a time to wait");
        connection
    }

    fn run(&self, sql: &str) {
        Self::connect(&self.path).execute_batch(sql).expect("good SQL");
    }

    /// In a transaction that goes on.
    fn begin(&self, sql: &str) {
        let connection = Self::connect(&self.path);
        connection.execute_batch(&format!("BEGIN; {sql}")).expect("good SQL");
        self.open.replace(Some(connection));
    }

    /// Lets nobody else read.
    fn begin_alone(&self) {
        let connection = Self::connect(&self.path);
        connection.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
        self.open.replace(Some(connection));
    }

    /// Some pages.
    fn fill(&self) {
        self.run(
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT 200)
             INSERT INTO t SELECT id, hex(zeroblob(100)) FROM n",
        );
    }

    fn remove(&self) {
        fs::remove_file(&self.path).expect("a file");
    }

    fn write(&self, text: &str) {
        fs::write(&self.path, text).expect("a written file");
    }

    /// Takes the last bytes of the file away.
    fn cut(&self, bytes: u64) {
        let file = File::options().write(true).open(&self.path).expect("a file");
        let len = file.metadata().expect("a length").len();
        file.set_len(len - bytes).expect("a shorter file");
    }

    fn keep_writing(&self) {
        self.run("PRAGMA journal_mode = WAL; INSERT INTO t VALUES ('new', 0)");
        let connection = Mutex::new(Self::connect(&self.path));
        self.writer.replace(Writer::start(move |number| {
            let sql = format!(
                "BEGIN IMMEDIATE; DELETE FROM t; INSERT INTO t VALUES ('old', 1), ('new', {number}); COMMIT"
            );
            let connection = connection.lock().expect("one writer");
            connection.execute_batch(&sql).expect("good SQL");
        }));
    }
}

/// A view of its own in a server that all share.
pub(super) struct Postgres {
    server: Arc<Server>,
    name: String,
    writer: RefCell<Writer>,
}

/// The variable that says where the server is.
pub(super) const URL: &str = "DOSD_TEST_LEDGER";

#[rustfmt::skip]
pub(super) static POSTGRES: [Row<Postgres>; 13] = [
    row(Present,          |at| at.run("INSERT INTO @ VALUES ('new', 1)"),      "new", Confirmed,   "was inserted"),
    row(Present,          |at| at.run("UPDATE @ SET v = 2"),                   "old", Confirmed,   "was updated"),
    row(Absent,           |at| at.run("INSERT INTO @ VALUES ('other', 1)"),    "new", Refuted,     "is not among 1 inserted"),
    row(SameValue,        |at| at.run("DELETE FROM @; INSERT INTO @ VALUES ('old', 1)"), "old", Refuted, "as it was before"),
    row(Deleted,          |at| at.run("DELETE FROM @"),                        "old", Refuted,     "was deleted"),
    row(Unreadable,       |at| at.run("DROP TABLE @ CASCADE"),                 "old", Unwitnessed, "does not exist"),
    row(Unreadable,       |at| at.run("INSERT INTO @ VALUES (NULL, 1)"),       "new", Unwitnessed, "is null"),
    row(Truncated,        |at| at.hang_up_after("old"),                        "new", Unwitnessed, "terminating connection"),
    row(TooLarge,         |at: &Postgres| at.run("INSERT INTO @ VALUES ('a', 1), ('b', 1)"), "new", Unwitnessed, "raise `max_entities`").with("max_entities = 2"),
    row(TooLarge,         |at: &Postgres| at.run("INSERT INTO @ SELECT 'id-' || i, 1 FROM generate_series(1, 1000) AS i"), "new", Unwitnessed, "raise `max_bytes`").with("max_bytes = \"1KB\""),
    row(Slow,             |at: &Postgres| at.sleep(),                                     "old", Unwitnessed, "raise `timeout`").with("timeout = \"1s\""),
    row(ChangedWhileRead, |at| at.keep_writing(),                              "new", Confirmed,   "was inserted"),
    row(UnreadableBefore, |at: &Postgres| at.run("DELETE FROM @ WHERE id IS NULL"),       "old", Unwitnessed, "at the run's start").after(|at| at.run("INSERT INTO @ VALUES (NULL, 1)")),
];

impl Place for Postgres {
    const KIND: &'static str = "postgres";

    fn keys(&self) -> String {
        let query = format!("SELECT id, v FROM {}_view", self.name);
        format!("url_env = \"{URL}\"\nquery = \"{query}\"\nkey = [\"id\"]")
    }
}

impl Postgres {
    pub(super) fn make(server: &Arc<Server>, name: &str) -> Self {
        let (server, name) = (Arc::clone(server), name.to_owned());
        let place = Self { server, name, writer: RefCell::default() };
        place.run(
            "CREATE TABLE @ (id text, v int); INSERT INTO @ VALUES ('old', 1); \
             CREATE VIEW @_view AS SELECT id, v FROM @",
        );
        place
    }

    /// `@` is its table.
    fn run(&self, sql: &str) {
        self.server.execute(&sql.replace('@', &self.name));
    }

    fn sleep(&self) {
        self.run(
            "CREATE OR REPLACE VIEW @_view AS SELECT id, v FROM @, (SELECT pg_sleep(60)) AS s",
        );
    }

    /// The server ends the connection of whoever reads behind this row.
    fn hang_up_after(&self, id: &str) {
        self.run(&format!(
            "INSERT INTO @ VALUES ('last', 1); CREATE OR REPLACE VIEW @_view AS SELECT id, \
             CASE WHEN id = '{id}' THEN v ELSE pg_terminate_backend(pg_backend_pid())::int END \
             AS v FROM @"
        ));
    }

    fn keep_writing(&self) {
        self.run("INSERT INTO @ VALUES ('new', 0)");
        let (server, name) = (Arc::clone(&self.server), self.name.clone());
        self.writer.replace(Writer::start(move |number| {
            server.execute(&format!(
                "DELETE FROM {name}; INSERT INTO {name} VALUES ('old', 1), ('new', {number})"
            ));
        }));
    }
}
