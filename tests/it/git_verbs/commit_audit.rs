//! `dosd commit-audit`.

use super::same;
use crate::support::peer::Peer;
use crate::support::repository::Repository;
use crate::support::workspace::Workspace;

/// A history with claims of every kind, and a merge.
fn history() -> Repository {
    let repository = Repository::new();
    for (subject, files) in [
        ("start", &["README.md"][..]),
        ("fix: the race", &["src/lib.rs"]),
        ("fix: the race again", &["README.md"]),
        ("fix(ci): cache", &[".github/workflows/ci.yml"]),
        ("fix: cache", &[".github/workflows/ci.yml"]),
        ("add tests for the parser", &["src/lib.rs"]),
        ("add tests for the engine", &["tests/engine.rs", "src/lib.rs"]),
        ("docs: explain", &["docs/guide.md"]),
        ("docs: explain nothing", &[]),
        ("add everything, honestly", &[]),
        ("wip", &["src/lib.rs"]),
        ("benchmark/x: implement it", &["bench/a b.py"]),
        ("CLAUDE.md: add a glossary", &["CLAUDE.md"]),
    ] {
        repository.commit(subject, files);
    }
    repository.git(&["rm", "--quiet", "tests/engine.rs"]);
    repository.commit("all tests pass", &["src/lib.rs"]);
    repository.git(&["checkout", "--quiet", "-b", "side", "HEAD~2"]);
    repository.commit("fix: on the side", &["src/side.rs"]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--quiet", "--message", "fix: take the side in", "side"]);
    repository
}

#[test]
fn each_commit_is_graded_as_by_the_peer() {
    let mut peer = Peer::start();
    let repository = history();
    let workspace = &repository.workspace;
    for commit in repository.git(&["log", "--format=%H"]).lines() {
        for options in [&[][..], &["--docs-ok"], &["--warn-only"]] {
            same(&mut peer, workspace, &[&["commit-audit", commit, "--json"], options].concat());
        }
    }
    let root = repository.git(&["rev-list", "--max-parents=0", "HEAD"]);
    for range in
        [&format!("{root}..HEAD"), "HEAD~3..HEAD", "HEAD..HEAD", "side..main", "main...side"]
    {
        for options in
            [&["--json"][..], &["--json", "--sweep"], &["--json", "--docs-ok", "--sweep"]]
        {
            same(&mut peer, workspace, &[&["commit-audit", range], options].concat());
        }
        let (ours, theirs) = (
            workspace.dosd(&["commit-audit", range]),
            peer.dos(workspace.root(), &["commit-audit", range]),
        );
        assert_eq!(ours.code, theirs.code, "{range}");
    }
    let counted = same(
        &mut peer,
        workspace,
        &["commit-audit", &format!("{root}..HEAD"), "--json", "--sweep"],
    );
    let counted = counted.values().remove(0);
    assert_eq!(counted["commits"], 15);
    assert_eq!(counted["unwitnessed_shas"].as_array().map(Vec::len), Some(6));
    same(&mut peer, workspace, &["commit-audit", "--json"]);
}

#[test]
fn a_file_name_beyond_ascii_is_the_file_that_it_is() {
    let repository = Repository::new();
    repository.commit("start", &["README.md"]);
    repository.commit("fix: Maß", &["src/maß \"x\".rs"]);
    let answer = repository.workspace.dosd(&["commit-audit", "--json"]);
    assert_eq!(
        (answer.code, &answer.values()[0][0]["source_files"][0]),
        (0, &"src/maß \"x\".rs".into())
    );
}

#[test]
fn what_git_cannot_read_is_no_clean_history() {
    let repository = Repository::new();
    repository.commit("fix: x", &["README.md"]);
    for revisions in ["v9", "v9..HEAD", "HEAD..v9", "--all", "-1..HEAD", ""] {
        let answer = repository.workspace.dosd(&["commit-audit", revisions, "--json"]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{revisions} {answer:?}");
        assert!(answer.stderr.contains("\n  help: "), "{}", answer.stderr);
    }
    let answer = repository.workspace.dosd(&["commit-audit", "--warn-only"]);
    assert_eq!(answer.code, 0);
    assert!(answer.stdout.starts_with("UNWITNESSED  "), "{}", answer.stdout);
    let answer = Workspace::new().dosd(&["commit-audit"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (2, ""));
}
