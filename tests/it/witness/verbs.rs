//! `dosd surfaces`, and `dosd witness` about a surface.

use super::fleet::{Run, rows, workspace};
use crate::support::daemon::Daemon;
use crate::support::http_server::{Server, ok};
use crate::support::workspace::Workspace;
use serde_json::Value;
use std::io::Write as _;

const ORDERS: &str = r#"
[[dosd.witness]]
name = "orders"
kind = "json"
path = "orders.json"
settle = "2s"
"#;

#[test]
fn surfaces_are_listed_with_what_a_claim_would_find() {
    let server = Server::start(|_, stream| {
        let _ = stream.write_all(ok("", r#"{"7": 1}"#).as_bytes());
    });
    let workspace = workspace(&format!(
        "{ORDERS}[[dosd.witness]]\nname = \"tickets\"\nkind = \"http\"\nrung = \"THIRD_PARTY\"\n\
         url = \"http://{}/?token=hidden\"\n\
         [[dosd.witness]]\nname = \"log\"\nkind = \"jsonl\"\npath = \"log.jsonl\"\nkey = \"/id\"\n\
         [[dosd.witness]]\nname = \"tests\"\nkind = \"exit\"\nargv = [\"false\"]\n",
        server.address
    ));
    workspace.write("orders.json", r#"{"41": 1, "42": {"sum": 7}}"#);

    let answer = workspace.dosd(&["surfaces", "--json"]);
    assert_eq!(answer.code, 1, "one cannot be read: {}", answer.stderr);
    let seen = answer.values();
    let names: Vec<_> = seen.iter().map(|row| row["name"].as_str()).collect();
    assert_eq!(names, [Some("orders"), Some("tickets"), Some("log"), Some("tests")]);
    let of = |row: &Value, keys: [&str; 5]| keys.map(|key| row[key].clone());
    let keys = ["kind", "rung", "reachable", "entities", "settle_ms"];
    let wanted = [
        serde_json::json!(["json", "OS_RECORDED", true, 2, 2000]),
        serde_json::json!(["http", "THIRD_PARTY", true, 1, 0]),
        serde_json::json!(["jsonl", "OS_RECORDED", false, null, 0]),
        serde_json::json!(["exit", "OS_RECORDED", null, null, 0]),
    ];
    for (row, wanted) in seen.iter().zip(wanted) {
        assert_eq!(Value::from(of(row, keys).to_vec()), wanted, "{row}");
        let is_read = row["reachable"] == true;
        assert!(row["read_ms"].is_u64() == is_read && row["bytes"].is_u64() == is_read, "{row}");
        assert_eq!(row["problem"].is_string(), row["reachable"] == false, "{row}");
    }
    assert!(seen[2]["problem"].as_str().is_some_and(|why| why.contains("log.jsonl")));
    assert!(seen[0]["bytes"].as_u64() > Some(0));

    let text = workspace.dosd(&["surfaces"]);
    assert_eq!(text.code, 1);
    let rows: Vec<Vec<&str>> =
        text.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        rows[0][..5],
        ["orders", "json", "OS_RECORDED", "2", "entities,"],
        "{}",
        text.stdout
    );
    assert!(text.stdout.lines().next().is_some_and(|line| line.contains(" bytes, read in ")));
    assert_eq!(rows[1][..4], ["tickets", "http", "THIRD_PARTY", "1"]);
    assert_eq!(rows[2][..6], ["log", "jsonl", "OS_RECORDED", "cannot", "be", "read:"]);
    assert_eq!(rows[3][2..], ["OS_RECORDED", "asked", "for", "each", "claim"]);

    let doctor = workspace.dosd(&["doctor"]).stdout;
    assert!(doctor.contains("tickets") && !doctor.contains("hidden"), "{doctor}");

    let one = workspace.dosd(&["surfaces", "orders"]);
    assert_eq!((one.code, one.stdout.lines().count()), (0, 1));
    let stranger = workspace.dosd(&["surfaces", "oders"]);
    assert_eq!((stranger.code, stranger.stdout.as_str()), (2, ""));
    assert!(stranger.stderr.contains("`oders`") && stranger.stderr.contains("orders, tickets"));
}

#[test]
fn a_workspace_without_surfaces_says_what_that_means() {
    let workspace = Workspace::new();
    let answer = workspace.dosd(&["surfaces"]);
    assert_eq!(answer.code, 0);
    assert!(answer.stdout.contains("[[dosd.witness]]"), "{}", answer.stdout);
    assert_eq!(workspace.dosd(&["surfaces", "--json"]).stdout, "");
}

#[test]
fn a_surface_is_witnessed_by_the_baseline_of_an_open_run() {
    let workspace = workspace(ORDERS);
    workspace.write("orders.json", r#"{"41": 1, "gone": 1}"#);
    let mut daemon = Daemon::start(&workspace);
    let run = Run::begin(&mut daemon);
    workspace.write("orders.json", r#"{"41": 1, "42": 1}"#);
    let witness = |surface: &str, key: &str, id: &str| {
        workspace.dosd(&["witness", key, "--surface", surface, "--run", id, "--json"])
    };
    for (key, id, verdict, code) in [
        ("42", run.id.as_str(), "CONFIRMED", 0),
        ("41", &run.id, "REFUTED", 1),
        ("gone", &run.id, "REFUTED", 1),
        ("43", &run.id, "REFUTED", 1),
        ("42", "RID-000000000000000", "UNWITNESSED", 3),
        (" ", &run.id, "NO_CLAIM", 3),
    ] {
        let answer = witness("orders", key, id);
        let said = answer.values().remove(0);
        assert_eq!((&said["verdict"], answer.code), (&verdict.into(), code), "{key}: {said}");
        let is_compared = code < 3;
        assert_eq!(said["tally"]["inserted"], if is_compared { 1.into() } else { Value::Null });
    }
    let verdicts = rows(&workspace, ".dos/verdict-journal.jsonl");
    assert!(verdicts.iter().all(|row| row["syscall"] != "effect_witness"), "it is no claim");
    let text = workspace.dosd(&["witness", "42", "--surface", "orders", "--run", &run.id]);
    assert!(text.stdout.contains("DELTA     +1 ~0 -1\nVERDICT   CONFIRMED"), "{}", text.stdout);
    assert_eq!(witness("nowhere", "42", &run.id).code, 2);
    assert_eq!(witness("orders", "42", "../../etc").code, 2);
    for wrong in [
        &["--surface", "orders"][..],
        &["--run", "x"],
        &["--surface", "a", "--run", "b", "--before", "c"],
    ] {
        assert_eq!(workspace.dosd(&[&["witness", "42"], wrong].concat()).code, 2, "{wrong:?}");
    }

    // It needs no daemon, and a surface that cannot be read refutes nothing here either.
    daemon.kill();
    assert_eq!(witness("orders", "42", &run.id).code, 0);
    workspace.write("orders.json", r#"{"41": 1"#);
    let blind = witness("orders", "42", &run.id);
    let said = blind.values().remove(0);
    assert_eq!((&said["verdict"], blind.code), (&"UNWITNESSED".into(), 3), "{said}");
    assert_eq!(said["tally"], Value::Null);
    // The worker outlives its daemon.
    crate::support::daemon::signal_group(run.pid, "KILL");
}

#[test]
fn the_recipes_of_the_documentation_are_good_configurations() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/witness.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let recipes = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let recipes = recipes.expect("recipes");
    let kinds = ["json", "jsonl", "sqlite", "postgres", "http", "git", "dir", "command", "exit"];
    for kind in kinds {
        assert!(recipes.contains(&format!("kind = \"{kind}\"")), "{kind} has a recipe");
    }
    let workspace = workspace(recipes);
    let checked = workspace.dosd(&["doctor"]);
    assert!(!checked.stdout.contains("(refused)"), "{}", checked.stdout);
}
