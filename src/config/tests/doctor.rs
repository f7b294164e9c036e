//! The doctor's report as it prints, for people and as JSON.

use crate::config::doctor::{Report, examine};
use crate::env::Environment;
use crate::workspace::Workspace;
use serde_json::{Value, json};

fn report(dos_toml: Option<&str>) -> Report {
    let directory = tempfile::tempdir().unwrap();
    if let Some(text) = dos_toml {
        std::fs::write(directory.path().join("dos.toml"), text).unwrap();
    }
    let environment = Environment::default();
    let workspace = Workspace::resolve(Some(directory.path()), &environment).unwrap();
    examine(&workspace, &environment)
}

fn as_json(dos_toml: Option<&str>) -> Value {
    serde_json::to_value(report(dos_toml)).unwrap()
}

#[test]
fn findings_are_printed_with_their_help() {
    let text = report(Some("[dosd.worker]\ncommand = [\"/nowhere/agent\"]\n")).to_string();
    assert!(
        text.contains("\n1 thing needs attention\nerror: worker command: cannot open"),
        "{text}"
    );
    assert!(text.contains("`/nowhere/agent`") && text.contains("\n  help: correct"), "{text}");
}

#[test]
fn problems_of_the_file_are_printed_with_their_place() {
    let text = report(Some("[dosd]\ntick = \"0s\"\n")).to_string();
    assert!(text.contains("dos.toml (refused)"), "{text}");
    assert!(text.contains("dos.toml:2:8: key `dosd.tick`: must not be zero"), "{text}");
}

#[test]
fn the_shared_keys_have_the_peers_shape() {
    let report = as_json(None);
    assert_eq!(
        report["lanes"],
        json!({"autopick": ["main"], "concurrent": ["main"], "exclusive": ["global"],
               "trees": {"global": ["**/*"], "main": ["**/*"]}})
    );
    assert_eq!(
        report["supervise"],
        json!({"count_spinning_as_alive": true, "max_concurrency": null, "reap_stalled": true,
               "spin_halt_after_ms": null, "target": 1,
               "worker_launch_template": "/dos-dispatch-loop --lane {lane}"})
    );
    assert_eq!(report["config"]["state"], "absent");
    assert_eq!(
        report["roster"][0],
        json!({"lane": "main", "kind": "concurrent", "tree": ["**/*"]})
    );
}

#[test]
fn problems_in_json_have_their_place() {
    let report = as_json(Some("[supervise]\ntarget = -1\n"));
    let problem = &report["config"]["problems"][0];
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!(10)));
    assert_eq!(
        (&problem["key"], &problem["weight"]),
        (&json!("supervise.target"), &json!("error"))
    );
    assert_eq!(report.get("lanes"), None);
}

#[test]
fn every_section_of_a_full_report_is_printed() {
    let text = report(Some(
        "[supervise]\nmax_concurrency = 2\nspin_halt_after_ms = 7\n\
             [[dosd.witness]]\nname = \"w\"\nkind = \"json\"\npath = \"dos.toml\"\n\
             [[dosd.exporter]]\nname = \"e\"\nkind = \"file\"\npath = \"e.jsonl\"\n",
    ))
    .to_string();
    for part in [
        "target 1, at most 2 at once, spinners count, stalled workers are reaped, a halt is proposed after 7 ms",
        "  main    concurrent  **/*",
        "  new  lane journal ",
        "worker       claude -p \"/dos-dispatch-loop --lane {lane}\"",
        "  w  json  OS_RECORDED ",
        "(unreadable)",
        "  e  file  from INFO ",
        "error: witness w: ",
    ] {
        assert!(text.contains(part), "{part:?} in\n{text}");
    }
}

#[test]
fn a_file_beside_the_journals_needs_no_directory_before_the_first_start() {
    let directory = tempfile::tempdir().unwrap();
    let config =
        "[[dosd.exporter]]\nkind = \"file\"\nname = \"audit\"\npath = \".dos/audit.jsonl\"\n";
    std::fs::write(directory.path().join("dos.toml"), config).unwrap();
    let environment = Environment::default();
    let workspace = Workspace::resolve(Some(directory.path()), &environment).unwrap();
    let report = examine(&workspace, &environment).to_string();
    assert!(!report.contains("error: exporter audit"), "{report}");
    let elsewhere = config.replace(".dos/", "nowhere/");
    std::fs::write(directory.path().join("dos.toml"), elsewhere).unwrap();
    let report = examine(&workspace, &environment).to_string();
    assert!(report.contains("error: exporter audit"), "{report}");
}
