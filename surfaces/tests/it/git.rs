//! Repositories, whole and broken.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dosd_actors::port::Children;
use dosd_actors::witness::Limits;
use dosd_surfaces::Git;
use tempfile::TempDir;

use crate::support::{identity, keys, see, unreadable, usual, within};

struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repository
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgSign=false"])
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, path: impl AsRef<Path>, content: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "m"]);
    }

    fn surface(&self, refs: &[&str], files: Option<&str>) -> Git {
        Git {
            identity: identity(),
            path: self.path().to_owned(),
            refs: refs.iter().map(|it| (*it).to_owned()).collect(),
            files: files.map(str::to_owned),
            children: Children::default(),
        }
    }
}

#[test]
fn refs_are_what_they_stand_for() {
    let repository = Repository::new();
    let heads = repository.surface(&["refs/heads"], None);
    assert!(see(&heads).unwrap().is_empty(), "no ref exists yet");
    repository.commit("a", "1");
    repository.git(&["branch", "topic/x"]);
    repository.git(&["tag", "-m", "m", "v1"]);
    let before = see(&heads).unwrap();
    assert_eq!(keys(&before), ["refs/heads/main", "refs/heads/topic/x"]);
    assert_eq!(before["refs/heads/main"], before["refs/heads/topic/x"]);
    assert_eq!(see(&heads).unwrap(), before);
    repository.commit("a", "2");
    repository.git(&["branch", "-D", "topic/x"]);
    repository.git(&["pack-refs", "--all"]);
    let after = see(&heads).unwrap();
    assert_eq!(keys(&after), ["refs/heads/main"]);
    assert_ne!(after["refs/heads/main"], before["refs/heads/main"]);
    let some = repository.surface(&["refs/tags/v*", "refs/heads/*"], None);
    assert_eq!(keys(&see(&some).unwrap()), ["refs/heads/main", "refs/tags/v1"]);
}

#[test]
fn files_are_those_of_the_commit_with_their_mode() {
    let repository = Repository::new();
    repository.commit("src/a \n\t\"ü\".txt", "1");
    repository.commit(Path::new(std::ffi::OsStr::from_bytes(b"b\xff")), "1");
    let files = repository.surface(&[], Some("HEAD"));
    let before = see(&files).unwrap();
    assert_eq!(keys(&before), ["HEAD:b\\xff", "HEAD:src/a \n\t\"ü\".txt"]);
    assert_eq!(before["HEAD:b\\xff"], before["HEAD:src/a \n\t\"ü\".txt"], "one blob");
    std::fs::write(repository.path().join("worktree"), "not committed").unwrap();
    assert_eq!(see(&files).unwrap(), before);
    let script = repository.path().join("worktree");
    repository.commit("c", "c");
    let added = see(&files).unwrap();
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    repository.git(&["rm", "--quiet", "c"]);
    repository.commit("d", "d");
    let after = see(&files).unwrap();
    assert!(added.contains_key("HEAD:c") && !after.contains_key("HEAD:c"));
    assert_ne!(after["HEAD:worktree"], added["HEAD:worktree"], "the mode is part of it");
    let both = repository.surface(&["refs/heads"], Some("refs/heads/main"));
    let both = see(&both).unwrap();
    assert!(both.contains_key("refs/heads/main") && both.contains_key("refs/heads/main:d"));
}

#[test]
fn what_is_no_repository_or_no_commit_is_unreadable() {
    let repository = Repository::new();
    unreadable(&repository.surface(&[], Some("HEAD")), usual(), "fatal");
    repository.commit("inner/a", "1");
    unreadable(&repository.surface(&[], Some("gone")), usual(), "fatal");
    unreadable(&repository.surface(&[], Some("--all")), usual(), "fatal");
    unreadable(&repository.surface(&["main"], None), usual(), "refs/heads/main");
    let inner = repository.path().join("inner");
    let inner = Git { path: inner, ..repository.surface(&["refs/heads"], None) };
    unreadable(&inner, usual(), "not a git repository");
    let gone = Git { path: "/nowhere".into(), ..inner };
    unreadable(&gone, usual(), "`/nowhere`");
}

#[test]
fn a_broken_repository_has_no_fewer_refs_and_files() {
    let repository = Repository::new();
    repository.commit("a", "1");
    repository.commit("dir/b", "1");
    let heads = repository.surface(&["refs/heads"], None);
    let files = repository.surface(&[], Some("HEAD"));
    let bad = repository.path().join(".git/refs/heads/bad");
    std::fs::write(&bad, "nonsense\n").unwrap();
    unreadable(&heads, usual(), "refs/heads/bad");
    std::fs::write(&bad, format!("{:040}\n", 0)).unwrap();
    unreadable(&heads, usual(), "refs/heads/bad");
    std::fs::remove_file(&bad).unwrap();
    let tree = repository.git(&["rev-parse", "HEAD:dir"]);
    let (folder, name) = tree.split_at(2);
    std::fs::remove_file(repository.path().join(".git/objects").join(folder).join(name)).unwrap();
    unreadable(&files, usual(), "git");
    assert_eq!(keys(&see(&heads).unwrap()), ["refs/heads/main"]);
    std::fs::write(repository.path().join(".git/HEAD"), "").unwrap();
    unreadable(&heads, usual(), "not a git repository");
}

#[test]
fn limits_hold() {
    let repository = Repository::new();
    repository.commit("a", "1");
    repository.commit("b", "1");
    let files = repository.surface(&["refs/heads"], Some("HEAD"));
    unreadable(&files, within(Duration::ZERO), "raise `timeout`");
    unreadable(&files, Limits { max_entities: 2, ..usual() }, "raise `max_entities`");
    unreadable(&files, Limits { max_bytes: 90, ..usual() }, "raise `max_bytes`");
}

#[test]
fn a_read_beside_commits_shows_one_commit() {
    let repository = Repository::new();
    repository.commit("count", "0");
    let files = repository.surface(&[], Some("HEAD"));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 1..=20 {
                std::fs::write(repository.path().join("twin"), round.to_string()).unwrap();
                repository.commit("count", &round.to_string());
            }
        });
        while !writer.is_finished() {
            let seen = see(&files).unwrap();
            let twin = seen.get("HEAD:twin");
            assert!(twin.is_none_or(|twin| *twin == seen["HEAD:count"]), "{seen:?}");
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_repository_cannot_make_us_run_its_programs() {
    let repository = Repository::new();
    repository.commit("a", "1");
    let witness = repository.path().join("ran");
    let program = repository.path().join("program");
    std::fs::write(&program, format!("#!/bin/sh\ntouch '{}'\n", witness.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = program.to_str().unwrap();
    for key in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "alias.ls-tree",
        "uploadpack.packObjectsHook",
    ] {
        repository.git(&["config", key, program]);
    }
    see(&repository.surface(&["refs/heads"], Some("HEAD"))).unwrap();
    assert!(!witness.exists());
}
