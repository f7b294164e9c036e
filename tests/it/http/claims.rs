//! Claims over HTTP, of workers that the daemon did not start.

use super::{start, workspace};
use serde_json::json;

#[test]
fn a_worker_elsewhere_is_witnessed_from_its_lease_on() {
    let workspace = workspace("", "");
    let (_daemon, client) = start(&workspace);
    let lease =
        client.post("/v1/leases", &json!({"owner": "w1", "lane": "api", "kind": "cluster"})).json();
    let run_id = lease["run_id"].as_str().expect("a run").to_owned();
    workspace.write(
        "orders.json",
        r#"{"1": {"state": "paid"}, "2": {"state": "new"}, "3": {"state": "new"}}"#,
    );

    let claim = |key: &str| {
        let answer =
            client.post("/v1/claims", &json!({"key": key, "run_id": run_id, "narrated": "done"}));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    };
    assert_eq!(claim("orders:2")["verdict"], "CONFIRMED");
    let lie = claim("orders:9");
    assert_eq!((&lie["verdict"], &lie["refuted"]), (&"REFUTED".into(), &true.into()));
    let later =
        client.post("/v1/claims", &json!({"key": "orders:1", "run_id": run_id, "wait": false}));
    assert_eq!((later.status, later.json()), (202, json!({"accepted": true})));

    let fleet = client.get("/v1/fleet").json();
    let refuted = &fleet["refuted"][0];
    assert_eq!((&refuted["subject"], &refuted["lane"]), (&"orders:9".into(), &"api".into()));
    assert_eq!(refuted["reason"], lie["reason"], "whoever is paged reads why");
    let lane =
        fleet["lanes"].as_array().unwrap().iter().find(|lane| lane["lane"] == "api").unwrap();
    assert_eq!(
        (&lane["state"], &lane["owner"], &lane["run_id"]),
        (&"HELD".into(), &"w1".into(), &run_id.clone().into())
    );

    let back = client
        .post("/v1/leases/api/release", &json!({"owner": "w1", "fence": lease["fence"]}))
        .json();
    let account = &back["account"];
    assert_eq!(
        (&account["confirmed"], account["unclaimed"].as_u64()),
        (&1.into(), Some(1)),
        "{back}"
    );
    assert_eq!(account["unclaimed_keys"], json!(["orders:3"]));
}
