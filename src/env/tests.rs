//! Tests of the environment: which variable feeds which value, and what counts as set.

use super::Environment;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    Environment::from_variables(PathBuf::from("/here"), |name| {
        variables.get(name).map(OsString::from)
    })
}

#[test]
fn nothing_set_is_the_default_with_a_working_directory() {
    let expected = Environment { cwd: PathBuf::from("/here"), ..Environment::default() };
    assert_eq!(environment(&[]), expected);
}

#[test]
fn the_neutral_journal_variable_wins_over_its_alias() {
    let both =
        environment(&[("DISPATCH_LANE_JOURNAL_PATH", "/a"), ("JOB_LANE_JOURNAL_PATH", "/b")]);
    assert_eq!(both.lane_journal, Some(PathBuf::from("/a")));
    let alias = environment(&[("JOB_LANE_JOURNAL_PATH", "/b")]);
    assert_eq!(alias.lane_journal, Some(PathBuf::from("/b")));
    let blank = environment(&[("DISPATCH_LANE_JOURNAL_PATH", ""), ("JOB_LANE_JOURNAL_PATH", "/b")]);
    assert_eq!(blank.lane_journal, Some(PathBuf::from("/b")));
}

#[test]
fn an_empty_variable_is_not_set() {
    let blank = environment(&[("DISPATCH_WORKSPACE", ""), ("CID_RUN_ID", ""), ("DOS_LANE", "")]);
    assert_eq!(blank, environment(&[]));
}

#[test]
fn no_color_counts_by_presence() {
    assert!(environment(&[("NO_COLOR", "")]).no_color);
    assert!(!environment(&[]).no_color);
}

#[test]
fn every_variable_lands_in_its_own_field() {
    let all = environment(&[
        ("DISPATCH_WORKSPACE", "/w"),
        ("DISPATCH_VERDICT_JOURNAL_PATH", "/v"),
        ("DISPATCH_LANE_LEASE_LOCK_PATH", "/l"),
        ("DISPATCH_ARCHIVE_LOCK_PATH", "/al"),
        ("DISPATCH_ID_ALLOC_DIR", "/i"),
        ("DOSD_SOCKET", "/s"),
        ("DOSD_SERVER", "https://fleet"),
        ("DOSD_TOKEN_FILE", "/t"),
        ("DOSD_CA_FILE", "/ca"),
        ("DOSD_INSECURE", "1"),
        ("DISPATCH_HOST_ID", "host"),
        ("DISPATCH_LOOP_TS", "loop"),
        ("DOS_LANE", "lane"),
        ("CID_RUN_ID", "run"),
        ("DISPATCH_RUN_ID", "other"),
        ("CID_PARENT_ID", "parent"),
        ("CID_ROOT_ID", "root"),
        ("CID_PROCESS_ID", "process"),
        ("DOS_EXPORT_FILE", "/e"),
        ("PATH", "/bin"),
        ("DOS_COLOR", "always"),
    ]);
    let expected = Environment {
        cwd: PathBuf::from("/here"),
        workspace: Some(PathBuf::from("/w")),
        lane_journal: None,
        verdict_journal: Some(PathBuf::from("/v")),
        lease_lock: Some(PathBuf::from("/l")),
        archive_lock: Some(PathBuf::from("/al")),
        id_alloc_dir: Some(PathBuf::from("/i")),
        socket: Some(PathBuf::from("/s")),
        server: Some("https://fleet".to_owned()),
        token_file: Some(PathBuf::from("/t")),
        ca_file: Some(PathBuf::from("/ca")),
        insecure: true,
        host_id: Some("host".to_owned()),
        loop_ts: Some("loop".to_owned()),
        lane: Some("lane".to_owned()),
        run_id: Some("run".to_owned()),
        dispatch_run_id: Some("other".to_owned()),
        parent_id: Some("parent".to_owned()),
        root_id: Some("root".to_owned()),
        process_id: Some("process".to_owned()),
        export_file: Some(PathBuf::from("/e")),
        search_path: Some(OsString::from("/bin")),
        no_color: false,
        color: Some("always".to_owned()),
    };
    assert_eq!(all, expected);
}

#[test]
fn the_real_environment_has_a_working_directory() {
    assert!(Environment::read().unwrap().cwd.is_absolute());
}
