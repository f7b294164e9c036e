//! The golden cases in `tests/vectors`, one file a function, made by running the
//! Python package.
//!
//! Owns the comparison of what a function answers with the case's `want`. The texts
//! of reasons are ours and not compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dosd_kernel::eval;
use dosd_kernel::state_diff::json_equal;
use serde::Deserialize;
use serde_json::Value;

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
        assert_eq!(path.extension().unwrap(), "jsonl", "{} is no vector file", path.display());
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
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
        assert!(*count >= 120, "`{name}` has too few cases");
    }
    let names: Vec<&str> = passed.keys().map(String::as_str).collect();
    assert_eq!(names, eval::names().collect::<Vec<_>>(), "each function has its file");
    assert_eq!(names.len(), 17, "a file is missing");
}

fn check(case: &Case, place: &str) {
    let got = eval::call(&case.r#fn, &case.args.to_string());
    match (&case.want, &case.err) {
        (Some(want), None) => {
            let got = got.unwrap_or_else(|refusal| panic!("{place}: {refusal}"));
            let got = serde_json::from_slice(&got).expect("JSON");
            let got = without_reasons(got);
            assert!(json_equal(&got, want), "{place}:\n got {got}\nwant {want}");
        }
        (None, Some(error)) => {
            let refusal = got.map(String::from_utf8).expect_err(error);
            assert_eq!(refusal.kind, eval::RefusalKind::InvalidArgument, "{place}: {refusal}");
        }
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
