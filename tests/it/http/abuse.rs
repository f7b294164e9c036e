//! Requests that are none, and connections that say nothing.

use super::client::reply;
use super::{start, workspace};
use serde_json::{Value, json};
use std::io::{Read, Write};

#[test]
fn what_cannot_be_meant_gets_a_clear_answer_and_changes_nothing() {
    let workspace = workspace("max_body = \"2KB\"", "");
    let (_daemon, client) = start(&workspace);
    let json_type = ("Content-Type", "application/json");
    let long = json!({"key": "k".repeat(3_000)}).to_string();
    for (method, path, body, status, kind) in [
        ("POST", "/v1/claims", long.as_str(), 413, "too_large"),
        ("POST", "/v1/claims", "{\"key\"", 400, "invalid_request"),
        ("POST", "/v1/claims", "{\"key\":\"a\",\"kex\":1}", 400, "invalid_request"),
        ("POST", "/v1/claims", "[]", 400, "invalid_request"),
        ("POST", "/v1/leases", "{\"owner\":\" \"}", 400, "invalid_request"),
        ("POST", "/v1/leases/api/heartbeat", "{\"owner\":\"a\"}", 400, "invalid_request"),
        (
            "POST",
            "/v1/leases/api/heartbeat",
            "{\"owner\":\"a\",\"fence\":-1}",
            400,
            "invalid_request",
        ),
        ("POST", "/v1/halt", "{\"handle\":\"\"}", 400, "invalid_request"),
        ("POST", "/v1/halt", "{\"handle\":\"nobody\",\"enact\":true}", 404, "not_found"),
        ("GET", "/v1/verdicts?limit=0", "", 400, "invalid_request"),
        ("GET", "/v1/verdicts?since=x", "", 400, "invalid_request"),
        ("GET", "/v1/verdicts?more=x", "", 400, "invalid_request"),
        ("GET", "/v1/events?since=..", "", 400, "invalid_request"),
        ("DELETE", "/v1/leases", "", 405, "method_not_allowed"),
        ("GET", "/v1/claims", "", 405, "method_not_allowed"),
        ("GET", "/v2", "", 404, "not_found"),
        ("GET", "/v1/../../etc/passwd", "", 404, "not_found"),
    ] {
        let headers: &[_] = if body.is_empty() { &[] } else { &[json_type] };
        let answer = client.ask(method, path, headers, body);
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (status, kind),
            "{method} {path} {body:.40}"
        );
        assert_eq!(answer.header("allow").is_some(), status == 405, "{method} {path}");
    }
    let journal =
        std::fs::read(workspace.root().join(".dos/lane-journal.jsonl")).unwrap_or_default();
    assert!(journal.is_empty(), "something was written: {}", String::from_utf8_lossy(&journal));
    assert_eq!(client.get("/readyz").status, 200);
}

#[test]
fn half_a_request_is_nothing() {
    let workspace = workspace("", "");
    let (_daemon, client) = start(&workspace);
    let body = json!({"owner": "w1", "lane": "api", "kind": "cluster"}).to_string();
    let head = format!(
        "POST /v1/leases HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len() + 1
    );
    // It says goodbye in the middle.
    let mut gone = client.connect();
    write!(gone, "{head}{body}").unwrap();
    drop(gone);
    // It waits in the middle of its body, and in the middle of its head.
    let mut slow_body = client.connect();
    write!(slow_body, "{head}{body}").unwrap();
    let mut slow_head = client.connect();
    slow_head.write_all(b"POST /v1/lea").unwrap();
    assert_eq!(client.get("/healthz").status, 200, "others are served meanwhile");
    let told = reply(&mut slow_head);
    assert_eq!(told.status, 408, "{}", told.body);
    let told = reply(&mut slow_body);
    assert_eq!((told.status, told.kind()), (408, "timeout".to_owned()));
    assert_eq!(client.get("/v1/leases").json()["leases"], json!([]), "nobody got a lease");
}

#[test]
fn more_idle_connections_than_are_allowed_keep_nobody_out_for_long() {
    let workspace = workspace("max_connections = 64", "");
    let (_daemon, client) = start(&workspace);
    let mut idle: Vec<_> = (0..200).map(|_| client.connect()).collect();
    // They are told that they took too long, and it is the turn of this one.
    assert_eq!(client.get("/healthz").status, 200);
    let mut told = [0; 16];
    idle[0].read_exact(&mut told).unwrap();
    assert!(told.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&told));
    let fleet: Value = client.get("/v1/fleet").json();
    assert_eq!(fleet["lanes"].as_array().map(Vec::len), Some(2));
}
