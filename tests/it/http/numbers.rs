//! `/metrics`, read by Prometheus' own library for Python.

use super::{start, workspace};
use crate::support::peer_install;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Reads the text with the reference parser; each sample as name, labels, value.
const PARSE: &str = "import json, sys\n\
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n\
    out = [[s.name, s.labels, s.value] for f in parse(sys.stdin.read()) for s in f.samples]\n\
    print(json.dumps(out))";

#[test]
fn the_numbers_are_those_of_the_journal_and_each_one_is_documented() {
    let workspace = workspace(
        "",
        "[[dosd.exporter]]\nkind = \"file\"\nname = \"audit\"\npath = \"audit.jsonl\"\n",
    );
    let (_daemon, client) = start(&workspace);
    for key in ["orders:1", "orders:9"] {
        client.post("/v1/claims", &json!({"key": key}));
    }
    client.post("/v1/leases", &json!({"owner": "w1", "lane": "api", "kind": "cluster"}));
    let answer = client.get("/metrics");
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let python = peer_install::python("prometheus_client", "0.26.0");
    let mut parser = Command::new(python)
        .args(["-c", PARSE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    parser.stdin.take().unwrap().write_all(answer.body.as_bytes()).unwrap();
    let output = parser.wait_with_output().unwrap();
    assert!(output.status.success(), "the parser refuses it:\n{}", answer.body);
    let samples: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let value = |name: &str, labels: Value| {
        let found = samples.iter().find(|it| it[0] == name && it[1] == labels);
        found.unwrap_or_else(|| panic!("no {name} {labels}:\n{}", answer.body))[2].as_f64()
    };
    let rollup =
        workspace.dosd(&["observe", "--by", "verdict", "--json", "--syscall", "effect_witness"]);
    let unwitnessed = rollup.values()[0]["rollup"]["counts"]["UNWITNESSED"]["UNWITNESSED"].as_f64();
    assert!(unwitnessed.is_some(), "{}", rollup.stdout);
    let labels = json!({"syscall": "effect_witness", "verdict": "UNWITNESSED"});
    assert_eq!(value("dosd_verdicts_total", labels), unwitnessed);
    assert_eq!(value("dosd_ready", json!({})), Some(1.0));
    assert_eq!(value("dosd_lanes", json!({"state": "held"})), Some(1.0));
    assert_eq!(value("dosd_workers_target", json!({})), Some(0.0));
    assert_eq!(
        value("dosd_exporter_circuit_open", json!({"exporter": "audit", "kind": "file"})),
        Some(0.0)
    );
    let documented = include_str!("../../../docs/telemetry.md");
    for sample in &samples {
        let name = sample[0].as_str().unwrap();
        let family =
            name.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count");
        assert!(
            documented.contains(&format!("`{family}`")),
            "`{family}` is not in docs/telemetry.md"
        );
    }
}
