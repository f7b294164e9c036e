//! SQLite databases: their rows, and others who write to them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dosd_actors::witness::Limits;
use rusqlite::Connection;
use serde_json::json;

use super::{Rows, Sqlite};
use crate::testing::{
    Ending, assert_holds, cause, changes, entities, identity, read, read_with, within,
};

fn database(sql: &str) -> (tempfile::TempDir, PathBuf, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let connection = Connection::open(&path).unwrap();
    connection.busy_timeout(Duration::from_secs(20)).unwrap();
    connection.execute_batch(sql).unwrap();
    (folder, path, connection)
}

fn table(path: &Path, name: &str, key: &[&str]) -> Sqlite {
    surface(path, Rows::Table(name.to_owned()), key)
}

fn query(path: &Path, sql: &str, key: &[&str]) -> Sqlite {
    surface(path, Rows::Query(sql.to_owned()), key)
}

fn surface(path: &Path, rows: Rows, key: &[&str]) -> Sqlite {
    let key = key.iter().map(|name| (*name).to_owned()).collect();
    Sqlite { identity: identity(), path: path.to_owned(), rows, key }
}

const ORDERS: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT, total);
    INSERT INTO orders VALUES (1, 'paid', 2.0), (2, 'open', 1.5);";

#[test]
fn a_table_holds_its_rows_by_their_key() {
    let (_folder, path, _connection) = database(ORDERS);
    assert_holds(
        &table(&path, "orders", &["id"]),
        &[
            ("1", json!({"state": "paid", "total": 2})),
            ("2", json!({"state": "open", "total": 1.5})),
        ],
    );
    assert_holds(
        &table(&path, "orders", &["state", "ID"]),
        &[("paid/1", json!({"total": 2})), ("open/2", json!({"total": 1.5}))],
    );
    assert_holds(
        &query(&path, "SELECT state, count(*) AS n FROM orders GROUP BY 1", &["state"]),
        &[("paid", json!({"n": 1})), ("open", json!({"n": 1}))],
    );
    assert_holds(&query(&path, "SELECT * FROM orders WHERE id > 5", &["id"]), &[]);
}

#[test]
fn every_kind_of_column_has_a_value_of_its_own() {
    let (_folder, path, _connection) = database(
        "CREATE TABLE \"odd \"\"name\" (k, \"a b\", B);
         INSERT INTO \"odd \"\"name\" VALUES
            ('null', NULL, -9223372036854775808), ('blob', x'00ff', 1e300),
            ('text', CAST(x'ff' AS TEXT), 'é'), ('inf', 9e999, -9e999), (x'0aff', '', x''),
            (1.5, 1, 1.0), (7, '7', 7), ('', 0, 0);",
    );
    assert_holds(
        &table(&path, "odd \"name", &["k"]),
        &[
            ("null", json!({"a b": null, "B": i64::MIN})),
            ("blob", json!({"a b": {"blob": "00ff"}, "B": 1e300})),
            ("text", json!({"a b": {"text": "ff"}, "B": "é"})),
            ("inf", json!({"a b": {"real": "inf"}, "B": {"real": "-inf"}})),
            ("0aff", json!({"a b": "", "B": {"blob": ""}})),
            ("1.5", json!({"a b": 1, "B": 1})),
            ("7", json!({"a b": "7", "B": 7})),
            ("", json!({"a b": 0, "B": 0})),
        ],
    );
}

#[test]
fn each_change_is_seen_as_what_it_is() {
    let (_folder, path, connection) = database(ORDERS);
    let surface = table(&path, "orders", &["id"]);
    let before = read(&surface).unwrap();
    connection
        .execute_batch(
            "UPDATE orders SET total = 2 WHERE id = 1; DELETE FROM orders WHERE id = 2;
             INSERT INTO orders VALUES (3, 'new', 0);",
        )
        .unwrap();
    let between = read(&surface).unwrap();
    connection.execute_batch("UPDATE orders SET state = 'sent' WHERE id = 1").unwrap();
    let after = read(&surface).unwrap();
    for (key, first, second) in [
        ("1", "unchanged", "updated"),
        ("2", "deleted", "deleted"),
        ("3", "inserted", "inserted"),
        ("4", "absent", "absent"),
    ] {
        assert_eq!(changes(&before, &between, key).asked.as_str(), first, "{key}");
        assert_eq!(changes(&before, &after, key).asked.as_str(), second, "{key}");
    }
}

