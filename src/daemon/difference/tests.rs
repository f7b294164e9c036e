//! What changes between two files, and for whom.

use super::*;
use crate::config;
use std::path::Path;

const BASE: &str = r#"
[lanes]
concurrent = ["a", "b"]
[lanes.trees]
a = ["a/**"]
b = ["b/**"]
[dosd]
tick = "5s"
[dosd.worker]
command = ["run", "{lane}"]
[dosd.worker.lanes.a]
stop_timeout = "3s"
[[dosd.witness]]
name = "orders"
kind = "json"
path = "orders.json"
[[dosd.exporter]]
kind = "file"
name = "audit"
path = "audit.jsonl"
"#;

fn config(text: &str) -> Config {
    config::parse(text, Path::new("dos.toml")).unwrap().0
}

/// The difference that replacing one piece of the text makes.
fn replaced(old: &str, new: &str) -> Changes {
    assert!(BASE.contains(old), "{old}");
    difference(&config(BASE), &config(&BASE.replace(old, new)))
}

fn concerned(changes: &Changes) -> Vec<Concerned> {
    changes.concerned.iter().copied().collect()
}

#[test]
fn the_same_text_changes_nothing() {
    let changes = difference(&config(BASE), &config(&format!("# a comment\n{BASE}")));
    assert_eq!(changes.config, config(BASE));
    assert_eq!(
        (changes.to_string().as_str(), changes.stays()),
        ("nothing changed for the daemon", None)
    );
    assert_eq!(concerned(&changes), []);
}

#[test]
fn sections_that_the_daemon_does_not_read_are_taken_over_in_silence() {
    let text = format!("{BASE}\n[cooldown]\nwindow_hours = 1\n[overlap]\npolicy = \"soft\"\n");
    let changes = difference(&config(BASE), &config(&text));
    assert_eq!(changes.config, config(&text));
    assert_eq!(
        (changes.to_string().as_str(), concerned(&changes)),
        ("nothing changed for the daemon", vec![])
    );
}

#[test]
fn each_key_concerns_those_who_go_by_it() {
    use Concerned::{Exporters, Fleet, Retention, Shutdown, Witnesses, Workers};
    for (old, new, named, who) in [
        ("a = [\"a/**\"]", "a = [\"c/**\"]", "lanes", Fleet),
        ("[dosd]", "[supervise]\ntarget = 4\n[dosd]", "supervise", Fleet),
        ("\"5s\"", "\"6s\"", "tick", Fleet),
        ("[dosd.worker]", "[dosd.liveness]\nspin = \"1m\"\n[dosd.worker]", "liveness", Fleet),
        ("\"run\"", "\"other\"", "worker.command", Workers),
        ("[dosd.worker]", "[dosd.worker]\nlease = \"supervisor\"", "worker.lease", Fleet),
        ("[dosd.worker]", "[dosd.worker]\nrestart.burst = 1", "worker.restart", Fleet),
        ("[dosd.worker]", "[dosd.worker]\nlog.keep = 1", "worker.log", Workers),
        ("[dosd.worker]", "[dosd.worker]\nstop_timeout = \"1s\"", "worker.stop_timeout", Workers),
        ("\"3s\"", "\"4s\"", "worker.lanes.a.stop_timeout", Workers),
        (
            "[dosd.worker.lanes.a]",
            "[dosd.worker.lanes.b]\nlease = \"supervisor\"\n[dosd.worker.lanes.a]",
            "worker.lanes.b.lease",
            Fleet,
        ),
        ("[dosd]", "[retention]\njournal_max_entries = 9\n[dosd]", "retention", Retention),
        ("[dosd]", "[dosd]\non_shutdown = \"stop\"", "on_shutdown", Shutdown),
        ("orders.json", "other.json", "witness orders", Witnesses),
        ("audit.jsonl", "other.jsonl", "exporter audit", Exporters),
        ("name = \"audit\"", "name = \"tap\"", "exporter tap, exporter audit", Exporters),
    ] {
        let changes = replaced(old, new);
        assert_eq!((changes.to_string().as_str(), concerned(&changes)), (named, vec![who]));
        assert_eq!(
            (changes.config.clone(), changes.stays()),
            (config(&BASE.replace(old, new)), None)
        );
    }
}

#[test]
fn a_lane_that_loses_its_own_keys_is_named() {
    let changes = replaced("[dosd.worker.lanes.a]\nstop_timeout = \"3s\"\n", "");
    assert_eq!(changes.to_string(), "worker.lanes.a.stop_timeout");
}

#[test]
fn several_changes_are_named_in_the_order_of_the_manual() {
    let text = BASE.replace("\"run\"", "\"other\"").replace("\"a\", \"b\"", "\"a\", \"b\", \"c\"");
    let changes = difference(&config(BASE), &config(&text));
    assert_eq!(changes.to_string(), "lanes, worker.command");
    assert_eq!(concerned(&changes), [Concerned::Workers, Concerned::Fleet]);
}

#[test]
fn journals_stay_where_they_are_and_the_rest_goes_on() {
    let text = format!("{BASE}\n[paths]\nlane_journal = \"l.jsonl\"\nverdict_journal = \"v.jsonl\"\nplans_glob = \"*.md\"\n")
        .replace("\"5s\"", "\"6s\"");
    let changes = difference(&config(BASE), &config(&text));
    assert_eq!(changes.stays().as_deref(), Some("paths.lane_journal, paths.verdict_journal"));
    assert_eq!(changes.to_string(), "tick");
    assert_eq!(
        (&changes.config.paths.lane_journal, &changes.config.paths.verdict_journal),
        (&None, &None)
    );
    assert_eq!(changes.config.paths.plans_glob.as_deref(), Some("*.md"));
    // Asked again, it is said again.
    let again = difference(&changes.config, &config(&text));
    assert_eq!(
        (again.to_string().as_str(), again.stays()),
        ("nothing changed for the daemon", changes.stays())
    );
}

#[test]
fn an_exporter_never_gets_the_file_of_a_journal_that_stays() {
    let text = format!("{BASE}\n[paths]\nverdict_journal = \"v.jsonl\"\n")
        .replace("audit.jsonl", ".dos/verdict-journal.jsonl");
    let changes = difference(&config(BASE), &config(&text));
    assert_eq!(changes.stays().as_deref(), Some("paths.verdict_journal, exporters"));
    assert_eq!(changes.config.exporters, config(BASE).exporters);
    assert_eq!(concerned(&changes), []);
}
