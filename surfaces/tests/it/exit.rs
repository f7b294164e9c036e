//! Programs that answer by their status.

use std::time::Duration;

use dosd_actors::port::Children;
use dosd_actors::witness::Probe as _;
use dosd_surfaces::Exit;

use crate::support::identity;

fn program(argv: &[&str]) -> Exit {
    Exit {
        identity: identity(),
        argv: argv.iter().map(Into::into).collect(),
        directory: "/".into(),
        timeout: Duration::from_mins(1),
        children: Children::default(),
    }
}

#[test]
fn zero_is_a_yes_and_every_other_status_a_no() {
    let test = program(&["test", "{key}", "=", "a b;{key}"]);
    assert_eq!(test.ask("a"), Ok(false));
    assert_eq!(program(&["test", "x{key}x", "=", "xa b;$(id)x"]).ask("a b;$(id)"), Ok(true));
    assert_eq!(program(&["sh", "-c", "yes | head -n 100000; exit 75"]).ask("a"), Ok(false));
    // The entity's own braces are not filled again.
    assert_eq!(program(&["test", "{key}", "=", "x"]).ask("{key}"), Ok(false));
}

#[test]
fn what_is_no_answer_is_neither() {
    let cause = |exit: &Exit, key| exit.ask(key).unwrap_err().to_string();
    let killed = cause(&program(&["sh", "-c", "echo why >&2; kill -9 $$"]), "a");
    assert!(killed.contains("signal: 9") && killed.contains("why"), "{killed}");
    let hangs =
        Exit { timeout: Duration::from_millis(100), ..program(&["tail", "-f", "/dev/null"]) };
    assert!(cause(&hangs, "a").contains("did not end within 100 ms"));
    assert!(cause(&program(&["/nowhere/program"]), "a").contains("cannot be started"));
    assert!(cause(&program(&[]), "a").contains("no program"));
    assert!(cause(&program(&["test", "{key}"]), "a\0b").contains("cannot be started"));
}

#[test]
fn an_entity_is_never_an_option_nor_the_program() {
    let error = program(&["test", "{key}"]).ask("-e").unwrap_err().to_string();
    assert!(error.contains("would be an option"), "{error}");
    assert_eq!(program(&["test", "x{key}", "=", "x-e"]).ask("-e"), Ok(true));
    assert!(program(&["{key}"]).ask("true").is_err());
}
