//! Records into as few requests as their size allows, in order. Pure.

use dosd_actors::journal::EventId;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use prost::bytes::Bytes;

use super::OtlpRequest;
use crate::otlp::signal::OtlpSignal;

/// Bytes of a request before compression that are never reached: receivers refuse more.
pub const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// Tags and lengths of the three messages around the records, at most.
const FRAME_BYTES: usize = 3 * (1 + 5);

/// What stands once in each request.
pub(super) struct Envelope {
    pub(super) resource: Resource,
    pub(super) scope: InstrumentationScope,
}

impl Envelope {
    pub(super) fn logs(
        &self,
        records: impl Iterator<Item = (EventId, LogRecord)>,
    ) -> Vec<OtlpRequest> {
        let message = |log_records| {
            let scope = Some(self.scope.clone());
            let scope_logs = vec![ScopeLogs { scope, log_records, ..ScopeLogs::default() }];
            let resource = Some(self.resource.clone());
            let logs = ResourceLogs { resource, scope_logs, ..ResourceLogs::default() };
            ExportLogsServiceRequest { resource_logs: vec![logs] }
        };
        self.requests(OtlpSignal::Logs, records, message)
    }

    pub(super) fn traces(&self, spans: impl Iterator<Item = (EventId, Span)>) -> Vec<OtlpRequest> {
        let message = |spans| {
            let scope = Some(self.scope.clone());
            let scope_spans = vec![ScopeSpans { scope, spans, ..ScopeSpans::default() }];
            let resource = Some(self.resource.clone());
            let spans = ResourceSpans { resource, scope_spans, ..ResourceSpans::default() };
            ExportTraceServiceRequest { resource_spans: vec![spans] }
        };
        self.requests(OtlpSignal::Traces, spans, message)
    }

    fn requests<R: Message, M: Message>(
        &self,
        signal: OtlpSignal,
        records: impl Iterator<Item = (EventId, R)>,
        message: impl Fn(Vec<R>) -> M,
    ) -> Vec<OtlpRequest> {
        let request = |ids: Vec<EventId>, records: Vec<R>| {
            let message = Bytes::from(message(records).encode_to_vec());
            OtlpRequest { signal, message, ids }
        };
        let empty = framed(self.resource.encoded_len()) + framed(self.scope.encoded_len());
        let empty = empty + FRAME_BYTES;
        let (mut requests, mut ids, mut held, mut bytes) = (Vec::new(), vec![], vec![], empty);
        for (id, record) in records {
            let more = framed(record.encoded_len());
            if bytes + more >= MAX_REQUEST_BYTES && !held.is_empty() {
                requests.push(request(std::mem::take(&mut ids), std::mem::take(&mut held)));
                bytes = empty;
            }
            bytes += more;
            ids.push(id);
            held.push(record);
        }
        if !held.is_empty() {
            requests.push(request(ids, held));
        }
        requests
    }
}

/// A message in a field of another one: tag, length, content.
fn framed(length: usize) -> usize {
    1 + prost::length_delimiter_len(length) + length
}
