//! `dosd eval` through the built program: every golden case, and how it behaves as a filter.

use crate::support::workspace::Workspace;
use dosd_kernel::state_diff::json_equal;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};

fn start(workspace: &Workspace, arguments: &[&str]) -> Child {
    let mut command = workspace.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("dosd starts")
}

/// Answers to these lines, and the exit code.
fn eval(requests: Vec<u8>) -> (Vec<Value>, Option<i32>) {
    let workspace = Workspace::new();
    let mut child = start(&workspace, &["eval"]);
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(&requests));
    let output = child.wait_with_output().expect("dosd ends");
    writer.join().expect("the writer ends").expect("dosd reads all");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let answers = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    (answers.collect(), output.status.code())
}

fn without_reasons(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| *key != "reason");
            kept.map(|(key, value)| (key.clone(), without_reasons(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_reasons).collect(),
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            scalar.clone()
        }
    }
}

#[test]
fn every_golden_case_is_answered_in_order() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernel/tests/vectors");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the vectors")
        .map(|entry| entry.expect("a file").path())
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 17);
    let mut cases: Vec<Value> = Vec::new();
    for path in paths {
        let text = fs::read_to_string(path).expect("a vector file");
        cases.extend(text.lines().map(|line| serde_json::from_str(line).expect("JSON")));
    }
    let mut requests = Vec::new();
    for (id, case) in cases.iter_mut().enumerate() {
        // The request is the case as it stands, what is wanted of it included.
        case["id"] = json!({"case": id});
        writeln!(requests, "{case}").expect("memory");
    }
    let (answers, code) = eval(requests);
    assert_eq!((answers.len(), code), (cases.len(), Some(0)));
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(answer["id"], case["id"]);
        match case.get("want") {
            Some(want) => {
                let got = without_reasons(&answer["ok"]);
                assert!(json_equal(&got, want), "{case}\n got {got}");
            }
            None => assert_eq!(answer["error"]["kind"], "invalid_argument", "{case} {answer}"),
        }
    }
}

#[test]
fn one_question_at_a_time_is_answered_at_once() {
    let workspace = Workspace::new();
    let mut child = start(&workspace, &["eval"]);
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(child.stdout.take().expect("a pipe"));
    for id in 0..50 {
        // The beginning of the next request must not keep this one's answer back.
        let rest = r#"d":0,"fn":"tree.prefix","args":{"path":"A/*"}}"#;
        let first = if id == 0 { r#"{"i"# } else { "" };
        write!(stdin, "{first}{rest}\n{{\"i").expect("dosd reads");
        stdin.flush().expect("dosd reads");
        let mut line = String::new();
        answers.read_line(&mut line).expect("dosd answers");
        assert_eq!(line, "{\"id\":0,\"ok\":\"a/\"}\n", "{id}");
    }
    drop(stdin);
    assert_eq!(child.wait().expect("dosd ends").code(), Some(0));
}

#[test]
fn bad_lines_do_not_end_the_conversation() {
    let mut requests = b"\xff\xfe\n[1]\n\n{\"id\":1,\"fn\":\"tree.prefix\"}\n".to_vec();
    requests.extend(vec![b'x'; (64 << 20) + 1]);
    requests.extend(b"\n{\"id\":2,\"fn\":\"nope\",\"args\":{}}\n");
    requests.extend(b"{\"id\":3,\"fn\":\"tree.prefix\",\"args\":{\"path\":\"b\"}}");
    let (answers, code) = eval(requests);
    let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
    let null = Value::Null;
    assert_eq!(ids, [&null, &null, &null, &null, &null, &json!(2), &json!(3)]);
    let kinds: Vec<_> = answers.iter().map(|answer| answer["error"]["kind"].as_str()).collect();
    let bad = Some("invalid_request");
    assert_eq!(kinds, [bad, bad, bad, bad, bad, Some("unknown_function"), None]);
    assert_eq!((answers[6]["ok"].as_str(), code), (Some("b"), Some(0)));
}

#[test]
fn the_functions_are_listed() {
    let answer = Workspace::new().dosd(&["eval", "--list"]);
    let names: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!((answer.code, names.len()), (0, 17));
    assert!(names.contains(&"state_diff.witness") && names.is_sorted(), "{names:?}");
}
