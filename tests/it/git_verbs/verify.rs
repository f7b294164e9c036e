//! `dosd verify`.

use super::same;
use crate::support::peer::Peer;
use crate::support::repository::Repository;
use crate::support::workspace::{Answer, Workspace};
use serde_json::{Value, json};

fn verify(repository: &Repository, plan: &str, phase: &str) -> (i32, Value) {
    let answer: Answer = repository.workspace.dosd(&["verify", plan, phase, "--json"]);
    (answer.code, answer.values().remove(0))
}

#[test]
fn stamps_are_read_as_the_peer_reads_them() {
    let mut peer = Peer::start();
    let repository = Repository::new();
    for (number, subject) in [
        "AUTH: AUTH2 — token refresh",
        "src/AUTH: AUTH3 done",
        "AUTH4: more",
        "hybrid-cache-type: Phase 4 — table",
        "v1.2.3: UI + LF7 + PSC Phase 8",
        "docs/09 Phase 6 UI",
        "working-dir snapshot: AUTH9 AUTH: AUTH9",
        "docs/fanout: archive 20260530T093407Z chain (AUTH8)",
        "deep/er/AUTH: AUTH10",
        "feat(pypi): wheels (docs/286 Phase 3)",
        "MG: MG3prime-1 quoting",
        "cache: Phase 0 audit of rows",
        "AUTH: AUTH11.1 part",
        "AUTH12 — no colon",
        "ÄRGER: ÄRGER1 umlaut",
        "AUTH  :  AUTH13",
        "AUTH: AUTH14",
    ]
    .iter()
    .enumerate()
    {
        repository.commit(subject, &[&format!("src/{number}.rs")]);
    }
    repository.commit("v1.3.0: things\n\nalso AUTH15 and\nEV Phase 5", &["src/release.rs"]);
    let mut shipped = 0;
    for (plan, phase) in [
        ("AUTH", "AUTH2"),
        ("auth", "auth2"),
        ("AUTH", "2"),
        ("AUTH", "Phase 2"),
        ("AUTH", "AUTH3"),
        ("AUTH", "AUTH4"),
        ("OTHER", "AUTH4"),
        ("hybrid-cache-type", "Phase 4"),
        ("hybrid-cache-type", "Phase 40"),
        ("LF", "LF7"),
        ("PSC", "Phase 8"),
        ("PSC", "PSC8"),
        ("EV", "Phase 8"),
        ("PSC", "Phase 6"),
        ("docs/09", "Phase 6"),
        ("AUTH", "AUTH8"),
        ("AUTH", "AUTH9"),
        ("AUTH", "AUTH10"),
        ("docs/286", "Phase 3"),
        ("MG", "MG3'-1"),
        ("cache", "Phase 0"),
        ("AUTH", "AUTH11"),
        ("AUTH", "AUTH11.1"),
        ("AUTH", "AUTH12"),
        ("ärger", "Ärger1"),
        ("AUTH", "AUTH13"),
        ("AUTH", "AUTH14"),
        ("AUTH", "AUTH1"),
        ("AUTH", "AUTH2-port"),
        ("EV", "EV5"),
        ("AUTH", "AUTH15"),
        ("", "AUTH2"),
        ("AUTH", ""),
        ("--json", "-x"),
    ] {
        let answer = same_but_summary(
            &mut peer,
            &repository.workspace,
            &["verify", "--json", "--", plan, phase],
        );
        shipped += i32::from(answer.code == 0);
    }
    assert!((10..30).contains(&shipped), "{shipped} of the claims shipped");
    for form in [&["--output", "json"][..], &["--no-ci", "--json"], &["--json", "--explain"]] {
        same(&mut peer, &repository.workspace, &[&["verify", "AUTH", "AUTH2"], form].concat());
    }
    same_but_summary(
        &mut peer,
        &repository.workspace,
        &["verify", "AUTH", "AUTH2", "--output", "odd"],
    );
}

