//! `[[dosd.witness]]`, kind by kind.

use super::{good, the_error};
use crate::config::{Secret, SqlSource, Surface, Witness};
use std::path::PathBuf;
use std::time::Duration;

fn one(keys: &str) -> Witness {
    let config = good(&format!("[[dosd.witness]]\nname = \"a\"\n{keys}\n"));
    config.witnesses.into_iter().next().expect("a witness")
}

fn error(keys: &str) -> String {
    the_error(&format!("[[dosd.witness]]\nname = \"a\"\n{keys}\n"))
}

#[test]
fn every_kind_has_its_keys() {
    let path = || PathBuf::from("x");
    let key = || vec!["id".to_owned()];
    for (keys, surface) in [
        (
            "kind = \"json\"\npath = \"x\"\nkey = \"/id\"",
            Surface::Json { path: path(), key: Some("/id".to_owned()) },
        ),
        (
            "kind = \"jsonl\"\npath = \"x\"\nkey = \"/id\"",
            Surface::JsonLines { path: path(), key: "/id".to_owned() },
        ),
        (
            "kind = \"sqlite\"\npath = \"x\"\ntable = \"t\"\nkey = \"id\"",
            Surface::Sqlite { path: path(), source: SqlSource::Table("t".to_owned()), key: key() },
        ),
        (
            "kind = \"postgres\"\nurl_env = \"U\"\nquery = \"q\"\nkey = [\"id\"]",
            Surface::Postgres {
                url: Secret::Environment("U".to_owned()),
                query: "q".to_owned(),
                key: key(),
            },
        ),
        (
            "kind = \"git\"",
            Surface::Git {
                path: PathBuf::from("."),
                refs: vec!["refs/heads/*".to_owned(), "refs/tags/*".to_owned()],
                files: None,
            },
        ),
        (
            "kind = \"dir\"\npath = \"x\"\nexclude = \"*.tmp\"",
            Surface::Dir { path: path(), include: Vec::new(), exclude: vec!["*.tmp".to_owned()] },
        ),
        (
            "kind = \"command\"\nargv = [\"p\", \"q\"]\nitems = \"/all\"",
            Surface::Command {
                argv: vec!["p".to_owned(), "q".to_owned()],
                items: Some("/all".to_owned()),
                key: None,
            },
        ),
        ("kind = \"exit\"\nargv = [\"p\"]", Surface::Exit { argv: vec!["p".to_owned()] }),
    ] {
        assert_eq!(one(keys).surface, surface, "{keys}");
    }
    let Surface::Http { headers, items, .. } =
        one("kind = \"http\"\nurl = \"http://x\"\nitems = \"/all\"\n\
         headers = { Accept = \"application/json\" }\nheaders_env = { Authorization = \"TOKEN\" }")
        .surface
    else {
        panic!("a surface behind a URL")
    };
    assert_eq!(items.as_deref(), Some("/all"));
    assert_eq!(headers["accept"], Secret::Plain("application/json".to_owned()));
    assert_eq!(headers["authorization"], Secret::Environment("TOKEN".to_owned()));
}

