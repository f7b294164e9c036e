//! Tests of the workspace: how it is found, and where its files are.

use super::{Origin, Workspace, WorkspaceError};
use crate::config::{OtherPath, Paths};
use crate::env::Environment;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap();
    (directory, path)
}

#[test]
fn the_option_wins_over_the_variable_over_the_working_directory() {
    let (_guard, root) = directory();
    for name in ["option", "variable"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    let mut environment = Environment {
        cwd: root.clone(),
        workspace: Some(PathBuf::from("variable")),
        ..Environment::default()
    };
    let resolve = |option: Option<&str>, environment: &Environment| {
        Workspace::resolve(option.map(Path::new), environment).unwrap().root().to_owned()
    };
    assert_eq!(resolve(Some("option"), &environment), root.join("option"));
    assert_eq!(resolve(None, &environment), root.join("variable"));
    environment.workspace = None;
    assert_eq!(resolve(None, &environment), root);
    assert_eq!(resolve(Some("option/.."), &environment), root);
}

#[test]
fn links_are_followed() {
    let (_guard, root) = directory();
    fs::create_dir(root.join("real")).unwrap();
    std::os::unix::fs::symlink(root.join("real"), root.join("link")).unwrap();
    let workspace = Workspace::resolve(Some(&root.join("link")), &Environment::default()).unwrap();
    assert_eq!(workspace.root(), root.join("real"));
}

#[test]
fn a_missing_workspace_is_named_with_who_named_it() {
    let (_guard, root) = directory();
    let environment = Environment {
        cwd: root.clone(),
        workspace: Some(PathBuf::from("gone")),
        ..Environment::default()
    };
    let error = Workspace::resolve(None, &environment).unwrap_err();
    assert!(matches!(error, WorkspaceError::Unreachable { origin: Origin::Variable, .. }));
    let text = error.to_string();
    assert!(text.contains(&format!("`{}`", root.join("gone").display())), "{text}");
    assert!(text.contains("(from `DISPATCH_WORKSPACE`)") && text.contains("\n  help: "), "{text}");
}

#[test]
fn a_file_and_an_empty_option_are_no_workspaces() {
    let (_guard, root) = directory();
    fs::write(root.join("file"), "").unwrap();
    let error = Workspace::resolve(Some(&root.join("file")), &Environment::default()).unwrap_err();
    assert!(matches!(error, WorkspaceError::NotADirectory { origin: Origin::Option, .. }));
    let error = Workspace::resolve(Some(Path::new("")), &Environment::default()).unwrap_err();
    assert!(matches!(error, WorkspaceError::Empty));
}

#[test]
fn everything_is_in_the_state_directory_by_default() {
    let (_guard, root) = directory();
    let environment = Environment::default();
    let workspace = Workspace::resolve(Some(&root), &environment).unwrap();
    let (paths, state) = (Paths::default(), root.join(".dos"));
    assert_eq!(workspace.config_file(), root.join("dos.toml"));
    assert_eq!(workspace.state_dir(), state);
    assert_eq!(workspace.lane_journal(&paths, &environment), state.join("lane-journal.jsonl"));
    assert_eq!(
        workspace.verdict_journal(&paths, &environment),
        state.join("verdict-journal.jsonl")
    );
    assert_eq!(workspace.lease_lock(&paths, &environment), state.join(".lane-lease.lock"));
    assert_eq!(workspace.daemon_lock(), state.join("dosd.lock"));
    assert_eq!(workspace.socket(&environment), state.join("dosd.sock"));
    assert_eq!(workspace.runs_dir(), state.join("runs"));
    assert_eq!(workspace.logs_dir(), state.join("logs"));
    assert_eq!(workspace.exporters_dir(), state.join("exporters"));
}

#[test]
fn configured_paths_start_at_the_workspace_and_variables_at_the_working_directory() {
    let (_guard, root) = directory();
    let mut environment = Environment { cwd: PathBuf::from("/cwd"), ..Environment::default() };
    let workspace = Workspace::resolve(Some(&root), &environment).unwrap();
    let paths = Paths {
        lane_journal: Some(PathBuf::from("state/lanes.jsonl")),
        verdict_journal: Some(PathBuf::from("/var/verdicts.jsonl")),
        others: [(OtherPath::LeasesDir, PathBuf::from("l"))].into(),
        ..Paths::default()
    };
    assert_eq!(workspace.other(&paths, OtherPath::FanoutRuns), root.join(".dos/runs"));
    assert_eq!(workspace.id_alloc_dir(&paths, &environment), root.join("l/id-alloc"));
    assert_eq!(workspace.lane_journal(&paths, &environment), root.join("state/lanes.jsonl"));
    assert_eq!(workspace.lease_lock(&paths, &environment), root.join("state/.lane-lease.lock"));
    assert_eq!(workspace.verdict_journal(&paths, &environment), Path::new("/var/verdicts.jsonl"));

    environment.lane_journal = Some(PathBuf::from("l.jsonl"));
    environment.verdict_journal = Some(PathBuf::from("/v.jsonl"));
    environment.socket = Some(PathBuf::from("s.sock"));
    assert_eq!(workspace.lane_journal(&paths, &environment), Path::new("/cwd/l.jsonl"));
    assert_eq!(workspace.lease_lock(&paths, &environment), Path::new("/cwd/.lane-lease.lock"));
    assert_eq!(workspace.verdict_journal(&paths, &environment), Path::new("/v.jsonl"));
    assert_eq!(workspace.socket(&environment), Path::new("/cwd/s.sock"));
    environment.lease_lock = Some(PathBuf::from("/locks/a"));
    assert_eq!(workspace.lease_lock(&paths, &environment), Path::new("/locks/a"));
}

#[test]
fn the_state_directory_ignores_itself_and_keeps_an_edited_marker() {
    let (_guard, root) = directory();
    let workspace = Workspace::resolve(Some(&root), &Environment::default()).unwrap();
    let ignore = root.join(".dos/.gitignore");
    assert_eq!(workspace.ensure_state_dir().unwrap(), root.join(".dos"));
    assert_eq!(fs::read_to_string(&ignore).unwrap(), "*\n!.gitignore\n");
    fs::write(&ignore, "mine\n").unwrap();
    workspace.ensure_state_dir().unwrap();
    assert_eq!(fs::read_to_string(&ignore).unwrap(), "mine\n");
}

#[test]
fn a_file_in_the_place_of_the_state_directory_is_an_error() {
    let (_guard, root) = directory();
    fs::write(root.join(".dos"), "").unwrap();
    let workspace = Workspace::resolve(Some(&root), &Environment::default()).unwrap();
    assert!(workspace.ensure_state_dir().is_err());
}
