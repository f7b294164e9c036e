//! HTTP: what is sent, and what each answer means.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use dosd_actors::port::testing::TestClock;
use dosd_network::Secret;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use prost::Message as _;

use super::rows::many;
use crate::otlp::rpc_status::RpcStatus;
use crate::otlp::{
    OtlpCompression, OtlpConfig, OtlpProtocol, OtlpReceiver, OtlpResource, OtlpSink,
};
use crate::sink::{Delivery, Sink};
use crate::testing::{NOW_MS, Reply, Server};

fn receiver(url: &str) -> OtlpReceiver {
    OtlpReceiver::at(OtlpProtocol::HttpProtobuf, url.parse().unwrap())
}

/// Logs and traces to one server, each to its path.
fn config(server: &Server) -> OtlpConfig {
    let to = |path| Some(receiver(&server.url(path)));
    OtlpConfig { logs: to("/v1/logs"), traces: to("/v1/traces"), resource: OtlpResource::default() }
}

fn sink(config: &OtlpConfig) -> OtlpSink {
    OtlpSink::new(config, &(Arc::new(TestClock::at(NOW_MS)) as _)).unwrap()
}

async fn send(sink: &mut OtlpSink, events: u64) -> Delivery {
    let batch = sink.encode(&many(events));
    sink.send(&batch).await
}

fn targets(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request| request.target).collect()
}

#[actix::test]
async fn the_very_messages_arrive_with_their_headers() {
    let server = Server::start(Reply::status(200)).await;
    for compression in [OtlpCompression::None, OtlpCompression::Gzip] {
        let mut config = config(&server);
        let secrets = [("api-key", "word"), ("content-type", "text/plain")];
        let headers = secrets.map(|(key, value)| (key.to_owned(), Secret::new(value))).to_vec();
        for receiver in [&mut config.logs, &mut config.traces].into_iter().flatten() {
            receiver.compression = compression;
            receiver.headers.clone_from(&headers);
        }
        let mut sink = sink(&config);
        let batch = sink.encode(&many(3));
        assert_eq!(sink.send(&batch).await, Delivery::Accepted);
        let requests = server.requests();
        let last = &requests[requests.len() - 2..];
        for (request, sent) in last.iter().zip(batch.requests()) {
            assert_eq!(
                (request.method.as_str(), request.target.as_str()),
                ("POST", format!("/v1/{}", sent.signal).as_str())
            );
            assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
            assert_eq!(request.header("api-key"), Some("word"));
            let is_gzip = request.header("content-encoding") == Some("gzip");
            assert_eq!(is_gzip, compression == OtlpCompression::Gzip);
            let mut body = Vec::new();
            if is_gzip {
                GzDecoder::new(request.body.as_slice()).read_to_end(&mut body).unwrap();
            } else {
                body.clone_from(&request.body);
            }
            assert_eq!(body, sent.message);
        }
    }
}

#[actix::test]
async fn only_four_statuses_are_tried_again() {
    let server = Server::start(Reply::status(200)).await;
    let mut sink = sink(&config(&server));
    for status in [502, 503, 504] {
        server.then([Reply::say(status, &[], b"later")]);
        let delivery = send(&mut sink, 2).await;
        assert!(
            matches!(&delivery, Delivery::Retry { reason } if reason.ends_with(": later")),
            "{delivery:?}"
        );
    }
    for (status, headers, delay) in [
        (429, &[("retry-after", "7")][..], Some(7)),
        (503, &[("retry-after", "7")], Some(7)),
        (429, &[], None),
    ] {
        server.then([Reply::say(status, headers, b"")]);
        let Delivery::Throttled { delay: named, reason } = send(&mut sink, 2).await else {
            panic!("{status} does not throttle")
        };
        assert_eq!(named, delay.map(Duration::from_secs));
        assert!(reason.starts_with("logs: the server answers"), "{reason}");
    }
    for status in [301, 307, 400, 401, 403, 404, 405, 408, 410, 413, 415, 500, 501, 505, 599] {
        server.then([Reply::say(status, &[("location", "/elsewhere"), ("retry-after", "7")], b"")]);
        let delivery = send(&mut sink, 2).await;
        assert!(matches!(delivery, Delivery::Refused { .. }), "{status}: {delivery:?}");
    }
    assert!(targets(&server).iter().all(|target| target == "/v1/logs"));
    assert_eq!(send(&mut sink, 2).await, Delivery::Accepted);
}

#[actix::test]
async fn a_refusal_says_what_the_server_said() {
    let server = Server::start(Reply::status(200)).await;
    let mut sink = sink(&config(&server));
    let message = "no such\n tenant".to_owned();
    let status = RpcStatus { code: 3, message, ..RpcStatus::default() };
    server.then([Reply::say(400, &[], &status.encode_to_vec())]);
    let reason = "logs: the server answers 400 Bad Request: no such tenant".to_owned();
    assert_eq!(send(&mut sink, 2).await, Delivery::Refused { reason });
    server.then([Reply::say(400, &[], b"<html>bad gateway</html>")]);
    let reason = "logs: the server answers 400 Bad Request: <html>bad gateway</html>".to_owned();
    assert_eq!(send(&mut sink, 2).await, Delivery::Refused { reason });
    server.then([Reply::status(200), Reply::status(404)]);
    let Delivery::Refused { reason } = send(&mut sink, 2).await else { panic!("not refused") };
    assert!(reason.contains("leave them out of `signals`"), "{reason}");
}

