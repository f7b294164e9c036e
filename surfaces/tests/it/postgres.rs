//! Queries to a server of one's own.

use std::collections::BTreeSet;
use std::time::Duration;

use dosd_actors::witness::Limits;
use dosd_kernel::state_diff::Pointer;
use dosd_surfaces::{Postgres, PostgresError, Secret};

use crate::postgres_server::Server;
use crate::support::{identity, keys, see, see_without, unreadable, usual, within};

fn surface(url: &Secret, query: &str, key: &[&str]) -> Postgres {
    let key = key.iter().map(|column| (*column).to_owned()).collect();
    Postgres::new(identity(), url, query, key).unwrap()
}

#[test]
fn rows_are_entities() {
    let server = Server::start();
    server.execute("create table orders (region text, id int, total numeric, note json)");
    let orders = surface(&server.url(), "select * from orders -- all\n;", &["region", "id"]);
    assert!(see(&orders).unwrap().is_empty());
    server.execute(
        "insert into orders values ('eu', 1, 12.50, '{\"a\": [1]}'), ('us', 1, null, null), \
         ('us', 2, 123456789012345678901.1, null)",
    );
    let before = see(&orders).unwrap();
    assert_eq!(keys(&before), ["eu/1", "us/1", "us/2"]);
    server.execute(
        "update orders set total = 12.5, note = '{ \"a\":[1.0] }' where region = 'eu'; \
         alter role tester set timezone = 'Asia/Tokyo'",
    );
    assert_eq!(see(&orders).unwrap(), before, "the same values");
    server.execute(
        "update orders set total = 123456789012345678901.2 where id = 2; \
         delete from orders where region = 'eu'; insert into orders values ('eu', 3, 1, null)",
    );
    let after = see(&orders).unwrap();
    assert_eq!(keys(&after), ["eu/3", "us/1", "us/2"]);
    assert_eq!(after["us/1"], before["us/1"]);
    assert_ne!(after["us/2"], before["us/2"], "a difference that a double does not show");

    server.execute("insert into orders values (null, 4, 1, null)");
    unreadable(&orders, usual(), "the key column `region` is null");
    let by_id = surface(&server.url(), "select id, total from orders", &["id"]);
    server.execute("insert into orders values ('eu', 1, 1, null)");
    unreadable(&by_id, usual(), "the key `1` is there twice");
    every_type_has_a_value(&server);
    what_fails_is_unreadable(&server);
    limits_hold(&server);
}

fn every_type_has_a_value(server: &Server) {
    server.execute(
        "create type mood as enum ('sad', 'happy'); \
         create type pair as (a int, b text); \
         create domain small as int check (value < 10)",
    );
    let query = "select 1 as entity, true as b, 'x'::bytea as bytes, now() - now() as i, \
         'NaN'::numeric as nan, 'infinity'::float8 as inf, '2026-01-01 00:00Z'::timestamptz as t, \
         'happy'::mood as m, row(1, 'x')::pair as p, 3::small as s, array[[1, 2], [3, 4]] as l, \
         '[1,5)'::int4range as r, '10.0.0.1'::inet as n, '<a/>'::xml as x, '1 a'::tsvector as v, \
         '12.3'::money as money, '(1,2)'::point as point, gen_random_uuid() is null as u, \
         '{\"k\": 1}'::jsonb as j, null as nothing";
    let types = surface(&server.url(), query, &["entity", "t", "m", "b"]);
    assert_eq!(keys(&see(&types).unwrap()), ["1/2026-01-01 00:00:00+00/happy/true"]);
    assert_eq!(see(&types).unwrap(), see(&types).unwrap());
}

fn what_fails_is_unreadable(server: &Server) {
    let url = server.url();
    for (query, words) in [
        ("select * from nowhere", "nowhere"),
        ("selec", "syntax error"),
        ("select 1 as id; select 2 as id", "multiple commands"),
        ("select 1 as id, 2 as a, 3 as a", "two columns `a`"),
        ("select 1 as other", "no column `id`"),
        ("select 1 / (id - 3) as id from generate_series(1, 9) as id", "division by zero"),
        ("with x as (delete from orders returning *) select 1 as id from x", "WITH clause"),
        ("delete from orders returning 1 as id", "syntax error"),
        ("select nextval(pg_get_serial_sequence('counted', 'id')) as id", "counted"),
        ("select $1::int as id", "parameters"),
    ] {
        unreadable(&surface(&url, query, &["id"]), usual(), words);
    }
    server.execute("create sequence counter");
    let writes = surface(&url, "select nextval('counter') as id", &["id"]);
    unreadable(&writes, usual(), "read-only");
    server.execute("create role stranger login; create table closed (id int)");
    let stranger = Secret::new(url.expose().replace("tester", "stranger"));
    unreadable(&surface(&stranger, "select * from closed", &["id"]), usual(), "permission denied");
    let nobody = Secret::new(url.expose().replace("tester", "nobody"));
    let error = see(&surface(&nobody, "select 1 as id", &["id"])).unwrap_err();
    assert!(error.contains("nobody") && !error.contains("hidden"), "{error}");
    let gone = Secret::new("postgres://tester:hidden@%2Fnowhere/postgres");
    let gone = surface(&gone, "select 1 as id", &["id"]);
    unreadable(&gone, usual(), "error connecting");
    assert!(!format!("{gone:?}").contains("hidden"));
}

