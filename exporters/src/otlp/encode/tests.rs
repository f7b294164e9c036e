//! What stands in the messages, read back from their bytes.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyKind;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use proptest::prelude::*;
use prost::Message as _;
use serde_json::{Value, json};

use super::ids::{event_span_id, run_span_id, trace_id};
use super::*;
use crate::otlp::resource::OtlpResource;
use crate::otlp::tests::rows::{ROOT, RUN, TS, TS_NANOS, event_of, many, of_run};
use crate::testing::event_id;

fn encode(events: &[Event]) -> OtlpBatch {
    let resource = OtlpResource { workspace: Some("/srv/shop".into()), ..OtlpResource::default() };
    Encoder::new(resource.message(), OtlpSignal::ALL.to_vec()).encode(events)
}

/// Messages are checked for what must hold for each, then their records are given.
fn records(batch: &OtlpBatch) -> (Vec<LogRecord>, Vec<Span>) {
    let (mut logs, mut spans) = (Vec::new(), Vec::new());
    for OtlpRequest { signal, message, ids } in batch.requests() {
        assert!(message.len() < MAX_REQUEST_BYTES, "{} bytes", message.len());
        let before = logs.len() + spans.len();
        match signal {
            OtlpSignal::Logs => {
                let request = ExportLogsServiceRequest::decode(message.as_ref()).unwrap();
                let [of_resource] = request.resource_logs.try_into().unwrap();
                let [of_scope] = of_resource.scope_logs.try_into().unwrap();
                logs.extend(of_scope.log_records);
            }
            OtlpSignal::Traces => {
                let request = ExportTraceServiceRequest::decode(message.as_ref()).unwrap();
                let [of_resource] = request.resource_spans.try_into().unwrap();
                let [of_scope] = of_resource.scope_spans.try_into().unwrap();
                spans.extend(of_scope.spans);
            }
        }
        assert_eq!(logs.len() + spans.len() - before, ids.len());
        assert!(!ids.is_empty(), "an empty envelope");
    }
    (logs, spans)
}

fn one(event: Event) -> (LogRecord, Option<Span>) {
    let (logs, spans) = records(&encode(&[event]));
    let [log] = logs.try_into().unwrap();
    (log, spans.into_iter().next())
}

fn span_of(event: Event) -> Span {
    one(event).1.expect("a span")
}

/// An attribute as text: what it is and what it says.
fn said(attributes: &[KeyValue], key: &str) -> Option<String> {
    let mut found = attributes.iter().filter(|attribute| attribute.key == key);
    let value = found.next()?.value.as_ref().unwrap().value.as_ref().unwrap();
    assert!(found.next().is_none(), "`{key}` stands twice");
    Some(match value {
        AnyKind::StringValue(text) => text.clone(),
        AnyKind::IntValue(number) => format!("int {number}"),
        AnyKind::DoubleValue(number) => format!("double {number}"),
        AnyKind::BoolValue(flag) => format!("bool {flag}"),
        AnyKind::ArrayValue(_)
        | AnyKind::KvlistValue(_)
        | AnyKind::BytesValue(_)
        | AnyKind::StringValueStrindex(_) => panic!("`{key}` is {value:?}"),
    })
}

