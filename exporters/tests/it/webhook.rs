//! The sink `webhook` against a server that answers as a test says, and against the
//! reference verifier.

#[path = "../../src/testing/server.rs"]
#[expect(dead_code, reason = "the crate's own tests use more of it")]
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use dosd_actors::port::SystemClock;
use dosd_exporters::ExporterActor;
use dosd_exporters::delivery::Policy;
use dosd_exporters::webhook::{WebhookConfig, WebhookSink};
use dosd_network::Secret;
use serde_json::{Map, Value, json};

use crate::support::{Daemon, drain_all, kill};
use crate::webhook_peer::judge;
use server::{Reply, Request, Server};

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn exporter(
    daemon: &Daemon,
    server: &Server,
    name: &str,
    secrets: &[&str],
) -> Addr<ExporterActor<WebhookSink>> {
    let config = WebhookConfig {
        secrets: secrets.iter().map(|secret| Secret::new(*secret)).collect(),
        ..WebhookConfig::new(Secret::new(server.url("/hook")))
    };
    let sink = WebhookSink::new(&config, Arc::new(SystemClock::new())).unwrap();
    let millisecond = Duration::from_millis(1);
    let policy = Policy {
        first_delay: millisecond,
        max_backoff: millisecond,
        max_named_delay: millisecond,
        max_probe_delay: millisecond,
        ..Policy::default()
    };
    daemon.exporter(name, sink, policy)
}

/// The events that were sent, without the look at whether somebody is there.
fn posts(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|request| request.method == "POST").collect()
}

fn id(request: &Request) -> String {
    request.header("webhook-id").unwrap().to_owned()
}

/// A request as the verifier is asked about it.
fn asked(request: &Request, secret: &str) -> Value {
    let headers: BTreeMap<_, _> = request.headers.iter().cloned().collect();
    let body = String::from_utf8(request.body.clone()).unwrap();
    json!({"secret": secret, "headers": headers, "body": body})
}

/// Rows as a peer may write them, and worse.
fn hostile_rows() -> String {
    let odd = [
        "",
        "\u{0}\u{1b}[31m\r\n\u{7f}",
        "\u{202e}\u{2028}\u{feff}",
        "\"\\/{}[],:",
        "é漢😀",
        "1.1",
        "v1,a b",
        "\u{85}\u{a0}",
        "<!channel> @all",
        "../../.",
        "%00%s{}$(id)",
        "\u{10ffff}\u{300}",
    ];
    let mut rows = Vec::new();
    for text in odd {
        for key in ["syscall", "verdict", "lane", "run_id", "subject", "ts", "event_id", text] {
            rows.push(json!({key: text, "detail": {text: text}}));
            rows.push(json!({"syscall": "verify", key: [text, null, 1e308, -0.0, {"deep": text}]}));
        }
        for times in [100, 5000, 50_000] {
            rows.push(json!({"subject": text.repeat(times), "verdict": "REFUTED"}));
            rows.push(json!({"lane": "orders", "detail": {text.repeat(times): 1, "small": text}}));
            rows.push(json!({"detail": text.repeat(times), "ts": "2026-11-22T19:31:25Z"}));
        }
    }
    let many: Map<String, Value> = (0..9000).map(|n| (format!("key {n}"), n.into())).collect();
    rows.push(json!({"syscall": "supervise", "detail": many}));
    rows.push(json!({"detail": {"a mebibyte": "x".repeat(1 << 20)}, "run_id": "r"}));
    // What no library of ours would write: blanks, doubled keys, long numbers.
    let raw = [
        r#" { "syscall" : "a", "syscall" : "b" , "n" : 1.000000000000000000000000001 } "#,
        "{}",
        r#"{"detail":{}}"#,
    ];
    rows.iter().map(Value::to_string).chain(raw.map(str::to_owned)).map(|row| row + "\n").collect()
}

