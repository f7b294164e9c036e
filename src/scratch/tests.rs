//! What goes and what stays.

use super::*;
use dosd_kernel::fold::Fold as _;
use serde_json::json;
use std::fs::File;
use std::fs::FileTimes;
use std::time::SystemTime;

struct Place {
    _guard: tempfile::TempDir,
    workspace: Workspace,
    config: Config,
}

impl Place {
    fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let workspace = Workspace::resolve(Some(guard.path()), &Environment::default()).unwrap();
        Self { _guard: guard, workspace, config: Config::default() }
    }

    /// A directory of a run, changed so many seconds after the epoch.
    fn run(&self, name: &str, changed_s: u64) -> PathBuf {
        let dir = self.workspace.runs_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        let changed: SystemTime = UNIX_EPOCH + Duration::from_secs(changed_s);
        File::open(&dir).unwrap().set_times(FileTimes::new().set_modified(changed)).unwrap();
        dir
    }

    fn sorted(&self, kind: Kind, rows: &[serde_json::Value]) -> Leftovers {
        let entries = list(kind, &self.config, &self.workspace).unwrap();
        let mut lanes = LaneFold::default();
        for row in rows {
            lanes.apply_line(&row.to_string());
        }
        sort(kind, &entries, &alive(&lanes), &self.config, &self.workspace)
    }
}

#[test]
fn the_newest_stay_and_the_rest_goes() {
    let mut place = Place::new();
    place.config.retention.runs_keep_last = Some(1);
    let (old, new) = (place.run("a", 1), place.run("b", 2));
    let leftovers = place.sorted(Kind::Runs, &[]);
    assert_eq!((leftovers.kept, leftovers.dropped.as_slice()), (1, &["a".to_owned()][..]));
    assert_eq!(leftovers.data_class, DataClass::Trajectory);
    assert!(old.exists(), "looking removes nothing");
    assert!(remove(Kind::Runs, &leftovers).is_empty());
    assert!(!old.exists() && new.exists());
}

#[test]
fn what_belongs_to_a_live_run_stays() {
    let mut place = Place::new();
    place.config.retention.runs_keep_last = Some(0);
    place.run("RID-open", 1);
    place.run("RID-leased", 1);
    place.run("20261122T193125Z", 1);
    fs::write(place.run("named-otherwise", 1).join("run.json"), "{\"run_id\": \"RID-open\"}")
        .unwrap();
    place.run("gone", 1);
    let rows = [
        json!({"op": "SPAWN", "run_id": "RID-open", "lane": "a", "loop_ts": "t"}),
        json!({"op": "SPAWN", "run_id": "gone", "lane": "a", "loop_ts": "t"}),
        json!({"op": "WORKER_EXITED", "run_id": "gone", "lane": "a", "pid": 1, "ran_ms": 1}),
        json!({"op": "ACQUIRE", "lane": "b", "loop_ts": "2026-11-22T19:31:25Z",
            "lease": {"lane": "b", "loop_ts": "2026-11-22T19:31:25Z", "run_id": "RID-leased"}}),
    ];
    let leftovers = place.sorted(Kind::Runs, &rows);
    assert_eq!(leftovers.dropped, ["gone"]);
    assert_eq!(leftovers.spared, ["20261122T193125Z", "RID-leased", "RID-open", "named-otherwise"]);
    assert_eq!(leftovers.kept, 4);
}

#[test]
fn links_and_strangers_are_no_leftovers() {
    let mut place = Place::new();
    place.config.retention.audits_keep_last = Some(0);
    place.config.retention.runs_keep_last = Some(0);
    let audits = place.workspace.state_dir().join("audits");
    fs::create_dir_all(audits.join("trajectory-audit-dir")).unwrap();
    fs::write(audits.join("trajectory-audit-1"), "").unwrap();
    fs::write(audits.join("notes"), "").unwrap();
    std::os::unix::fs::symlink(audits.join("notes"), audits.join("trajectory-audit-2")).unwrap();
    assert_eq!(place.sorted(Kind::Audits, &[]).dropped, ["trajectory-audit-1"]);
    fs::create_dir_all(place.workspace.runs_dir()).unwrap();
    let link = place.workspace.runs_dir().join("link");
    std::os::unix::fs::symlink(place.workspace.root(), link).unwrap();
    assert!(place.sorted(Kind::Runs, &[]).dropped.is_empty());
}

#[test]
fn without_a_cap_everything_stays() {
    let mut place = Place::new();
    place.config.retention.runs_keep_last = None;
    place.run("a", 1);
    let leftovers = place.sorted(Kind::Runs, &[]);
    assert!(leftovers.unbounded && leftovers.dropped.is_empty());
}

#[test]
fn a_directory_that_holds_more_than_runs_is_noticed() {
    let mut place = Place::new();
    place.workspace.ensure_state_dir().unwrap();
    let all = protected(&place.config, &place.workspace, &Environment::default());
    assert_eq!(endangered(&place.config, &place.workspace, &all), None);
    for (elsewhere, first) in [("/", 0), (".", 0), (".dos/../.dos", 1), (".dos/logs", 4)] {
        fs::create_dir_all(place.workspace.logs_dir()).unwrap();
        place.config.paths.others = [(OtherPath::FanoutRuns, PathBuf::from(elsewhere))].into();
        let found = endangered(&place.config, &place.workspace, &all);
        assert_eq!(found, Some(all[first].as_path()), "{elsewhere}");
    }
}