#[actix::test]
async fn a_connection_that_breaks_or_says_nothing_is_tried_again() {
    let server = Server::start(Reply::status(200)).await;
    let mut config = config(&server);
    server.then([Reply::Reset, Reply::BreakOff]);
    let mut whole = sink(&config);
    for _ in 0..2 {
        assert!(matches!(send(&mut whole, 2).await, Delivery::Retry { .. }));
    }
    server.then([Reply::Hang]);
    config.logs.as_mut().unwrap().timeout = Duration::from_millis(50);
    assert!(matches!(send(&mut sink(&config), 2).await, Delivery::Retry { .. }));
    let gone = receiver("http://127.0.0.1:1/v1/logs?token=s3cret");
    let mut nobody = sink(&OtlpConfig { logs: Some(gone), ..config });
    let Delivery::Retry { reason } = send(&mut nobody, 2).await else { panic!("no retry") };
    assert!(reason.contains("refused") && !reason.contains("s3cret"), "{reason}");
}

#[actix::test]
async fn what_the_receiver_has_is_not_sent_again() {
    let server = Server::start(Reply::status(200)).await;
    let mut sink = sink(&config(&server));
    server.then([Reply::status(200), Reply::status(503), Reply::status(400)]);
    let batch = sink.encode(&many(4));
    assert!(matches!(sink.send(&batch).await, Delivery::Retry { .. }));
    assert!(matches!(sink.send(&batch).await, Delivery::Refused { .. }));
    // Now its halves come: their logs are there too.
    for half in many(4).chunks(2) {
        let batch = sink.encode(half);
        assert_eq!(sink.send(&batch).await, Delivery::Accepted);
    }
    let traces = "/v1/traces".to_owned();
    let expected = ["/v1/logs".to_owned(), traces.clone(), traces.clone(), traces.clone(), traces];
    assert_eq!(targets(&server), expected);
    // What was settled and is sent again, as by a replay, is sent whole.
    assert_eq!(send(&mut sink, 2).await, Delivery::Accepted);
    assert_eq!(server.requests().len(), 7);
}

#[actix::test]
async fn rejections_of_a_try_that_failed_are_not_forgotten() {
    let server = Server::start(Reply::status(200)).await;
    let mut sink = sink(&config(&server));
    let partial = ExportLogsPartialSuccess { rejected_log_records: 1, error_message: "old".into() };
    let answer = ExportLogsServiceResponse { partial_success: Some(partial) };
    server.then([Reply::say(200, &[], &answer.encode_to_vec()), Reply::status(503)]);
    assert!(matches!(send(&mut sink, 2).await, Delivery::Retry { .. }));
    let Delivery::PartlyAccepted { refused } = send(&mut sink, 2).await else { panic!("all") };
    let said: Vec<&str> = refused.iter().map(|refusal| refusal.reason.as_str()).collect();
    assert_eq!(said, ["logs: 1 of 2 rejected: old"; 2]);
    assert_eq!(send(&mut sink, 2).await, Delivery::Accepted, "they are said once");
}

#[actix::test]
async fn a_warning_and_an_answer_that_is_no_message_are_successes() {
    let partial =
        ExportLogsPartialSuccess { rejected_log_records: 0, error_message: "soon".into() };
    let answer = ExportLogsServiceResponse { partial_success: Some(partial) };
    let server = Server::start(Reply::status(200)).await;
    let mut sink = sink(&config(&server));
    for body in [&answer.encode_to_vec()[..], b"OK", b"{}", b"\xff\xff\xff"] {
        server.then([Reply::say(200, &[], body), Reply::say(202, &[], body)]);
        assert_eq!(send(&mut sink, 2).await, Delivery::Accepted);
    }
}

#[actix::test]
async fn a_send_that_is_dropped_only_leads_to_sending_again() {
    let server = Server::start(Reply::status(200)).await;
    let mut sink = sink(&config(&server));
    server.then([Reply::status(200), Reply::Hang]);
    let batch = sink.encode(&many(2));
    tokio::select! {
        delivery = sink.send(&batch) => panic!("{delivery:?}"),
        () = server.asked(2) => {}
    }
    assert_eq!(sink.send(&batch).await, Delivery::Accepted);
    assert_eq!(targets(&server), ["/v1/logs", "/v1/traces", "/v1/traces"]);
}

#[actix::test]
async fn the_check_sends_no_event() {
    let server = Server::start(Reply::status(405)).await;
    let mut there = sink(&config(&server));
    assert_eq!(there.check().await, Ok(()));
    assert!(server.requests().iter().all(|r| r.method == "GET" && r.body.is_empty()));
    server.then([Reply::say(401, &[], b"who are you")]);
    let why = there.check().await.unwrap_err().0;
    let place = server.url("/v1/logs");
    assert_eq!(why, format!("logs at {place}: the server answers 401 Unauthorized: who are you"));
    let config =
        OtlpConfig { logs: Some(receiver("http://127.0.0.1:1/v1/logs")), ..config(&server) };
    let why = sink(&config).check().await.unwrap_err().0;
    assert!(why.contains("refused"), "{why}");
}

#[test]
fn what_cannot_be_sent_is_said_at_once_without_secrets() {
    let mut config = OtlpConfig {
        logs: None,
        traces: Some(receiver("https://127.0.0.1:1/v1/traces")),
        resource: OtlpResource::default(),
    };
    let traces = config.traces.as_mut().unwrap();
    traces.headers = vec![("api-key".to_owned(), Secret::new("s3cret\n"))];
    let clock = Arc::new(TestClock::at(NOW_MS)) as _;
    let why = |config: &OtlpConfig| OtlpSink::new(config, &clock).err().unwrap();
    assert_eq!(why(&config), "traces: the value of `api-key` cannot stand in a header");
    let traces = config.traces.as_mut().unwrap();
    traces.headers.clear();
    traces.certificate = Some(b"no certificate".to_vec());
    assert!(why(&config).contains("PEM"), "{}", why(&config));
}
