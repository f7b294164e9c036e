//! `dosd run-id show`.

use crate::support::workspace::Workspace;
use serde_json::json;

#[test]
fn an_id_says_when_it_was_minted() {
    let workspace = Workspace::new();
    let minted = workspace.dosd(&["run-id", "mint", "test"]).values().remove(0);
    let id = minted["run_id"].as_str().expect("an id");
    let shown = workspace.dosd(&["run-id", "show", id, "--json"]);
    assert_eq!((shown.code, &shown.values()[0]["ts_ms"]), (0, &minted["ts_ms"]));
    let known = workspace.dosd(&["run-id", "show", "RID-000000000000000", "--json"]).values();
    let epoch = json!({"run_id": "RID-000000000000000", "ts": "1970-01-01T00:00:00Z", "ts_ms": 0});
    assert_eq!(known, [epoch]);
    let text = workspace.dosd(&["run-id", "show", "RID-000000000000000"]).stdout;
    assert_eq!(text, "RID-000000000000000  minted 1970-01-01T00:00:00Z (0 ms)\n");
}

#[test]
fn what_is_no_id_is_refused() {
    let workspace = Workspace::new();
    for bad in ["", "RID-", "nonsense", "--json"] {
        let answer = workspace.dosd(&["run-id", "show", bad]);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{bad}");
    }
}
