//! `dosd --server`: what is sent, what is printed, how it ends; against a server that says what a test
//! wants.

use crate::support::mock_server::MockServer;
use crate::support::workspace::{Answer, Workspace};
use serde_json::{Value, json};

const ERROR: &str = r#"{"error":{"kind":"KIND","message":"said so","help":"do that"}}"#;

fn error(kind: &str) -> String {
    ERROR.replace("KIND", kind)
}

/// Runs a verb against a server, from a directory that is no workspace, with variables.
fn ask(server: &MockServer, arguments: &[&str], variables: &[(&str, &str)]) -> Answer {
    let elsewhere = Workspace::new();
    let url = server.url();
    let mut command = elsewhere.command(arguments);
    command.env("DOSD_SERVER", url);
    command.envs(variables.iter().copied());
    let output = command.output().expect("dosd starts");
    Answer {
        code: output.status.code().expect("dosd ends by itself"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

fn report(verdict: &str) -> Value {
    json!({
        "verdict": verdict, "believe": verdict == "CONFIRMED", "refuted": verdict == "REFUTED",
        "reason": "because", "claim_key": "orders:42", "narrated": "", "witness": "orders",
        "accountability": null, "silent_witnesses": [], "seq": 12,
    })
}

#[test]
fn a_claim_is_sent_with_its_run_and_ends_as_its_verdict() {
    for (verdict, code) in [("CONFIRMED", 0), ("REFUTED", 1), ("UNWITNESSED", 3), ("NO_CLAIM", 3)] {
        let server = MockServer::saying(200, "", &report(verdict).to_string());
        let variables = [("DOSD_TOKEN", "word"), ("CID_RUN_ID", "RID-1"), ("DOS_LANE", "src")];
        let claim = ["claim", "orders:42", "--narrated", "did it", "--expect", "null"];
        let answer = ask(&server, &claim, &variables);
        assert_eq!((answer.code, &*answer.stderr), (code, ""));
        assert_eq!(answer.stdout, format!("{verdict}: because\n"));
        let asked = server.asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].what, "POST /v1/claims");
        assert!(asked[0].head.contains("\r\nauthorization: bearer word\r\n"), "{}", asked[0].head);
        assert!(asked[0].head.contains("\r\ncontent-type: application/json\r\n"));
        let sent = json!({"key": "orders:42", "narrated": "did it", "expect": null, "run_id": "RID-1", "lane": "src", "wait": true});
        assert_eq!(asked[0].body, sent);
    }
}

#[test]
fn a_claim_for_which_nobody_waits_is_accepted() {
    let server = MockServer::saying(202, "", r#"{"accepted":true}"#);
    let answer = ask(&server, &["claim", "k", "--no-wait", "--json"], &[]);
    assert_eq!((answer.code, &*answer.stdout), (0, "{\"accepted\":true}\n"));
    let asked = server.asked();
    assert_eq!(asked[0].body["wait"], false);
    assert!(asked[0].body.get("expect").is_none() && !asked[0].head.contains("authorization"));
}

#[test]
fn each_answer_that_is_none_has_its_code_and_says_what_to_do() {
    let token = [("DOSD_TOKEN", "s3cret")];
    for (status, headers, body, code, words) in [
        (401, "", error("unauthorized"), 70, "does not know this token"),
        (403, "", error("forbidden"), 70, "do that"),
        (503, "retry-after: 7\r\n", error("busy"), 75, "in 7 s"),
        (503, "", "<html>".to_owned(), 75, "busy"),
        (500, "", error("failed"), 70, "said so"),
        (400, "", error("invalid_request"), 2, "said so"),
        (404, "", "nothing here".to_owned(), 70, "no dosd"),
        (200, "", "<html>".to_owned(), 70, "no dosd"),
        (200, "", "{}".to_owned(), 70, "no dosd"),
        (302, "location: http://u:p@else.example/x?y=z\r\n", String::new(), 70, "else.example/x"),
    ] {
        let server = MockServer::saying(status, headers, &body);
        let answer = ask(&server, &["claim", "k"], &token);
        assert_eq!(answer.code, code, "{status} {body}: {}", answer.stderr);
        assert!(answer.stderr.contains(words), "{status}: {}", answer.stderr);
        assert!(answer.stderr.contains("help: "), "{status}: {}", answer.stderr);
        assert!(!answer.stderr.contains("s3cret") && !answer.stderr.contains("u:p"));
        assert_eq!(answer.stdout, "");
        assert_eq!(server.asked().len(), 1, "asked once, and nobody was followed");
    }
    let server = MockServer::saying(401, "", "");
    assert!(ask(&server, &["claim", "k"], &[]).stderr.contains("set DOSD_TOKEN"));
}

#[test]
fn nobody_there_is_told_from_nobody_who_answers() {
    let url = MockServer::saying(200, "", "").url();
    let workspace = Workspace::new();
    let answer = workspace.dosd(&["claim", "k", "--server", &url]);
    assert_eq!(answer.code, 70);
    assert!(
        answer.stderr.contains("no daemon answers on") && answer.stderr.contains("refused"),
        "{}",
        answer.stderr
    );
    // Somebody who takes the connection and says nothing: the kernel does.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let answer = workspace.dosd(&["claim", "k", "--server", &url, "--timeout", "50ms"]);
    assert_eq!(answer.code, 70);
    assert!(answer.stderr.contains("not known whether it did"), "{}", answer.stderr);
}

#[test]
fn health_needs_no_workspace_and_no_token() {
    let ready =
        json!({"ready": true, "checks": [{"name": "supervisor", "ok": true, "note": null}]});
    let server = MockServer::saying(200, "", &ready.to_string());
    let answer = ask(&server, &["health"], &[("DOSD_TOKEN", "word")]);
    assert_eq!((answer.code, &*answer.stdout, &*answer.stderr), (0, "ready\n", ""));
    let asked = server.asked();
    assert_eq!(asked[0].what, "GET /readyz");
    assert!(!asked[0].head.contains("authorization"));
    let answer = ask(&server, &["health", "--json"], &[]);
    assert_eq!(answer.values(), [ready]);

    let not = json!({"ready": false, "checks": [{"name": "spawner", "ok": false, "note": "it is stuck"}, {"name": "witness", "ok": true, "note": null}]});
    let server = MockServer::saying(503, "", &not.to_string());
    let answer = ask(&server, &["health"], &[]);
    assert_eq!((answer.code, &*answer.stdout), (1, "not ready\n  spawner: it is stuck\n"));

    let server = MockServer::saying(503, "", "<html>");
    assert_eq!(ask(&server, &["health"], &[]).code, 75);
    let gone = server.url();
    drop(server);
    assert_eq!(Workspace::new().dosd(&["health", "--server", &gone]).code, 70);
}

#[test]
fn only_some_verbs_ask_a_server_that_is_named() {
    let server = MockServer::saying(200, "", "{}");
    let workspace = Workspace::new();
    for verb in [&["loop"] as &[&str], &["surfaces"], &["lease-lane", "spawn", "--lane", "a"]] {
        let mut arguments = verb.to_vec();
        let url = server.url();
        arguments.extend(["--server", &url]);
        let answer = workspace.dosd(&arguments);
        assert_eq!(answer.code, 2, "{verb:?}");
        assert!(answer.stderr.contains("claim, lease-lane"), "{}", answer.stderr);
    }
    // A variable is not typed: the verb works here.
    assert_eq!(ask(&server, &["journal", "replay"], &[]).code, 0);
    // Nor is it meant for a worker of a daemon here, or for whoever names a workspace.
    let answer = ask(&server, &["claim", "k"], &[("DOSD_SOCKET", "/nowhere.sock")]);
    assert!(answer.code == 70 && answer.stderr.contains("/nowhere.sock"), "{}", answer.stderr);
    assert_eq!(ask(&server, &["ps", "--workspace", "."], &[]).code, 0);
    assert!(server.asked().is_empty());
    let both = workspace.dosd(&["ps", "--workspace", ".", "--server", "http://127.0.0.1:1"]);
    assert_eq!(both.code, 2);
}

#[test]
fn a_token_comes_from_a_file_as_well_and_must_be_one() {
    let workspace = Workspace::new();
    let server = MockServer::saying(200, "", r#"{"workers":[]}"#);
    let file = workspace.write("token", "from-file\n");
    let file = file.to_str().unwrap();
    let url = server.url();
    let answer = workspace.dosd(&["ps", "--server", &url, "--token-file", file]);
    assert_eq!((answer.code, &*answer.stderr), (0, ""));
    assert!(server.asked()[0].head.contains("authorization: bearer from-file\r\n"));
    let empty = workspace.write("empty", " \n");
    for bad in [empty.to_str().unwrap(), "nowhere"] {
        let answer = workspace.dosd(&["ps", "--server", &url, "--token-file", bad]);
        assert_eq!(answer.code, 2);
        assert!(answer.stderr.contains("holds no token"), "{}", answer.stderr);
    }
    let answer = ask(&server, &["ps"], &[("DOSD_TOKEN", "two\nlines")]);
    assert!(answer.code == 70 && !answer.stderr.contains("lines\n"), "{}", answer.stderr);
    for bad in ["ftp://x", "fleet:7717", "http://me:s3cret@h", "me:s3cret@h"] {
        let answer = workspace.dosd(&["ps", "--server", bad]);
        assert_eq!(answer.code, 2, "{bad}");
        assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
    }
    assert!(server.asked().is_empty());
}

#[test]
fn workers_and_verdicts_are_printed_as_those_of_a_workspace() {
    let worker = json!({"lane": "src", "run_id": "RID-1", "pid": 4711, "state": "ADVANCING", "age_ms": 61_000, "beat_age_ms": 1_000, "restarts": 2, "log": null});
    let server = MockServer::saying(200, "", &json!({"workers": [worker]}).to_string());
    let answer = ask(&server, &["ps", "--json"], &[]);
    assert_eq!((answer.code, answer.values()), (0, vec![json!([worker])]));
    assert!(ask(&server, &["ps"], &[]).stdout.contains("src   ADVANCING  4711  1m01s"));

    // What a workspace says is what a daemon says of it, page by page.
    let workspace = Workspace::new();
    let row = |seq: u64| json!({"schema_family": "verdict-journal", "schema_version": 1, "seq": seq, "ts": "2026-11-24T19:07:59Z", "syscall": "worker", "verdict": "EXITED", "lane": "src", "run_id": "RID-1", "subject": "", "detail": {"code": 3}, "source": "kernel"});
    workspace.write(".dos/verdict-journal.jsonl", format!("{}\n{}\n", row(1), row(2)));
    let server = MockServer::start(move |asked| {
        let seq = if asked.what.contains("since=") { 2 } else { 1 };
        let mut verdict = row(seq);
        (verdict["id"], verdict["severity"], verdict["reason"]) =
            (format!("f-{seq}").into(), "WARN".into(), Value::Null);
        let page = json!({"verdicts": [verdict], "next": format!("f-{seq}"), "behind_bytes": 2 - seq, "rewritten": false});
        (200, String::new(), page.to_string())
    });
    for arguments in
        [&["observe", "--json", "--by", "lane", "--tail", "1"] as &[&str], &["observe"]]
    {
        let there = ask(&server, arguments, &[]);
        assert_eq!((there.code, &*there.stderr), (0, ""));
        assert_eq!(there.stdout, workspace.dosd(arguments).stdout);
    }
    let asked = server.asked();
    assert_eq!(asked[0].what, "GET /v1/verdicts?limit=1000");
    assert_eq!(asked[1].what, "GET /v1/verdicts?since=f-1&limit=1000");
}

#[test]
fn a_halt_names_its_worker_and_nobody_is_an_answer() {
    let halted = json!({"recorded": true, "handle": "src", "command": null, "lane": "src", "loop_ts": "t", "enacted": true, "run_id": "RID-1", "survivors": [], "note": null});
    let server = MockServer::saying(200, "", &halted.to_string());
    let answer = ask(&server, &["halt", "--lane", "src", "--enact", "--owner", "me"], &[]);
    assert_eq!((answer.code, answer.values()), (0, vec![halted]));
    let asked = server.asked();
    assert_eq!(asked[0].what, "POST /v1/halt");
    assert_eq!(
        asked[0].body,
        json!({"handle": "src", "reason": "halt:me", "command": "", "enact": true})
    );

    let server = MockServer::saying(404, "", &error("not_found"));
    let answer = ask(&server, &["halt", "--handle", "9", "--enact"], &[]);
    let said = &answer.values()[0];
    assert_eq!(
        (answer.code, &said["recorded"], &said["note"]),
        (1, &json!(false), &json!("said so"))
    );
    let answer = ask(&server, &["halt", "--handle", "9", "--resumable"], &[]);
    assert_eq!(answer.code, 2, "{}", answer.stderr);
}

#[test]
fn a_lease_is_taken_kept_and_given_back_by_its_fence() {
    let granted = json!({"outcome": "acquire", "lane": "src", "lane_kind": "cluster", "tree": ["src/**"], "auto_picked": false, "reason": "free", "free_clusters": [], "pick_count": null, "journaled": true, "owner": "me", "fence": 17, "loop_ts": "t"});
    let refused = json!({"outcome": "refuse", "lane": "", "lane_kind": "", "tree": [], "auto_picked": false, "reason": "held", "free_clusters": [], "pick_count": null, "journaled": false, "owner": "me"});
    let lease = json!({"lane": "src", "holder": "me", "fence": 17});
    let live = json!({"leases": [{"lane": "src", "lease": lease}]});
    let server = MockServer::start(move |asked| match &*asked.what {
        "POST /v1/leases" if asked.body["lane"] == "src" => {
            (201, String::new(), granted.to_string())
        }
        "POST /v1/leases" => (409, String::new(), refused.to_string()),
        "GET /v1/leases" => (200, String::new(), live.to_string()),
        "POST /v1/leases/src/heartbeat" => {
            (200, String::new(), r#"{"beat":true,"lane":"src","owner":"me","fence":17}"#.to_owned())
        }
        "POST /v1/leases/src/release" if asked.body["fence"] == 17 => (
            200,
            String::new(),
            r#"{"released":true,"lane":"src","owner":"me","fence":17}"#.to_owned(),
        ),
        "POST /v1/leases/src/release" => (409, String::new(), error("stale_fence")),
        _ => (404, String::new(), error("not_found")),
    });
    let acquired = ask(
        &server,
        &["lease-lane", "acquire", "--lane", "src", "--owner", "me"],
        &[("CID_RUN_ID", "RID-1")],
    );
    assert_eq!(
        (acquired.code, &acquired.values()[0]["outcome"], &*acquired.stderr),
        (0, &json!("acquire"), "")
    );
    let mut asked = server.asked().remove(0).body;
    assert!(asked["host_id"].take().is_string());
    let sent = json!({"owner": "me", "lane": "src", "run_id": "RID-1", "host_id": null});
    assert_eq!(asked, sent);
    let refused = ask(&server, &["lease-lane", "acquire", "--owner", "me", "--pretty"], &[]);
    assert_eq!((refused.code, &refused.values()[0]["reason"]), (1, &json!("held")));
    assert_eq!(ask(&server, &["lease-lane", "live"], &[]).values(), [json!([lease])]);

    let keep = |verb: &str, lane: &str, fence: &[&str]| {
        let mut arguments = vec!["lease-lane", verb, "--lane", lane, "--owner", "me"];
        arguments.extend(fence);
        ask(&server, &arguments, &[])
    };
    assert_eq!(keep("heartbeat", "src", &["--fence", "17"]).values()[0]["beat"], true);
    assert_eq!(keep("release", "src", &["--fence", "17"]).code, 0);
    let stale = keep("release", "src", &["--fence", "16"]);
    assert_eq!((stale.code, &stale.values()[0]["released"]), (1, &json!(false)));
    assert!(stale.stderr.contains("said so"), "{}", stale.stderr);
    let gone = keep("heartbeat", "a/b", &["--fence", "1"]);
    assert_eq!((gone.code, &gone.values()[0]["beat"]), (1, &json!(false)));
    assert!(server.asked().iter().any(|it| it.what == "POST /v1/leases/a%2Fb/heartbeat"));
    let without = keep("release", "src", &[]);
    assert!(without.code == 2 && without.stderr.contains("--fence N"), "{}", without.stderr);
}
