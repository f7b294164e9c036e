//! The sink `otlp` against a real collector, the official classes, and a real TLS server.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use dosd_actors::journal::{EventId, FileIdentity};
use dosd_actors::port::{SharedClock, SystemClock};
use dosd_exporters::otlp::{
    OtlpBatch, OtlpCompression, OtlpConfig, OtlpProtocol, OtlpReceiver, OtlpResource, OtlpSignal,
    OtlpSink,
};
use dosd_exporters::{Delivery, Event, Sink as _};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyKind;
use prost::Message as _;
use serde_json::{Value, json};

use crate::otlp_peer::{Rotel, decode, free_port, wait_for_port};

const ROOT: &str = "RID-0GTFZGX800ABCDE";
const RUN: &str = "RID-0GTFZGX900FGHJK";

fn event(number: u64, row: &Value) -> Event {
    let file = FileIdentity { inode: 7, head: Some(42) };
    Event::parse(EventId::new(file, number * 1000), row.to_string()).unwrap()
}

/// What a fleet says about a run, then what somebody says about none.
fn fleet() -> Vec<Event> {
    let row = |syscall: &str, verdict: &str, run: &str, mut detail: Value| {
        detail["root_id"] = ROOT.into();
        json!({
            "syscall": syscall, "verdict": verdict, "run_id": run, "lane": "api",
            "subject": "übung \"1\"\u{1}", "source": "kernel", "ts": "2026-11-22T19:31:25Z",
            "detail": detail,
        })
    };
    let rows = [
        row("supervise", "FILLING", ROOT, json!({"alive": 0, "target": 2, "reap": 1})),
        row("worker", "STARTED", RUN, json!({"pid": 4711})),
        row("effect_witness", "REFUTED", RUN, json!({"surfaces": 2, "seen": [1, {"a": null}]})),
        row("liveness", "STALLED", RUN, json!({"idle": 1.5, "late": true, "n": u64::MAX})),
        row("worker", "EXITED", RUN, json!({"ran_ms": 90_000, "code": 3, "refuted": 1})),
        json!({"syscall": "verify", "verdict": "PASS", "ts": "never"}),
    ];
    (0..).zip(&rows).map(|(number, row)| event(number, row)).collect()
}

fn sink(protocol: OtlpProtocol, compression: OtlpCompression, port: u16) -> OtlpSink {
    let receiver = |signal: OtlpSignal| {
        let path = if protocol == OtlpProtocol::Grpc { "" } else { signal.as_str() };
        let version = if protocol == OtlpProtocol::Grpc { "" } else { "v1/" };
        let url = format!("http://127.0.0.1:{port}/{version}{path}").parse().unwrap();
        OtlpReceiver { compression, ..OtlpReceiver::at(protocol, url) }
    };
    let (logs, traces) = (receiver(OtlpSignal::Logs), receiver(OtlpSignal::Traces));
    let workspace = Some("/srv/shop".to_owned());
    let resource = OtlpResource { workspace, ..OtlpResource::default() };
    let config = OtlpConfig { logs: Some(logs), traces: Some(traces), resource };
    OtlpSink::new(&config, &clock()).unwrap()
}

fn clock() -> SharedClock {
    Arc::new(SystemClock::new())
}

#[actix::test]
async fn a_collector_takes_everything_over_both_protocols() {
    let rotel = Rotel::start();
    let events: Vec<Event> = (0..200).flat_map(|_| fleet()).collect();
    for (protocol, port) in
        [(OtlpProtocol::HttpProtobuf, rotel.http_port), (OtlpProtocol::Grpc, rotel.grpc_port)]
    {
        for compression in [OtlpCompression::None, OtlpCompression::Gzip] {
            let mut sink = sink(protocol, compression, port);
            assert_eq!(sink.check().await, Ok(()));
            for page in events.chunks(512) {
                let batch = sink.encode(page);
                assert_eq!(sink.send(&batch).await, Delivery::Accepted);
            }
            rotel.took(1200, 1000);
        }
    }
}

