//! The port over real repositories, made for each test.

use super::{ChangeKind, Git, GitErrorKind, Query};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A repository that is gone when the test ends.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repository
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgSign=false"])
            .args(arguments)
            .current_dir(self.root())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().into()
    }

    fn commit(&self, subject: &str, files: &[(&str, &str)]) -> String {
        for (path, content) in files {
            std::fs::write(self.root().join(path), content).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn port(&self) -> Git {
        Git::at(self.root())
    }
}

fn all(changes: bool) -> Query<'static> {
    Query { revisions: "HEAD", limit: 100, changes }
}

#[test]
fn commits_come_with_all_that_is_known_of_them() {
    let repository = Repository::new();
    let root = repository.commit("AUTH: AUTH1 — ü", &[("a.txt", "1\n2\n")]);
    let empty = repository.commit("nothing\n\nwhy: because\n\nmore", &[]);
    repository.commit("odd", &[("q\"\tz\n.txt", "x\n"), ("a.txt", "1\n3\n4\n")]);
    std::fs::write(repository.root().join("bin"), [0, 1, 2]).unwrap();
    repository.git(&["rm", "--quiet", "a.txt"]);
    repository.commit("binary", &[]);

    let commits = repository.port().log(all(true)).unwrap();
    assert_eq!(commits.len(), 4);
    let (binary, odd, nothing, first) = (&commits[0], &commits[1], &commits[2], &commits[3]);
    assert_eq!((first.id.as_str(), first.subject.as_str()), (root.as_str(), "AUTH: AUTH1 — ü"));
    assert!(first.parents.is_empty());
    assert_eq!(first.short_id, repository.git(&["rev-parse", "--short", &root]));
    assert_eq!(first.changes[0].kind, ChangeKind::Added);
    assert_eq!(first.changes[0].lines, Some((2, 0)));
    assert_eq!(nothing.parents, [root]);
    assert_eq!(nothing.body, "why: because\n\nmore\n");
    assert!(nothing.is_empty() && nothing.author_ms > 1_600_000_000_000);
    assert_eq!(odd.parents, [empty]);
    let paths: Vec<_> = odd.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["a.txt", "q\"\tz\n.txt"]);
    assert_eq!(odd.changes[0].lines, Some((2, 1)));
    let kinds: Vec<_> = binary.changes.iter().map(|change| (change.kind, change.lines)).collect();
    assert_eq!(kinds, [(ChangeKind::Deleted, Some((0, 3))), (ChangeKind::Added, None)]);
    let picked = repository.port().commits(&[&first.id, &odd.id]).unwrap();
    assert_eq!(picked, [first.clone(), odd.clone()]);
    assert!(repository.port().commits(&[]).unwrap().is_empty());
    let bare = repository.port().log(all(false)).unwrap();
    assert!(bare.iter().all(|commit| commit.changes.is_empty()));
    assert_eq!(bare.len(), 4);
}

