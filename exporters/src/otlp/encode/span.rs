//! An event as a span: the end of a run is the run's span, any other is a moment. Pure.

use dosd_kernel::verdict::{Severity, VerdictEvent};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use prost::Message as _;
use serde_json::Value;

use super::cut::{self, MAX_RECORD_BYTES};
use super::lineage::Lineage;
use super::log_record::{NANOS_PER_MS, SAMPLED, time_unix_nano};
use super::value::{attribute, body_and_attributes, count};
use crate::event::Event;

/// What stays of a name and of a status's message.
const NAME_BYTES: usize = 256;

/// The span of an event; `None` when it has no time.
pub(super) fn span(event: &Event, lineage: &Lineage) -> Option<Span> {
    let end = time_unix_nano(event)?;
    let verdict = event.verdict();
    let (body, mut attributes) = body_and_attributes(event);
    let failure = if lineage.is_run { of_run(verdict) } else { of_moment(event, &body) };
    let mut conventional = conventional(verdict, failure.as_ref());
    // Before the row's detail, which is what is cut first.
    let own = attributes.partition_point(|known| !known.key.starts_with("dos.detail."));
    attributes.splice(own..own, conventional.drain(..));
    let span = Span {
        trace_id: lineage.trace.to_vec(),
        span_id: lineage.span.to_vec(),
        parent_span_id: lineage.parent().map(|parent| parent.to_vec()).unwrap_or_default(),
        flags: SAMPLED,
        name: if lineage.is_run { name(&verdict.lane) } else { name(&body) },
        kind: SpanKind::Internal.into(),
        start_time_unix_nano: if lineage.is_run { start(verdict, end) } else { end },
        end_time_unix_nano: end,
        attributes,
        status: failure.map(|failure| Status {
            message: cut::line(&failure.message, NAME_BYTES),
            code: StatusCode::Error.into(),
        }),
        ..Span::default()
    };
    Some(if span.encoded_len() > MAX_RECORD_BYTES { shortened(span) } else { span })
}

fn shortened(span: Span) -> Span {
    let (attributes, dropped_attributes_count) = cut::attributes(span.attributes);
    Span { attributes, dropped_attributes_count, ..span }
}

/// A name is shown in lists: one short line, never empty.
fn name(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    if line.is_empty() { "worker".to_owned() } else { cut::line(line, NAME_BYTES) }
}

/// When a run began. A length that does not fit before its end says nothing.
fn start(verdict: &VerdictEvent, end: u64) -> u64 {
    let ran_ms = verdict.detail.get("ran_ms").and_then(Value::as_u64).unwrap_or(0);
    ran_ms.checked_mul(NANOS_PER_MS).and_then(|ran| end.checked_sub(ran)).unwrap_or(end)
}

/// Why a span is an error.
struct Failure {
    /// `error.type`: one of few words.
    kind: String,
    message: String,
}

/// Why a run failed: everything that speaks against it.
fn of_run(verdict: &VerdictEvent) -> Option<Failure> {
    let number = |key| verdict.detail.get(key).and_then(Value::as_i64);
    let mut against = Vec::new();
    // Somebody who may wanted it stopped.
    let is_excused = verdict.detail.get("excused").is_some_and(|excuse| !excuse.is_null());
    if !is_excused && let Some(signal) = number("signal") {
        against.push(("signal", format!("ended by signal {signal}")));
    } else if !is_excused && let Some(code) = number("code").filter(|code| *code != 0) {
        against.push(("exit_code", format!("ended with exit code {code}")));
    }
    if verdict.detail.get("gave_up").and_then(Value::as_bool) == Some(true) {
        against.push(("gave_up", "the lane was given up".to_owned()));
    }
    match number("refuted") {
        Some(1) => against.push(("refuted", "1 claim was refuted".to_owned())),
        Some(many) if many > 1 => against.push(("refuted", format!("{many} claims were refuted"))),
        _ => {}
    }
    let kind = against.first()?.0.to_owned();
    let words: Vec<String> = against.into_iter().map(|(_, words)| words).collect();
    Some(Failure { kind, message: words.join("; ") })
}

/// Why a moment is an error: its verdict is one.
fn of_moment(event: &Event, body: &str) -> Option<Failure> {
    let verdict = event.verdict();
    let subject = if verdict.subject.is_empty() { "" } else { ": " };
    (event.severity() == Severity::Error).then(|| Failure {
        kind: verdict.verdict.to_ascii_lowercase(),
        message: format!("{body}{subject}{}", verdict.subject),
    })
}

/// What has a name in OpenTelemetry's semantic conventions.
fn conventional(verdict: &VerdictEvent, failure: Option<&Failure>) -> Vec<KeyValue> {
    let mut said = Vec::new();
    if verdict.syscall == "worker" {
        for (key, name) in [("pid", "process.pid"), ("code", "process.exit.code")] {
            if let Some(number) = verdict.detail.get(key).and_then(Value::as_i64) {
                said.push(count(name, number));
            }
        }
        if let Some(Value::String(sha)) = verdict.detail.get("start_sha") {
            said.push(attribute("vcs.ref.base.revision", sha));
        }
    }
    if let Some(failure) = failure {
        said.push(attribute("error.type", &failure.kind));
    }
    said
}
