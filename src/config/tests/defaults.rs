//! What holds without a `dos.toml`, and with one that says nothing.

use super::good;
use crate::config::{Config, LeaseKeeper, Loaded, Paths, Rotation, load};
use crate::env::Environment;
use crate::workspace::Workspace;
use std::path::Path;
use std::time::Duration;

fn workspace(root: &Path) -> Workspace {
    Workspace::resolve(Some(root), &Environment::default()).unwrap()
}

#[test]
fn no_file_at_all_is_the_default() {
    let directory = tempfile::tempdir().unwrap();
    let loaded = load(&workspace(directory.path())).unwrap();
    assert_eq!(loaded, Loaded { config: Config::default(), file: None, warnings: Vec::new() });
}

#[test]
fn the_default_is_what_the_peer_uses_in_an_empty_directory() {
    let config = Config::default();
    assert_eq!(config.lanes.concurrent, ["main"]);
    assert_eq!(config.lanes.exclusive, ["global"]);
    assert_eq!(config.lanes.autopick, ["main"]);
    let trees: Vec<_> =
        config.lanes.trees.iter().map(|(lane, tree)| (lane.as_str(), tree)).collect();
    let everything = vec!["**/*".to_owned()];
    assert_eq!(trees, [("global", &everything), ("main", &everything)]);
    assert!(config.lanes.aliases.is_empty());
    assert_eq!(config.supervise.target, 1);
    assert!(config.supervise.count_spinning_as_alive);
    assert!(config.supervise.reap_stalled);
    assert_eq!(config.supervise.spin_halt_after_ms, None);
    assert_eq!(config.supervise.max_concurrency, None);
    assert_eq!(config.worker_launch_template, "/dos-dispatch-loop --lane {lane}");
    assert_eq!(config.paths, Paths::default());
    assert_eq!(config.liveness.grace_ms, 30 * 60_000);
    assert_eq!(config.liveness.spin_ms, 15 * 60_000);
}

#[test]
fn our_own_defaults_are_the_documented_ones() {
    let config = Config::default();
    assert_eq!(config.tick, Duration::from_secs(30));
    assert_eq!(
        config.workers.usual.command.words(),
        ["claude", "-p", "/dos-dispatch-loop --lane {lane}"]
    );
    assert_eq!(config.workers.usual.lease, LeaseKeeper::Worker);
    assert_eq!(config.workers.usual.stop_timeout, Duration::from_secs(10));
    assert_eq!(config.workers.usual.log, Rotation { max_bytes: 10_000_000, keep: 5 });
    let restart = config.workers.usual.restart;
    assert_eq!((restart.burst, restart.window_ms), (5, 600_000));
    assert_eq!((restart.delay_ms, restart.max_delay_ms), (1_000, 120_000));
}

#[test]
fn empty_sections_change_nothing() {
    for text in ["", "# nothing\n", "[lanes]\n[supervise]\n[paths]\n[dosd]\n[dosd.worker]\n"] {
        assert_eq!(good(text), Config::default());
    }
}

#[test]
fn writing_the_defaults_out_changes_nothing() {
    let text = r#"
[lanes]
concurrent = ["main"]
exclusive = ["global"]
autopick = ["main"]
[lanes.trees]
main = ["**/*"]
global = ["**/*"]
[supervise]
target = 1
count_spinning_as_alive = true
reap_stalled = true
worker_launch_template = "/dos-dispatch-loop --lane {lane}"
[dosd]
tick = "30s"
on_shutdown = "detach"
liveness = { grace = "30m", spin = "15m" }
[dosd.worker]
command = ["claude", "-p", "/dos-dispatch-loop --lane {lane}"]
lease = "worker"
stop_timeout = "10s"
restart = { burst = 5, window = "10m", delay = "1s", max_delay = "2m" }
log = { max_size = "10MB", keep = 5 }
"#;
    assert_eq!(good(text), Config::default());
}

#[test]
fn the_files_of_other_implementations_pass_in_silence() {
    let scaffold = "workspace = \".\"\n[lanes]\nconcurrent = [\"src\"]\nexclusive = [\"global\"]\n\
        autopick = [\"src\"]\n[lanes.trees]\nsrc = [\"src/**\"]\nglobal = [\"**/*\"]\n\
        [paths]\nplans_glob = \"docs/**/*-plan.md\"\n[stamp]\nstyle = \"grep\"\n\
        [reasons.X]\ncategory = \"MISROUTE\"\n[[concurrency_class]]\nname = \"z\"\nmax_concurrent = 1\n[overlap]\nratio_max = 0.5\n";
    assert_eq!(good(scaffold).lanes.concurrent, ["src"]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_key() {
    assert_eq!(good("\u{feff}[supervise]\ntarget = 3\n").supervise.target, 3);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("dos.toml")).unwrap();
    let error = load(&workspace(directory.path())).unwrap_err().to_string();
    assert!(error.contains("dos.toml") && error.contains("help: "), "{error}");

    let binary = tempfile::tempdir().unwrap();
    std::fs::write(binary.path().join("dos.toml"), b"a = \"\xff\"").unwrap();
    let error = load(&workspace(binary.path())).unwrap_err().to_string();
    assert!(error.contains("UTF-8"), "{error}");
}
