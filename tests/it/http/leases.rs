//! Leases over HTTP: fences keep out whoever was overtaken.

use super::{start, workspace};
use serde_json::{Value, json};

#[test]
fn a_life_of_a_lease_is_in_the_journal_that_everybody_reads() {
    let workspace = workspace("", "");
    let (_daemon, client) = start(&workspace);
    let granted =
        client.post("/v1/leases", &json!({"owner": "w1", "lane": "api", "kind": "cluster"}));
    assert_eq!(granted.status, 201, "{}", granted.body);
    let granted = granted.json();
    assert_eq!((&granted["outcome"], &granted["tree"]), (&"acquire".into(), &json!(["api/**"])));
    let fence = granted["fence"].as_u64().expect("a fencing number");

    let refused = client.post(
        "/v1/leases",
        &json!({"owner": "w2", "lane": "fix", "kind": "keyword", "tree": ["api/x"]}),
    );
    assert_eq!((refused.status, &refused.json()["outcome"]), (409, &"refuse".into()));
    assert!(refused.json().get("fence").is_none(), "{}", refused.body);

    // As the command line sees it, which reads the same file.
    let live = workspace.dosd(&["lease-lane", "live"]).values();
    assert_eq!((&live[0][0]["lane"], &live[0][0]["fence"]), (&"api".into(), &fence.into()));
    let seen = client.get("/v1/leases").json();
    assert_eq!(
        (&seen["leases"][0]["owner"], &seen["leases"][0]["fence"]),
        (&"w1".into(), &fence.into())
    );

    let keep = json!({"owner": "w1", "fence": fence});
    let kept = client.post("/v1/leases/api/heartbeat", &keep);
    assert_eq!((kept.status, &kept.json()["beat"]), (200, &true.into()), "{}", kept.body);
    let other = client.post("/v1/leases/api/heartbeat", &json!({"owner": "w2", "fence": fence}));
    assert_eq!((other.status, other.kind()), (404, "not_found".to_owned()));
    let back = client.post("/v1/leases/api/release", &keep);
    assert_eq!((back.status, &back.json()["released"]), (200, &true.into()), "{}", back.body);
    assert_eq!(client.get("/v1/leases").json()["leases"], json!([]));
    let ops: Vec<Value> = rows(&workspace).iter().map(|row| row["op"].clone()).collect();
    assert_eq!(ops, ["ACQUIRE", "REFUSE", "HEARTBEAT", "RELEASE"]);
}

#[test]
fn a_stale_holder_changes_nothing_whatever_it_is_called_and_whoever_died_meanwhile() {
    let workspace = workspace("", "");
    let (daemon, client) = start(&workspace);
    let wish = json!({"owner": "w1", "lane": "api", "kind": "cluster"});
    let first = client.post("/v1/leases", &wish).json()["fence"].clone();
    assert_eq!(
        client.post("/v1/leases/api/release", &json!({"owner": "w1", "fence": first})).status,
        200
    );
    daemon.kill();

    let (_daemon, client) = start(&workspace);
    let second = client.post("/v1/leases", &wish).json()["fence"].clone();
    assert!(second.as_u64() > first.as_u64(), "{first} {second}");
    let before = rows(&workspace).len();
    for verb in ["heartbeat", "release"] {
        let path = format!("/v1/leases/api/{verb}");
        let stale = client.post(&path, &json!({"owner": "w1", "fence": first}));
        assert_eq!((stale.status, stale.kind()), (409, "stale_fence".to_owned()), "{verb}");
    }
    assert_eq!(rows(&workspace).len(), before, "nothing was written for it");
    assert_eq!(client.get("/v1/leases").json()["leases"][0]["fence"], second);
}

#[test]
fn a_free_lane_is_picked_for_whoever_names_none() {
    let workspace = workspace("", "");
    let (_daemon, client) = start(&workspace);
    let mut lanes: Vec<String> = Vec::new();
    for owner in ["w1", "w2"] {
        let granted = client.post("/v1/leases", &json!({"owner": owner}));
        assert_eq!(granted.status, 201, "{}", granted.body);
        lanes.push(granted.json()["lane"].as_str().expect("a lane").to_owned());
    }
    lanes.sort();
    assert_eq!(lanes, ["api", "web"]);
    assert_eq!(client.post("/v1/leases", &json!({"owner": "w3"})).status, 409);
}

fn rows(workspace: &crate::support::workspace::Workspace) -> Vec<Value> {
    let text = std::fs::read_to_string(workspace.root().join(".dos/lane-journal.jsonl"));
    text.expect("a journal")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect()
}