fn limits_hold(server: &Server) {
    let url = server.url();
    let slow = surface(&url, "select 1 as id from pg_sleep(60)", &["id"]);
    unreadable(&slow, within(Duration::from_millis(300)), "raise `timeout`");
    let many = "select i as id, repeat('x', 100) as x from generate_series(1, 50000) as i";
    let many = surface(&url, many, &["id"]);
    assert_eq!(see(&many).unwrap().len(), 50_000);
    unreadable(&many, Limits { max_entities: 1000, ..usual() }, "raise `max_entities`");
    unreadable(&many, Limits { max_bytes: 10_000, ..usual() }, "raise `max_bytes`");
    unreadable(&many, within(Duration::ZERO), "raise `timeout`");
}

/// Where the process that [`certificates_are_checked`] starts finds a server.
const URL: &str = "DOSD_TEST_POSTGRES";

#[test]
#[expect(clippy::disallowed_methods, reason = "the other process is told by its environment")]
fn certificates_are_checked() {
    if let Ok(url) = std::env::var(URL) {
        let used = "select ssl::text as id from pg_stat_ssl where pid = pg_backend_pid()";
        assert_eq!(keys(&see(&surface(&Secret::new(url), used, &["id"])).unwrap()), ["true"]);
        return;
    }
    let server = Server::start();
    let read = |options| see(&surface(&server.network_url(options), "select 1 as id", &["id"]));
    assert_eq!(keys(&read("sslmode=disable").unwrap()), ["1"]);
    for options in ["sslmode=require", "sslmode=prefer"] {
        let error = read(options).unwrap_err();
        assert!(error.contains("certificate") && error.contains("SSL_CERT_FILE"), "{error}");
    }
    // Another process, because a process looks up once whom it trusts.
    let mut other = std::process::Command::new(std::env::current_exe().unwrap());
    other.args(["--exact", "postgres::certificates_are_checked"]);
    other.env("SSL_CERT_FILE", server.certificate());
    other.env(URL, server.network_url("sslmode=require").expose());
    let output = other.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
}

#[test]
fn a_read_beside_writers_is_of_one_moment() {
    let server = Server::start();
    server.execute("create table t as select i as id, 0 as v from generate_series(1, 3000) as i");
    let rows = surface(&server.url(), "select id, v from t", &["id"]);
    let without_id = [Pointer::parse("/id").unwrap()];
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..20 {
                server.execute(
                    "begin; update t set v = v + 1 where id % 2 = 0; \
                     delete from t where id = 1; insert into t select 1, max(v) from t; \
                     update t set v = v + 1 where id % 2 = 1 and id > 1; commit",
                );
            }
        });
        while !writer.is_finished() {
            let seen = see_without(&rows, usual(), &without_id).unwrap();
            assert_eq!(seen.len(), 3000);
            assert_eq!(seen.values().collect::<BTreeSet<_>>().len(), 1);
        }
        writer.join().unwrap();
    });
    // A connection that is cut in the middle.
    let slow = "select i as id, repeat('x', 9000) as x, pg_sleep(0.01)::text \
                from generate_series(1, 100000) as i";
    let slow = surface(&server.url(), slow, &["id"]);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| unreadable(&slow, usual(), "terminating connection"));
        let cut = "select pg_terminate_backend(pid) from pg_stat_activity \
             where application_name = 'dosd' and wait_event = 'PgSleep'";
        while !reader.is_finished() && server.execute(cut) != "t" {}
        reader.join().unwrap();
    });
}

#[test]
fn what_is_no_such_surface_is_refused() {
    let new = |url: &str, key: &[&str]| {
        let key = key.iter().map(|column| (*column).to_owned()).collect();
        Postgres::new(identity(), &Secret::new(url), "select 1", key).map(|_| ())
    };
    for url in ["", "postgres://u:hidden@h:port/d", "mysql://h", "host=h sslmode=never", "user=u"] {
        assert_eq!(new(url, &["id"]), Err(PostgresError::Url), "{url}");
    }
    assert_eq!(new("postgres://u@h/d", &[]), Err(PostgresError::NoKey));
    assert_eq!(new("host=h user=u", &["id"]), Ok(()));
}