#[actix::test]
async fn the_reference_verifier_accepts_every_event() {
    let directory = tempfile::tempdir().unwrap();
    let rows = hostile_rows();
    std::fs::write(directory.path().join("verdict-journal.jsonl"), &rows).unwrap();
    let daemon = Daemon::start(directory.path());
    let server = Server::start(Reply::status(200)).await;
    let mut questions = Vec::new();
    let mut expected = Vec::new();
    for (name, signers, readers) in
        [("one", &[OLD][..], &[OLD][..]), ("two", &[NEW, OLD], &[NEW, OLD])]
    {
        let before = posts(&server).len();
        drain_all(&exporter(&daemon, &server, name, signers)).await;
        let requests = posts(&server).split_off(before);
        assert_eq!(requests.len(), rows.lines().count());
        assert!(requests.len() > 200, "{}", requests.len());
        for request in &requests {
            assert!(request.body.len() < 20_000);
            for reader in readers {
                questions.push(asked(request, reader));
                expected.push(true);
            }
        }
        // And what is not genuine is not taken for it.
        let genuine = requests.last().unwrap();
        let mut tampered = genuine.clone();
        let at = tampered.body.len() / 2;
        tampered.body[at] ^= 1;
        let mut renamed = genuine.clone();
        renamed.headers.retain(|(name, _)| name != "webhook-id");
        renamed.headers.push(("webhook-id".to_owned(), id(&requests[0])));
        for (forged, secret) in [(&tampered, OLD), (&renamed, OLD), (genuine, OTHER)] {
            questions.push(asked(forged, secret));
            expected.push(false);
        }
    }
    let answers = judge(&questions);
    assert_eq!(answers.len(), expected.len());
    for ((question, answer), genuine) in questions.iter().zip(&answers).zip(expected) {
        let why = format!("{answer:?} of {question:.2000}");
        match answer {
            None => assert!(genuine, "{why}"),
            Some(said) => assert!(!genuine && said == "No matching signature found", "{why}"),
        }
    }
}

#[actix::test]
async fn w_44_ids_are_stable_over_every_kind_of_failure() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(directory.path());
    daemon.append(150).await;
    let server = Server::start(Reply::status(200)).await;
    let busy = || Reply::say(429, &[("retry-after", "0")], b"");
    server.then([
        // The look at whether somebody is there.
        Reply::status(405),
        Reply::status(200),
        Reply::status(500),
        Reply::BreakOff,
        busy(),
        Reply::status(503),
        Reply::status(408),
        Reply::status(204),
        Reply::BreakOff,
        Reply::status(201),
        Reply::Reset,
        Reply::status(502),
    ]);
    drain_all(&exporter(&daemon, &server, "oncall", &[OLD])).await;

    let requests = posts(&server);
    let mut bodies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut firsts = Vec::new();
    for request in &requests {
        let subject = request.json()["data"]["subject"].as_str().unwrap().to_owned();
        let body = bodies.entry(id(request)).or_insert_with(|| {
            firsts.push(subject);
            request.body.clone()
        });
        assert_eq!(body, &request.body, "the same on every try");
    }
    let numbers: Vec<String> = (0..150).map(|number| number.to_string()).collect();
    assert_eq!(firsts, numbers, "in the journal's order, each under one id");
    // The reset was cut off before it was read whole.
    assert_eq!(requests.len(), 150 + 7);
    let tries = requests.iter().filter(|request| id(request) == id(&requests[1])).count();
    assert_eq!(tries, 6, "five failures and then it was taken");
}

#[actix::test]
async fn after_a_kill_the_same_ids_are_sent_again() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(directory.path());
    daemon.append(3).await;
    let server = Server::start(Reply::status(200)).await;
    server.then([Reply::status(404), Reply::status(200), Reply::status(200), Reply::Hang]);
    let killed = exporter(&daemon, &server, "oncall", &[OLD]);
    server.asked(4).await;
    kill(&killed).await;

    drain_all(&exporter(&daemon, &server, "oncall", &[OLD])).await;
    let sent: Vec<(String, Vec<u8>)> =
        posts(&server).into_iter().map(|request| (id(&request), request.body)).collect();
    assert_eq!(sent.len(), 6);
    assert_eq!(sent[..3], sent[3..], "taken, but not yet on disk as taken");
}

#[actix::test]
async fn refused_events_are_dead_letters_and_the_rest_arrives() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(directory.path());
    daemon.append(4).await;
    let server = Server::start(Reply::status(404)).await;
    let replies = [200, 200, 400, 200].map(Reply::status);
    server.then(replies);
    server.otherwise(Reply::status(200));
    drain_all(&exporter(&daemon, &server, "oncall", &[])).await;
    let requests = posts(&server);
    assert_eq!(requests.len(), 4, "each once");
    assert!(requests.iter().all(|request| request.header("webhook-signature").is_none()));
    let letters = daemon.text("exporters/oncall.dead.jsonl");
    let letter: Value = serde_json::from_str(letters.trim_end()).unwrap();
    assert_eq!(letter["event_id"], id(&requests[1]));
    assert_eq!(letter["reason"], "the server answers 400 Bad Request");
    assert!(server.connections() <= 2);
}