#[test]
fn a_record_says_what_the_row_says() {
    let detail = json!({"alive": 3, "late": true, "load": 1.5, "x": [1, null], "huge": u64::MAX});
    let row = json!({
        "syscall": "effect_witness", "verdict": "REFUTED", "run_id": RUN, "lane": "api",
        "subject": "orders:42", "source": "kernel", "ts": TS, "detail": detail,
    });
    let (log, _) = one(event_of(7, &row));
    assert_eq!((log.time_unix_nano, log.observed_time_unix_nano), (TS_NANOS, TS_NANOS));
    assert_eq!((log.severity_number, log.severity_text.as_str()), (17, "ERROR"));
    let body = log.body.unwrap().value.unwrap();
    assert_eq!(body, AnyKind::StringValue("effect_witness REFUTED".into()));
    let id = event_id(7).to_string();
    for (key, value) in [
        ("dos.event_id", id.as_str()),
        ("dos.syscall", "effect_witness"),
        ("dos.verdict", "REFUTED"),
        ("dos.run_id", RUN),
        ("dos.lane", "api"),
        ("dos.subject", "orders:42"),
        ("dos.source", "kernel"),
        ("dos.detail.alive", "int 3"),
        ("dos.detail.late", "bool true"),
        ("dos.detail.load", "double 1.5"),
        ("dos.detail.x", "[1,null]"),
    ] {
        assert_eq!(said(&log.attributes, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(log.attributes.len(), 12);
}

#[test]
fn a_run_is_a_span_from_its_start_to_its_end_under_its_lane() {
    let detail = json!({"ran_ms": 90_000, "pid": 4711, "code": 0, "start_sha": "abc"});
    let (log, span) = one(of_run(0, "worker", "EXITED", detail));
    let span = span.unwrap();
    assert_eq!(span.name, "api");
    assert_eq!(span.trace_id, trace_id(ROOT));
    assert_eq!((span.span_id.as_slice(), span.parent_span_id.len()), (&run_span_id(RUN)[..], 0));
    assert_eq!(span.start_time_unix_nano, TS_NANOS - 90_000_000_000);
    assert_eq!(span.end_time_unix_nano, TS_NANOS);
    assert_eq!(span.status, None);
    assert_eq!(said(&span.attributes, "process.pid").as_deref(), Some("int 4711"));
    assert_eq!(said(&span.attributes, "process.exit.code").as_deref(), Some("int 0"));
    assert_eq!(said(&span.attributes, "vcs.ref.base.revision").as_deref(), Some("abc"));
    assert_eq!(said(&span.attributes, "error.type"), None);
    for attribute in &log.attributes {
        assert!(span.attributes.contains(attribute), "{} is missing", attribute.key);
    }
    assert_eq!((log.trace_id, log.span_id), (span.trace_id, span.span_id));
}

#[test]
fn everything_that_speaks_against_a_run_is_its_status() {
    for (detail, kind, message) in [
        (json!({"code": 3}), "exit_code", "ended with exit code 3"),
        (json!({"signal": 9, "code": null}), "signal", "ended by signal 9"),
        (json!({"code": 0, "refuted": 1}), "refuted", "1 claim was refuted"),
        (
            json!({"code": 1, "refuted": 2, "gave_up": true}),
            "exit_code",
            "ended with exit code 1; the lane was given up; 2 claims were refuted",
        ),
        (
            json!({"signal": 15, "excused": "halted", "refuted": 2}),
            "refuted",
            "2 claims were refuted",
        ),
    ] {
        let span = span_of(of_run(0, "worker", "EXITED", detail));
        let status = span.status.unwrap();
        assert_eq!((status.code(), status.message.as_str()), (StatusCode::Error, message));
        assert_eq!(said(&span.attributes, "error.type").as_deref(), Some(kind));
    }
    for detail in [
        json!({}),
        json!({"code": 0, "refuted": 0, "confirmed": 4, "unwitnessed": 1}),
        json!({"signal": 15, "excused": "halted"}),
        json!({"code": "3", "signal": [], "refuted": true}),
    ] {
        assert_eq!(span_of(of_run(0, "worker", "EXITED", detail)).status, None);
    }
}

#[test]
fn a_length_that_cannot_be_true_is_none() {
    for ran in [json!(-1), json!(1.5), json!("90"), json!(u64::MAX), json!(1_795_375_885_001_u64)] {
        let span = span_of(of_run(0, "worker", "EXITED", json!({"ran_ms": ran})));
        assert_eq!(span.start_time_unix_nano, TS_NANOS, "{ran}");
    }
}

#[test]
fn verdicts_of_a_run_are_moments_below_it() {
    let (log, span) = one(of_run(5, "liveness", "STALLED", json!({})));
    let span = span.unwrap();
    assert_eq!(span.name, "liveness STALLED");
    assert_eq!(span.trace_id, trace_id(ROOT));
    assert_eq!(span.span_id, event_span_id(event_id(5)));
    assert_eq!(span.parent_span_id, run_span_id(RUN));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (TS_NANOS, TS_NANOS));
    assert_eq!(span.status.as_ref().unwrap().code(), StatusCode::Error);
    assert_eq!(said(&span.attributes, "error.type").as_deref(), Some("stalled"));
    assert_eq!(log.span_id, run_span_id(RUN), "records stand at the run");
    let quiet = span_of(of_run(5, "effect_witness", "CONFIRMED", json!({})));
    assert_eq!((quiet.status, said(&quiet.attributes, "error.type")), (None, None));
}

#[test]
fn who_never_gets_a_span_is_nobodys_parent() {
    let row = |syscall: &str, run: &str, root: &Value| json!({"syscall": syscall, "verdict": "X", "run_id": run, "ts": TS, "detail": {"root_id": root}});
    let root = json!(ROOT);
    // The population's run is the daemon, which has no end; it stands beside its runs.
    let supervise = span_of(event_of(1, &row("supervise", ROOT, &root)));
    assert_eq!((supervise.trace_id, supervise.parent_span_id), (trace_id(ROOT).to_vec(), vec![]));
    // A run that somebody else named has a trace of its own.
    let foreign = span_of(event_of(2, &row("verify", RUN, &Value::Null)));
    assert_eq!((foreign.trace_id, foreign.parent_span_id), (trace_id(RUN).to_vec(), vec![]));
    // A lane's matter belongs to the fleet, not to a run.
    let lane = span_of(event_of(3, &row("worker", "", &root)));
    assert_eq!((lane.trace_id, lane.parent_span_id), (trace_id(ROOT).to_vec(), vec![]));
    // A worker's row without a root belongs to its run, which has an end.
    let worker = span_of(event_of(4, &row("worker", RUN, &json!(""))));
    assert_eq!(worker.parent_span_id, run_span_id(RUN));
    let (log, span) = one(event_of(5, &row("verify", "", &json!(7))));
    assert_eq!((log.trace_id.len(), log.span_id.len(), log.flags, span), (0, 0, 0, None));
}

#[test]
fn a_row_without_a_time_is_a_record_only() {
    for ts in ["", "yesterday", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"] {
        let row = json!({"syscall": "worker", "verdict": "EXITED", "run_id": RUN, "ts": ts});
        let (log, span) = one(event_of(0, &row));
        assert_eq!((log.time_unix_nano, log.observed_time_unix_nano, span), (0, 0, None), "{ts}");
    }
}

#[test]
fn names_are_one_short_line() {
    let lane = |lane: &str| {
        let row = json!({"syscall": "worker", "verdict": "EXITED", "run_id": RUN, "lane": lane, "ts": TS});
        span_of(event_of(0, &row)).name
    };
    assert_eq!(lane(""), "worker");
    assert_eq!(lane("\n\u{7f} "), "worker");
    assert_eq!(lane("a\nb\u{1b}[31mc"), "a b [31mc");
    assert_eq!(lane(&"é".repeat(500)), format!("{}…", "é".repeat(128)));
}

#[test]
fn requests_stay_under_their_limit_and_keep_the_order() {
    let filler = "x".repeat(300_000);
    let detail = |at: u64| json!({"filler": filler, "at": at});
    let events: Vec<Event> =
        (0..40).map(|at| of_run(at, "liveness", "STALLED", detail(at))).collect();
    let batch = encode(&events);
    let of = |signal| batch.requests().iter().filter(|r| r.signal == signal).count();
    assert_eq!((of(OtlpSignal::Logs), of(OtlpSignal::Traces)), (4, 4));
    let (logs, spans) = records(&batch);
    let ids: Vec<String> = events.iter().map(|event| event.id().to_string()).collect();
    let id = |attributes: &Vec<KeyValue>| said(attributes, "dos.event_id").unwrap();
    assert!(logs.iter().map(|log| id(&log.attributes)).eq(ids.clone()));
    assert!(spans.iter().map(|span| id(&span.attributes)).eq(ids));
    assert!(logs.iter().all(|log| said(&log.attributes, "dos.cut.dropped").is_none()));
}

#[test]
fn a_record_that_is_too_long_is_cut_and_says_so() {
    let detail = json!({"a": "é".repeat(3_000_000), "b": 1, "k".repeat(5000): 2});
    let (log, span) = one(of_run(0, "worker", "EXITED", detail));
    for (attributes, dropped) in [
        (log.attributes, log.dropped_attributes_count),
        (span.clone().unwrap().attributes, span.unwrap().dropped_attributes_count),
    ] {
        assert_eq!(dropped, 1);
        let text = said(&attributes, "dos.detail.a").unwrap();
        assert!(text.ends_with("é…") && text.len() < 5000);
        for (key, value) in [
            ("dos.detail.b", "int 1"),
            ("dos.cut.shortened", "int 1"),
            ("dos.cut.dropped", "int 1"),
            ("dos.run_id", RUN),
        ] {
            assert_eq!(said(&attributes, key).as_deref(), Some(value), "{key}");
        }
    }
}

#[test]
fn too_many_attributes_are_counted_not_sent() {
    let mut detail = json!({});
    for number in 0..100_000 {
        detail[format!("k{number:05}")] = 1.into();
    }
    let (log, span) = one(of_run(0, "worker", "EXITED", detail));
    let kept = log.attributes.len() - 8;
    assert_eq!(kept + log.dropped_attributes_count as usize, 100_001);
    assert!(kept > 1000 && span.unwrap().dropped_attributes_count > 0);
    assert_eq!(said(&log.attributes, "dos.lane").as_deref(), Some("api"));
}

#[test]
fn a_long_body_is_cut_too() {
    let row = json!({"syscall": "s".repeat(5_000_000), "verdict": "V", "run_id": RUN, "ts": TS});
    let (log, span) = one(event_of(0, &row));
    let AnyKind::StringValue(body) = log.body.unwrap().value.unwrap() else { panic!("no text") };
    assert!(body.len() < 5000 && span.unwrap().name.len() < 300);
}

#[test]
fn a_signal_that_nobody_takes_is_not_encoded() {
    let encoder = Encoder::new(Resource::default(), vec![OtlpSignal::Logs]);
    let batch = encoder.encode(&many(3));
    assert!(batch.requests().iter().all(|request| request.signal == OtlpSignal::Logs));
    let only_logs = event_of(0, &json!({"syscall": "verify", "verdict": "OPEN", "ts": TS}));
    assert_eq!(encode(&[only_logs]).requests().len(), 1, "no empty envelope of spans");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5).prop_map(Value::from_iter),
        ]
    })
}

