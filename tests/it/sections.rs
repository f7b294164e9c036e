//! Sections of `dos.toml` reach the verbs that they are for, beside the peer where it has the verb.

use crate::support::peer::Peer;
use crate::support::repository::Repository;
use crate::support::workspace::Workspace;
use serde_json::json;

const LANES: &str = "[lanes]\nconcurrent = [\"src\", \"docs\"]\nautopick = [\"docs\"]\n[lanes.trees]\n\
    src = [\"src/**\"]\ndocs = [\"docs/**\"]\n";

/// What `arbitrate` says with this beside the lanes, here and there.
fn arbitrated(section: &str, arguments: &[&str]) -> [(i32, String); 2] {
    let workspace = Workspace::new();
    workspace.write("dos.toml", format!("{LANES}{section}"));
    let leases = json!([
        {"lane": "src", "lane_kind": "cluster", "tree": ["src/**"], "loop_ts": "t", "holder": "w"},
    ]);
    let leases = leases.to_string();
    let arguments = [&["arbitrate", "--leases", &leases][..], arguments].concat();
    let answers = [workspace.dosd(&arguments), Peer::start().dos(workspace.root(), &arguments)];
    answers.map(|answer| {
        let lane = answer.values().first().map(|decision| decision["lane"].to_string());
        (answer.code, lane.unwrap_or_default())
    })
}

#[test]
fn overlap_decides_what_is_let_in_beside_a_live_lease() {
    let request =
        ["--lane", "fix", "--kind", "keyword", "--tree", "src/x/**", "a/**", "b/**", "c/**"];
    let [ours, theirs] = arbitrated("[overlap]\npolicy = \"prefix\"\n", &request);
    assert_eq!((ours.0, &ours), (0, &theirs), "a quarter of the request overlaps");
    let [ours, theirs] = arbitrated("[overlap]\npolicy = \"prefix\"\nratio_max = 0.2\n", &request);
    assert_eq!((ours.0, theirs.0), (1, 1));
    for strict in ["", "[overlap]\npolicy = \"strict\"\nratio_max = 0.3\n"] {
        let [ours, _] = arbitrated(strict, &request);
        assert_eq!(ours.0, 1, "nothing overlaps under the strict policy");
    }
}

#[test]
fn a_class_has_the_budget_that_is_declared_unless_the_command_says_another() {
    let one = "[[concurrency_class]]\nname = \"cluster\"\nmax_concurrent = 1\n";
    for (section, arguments, code) in [
        ("", &[][..], 0),
        (one, &[], 1),
        (one, &["--class-budget", "cluster=2"], 0),
        ("", &["--class-budget", "cluster=1"], 1),
    ] {
        let [ours, theirs] = arbitrated(section, arguments);
        assert_eq!(ours.0, code, "{section} {arguments:?}");
        // The peer reads budgets and asks them only for callers that bring an order of their own.
        assert_eq!(theirs.0, 0, "the peer is cured: {section} {arguments:?}");
    }
}

#[test]
fn stamps_are_those_that_are_declared() {
    let mut peer = Peer::start();
    let repository = Repository::new();
    repository.commit("feat(x): parse it (AUTH AUTH2)", &["src/a.rs"]);
    repository.commit("docs/AUTH: AUTH3 parse it", &["src/b.rs"]);
    for (section, phase, code) in [
        ("", "AUTH2", 1),
        ("[stamp]\ntrailer_stamp = true\n", "AUTH2", 0),
        ("", "AUTH3", 0),
        ("[stamp]\nsubject_dirs = [\"docs\"]\n", "AUTH3", 0),
        ("[stamp]\nsubject_dirs = [\"src\"]\n", "AUTH3", 1),
    ] {
        repository.workspace.write("dos.toml", section);
        let arguments = ["verify", "AUTH", phase, "--json"];
        let ours = repository.workspace.dosd(&arguments);
        let theirs = peer.dos(repository.workspace.root(), &arguments);
        assert_eq!(
            (ours.code, theirs.code),
            (code, code),
            "{section} {phase}\n{ours:?}\n{theirs:?}"
        );
    }
}