#[test]
fn a_merge_shows_what_it_brought() {
    let repository = Repository::new();
    repository.commit("one", &[("a", "1")]);
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.commit("two", &[("b", "1")]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit("three", &[("c", "1")]);
    repository.git(&["merge", "--quiet", "--message", "merged", "side"]);
    let merge = repository.port().commit("HEAD").unwrap();
    assert_eq!(merge.parents.len(), 2);
    assert_eq!(merge.changes.iter().map(|change| change.path.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn commits_are_counted_from_a_start() {
    let repository = Repository::new();
    let start = repository.commit("one", &[]);
    repository.commit("two", &[]);
    let last = repository.commit("three", &[]);
    let port = repository.port();
    assert_eq!(port.count_since(&start).unwrap(), 2);
    assert_eq!(port.count_since("HEAD").unwrap(), 0);
    let since = port.headlines_since(&start).unwrap();
    assert_eq!(
        since.iter().map(|line| line.subject.as_str()).collect::<Vec<_>>(),
        ["three", "two"]
    );
    assert!(last.starts_with(&since[0].sha));
    assert_eq!(port.newest(1).unwrap(), since[..1]);
    assert!(port.is_ancestor(&start, &last).unwrap());
    assert!(!port.is_ancestor(&last, &start).unwrap());
    assert!(!port.is_ancestor("nonsense", &start).unwrap());
    assert!(!port.is_shallow().unwrap());
}

#[test]
fn the_paths_of_commits_are_those_below_the_directory() {
    let repository = Repository::new();
    let start = repository.commit("one", &[("a", "1")]);
    std::fs::create_dir_all(repository.root().join("sub/x")).unwrap();
    let first = repository.commit("two", &[("sub/x/f", "1"), ("sub/\u{1}ü\n", "1"), ("b", "1")]);
    repository.git(&["checkout", "--quiet", "-b", "side", &start]);
    repository.commit("three", &[("c", "1")]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit("nothing", &[]);
    repository.git(&["mv", "a", "sub/a"]);
    repository.commit("moved", &[]);
    repository.git(&["merge", "--quiet", "--message", "merged", "side"]);
    let port = repository.port();
    let head = port.head().unwrap().unwrap();
    assert_eq!(head, repository.git(&["rev-parse", "HEAD"]));
    let sorted = |port: &Git, base: &str| {
        let mut commits = port.paths_since(base, &head, 100).unwrap().unwrap();
        commits.sort();
        commits
    };
    let all: [&[&str]; 5] = [&[], &[], &["a", "sub/a"], &["b", "sub/\u{1}ü\n", "sub/x/f"], &["c"]];
    assert_eq!(sorted(&port, &start), all);
    let below: [&[&str]; 5] = [&[], &[], &[], &["\u{1}ü\n", "x/f"], &["a"]];
    assert_eq!(sorted(&Git::at(&repository.root().join("sub")), &start), below);
    assert_eq!(port.paths_since(&start, &head, 2).unwrap().unwrap().len(), 2);
    assert_eq!(port.paths_since(&head, &head, 2).unwrap().unwrap().len(), 0);
    // Not in this history, not in any, no commit at all.
    for base in [&head, "0123456789012345678901234567890123456789", "--all"] {
        assert_eq!(port.paths_since(base, &first, 100).unwrap(), None, "{base}");
    }
}

#[test]
fn a_workspace_stands_on_a_commit_on_a_branch_or_off_it_or_on_none() {
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(Git::at(nowhere.path()).head().unwrap(), None);
    let repository = Repository::new();
    assert_eq!(repository.port().head().unwrap(), None);
    let first = repository.commit("one", &[]);
    let second = repository.commit("two", &[]);
    repository.git(&["pack-refs", "--all"]);
    assert_eq!(repository.port().head().unwrap(), Some(second.clone()));
    let worktree = tempfile::tempdir().unwrap();
    let path = worktree.path().join("w");
    repository.git(&["worktree", "add", "--quiet", "--detach", path.to_str().unwrap(), &first]);
    assert_eq!(Git::at(&path).head().unwrap(), Some(first));
    assert_eq!(repository.port().head().unwrap(), Some(second));
}

#[test]
fn an_argument_is_never_an_option() {
    let repository = Repository::new();
    repository.commit("one", &[]);
    let target = repository.root().join("written");
    for hostile in ["--all", &format!("--output={}", target.display()), "-1", "--help"] {
        let port = repository.port();
        assert!(port.count_since(hostile).is_err(), "{hostile}");
        assert!(port.headlines_since(hostile).is_err(), "{hostile}");
        assert!(port.commit(hostile).is_err(), "{hostile}");
        assert!(!port.is_ancestor(hostile, hostile).unwrap(), "{hostile}");
    }
    assert!(!target.exists());
}

#[test]
fn no_repository_no_commit_and_no_such_revision_are_told_apart() {
    let nowhere = tempfile::tempdir().unwrap();
    let error = Git::at(nowhere.path()).count_since("HEAD").unwrap_err();
    assert!(matches!(error.kind, GitErrorKind::NoRepository(_)), "{error}");
    let repository = Repository::new();
    assert!(repository.port().is_unborn().unwrap());
    assert_eq!(repository.port().newest(5).unwrap(), []);
    repository.commit("one", &[]);
    assert!(!repository.port().is_unborn().unwrap());
    let error = repository.port().commit("v1.0").unwrap_err();
    assert!(matches!(error.kind, GitErrorKind::UnknownRevision(_)), "{error}");
    assert!(error.to_string().contains("\n  help: "), "{error}");
}

#[test]
fn a_repository_cannot_make_us_run_its_programs() {
    let repository = Repository::new();
    repository.commit("one", &[("a", "1")]);
    let witness = repository.root().join("ran");
    let program = script(repository.root(), &format!("touch '{}'", witness.display()));
    let program = program.to_str().unwrap();
    for key in ["core.fsmonitor", "core.pager", "diff.external", "gpg.program", "diff.x.textconv"] {
        repository.git(&["config", key, program]);
    }
    repository.git(&["config", "log.showSignature", "true"]);
    std::fs::write(repository.root().join(".gitattributes"), "* diff=x\n").unwrap();
    repository.port().log(all(true)).unwrap();
    repository.port().newest(1).unwrap();
    assert!(!witness.exists());
}

#[test]
fn a_git_that_is_missing_or_hangs_is_no_answer() {
    let directory = tempfile::tempdir().unwrap();
    let port = Git::at(directory.path());
    let missing = port.clone().with_program(&directory.path().join("none"), Duration::from_secs(9));
    let error = missing.count_since("HEAD").unwrap_err();
    assert!(matches!(error.kind, GitErrorKind::NoProgram { .. }), "{error}");
    let hanging = script(directory.path(), "exec tail -f /dev/null");
    let error = port.with_program(&hanging, Duration::ZERO).count_since("HEAD").unwrap_err();
    assert!(matches!(error.kind, GitErrorKind::TimedOut(_)), "{error}");
}

/// A program that runs these lines.
fn script(directory: &Path, lines: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join("program");
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