#[test]
fn rows_without_a_key_of_their_own_are_refused() {
    let (_folder, path, _connection) = database(
        "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 1), (NULL, 2), (1, 3);
         CREATE TABLE u (a, b); INSERT INTO u VALUES ('x/y', 'z'), ('x', 'y/z');",
    );
    let part = |surface: &Sqlite, part: &str| {
        let cause = cause(surface);
        assert!(cause.contains(part), "{cause}");
    };
    part(&table(&path, "t", &["a"]), "row 2 has no key: a key column is null");
    part(&query(&path, "SELECT * FROM t WHERE a > 0", &["a"]), "the key `1` is there twice");
    part(&query(&path, "SELECT 9e999 AS k", &["k"]), "row 1 has no key: a key column is an infin");
    part(&query(&path, "SELECT CAST(x'ff' AS TEXT) AS k", &["k"]), "no UTF-8");
    part(&table(&path, "u", &["a", "b"]), "the key `x/y/z` is there twice");
    part(&table(&path, "t", &["id"]), "there is no column `id` for the key, only `a`, `b`");
    part(&table(&path, "t", &[]), "no column is named for the key");
    part(&query(&path, "SELECT a, b, b FROM u", &["a"]), "two columns are named `b`");
    part(&query(&path, "SELECT a, a FROM u", &["a"]), "two columns are named `a`");
    part(&table(&path, "none", &["a"]), "no such table: none");
}

#[test]
fn a_query_can_only_read_and_is_one() {
    let (folder, path, _connection) = database(ORDERS);
    let other = folder.path().join("other.db");
    let before = fs::read(&path).unwrap();
    for sql in [
        "DELETE FROM orders RETURNING id",
        "INSERT INTO orders VALUES (9, '', 0) RETURNING id",
        "UPDATE orders SET total = 0",
        "DROP TABLE orders",
        &format!("ATTACH '{}' AS other", other.display()),
        &format!("VACUUM INTO '{}'", other.display()),
        "PRAGMA journal_mode = DELETE",
        "PRAGMA table_info(orders)",
        "BEGIN",
        "COMMIT",
        "SELECT id FROM orders; SELECT id FROM orders",
        "SELECT id FROM orders; DELETE FROM orders",
        "SELECT load_extension('x') AS id",
        "SELECT \"no_such_column\" AS id FROM orders",
        "",
        "-- nothing",
        "EXPLAIN QUERY PLAN DELETE FROM orders",
    ] {
        assert!(read(&query(&path, sql, &["id"])).is_err(), "{sql}");
    }
    assert!(!other.exists());
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_no_database_is_unreadable_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let names = || fs::read_dir(folder.path()).unwrap().count();
    let missing = folder.path().join("none.db");
    assert!(cause(&table(&missing, "t", &["id"])).contains("No such file"));
    assert_eq!(names(), 0);
    assert!(cause(&table(folder.path(), "t", &["id"])).contains("no regular file"));
    assert!(cause(&table(Path::new("/dev/zero"), "t", &["id"])).contains("no regular file"));
    let text = folder.path().join("text");
    fs::write(&text, "not a database, but long enough to be one, or so one may think\n").unwrap();
    assert!(cause(&table(&text, "t", &["id"])).contains("not a database"));
    fs::write(&text, "").unwrap();
    assert!(cause(&table(&text, "t", &["id"])).contains("no such table: t"));
    assert_eq!(names(), 1);
    // A name that means something else to SQLite.
    let memory = cause(&table(Path::new(":memory:"), "t", &["id"]));
    assert!(memory.contains("No such file"), "{memory}");
}

