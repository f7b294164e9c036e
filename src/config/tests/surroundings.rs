//! What the doctor says about the world around a configuration.

use crate::config::doctor::{ConfigState, LaneKind, Report, examine};
use crate::env::Environment;
use crate::workspace::Workspace;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

/// A workspace with a `dos.toml` and a program `agent`, and the environment that finds it.
struct Fixture {
    directory: TempDir,
    environment: Environment,
}

impl Fixture {
    fn new(dos_toml: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        fs::write(root.join("dos.toml"), dos_toml).unwrap();
        let bin = root.join("bin");
        fs::create_dir(&bin).unwrap();
        let environment = Environment {
            cwd: root,
            search_path: Some(bin.clone().into_os_string()),
            ..Environment::default()
        };
        program(&bin.join("agent"), 0o755);
        Self { directory, environment }
    }

    fn examine(&self) -> Report {
        let workspace = Workspace::resolve(Some(self.directory.path()), &self.environment).unwrap();
        examine(&workspace, &self.environment)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.directory.path().join(name), content).unwrap();
    }
}

fn program(path: &Path, mode: u32) {
    fs::write(path, "#!/bin/sh\n").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

const AGENT: &str = "[dosd.worker]\ncommand = [\"agent\", \"{lane}\"]\n";

fn subjects(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.subject.as_str()).collect()
}

#[test]
fn a_healthy_workspace_has_nothing_to_say() {
    let fixture = Fixture::new(AGENT);
    let report = fixture.examine();
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.config.state, ConfigState::Used);
    assert!(report.to_string().ends_with("\neverything looks well\n"));
    let names: Vec<String> = fs::read_dir(fixture.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "examining created something: {names:?}");
}

#[test]
fn the_roster_is_in_plan_order() {
    let text = format!(
        "{AGENT}[lanes]\nexclusive = [\"x\"]\nconcurrent = [\"b\", \"a\"]\n[lanes.trees]\na = [\"a/**\"]\nb = [\"b/**\"]\n"
    );
    let detail = Fixture::new(&text).examine().detail.unwrap();
    let roster: Vec<(&str, LaneKind)> =
        detail.roster.iter().map(|lane| (lane.lane.as_str(), lane.kind)).collect();
    assert_eq!(
        roster,
        [("b", LaneKind::Concurrent), ("a", LaneKind::Concurrent), ("x", LaneKind::Exclusive)]
    );
}

#[test]
fn overlapping_concurrent_lanes_are_named_with_their_globs() {
    let text = format!(
        "{AGENT}[lanes]\nconcurrent = [\"all\", \"api\", \"web\"]\nexclusive = [\"solo\"]\n[lanes.trees]\n\
         all = [\"docs/**\", \"src/**\"]\napi = [\"src/api/**\"]\nweb = [\"web/**\"]\nsolo = [\"**/*\"]\n"
    );
    let report = Fixture::new(&text).examine();
    let detail = report.detail.as_ref().unwrap();
    assert_eq!(detail.overlaps.len(), 1);
    assert_eq!(detail.overlaps[0].lanes, ["all", "api"]);
    assert_eq!(detail.overlaps[0].globs, ["src/**", "src/api/**"]);
    assert_eq!(subjects(&report), ["lanes all and api"]);
}

#[test]
fn the_program_is_looked_for_without_starting_it() {
    let found = |command: &str| {
        let fixture = Fixture::new(&format!("[dosd.worker]\ncommand = [{command}]\n"));
        fs::create_dir(fixture.directory.path().join("bin/folder")).unwrap();
        fixture.write("bin/text", "no program");
        fixture.examine().detail.unwrap().worker
    };
    for command in ["\"agent\"", "\"./bin/agent\"", "\"bin/agent\"", "\"{workspace}/bin/agent\""] {
        let worker = found(command);
        assert!(worker.program.unwrap().ends_with("bin/agent"), "{command}");
        assert_eq!(worker.problem, None);
    }
    for (command, reason) in [
        ("\"nowhere\"", "`nowhere` is not found in `PATH`"),
        ("\"folder\"", "is not a file"),
        ("\"text\"", "cannot run"),
        ("\"./nowhere\"", "cannot open"),
    ] {
        let worker = found(command);
        assert_eq!(worker.program, None);
        assert!(worker.problem.unwrap().contains(reason), "{command}");
    }
    let varies = found("\"bin/{lane}\"");
    assert_eq!((varies.program, varies.problem), (None, None));
}