#[test]
fn the_declared_forms_are_read_as_the_peer_reads_them() {
    let mut peer = Peer::start();
    let repository = Repository::new();
    for (number, subject) in [
        "docs/AUTH: AUTH2 — token refresh",
        "AUTH: AUTH3 done",
        "docs/AUTH: AUTH4 audit",
        "feat(pypi): wheels (docs/286 Phase 3)",
        "docs/HYG: Dropbox zero-apply picker",
        "docs/UP: UP6 — diagnostics tile",
        "docs/_plans: claim docs/AUTH: AUTH5",
        "chore: bundles AUTH6",
    ]
    .iter()
    .enumerate()
    {
        repository.commit(subject, &[&format!("src/{number}.rs")]);
    }
    let mut answers = Vec::new();
    for stamp in [
        "style = \"grep\"",
        "subject_dirs = [\"docs\"]",
        "trailer_stamp = true\nprogress_markers = [\"audit\"]",
        "summary_bundle_prefixes = [\"docs/HYG:\", \"chore:\"]\nsub_phase_parent_fallback = true",
        "bookkeeping_prefixes = [\"docs/AUTH:\"]",
    ] {
        repository.workspace.write("dos.toml", format!("[stamp]\n{stamp}\n"));
        for (plan, phase) in [
            ("AUTH", "AUTH2"),
            ("AUTH", "AUTH3"),
            ("AUTH", "AUTH4"),
            ("AUTH", "AUTH5"),
            ("AUTH", "AUTH6"),
            ("docs/286_ship-it", "Phase 3"),
            ("HYG", "dropbox_zero_apply"),
            ("UP", "UP6-diagnostics"),
        ] {
            let arguments = ["verify", "--json", plan, phase];
            let answer = same_but_summary(&mut peer, &repository.workspace, &arguments);
            answers.push(answer.values()[0]["rung"].clone());
        }
    }
    for rung in ["direct", "trailer", "release-prefix", "hyg-slug", "sub-phase-parent"] {
        assert!(answers.contains(&json!(rung)), "no form was read as {rung}");
    }
}