#[actix::test]
async fn a_collector_takes_requests_of_every_length() {
    let rotel = Rotel::start();
    let long = |number| {
        let detail = json!({"text": "x".repeat(900_000), "root_id": ROOT});
        let row = json!({
            "syscall": "liveness", "verdict": "STALLED", "run_id": RUN,
            "ts": "2026-11-22T19:31:25Z", "detail": detail,
        });
        event(number, &row)
    };
    let events: Vec<Event> = (0..9).map(long).collect();
    for (protocol, port) in
        [(OtlpProtocol::HttpProtobuf, rotel.http_port), (OtlpProtocol::Grpc, rotel.grpc_port)]
    {
        let mut sink = sink(protocol, OtlpCompression::None, port);
        let batch = sink.encode(&events);
        assert_eq!(batch.requests().len(), 6);
        assert_eq!(sink.send(&batch).await, Delivery::Accepted);
        rotel.took(9, 9);
    }
}

fn attributes(found: &[KeyValue]) -> Value {
    let value = |known: &KeyValue| match known.value.clone().unwrap().value.unwrap() {
        AnyKind::StringValue(text) => json!(["string_value", text]),
        AnyKind::BoolValue(flag) => json!(["bool_value", flag]),
        AnyKind::IntValue(number) => json!(["int_value", number]),
        AnyKind::DoubleValue(number) => json!(["double_value", number]),
        AnyKind::ArrayValue(_)
        | AnyKind::KvlistValue(_)
        | AnyKind::BytesValue(_)
        | AnyKind::StringValueStrindex(_) => panic!("`{}` is of an odd kind", known.key),
    };
    found.iter().map(|known| json!([known.key, value(known)])).collect()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// What this side meant.
fn meant(batch: &OtlpBatch) -> Vec<Value> {
    let said = batch.requests().iter().map(|request| match request.signal {
        OtlpSignal::Logs => {
            let message = ExportLogsServiceRequest::decode(request.message.as_ref()).unwrap();
            let of_resource = &message.resource_logs[0];
            let of_scope = &of_resource.scope_logs[0];
            let log = |record: &opentelemetry_proto::tonic::logs::v1::LogRecord| {
                let body = record.body.clone().unwrap().value.unwrap();
                let AnyKind::StringValue(body) = body else { panic!("{body:?}") };
                json!({
                    "time": record.time_unix_nano, "observed": record.observed_time_unix_nano,
                    "severity": [record.severity_number, record.severity_text], "body": body,
                    "attributes": attributes(&record.attributes), "flags": record.flags,
                    "trace": hex(&record.trace_id), "span": hex(&record.span_id),
                })
            };
            json!({
                "resource": attributes(&of_resource.resource.as_ref().unwrap().attributes),
                "scope": of_scope.scope.as_ref().unwrap().name,
                "records": of_scope.log_records.iter().map(log).collect::<Vec<_>>(),
            })
        }
        OtlpSignal::Traces => {
            let message = ExportTraceServiceRequest::decode(request.message.as_ref()).unwrap();
            let of_resource = &message.resource_spans[0];
            let of_scope = &of_resource.scope_spans[0];
            let span = |span: &opentelemetry_proto::tonic::trace::v1::Span| {
                let status = span.status.clone().unwrap_or_default();
                json!({
                    "trace": hex(&span.trace_id), "span": hex(&span.span_id),
                    "parent": hex(&span.parent_span_id), "name": span.name, "kind": span.kind,
                    "start": span.start_time_unix_nano, "end": span.end_time_unix_nano,
                    "status": [status.code, status.message],
                    "attributes": attributes(&span.attributes), "flags": span.flags,
                })
            };
            json!({
                "resource": attributes(&of_resource.resource.as_ref().unwrap().attributes),
                "scope": of_scope.scope.as_ref().unwrap().name,
                "records": of_scope.spans.iter().map(span).collect::<Vec<_>>(),
            })
        }
    });
    said.collect()
}

#[test]
fn the_official_classes_read_what_was_meant() {
    let events = fleet();
    let batch = sink(OtlpProtocol::Grpc, OtlpCompression::None, 1).encode(&events);
    let asked: Vec<Value> = (batch.requests().iter())
        .map(|request| json!({"signal": request.signal, "message": hex(&request.message)}))
        .collect();
    let read = decode(&asked);
    assert_eq!(read, meant(&batch));

    let [logs, spans] = [&read[0]["records"], &read[1]["records"]].map(|r| r.as_array().unwrap());
    assert_eq!((logs.len(), spans.len()), (6, 5));
    let severities: Vec<&Value> = logs.iter().map(|log| &log["severity"]).collect();
    let [info, error] = [json!([9, "INFO"]), json!([17, "ERROR"])];
    assert_eq!(severities, [&info, &info, &error, &error, &info, &info]);
    let ids = |records: &[Value]| -> Vec<Value> {
        let id = |record: &Value| record["attributes"][0][1][1].clone();
        records.iter().map(id).collect()
    };
    let expected: Vec<Value> = events.iter().map(|event| event.id().to_string().into()).collect();
    assert_eq!((ids(logs), ids(spans)), (expected.clone(), expected[..5].to_vec()));
    let run = &spans[4];
    let moment = 1_795_375_885_000_000_000_u64;
    assert_eq!((&run["name"], &run["parent"]), (&json!("api"), &json!("")));
    assert_eq!(run["start"], moment - 90_000_000_000);
    assert_eq!(run["status"], json!([2, "ended with exit code 3; 1 claim was refuted"]));
    assert!(spans.iter().all(|span| span["end"] == moment && span["trace"] == run["trace"]));
    assert!(spans[1..4].iter().all(|span| span["parent"] == run["span"]));
    assert!(logs[1..5].iter().all(|log| log["span"] == run["span"]));
    assert_eq!((&spans[0]["parent"], &logs[5]["trace"]), (&json!(""), &json!("")));
}

/// A server with a certificate that it signed itself; it ends with the handle.
struct SelfSigned {
    port: u16,
    certificate: Vec<u8>,
    process: Child,
}

impl SelfSigned {
    fn start(directory: &Path, speaks: &str) -> Self {
        let (key, certificate) = (directory.join("key.pem"), directory.join("certificate.pem"));
        let made = Command::new("openssl")
            .args(["req", "-new", "-x509", "-nodes", "-subj", "/CN=test"])
            .args(["-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-addext", "basicConstraints=CA:FALSE", "-keyout"])
            .args([key.as_os_str(), "-out".as_ref(), certificate.as_os_str()])
            .output()
            .expect("these tests need `openssl`");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let process = Command::new("openssl")
            .args(["s_server", "-quiet", "-www", "-alpn", speaks])
            .args(["-accept", &format!("127.0.0.1:{port}"), "-key"])
            .args([key.as_os_str(), "-cert".as_ref(), certificate.as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { port, certificate: std::fs::read(certificate).unwrap(), process };
        wait_for_port(port);
        server
    }
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[actix::test]
async fn a_certificate_of_ones_own_is_trusted_only_when_it_is_named() {
    let directory = tempfile::tempdir().unwrap();
    for (protocol, speaks) in [(OtlpProtocol::HttpProtobuf, "http/1.1"), (OtlpProtocol::Grpc, "h2")]
    {
        let server = SelfSigned::start(directory.path(), speaks);
        let url: url::Url = format!("https://127.0.0.1:{}/", server.port).parse().unwrap();
        for certificate in [None, Some(server.certificate.clone())] {
            let is_named = certificate.is_some();
            let receiver = OtlpReceiver { certificate, ..OtlpReceiver::at(protocol, url.clone()) };
            let resource = OtlpResource::default();
            let config = OtlpConfig { logs: Some(receiver), traces: None, resource };
            match OtlpSink::new(&config, &clock()).unwrap().check().await {
                Ok(()) => assert!(is_named, "it trusts anybody"),
                Err(why) => assert!(!is_named && why.0.contains("certificate"), "{why}"),
            }
        }
    }
}