#[test]
fn a_database_that_was_cut_off_never_has_fewer_rows() {
    let (folder, path, connection) = database("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
    for id in 0..200 {
        connection.execute("INSERT INTO t VALUES (?1, ?2)", (id, "x".repeat(200))).unwrap();
    }
    drop(connection);
    let whole = fs::read(&path).unwrap();
    let cut = folder.path().join("cut.db");
    // Anywhere, at the ends of pages, and within the last one, of which SQLite takes the rest for
    // zeros.
    let (all, pages) = (0..whole.len(), (0..whole.len()).step_by(4096));
    for len in all.clone().step_by(1021).chain(pages).chain(all.rev().take(100)) {
        fs::write(&cut, &whole[..len]).unwrap();
        assert!(read(&table(&cut, "t", &["id"])).is_err(), "cut at {len}");
    }
    assert_eq!(read(&table(&path, "t", &["id"])).unwrap().entities(), 200);
}

#[test]
fn limits_hold() {
    let (_folder, path, _connection) =
        database("CREATE TABLE t (id, v); INSERT INTO t VALUES (1, zeroblob(100000)), (2, 'x');");
    let surface = table(&path, "t", &["id"]);
    let with = |limits| read_with(&surface, limits, &[]).unwrap_err();
    let large = with(Limits { max_bytes: 50_000, ..Limits::default() });
    assert!(large.contains("too big") || large.contains("more than 50000 bytes"), "{large}");
    assert!(with(Limits { max_entities: 1, ..Limits::default() }).contains("more than 1 entit"));
    let endless = query(
        &path,
        "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
         SELECT max(id) AS id FROM n",
        &["id"],
    );
    let slow = read_with(&endless, within(Duration::from_millis(100)), &[]).unwrap_err();
    assert!(slow.contains("not read within 100 ms"), "{slow}");
}

#[test]
fn a_database_that_somebody_locks_is_unreadable_in_time() {
    let (_folder, path, connection) = database(ORDERS);
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let surface = table(&path, "orders", &["id"]);
    let locked = read_with(&surface, within(Duration::from_millis(100)), &[]).unwrap_err();
    assert!(locked.contains("not read within 100 ms"), "{locked}");
    connection.execute_batch("COMMIT").unwrap();
    assert_eq!(read(&surface).unwrap().entities(), 2);
}

/// Two rows that always add up to the same, and rows that come and go in pairs.
fn every_read_is_of_one_moment(journal: &str) {
    let (_folder, path, connection) = database(&format!(
        "PRAGMA journal_mode = {journal}; PRAGMA synchronous = OFF;
         CREATE TABLE accounts (id INTEGER PRIMARY KEY, amount, filler);
         WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 2000)
         INSERT INTO accounts SELECT id, 0, hex(zeroblob(100)) FROM n;"
    ));
    let sums = query(
        &path,
        "SELECT 'all' AS id, sum(amount) AS amount, count(*) % 2 AS odd FROM accounts",
        &["id"],
    );
    let ending = Ending::default();
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        let ended = &ending;
        scope.spawn(move || {
            for round in 0_i64.. {
                if ended.has_come() {
                    break;
                }
                connection
                    .execute_batch(&format!(
                        "BEGIN IMMEDIATE;
                         UPDATE accounts SET amount = {round} WHERE id = 1;
                         UPDATE accounts SET amount = -{round} WHERE id = 2000;
                         DELETE FROM accounts WHERE id > 2000;
                         INSERT INTO accounts VALUES (2001 + {round} % 7, 0, ''), (3000, 0, '');
                         COMMIT;"
                    ))
                    .unwrap();
                if round % 5 == 0 {
                    std::thread::park_timeout(Duration::from_millis(2));
                }
            }
        });
        let _end = ending.with_this();
        let surface = table(&path, "accounts", &["id"]);
        for _ in 0..40 {
            let rows = read(&surface).unwrap();
            assert!(matches!(rows.entities(), 2000 | 2002), "{} rows", rows.entities());
            seen.push(entities(&rows));
            assert_holds(&sums, &[("all", json!({"amount": 0, "odd": 0}))]);
        }
    });
    // The two amounts are each other's negative: told apart by their digests.
    let mut digester = dosd_kernel::state_diff::Digester::default();
    let mut digest =
        |amount: i64| digester.digest(&json!({"amount": amount, "filler": "00".repeat(100)}));
    for rows in &seen {
        let of = |key: &str| rows.iter().find(|row| row.0 == key).map(|row| row.1);
        let round = (0..1_000_000).find(|round| of("1") == Some(digest(*round))).unwrap();
        assert_eq!(of("2000"), Some(digest(-round)));
    }
    seen.dedup();
    assert!(seen.len() > 1, "the writer was never seen");
}

#[test]
fn with_a_write_ahead_log_every_read_is_of_one_moment() {
    every_read_is_of_one_moment("WAL");
}

#[test]
fn with_a_rollback_journal_every_read_is_of_one_moment() {
    every_read_is_of_one_moment("DELETE");
}