fn any_row() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "syscall", "verdict", "run_id", "lane", "subject", "source", "ts", "detail",
    ]);
    let detail_keys = prop::sample::select(vec![
        "root_id",
        "ran_ms",
        "code",
        "signal",
        "refuted",
        "pid",
        "excused",
        "gave_up",
        "start_sha",
    ]);
    let detail = prop::collection::btree_map(detail_keys, any_json(), 0..9);
    let odd = prop::collection::btree_map(keys, any_json(), 0..8);
    let verdict = prop::sample::select(vec!["EXITED", "STALLED", ""]);
    (odd, detail, verdict, any::<bool>()).prop_map(|(odd, detail, verdict, is_worker)| {
        let mut row = json!({"ts": TS, "verdict": verdict, "run_id": RUN, "detail": detail});
        if is_worker {
            row["syscall"] = "worker".into();
        }
        for (key, value) in odd {
            row[key] = value;
        }
        row
    })
}

proptest! {
    /// Whatever a row holds: one record, at most one span, ids of the right length, no key
    /// twice, no span that ends before it starts.
    #[test]
    fn any_row_becomes_a_valid_record(rows in prop::collection::vec(any_row(), 1..6)) {
        let events: Vec<Event> = (0_u64..).zip(&rows).map(|(at, row)| event_of(at, row)).collect();
        let (logs, spans) = records(&encode(&events));
        prop_assert_eq!(logs.len(), events.len());
        let all = logs.iter().map(|log| &log.attributes).chain(spans.iter().map(|s| &s.attributes));
        for attributes in all {
            let keys: BTreeSet<&str> = attributes.iter().map(|known| known.key.as_str()).collect();
            prop_assert_eq!(keys.len(), attributes.len());
        }
        for log in &logs {
            prop_assert!(matches!((log.trace_id.len(), log.span_id.len()), (0, 0) | (16, 8)));
        }
        for span in &spans {
            prop_assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
            prop_assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
            prop_assert!(span.start_time_unix_nano > 0 && !span.name.is_empty());
        }
    }

    /// Where a batch is cut changes no record.
    #[test]
    fn batches_can_be_cut_anywhere(rows in prop::collection::vec(any_row(), 2..6), cut in 1_usize..5) {
        let events: Vec<Event> = (0_u64..).zip(&rows).map(|(at, row)| event_of(at, row)).collect();
        let cut = cut.min(events.len() - 1);
        let whole = records(&encode(&events));
        let (mut logs, mut spans) = records(&encode(&events[..cut]));
        let rest = records(&encode(&events[cut..]));
        logs.extend(rest.0);
        spans.extend(rest.1);
        prop_assert_eq!(whole, (logs, spans));
    }
}