#[test]
fn limits_have_generous_defaults_and_can_be_set() {
    let usual = one("kind = \"json\"\npath = \"x\"");
    assert_eq!((usual.max_entities, usual.timeout), (20_000_000, Duration::from_mins(1)));
    assert!(usual.settle.is_zero() && usual.ignore.is_empty());
    let own = one("kind = \"json\"\npath = \"x\"\nmax_entities = 5\nmax_bytes = \"1MB\"\n\
         timeout = \"2s\"\nsettle = \"3s\"\nignore = [\"/updated_at\"]");
    assert_eq!((own.max_entities, own.max_bytes), (5, 1_000_000));
    assert_eq!((own.timeout, own.settle), (Duration::from_secs(2), Duration::from_secs(3)));
    assert_eq!(own.ignore, ["/updated_at"]);
    assert_eq!(one("kind = \"exit\"\nargv = [\"p\"]").timeout, Duration::from_mins(5));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    for (keys, start) in [
        ("kind = \"jsonl\"\npath = \"x\"", "1:1: key `dosd.witness[0].key`: is missing"),
        (
            "kind = \"json\"\npath = \"x\"\nkey = \"id\"",
            "5:7: key `dosd.witness[0].key`: `id` is not a JSON pointer",
        ),
        (
            "kind = \"json\"\npath = \"x\"\nignore = \"id\"",
            "5:10: key `dosd.witness[0].ignore`: `id` is not a JSON pointer",
        ),
        (
            "kind = \"sqlite\"\npath = \"x\"\nkey = \"id\"",
            "1:1: key `dosd.witness[0].table`: is missing",
        ),
        (
            "kind = \"sqlite\"\npath = \"x\"\ntable = \"t\"\nquery = \"q\"\nkey = \"id\"",
            "6:9: key `dosd.witness[0].query`: stands beside `table`",
        ),
        (
            "kind = \"postgres\"\nurl = \"postgres://me:pw@h/d\"\nquery = \"q\"\nkey = \"id\"",
            "4:7: key `dosd.witness[0].url`: holds a password",
        ),
        (
            "kind = \"http\"\nurl = \"ftp://x\"",
            "4:7: key `dosd.witness[0].url`: is not an `http` or `https` URL",
        ),
        (
            "kind = \"http\"\nurl = \"https://me:pw@x\"",
            "4:7: key `dosd.witness[0].url`: holds a password",
        ),
        (
            "kind = \"http\"\nurl = \"https://x\"\nheaders_env = { A = \"$T\" }",
            "5:21: key `dosd.witness[0].headers_env.A`: `$T` is no name of a variable",
        ),
        ("kind = \"exit\"\nargv = []", "4:8: key `dosd.witness[0].argv`: names no program"),
        (
            "kind = \"exit\"\nargv = [\"p\"]\nmax_entities = 1",
            "5:1: key `dosd.witness[0].max_entities`: is not a known key",
        ),
        (
            "kind = \"json\"\npath = \"x\"\nmax_entities = 0",
            "5:16: key `dosd.witness[0].max_entities`: must be 1 or more",
        ),
        (
            "kind = \"json\"\npath = \"x\"\ntimeout = \"0s\"",
            "5:11: key `dosd.witness[0].timeout`: must not be zero",
        ),
        (
            "kind = \"json\"\npath = \"x\"\nrung = \"THIRD_PARTY\"",
            "5:8: key `dosd.witness[0].rung`: a `json` is read on this machine",
        ),
        (
            "kind = \"git\"\nrefs = [\"refs/tags/*\", \"main\"]",
            "4:24: key `dosd.witness[0].refs[1]`: matches no ref",
        ),
        (
            "kind = \"dir\"\npath = \"x\"\nexclude = \"[a\"",
            "5:11: key `dosd.witness[0].exclude`: `[a` is no pattern",
        ),
        (
            "kind = \"http\"\nurl = \"https://\"",
            "4:7: key `dosd.witness[0].url`: is not an `http` or `https` URL",
        ),
        (
            "kind = \"http\"\nurl = \"https://x\"\nheaders = { \"a b\" = \"c\" }",
            "5:13: key `dosd.witness[0].headers.\"a b\"`: `a b` is no name of a header",
        ),
        (
            "kind = \"postgres\"\nurl = \"mysql://h/d\"\nquery = \"q\"\nkey = \"id\"",
            "4:7: key `dosd.witness[0].url`: the URL of the database is not understood",
        ),
        ("kind = \"redis\"", "3:8: key `dosd.witness[0].kind`: `redis` is not a known kind"),
    ] {
        let error = error(keys);
        assert!(error.starts_with(start), "{keys}\n{error}");
    }
}

#[test]
fn a_worker_names_surfaces_that_are_there() {
    let surface = "[[dosd.witness]]\nname = \"orders\"\nkind = \"git\"\n";
    let config = good(&format!(
        "[lanes]\nconcurrent = [\"a\", \"b\"]\n[lanes.trees]\na = [\"a/**\"]\nb = [\"b/**\"]\n[dosd.worker]\nwitness = [\"orders\"]\n\
         [dosd.worker.lanes.a]\nwitness = []\n{surface}"
    ));
    assert_eq!(config.worker("a").witness.as_deref(), Some(&[][..]));
    assert_eq!(config.worker("b").witness.as_deref(), Some(&["orders".to_owned()][..]));
    // One that is named and cannot stand as it is has an error of its own, and no other.
    let unfinished = "[[dosd.witness]]\nname = \"orders\"\nkind = \"json\"\n";
    let error = the_error(&format!("[dosd.worker]\nwitness = [\"orders\"]\n{unfinished}"));
    assert!(error.contains("key `dosd.witness[0].path`: is missing"), "{error}");
    let error = the_error(&format!("[dosd.worker]\nwitness = [\"order\"]\n{surface}"));
    assert!(
        error.starts_with("2:12: key `dosd.worker.witness[0]`: `order` is not the name of a"),
        "{error}"
    );
}