#[test]
fn a_registry_that_is_not_read_is_said_aloud() {
    let repository = Repository::new();
    repository.workspace.write("dos.state.yaml", "recently_completed: []\n");
    let answer = repository.workspace.dosd(&["verify", "AUTH", "AUTH2"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("dos.state.yaml` is not read"), "{}", answer.stderr);
}

/// As [`same`]; the peer adds words of its own to the summary of a weaker rung.
fn same_but_summary(peer: &mut Peer, workspace: &Workspace, arguments: &[&str]) -> Answer {
    let (ours, theirs) = (workspace.dosd(arguments), peer.dos(workspace.root(), arguments));
    assert_eq!(ours.code, theirs.code, "{arguments:?}: ours and theirs\n{ours:?}\n{theirs:?}");
    let without = |answer: &Answer| {
        let mut values = answer.values();
        values.iter_mut().filter_map(Value::as_object_mut).for_each(|fields| {
            if fields.get("rung").is_some_and(|rung| rung != "direct") {
                fields.remove("summary");
            }
        });
        values
    };
    assert_eq!(without(&ours), without(&theirs), "{arguments:?}: ours and theirs");
    ours
}

#[test]
fn a_release_that_only_cuts_a_version_ships_nothing() {
    let mut peer = Peer::start();
    let repository = Repository::new();
    repository.commit("v1.0.0: AUTH2 + more", &["VERSION", "docs/releases/v1.0.0.md"]);
    let arguments = ["verify", "AUTH", "AUTH2", "--json"];
    let answer = same_but_summary_and_reason(&mut peer, &repository, &arguments);
    assert_eq!(answer.0, 1);
    assert!(answer.1["reason"].as_str().is_some_and(|reason| reason.contains("version")));
    // The peer looks no further than the newest match; ours goes on to the one that did the work.
    repository.commit("AUTH: AUTH3 — work", &["src/auth.rs"]);
    repository.commit("AUTH: AUTH3 — version", &["VERSION"]);
    assert_eq!(peer.dos(repository.workspace.root(), &["verify", "AUTH", "AUTH3"]).code, 1);
    assert_eq!(verify(&repository, "AUTH", "AUTH3").0, 0);
}

fn same_but_summary_and_reason(
    peer: &mut Peer,
    repository: &Repository,
    arguments: &[&str],
) -> (i32, Value) {
    let theirs = peer.dos(repository.workspace.root(), arguments);
    let ours = repository.workspace.dosd(arguments);
    let (mut left, mut right) = (ours.values().remove(0), theirs.values().remove(0));
    let reason = left.as_object_mut().expect("an object").remove("reason");
    left["summary"] = Value::Null;
    right["summary"] = Value::Null;
    assert_eq!((ours.code, left), (theirs.code, right));
    (ours.code, json!({"reason": reason}))
}

#[test]
fn an_empty_commit_ships_nothing() {
    let repository = Repository::new();
    let sha = repository.commit("AUTH: AUTH2 — done, honestly", &[]);
    let (code, answer) = verify(&repository, "AUTH", "AUTH2");
    assert_eq!((code, &answer["shipped"], &answer["source"]), (1, &json!(false), &json!("none")));
    assert!(sha.starts_with(answer["sha"].as_str().expect("the refused commit")));
    assert!(answer["reason"].as_str().is_some_and(|reason| reason.contains("empty")));
    repository.commit("AUTH: AUTH2 — the work", &["src/auth.rs"]);
    repository.commit("AUTH: AUTH2 — done again", &[]);
    assert_eq!(verify(&repository, "AUTH", "AUTH2").0, 0);
}

#[test]
fn a_revert_takes_a_phase_back_and_its_revert_gives_it_again() {
    let repository = Repository::new();
    repository.commit("start", &["README.md"]);
    repository.commit("AUTH: AUTH2 — the work", &["src/auth.rs"]);
    assert_eq!(verify(&repository, "AUTH", "AUTH2").0, 0);
    repository.git(&["revert", "--no-edit", "HEAD"]);
    let (code, answer) = verify(&repository, "AUTH", "AUTH2");
    assert_eq!(code, 1);
    let revert = repository.git(&["rev-parse", "--short", "HEAD"]);
    let reason = answer["reason"].as_str().expect("a reason");
    assert!(reason.contains(&format!("reverted by {revert}")), "{reason}");
    repository.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(verify(&repository, "AUTH", "AUTH2").0, 0);
    repository.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(verify(&repository, "AUTH", "AUTH2").0, 1);
    repository.commit("AUTH: AUTH2 — once more", &["src/auth.rs"]);
    assert_eq!(verify(&repository, "AUTH", "AUTH2").0, 0);
}

#[test]
fn without_a_history_nothing_can_be_told() {
    let workspace = Workspace::new();
    let answer = workspace.dosd(&["verify", "AUTH", "AUTH2", "--json"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (70, ""));
    assert!(answer.stderr.starts_with("dosd: cannot tell: "), "{}", answer.stderr);
    assert!(answer.stderr.contains("\n  help: "), "{}", answer.stderr);
    let mut command = workspace.command(&["verify", "AUTH", "AUTH2"]);
    let output = command.env("PATH", workspace.root()).output().expect("dosd starts");
    assert_eq!(output.status.code(), Some(70));
    // A repository without commits has a history: an empty one.
    assert_eq!(verify(&Repository::new(), "AUTH", "AUTH2").0, 1);
}

#[test]
fn a_history_that_was_cut_off_is_said_aloud() {
    let repository = Repository::new();
    repository.commit("AUTH: AUTH2 — the work", &["src/auth.rs"]);
    repository.commit("later", &["src/later.rs"]);
    let clone = Workspace::new();
    let source = format!("file://{}", repository.workspace.root().display());
    let target = clone.root().join("clone");
    let target = target.to_str().expect("UTF-8");
    repository.git(&["clone", "--quiet", "--depth=1", &source, target]);
    let answer = clone.dosd(&["verify", "AUTH", "AUTH2", "--workspace", "clone"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("shallow"), "{}", answer.stderr);
}

#[test]
fn the_verdict_is_one_line_for_people() {
    let repository = Repository::new();
    repository.commit("AUTH: AUTH2 — the work", &["src/auth.rs"]);
    let sha = repository.git(&["rev-parse", "--short", "HEAD"]);
    let text = |arguments: &[&str]| repository.workspace.dosd(arguments).stdout;
    assert_eq!(
        text(&["verify", "AUTH", "AUTH2"]),
        format!("SHIPPED AUTH AUTH2 {sha} (via grep-subject)\n")
    );
    assert_eq!(text(&["verify", "AUTH", "AUTH3"]), "NOT_SHIPPED AUTH AUTH3 (via none)\n");
    assert_eq!(text(&["verify", "AUTH", "AUTH3", "--explain"]).lines().count(), 2);
    assert!(text(&["verify", "AUTH", "AUTH3", "--output", "plain"]).starts_with("Not yet: "));
}
