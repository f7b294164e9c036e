//! Programs that print JSON, and those that do not.

use std::time::Duration;

use dosd_actors::port::Children;
use dosd_actors::witness::Limits;
use dosd_kernel::state_diff::Pointer;
use dosd_surfaces::Command;

use crate::support::{identity, keys, see, unreadable, usual, within};

fn shell(script: &str) -> Command {
    Command {
        identity: identity(),
        argv: ["sh", "-c", script].map(Into::into).to_vec(),
        directory: "/".into(),
        environment: Vec::new(),
        items: None,
        key: None,
        children: Children::default(),
    }
}

#[test]
fn tells_what_is_there_and_what_changed() {
    let place = tempfile::tempdir().unwrap();
    let command = Command { directory: place.path().into(), ..shell("cat state") };
    let put = |text: &str| std::fs::write(place.path().join("state"), text).unwrap();
    put(r#"{"a": 1, "b": {"x": [1, 2]}}"#);
    let before = see(&command).unwrap();
    assert_eq!(keys(&before), ["a", "b"]);
    put(r#" { "b":{"x":[1.0,2]}, "a":1 } "#);
    assert_eq!(see(&command).unwrap(), before, "the same values, written in another way");
    put(r#"{"a": 2, "c": 1}"#);
    let after = see(&command).unwrap();
    assert_eq!(keys(&after), ["a", "c"]);
    assert_ne!(after["a"], before["a"]);
    put("{}");
    assert!(see(&command).unwrap().is_empty());
}

#[test]
fn an_array_has_its_keys_inside() {
    let rows = r#"echo '[{"id": 1, "n": "x"}, {"id": 2}]'"#;
    let command = Command { key: Pointer::parse("/id"), ..shell(rows) };
    assert_eq!(keys(&see(&command).unwrap()), ["1", "2"]);
    unreadable(&shell(rows), usual(), "name the `key`");
    let rows = r#"echo '{"items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}'"#;
    let (items, key) = (Pointer::parse("/items"), Pointer::parse("/metadata/name"));
    assert_eq!(keys(&see(&Command { items, key, ..shell(rows) }).unwrap()), ["a", "b"]);
    let twice = Command { key: Pointer::parse("/n"), ..shell(r#"echo '[{"n":1},{"n":1}]'"#) };
    unreadable(&twice, usual(), "the key `1` is there twice");
}

#[test]
fn gets_its_arguments_and_its_environment_without_a_shell() {
    let mut command = shell(r#"printf '{"%s": "%s"}' "$1" "$EXTRA""#);
    command.argv.extend(["sh".into(), "$(id) *".into()]);
    command.environment.push(("EXTRA".into(), "more".into()));
    assert_eq!(keys(&see(&command).unwrap()), ["$(id) *"]);
}

#[test]
fn what_failed_is_never_an_answer() {
    for (script, words) in [
        ("", "EOF"),
        ("echo '{\"a\": 1'", "EOF"),
        ("echo '{\"a\": 1} x'", "trailing"),
        ("echo '{}'; exit 3", "exit status: 3"),
        ("echo '{\"a\": 1}'; echo 'no such host' >&2; exit 1", "no such host"),
        ("echo 'not logged in'; echo 'log in first' >&2; exit 4", "log in first"),
        ("echo '{}'; kill -9 $$", "signal: 9"),
        ("echo nonsense; exec yes", "expected ident"),
    ] {
        unreadable(&shell(script), usual(), words);
    }
    let nowhere = Command { argv: vec!["/nowhere/program".into()], ..shell("") };
    unreadable(&nowhere, usual(), "`/nowhere/program` cannot be started");
    let lost = Command { directory: "/nowhere".into(), ..shell("echo {}") };
    unreadable(&lost, usual(), "in `/nowhere`");
    unreadable(&Command { argv: Vec::new(), ..shell("") }, usual(), "no program");
}

#[test]
fn limits_hold() {
    let short = within(Duration::from_millis(200));
    for slow in ["echo '{'; exec tail -f /dev/null", "echo '{}'; exec >&-; while :; do :; done"] {
        unreadable(&shell(slow), short, "raise `timeout`");
    }
    // An endless row of spaces never becomes an entity.
    let endless = shell("printf '{'; yes ' '");
    unreadable(&endless, Limits { max_bytes: 1 << 20, ..usual() }, "raise `max_bytes`");
    unreadable(&endless, short, "raise `timeout`");
    let many = Command { key: Pointer::parse("/0"), ..shell("printf '['; yes '[1],'") };
    unreadable(&many, Limits { max_entities: 10, ..usual() }, "raise `max_entities`");
    let large = shell(r#"printf '{"a": "'; head -c 5000 /dev/zero | tr '\0' x; echo '"}'"#);
    assert_eq!(keys(&see(&large).unwrap()), ["a"]);
    unreadable(&large, Limits { max_bytes: 4000, ..usual() }, "raise `max_bytes`");
}

#[test]
fn who_inherits_its_output_delays_nobody() {
    let leaves = shell("tail -f /dev/null & echo '{\"a\": 1}'");
    assert_eq!(keys(&see(&leaves).unwrap()), ["a"]);
}
