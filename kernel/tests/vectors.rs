//! The golden cases in `tests/vectors`, one file a function, made by running the
//! Python package.
//!
//! Owns the mapping from a case's `fn` and `args` to our functions, and the
//! comparison with its `want`. The texts of reasons are ours and not compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dosd_kernel::arbiter::{Overlap, Request, Rules, arbitrate};
use dosd_kernel::effect_witness::{self, Claim};
use dosd_kernel::evidence::{self, Accountability, Fact};
use dosd_kernel::lane::{self, Lease, LeaseKey};
use dosd_kernel::population::Lanes;
use dosd_kernel::state_diff::{self, Snapshot, json_equal};
use dosd_kernel::verdict::{Dimension, VerdictEvent, roll_up};
use dosd_kernel::{Map, liveness, population, region, run_id, telemetry};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    r#fn: String,
    args: Value,
    want: Option<Value>,
    err: Option<String>,
}

#[test]
fn every_golden_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut passed: BTreeMap<String, usize> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert_eq!(path.extension().unwrap(), "jsonl", "{} is no vector file", path.display());
        let text = fs::read_to_string(&path).unwrap();
        let count = passed.entry(name.clone()).or_default();
        for (at, line) in text.lines().enumerate() {
            let case: Case = serde_json::from_str(line).unwrap();
            assert_eq!(case.r#fn, name, "{}:{} is in the wrong file", path.display(), at + 1);
            check(&case, &format!("{}:{}", path.display(), at + 1));
            *count += 1;
        }
    }
    for (name, count) in &passed {
        println!("{name}: {count} passed");
        assert!(*count > 0, "`{name}` has no cases");
    }
    assert_eq!(passed.len(), 17, "a file is missing");
}

fn check(case: &Case, place: &str) {
    let got = call(&case.r#fn, &case.args);
    match (&case.want, &case.err) {
        (Some(want), None) => {
            let got = without_reasons(got.unwrap_or_else(|error| panic!("{place}: {error}")));
            assert!(json_equal(&got, want), "{place}:\n got {got}\nwant {want}");
        }
        (None, Some(error)) => assert!(got.is_err(), "{place}: wanted {error}, got {got:?}"),
        _ => panic!("{place}: neither a result nor an error is wanted"),
    }
}

fn without_reasons(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| key != "reason");
            kept.map(|(key, value)| (key, without_reasons(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_reasons).collect(),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => scalar,
    }
}

type Answer = Result<Value, String>;

fn call(name: &str, args: &Value) -> Answer {
    match name {
        "tree.prefix" => ok(region::prefix(&arg::<String>(args, "path")?)),
        "tree.disjoint" => {
            let (a, b): (Vec<String>, Vec<String>) = (arg(args, "a")?, arg(args, "b")?);
            ok(region::disjoint(&a, &b))
        }
        "journal.replay" => ok(lane::replay(&arg::<Vec<Map>>(args, "entries")?)),
        "journal.compact" => ok(lane::compact(&arg::<Vec<Map>>(args, "entries")?)),
        "journal.delta" => delta(args),
        "liveness" => {
            let policy: Option<liveness::Policy> = arg(args, "policy")?;
            fallible(liveness::report(&arg(args, "evidence")?, &policy.unwrap_or_default()))
        }
        "supervise" => {
            let evidence: population::Evidence = arg(args, "evidence")?;
            fallible(population::supervise(&evidence, &arg(args, "policy")?))
        }
        "arbitrate" => decide(args),
        "evidence.believe" => ok(evidence::believe(&arg::<Vec<Fact>>(args, "facts")?)),
        "effect_witness" => {
            let claim: Option<Claim> = arg(args, "claim")?;
            let facts: Vec<Fact> = arg(args, "readbacks")?;
            ok(effect_witness::join(&claim.unwrap_or_default(), &facts))
        }
        "state_diff" => {
            let (before, after): (Snapshot, Snapshot) = (arg(args, "before")?, arg(args, "after")?);
            ok(state_diff::diff(&before, &after))
        }
        "state_diff.witness" => {
            let (before, after): (Snapshot, Snapshot) = (arg(args, "before")?, arg(args, "after")?);
            let rung: Accountability = arg(args, "accountability")?;
            fallible(state_diff::witness(&before, &after, &arg(args, "claim")?, rung))
        }
        "run_id.mint" => mint(args),
        "run_id.decode" => {
            let ts_ms = run_id::decode(&arg::<String>(args, "run_id")?);
            ok(json!({"ts_ms": ts_ms, "valid": ts_ms.is_some()}))
        }
        "verdicts.rollup" => {
            let events: Vec<VerdictEvent> = arg(args, "events")?;
            let by: Dimension = arg(args, "by")?;
            ok(roll_up(&events, by, arg(args, "corrupt")?))
        }
        "export.statsd_lines" => {
            let events: Vec<VerdictEvent> = arg(args, "events")?;
            ok(telemetry::statsd_lines(&events, &arg::<String>(args, "prefix")?))
        }
        "export.otlp_records" => {
            ok(telemetry::otlp_records(&arg::<Vec<VerdictEvent>>(args, "events")?))
        }
        other => panic!("no dispatcher for `{other}`"),
    }
}

fn delta(args: &Value) -> Answer {
    let key: Option<(String, String)> = arg(args, "lease_key")?;
    let key = key.map(|(loop_ts, lane)| LeaseKey { loop_ts, lane });
    let entries: Vec<Map> = arg(args, "entries")?;
    ok(lane::delta(&entries, key.as_ref(), arg(args, "run_started_ms")?, arg(args, "now_ms")?))
}

fn decide(args: &Value) -> Answer {
    let request = Request {
        lane: arg(args, "requested_lane")?,
        kind: arg(args, "requested_kind")?,
        tree: arg(args, "requested_tree")?,
        force: arg(args, "force")?,
    };
    let lanes: Lanes = arg(args, "lanes")?;
    let live: Vec<Map> = arg(args, "live_leases")?;
    let live: Vec<Lease> = live.into_iter().map(Lease::new).collect();
    let rules = Rules { lanes: &lanes, overlap: Overlap::soft(), budgets: &BTreeMap::new() };
    ok(arbitrate(&request, &live, &rules))
}

fn mint(args: &Value) -> Answer {
    let process_id: String = arg(args, "process_id")?;
    let (parent, root): (Option<String>, Option<String>) =
        (arg(args, "parent")?, arg(args, "root_id")?);
    let (ts_ms, entropy) = (arg(args, "ts_ms")?, arg(args, "entropy")?);
    fallible(run_id::mint(ts_ms, entropy, &process_id, parent.as_deref(), root.as_deref()))
}

fn arg<T: DeserializeOwned>(args: &Value, name: &str) -> Result<T, String> {
    serde_json::from_value(args[name].clone()).map_err(|error| format!("`{name}`: {error}"))
}

fn ok(value: impl serde::Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| error.to_string())
}

fn fallible(value: Result<impl serde::Serialize, impl ToString>) -> Answer {
    value.map_err(|error| error.to_string()).and_then(ok)
}