#[test]
fn a_fleet_of_workers_that_come_by_themselves_misses_no_program() {
    let mut text = "[dosd.worker]\ncommand = [\"nowhere\"]\n[dosd.worker.lanes.main]\n\
        command = [\"not-there\"]\n"
        .to_owned();
    assert_eq!(
        subjects(&Fixture::new(&text).examine()),
        ["worker command", "worker command of lane main"]
    );
    text.push_str("[supervise]\ntarget = 0\n");
    assert_eq!(subjects(&Fixture::new(&text).examine()), [""; 0]);
}

#[test]
fn a_search_path_may_be_missing() {
    let mut fixture = Fixture::new(AGENT);
    fixture.environment.search_path = None;
    assert_eq!(subjects(&fixture.examine()), ["worker command"]);
}

#[test]
fn files_that_cannot_be_written_are_found_before_the_daemon_starts() {
    let fixture =
        Fixture::new(&format!("{AGENT}[paths]\nverdict_journal = \"dos.toml/v.jsonl\"\n"));
    fs::create_dir_all(fixture.directory.path().join(".dos/lane-journal.jsonl")).unwrap();
    fixture.write(".dos/logs", "");
    let report = fixture.examine();
    assert_eq!(subjects(&report), ["lane journal", "verdict journal", "logs dir"]);
    let files = report.detail.unwrap().files;
    let state = |name: &str| {
        let file = files.iter().find(|file| file.name == name).unwrap();
        (file.exists, file.writable)
    };
    assert_eq!(state("lane_journal"), (true, false));
    assert_eq!(state("verdict_journal"), (false, false));
    assert_eq!(state("daemon_lock"), (false, true));
    assert_eq!(state("state_dir"), (true, true));
}

#[test]
fn a_socket_that_cannot_be_made_is_found() {
    let mut fixture = Fixture::new(AGENT);
    fixture.environment.socket = Some(fixture.directory.path().join("dos.toml/dosd.sock"));
    assert_eq!(subjects(&fixture.examine()), ["socket"]);
    // A path longer than a socket address is no hindrance.
    fixture.environment.socket = Some(fixture.directory.path().join("s".repeat(200)));
    assert!(fixture.examine().is_clean());
}

#[test]
fn witnesses_are_read_and_counted() {
    let witness = |name: &str| {
        format!("[[dosd.witness]]\nname = \"{name}\"\nkind = \"json\"\npath = \"{name}.json\"\n")
    };
    let names = ["good", "list", "torn", "gone"];
    let text: String = std::iter::once(AGENT.to_owned()).chain(names.map(witness)).collect();
    let fixture = Fixture::new(&text);
    fixture.write("good.json", "{\"a\": 1, \"b\": {\"c\": []}}");
    fixture.write("list.json", "[1]");
    fixture.write("torn.json", "{\"a\": ");
    let report = fixture.examine();
    assert_eq!(subjects(&report), ["witness list", "witness torn", "witness gone"]);
    let witnesses = &report.detail.as_ref().unwrap().witnesses;
    assert_eq!(witnesses[0].entities, Some(2));
    assert!(witnesses[1].problem.as_ref().unwrap().contains("list.json"));
    assert!(witnesses[3].problem.as_ref().unwrap().contains("gone.json"));
}

#[test]
fn exporters_that_cannot_write_are_found() {
    let text = format!(
        "{AGENT}[[dosd.exporter]]\nkind = \"file\"\nname = \"ok\"\npath = \"bin/a.jsonl\"\n\
         [[dosd.exporter]]\nkind = \"file\"\nname = \"folder\"\npath = \"bin\"\n\
         [[dosd.exporter]]\nkind = \"file\"\nname = \"nowhere\"\npath = \"out/a.jsonl\"\n"
    );
    let report = Fixture::new(&text).examine();
    assert_eq!(subjects(&report), ["exporter folder", "exporter nowhere"]);
}

#[test]
fn a_refused_configuration_leaves_only_its_problems() {
    let report = Fixture::new("[supervise]\ntarget = -1\n").examine();
    assert_eq!(report.config.state, ConfigState::Refused);
    assert_eq!(report.config.problems.len(), 1);
    assert_eq!(report.detail, None);
    assert!(!report.is_clean());
}

#[test]
fn an_unreadable_configuration_is_a_finding() {
    let fixture = Fixture::new("");
    fs::write(fixture.directory.path().join("dos.toml"), b"\xff").unwrap();
    let report = fixture.examine();
    assert_eq!(report.config.state, ConfigState::Refused);
    assert_eq!(subjects(&report), ["dos.toml"]);
}
