//! An event as a log record. Pure.

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message as _;

use super::cut::{self, MAX_RECORD_BYTES};
use super::lineage::Lineage;
use super::value::{body_and_attributes, text};
use crate::event::Event;

/// W3C's flag of a trace that is recorded.
pub(super) const SAMPLED: u32 = 1;

/// The record of an event, with the trace and the span that it belongs to.
///
/// The observed time is the row's own: the row was written by whoever observed it, and
/// nothing of when it was sent may change the bytes.
pub(super) fn log_record(event: &Event, lineage: Option<&Lineage>) -> LogRecord {
    let (body, attributes) = body_and_attributes(event);
    let time_unix_nano = time_unix_nano(event).unwrap_or(0);
    let severity = event.severity();
    let record = LogRecord {
        time_unix_nano,
        observed_time_unix_nano: time_unix_nano,
        severity_number: i32::from(severity.otlp_number()),
        severity_text: severity.as_str().to_owned(),
        body: Some(text(body)),
        attributes,
        flags: if lineage.is_some() { SAMPLED } else { 0 },
        trace_id: lineage.map(|lineage| lineage.trace.to_vec()).unwrap_or_default(),
        span_id: lineage.map(|lineage| lineage.of_log().to_vec()).unwrap_or_default(),
        ..LogRecord::default()
    };
    if record.encoded_len() > MAX_RECORD_BYTES { shortened(record) } else { record }
}

fn shortened(record: LogRecord) -> LogRecord {
    let (attributes, dropped_attributes_count) = cut::attributes(record.attributes);
    let body = record.body.map(cut::value);
    LogRecord { body, attributes, dropped_attributes_count, ..record }
}

/// When the event was written; `None` without a valid stamp, and before 1970.
pub(super) fn time_unix_nano(event: &Event) -> Option<u64> {
    u64::try_from(event.ts_ms()?).ok()?.checked_mul(NANOS_PER_MS)
}

pub(super) const NANOS_PER_MS: u64 = 1_000_000;
