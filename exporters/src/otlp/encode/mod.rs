//! Events to requests. Pure: the same events make the same bytes, whatever was sent before.
//!
//! Each request is a whole message of the protocol as it goes over the wire, so that HTTP
//! and gRPC send the same bytes. It says which events stand in it, because a receiver only
//! ever answers for a whole request.

mod cut;
mod ids;
mod lineage;
mod log_record;
mod span;
mod split;
#[cfg(test)]
mod tests;
mod value;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::bytes::Bytes;

use dosd_actors::journal::EventId;

pub use cut::MAX_RECORD_BYTES;
pub use split::MAX_REQUEST_BYTES;
pub(super) use value::attribute;

use self::lineage::Lineage;
use super::signal::OtlpSignal;
use crate::event::Event;

/// The requests that some events became.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpBatch {
    pub(super) ids: Vec<EventId>,
    requests: Vec<OtlpRequest>,
}

impl OtlpBatch {
    /// The requests in the order in which they are sent: logs, then traces, each in the
    /// journal's order. None is empty.
    #[must_use]
    pub fn requests(&self) -> &[OtlpRequest] {
        &self.requests
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct OtlpRequest {
    /// What it holds.
    pub signal: OtlpSignal,
    /// The message: an `ExportLogsServiceRequest` or an `ExportTraceServiceRequest`.
    pub message: Bytes,
    /// The events in it.
    pub(super) ids: Vec<EventId>,
}

/// Who builds requests, and what stands in each of them.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    resource: Resource,
    signals: Vec<OtlpSignal>,
}

impl Encoder {
    pub(super) fn new(resource: Resource, signals: Vec<OtlpSignal>) -> Self {
        Self { resource, signals }
    }

    pub(super) fn encode(&self, events: &[Event]) -> OtlpBatch {
        let mut requests = Vec::new();
        for signal in OtlpSignal::ALL {
            if self.signals.contains(&signal) {
                requests.extend(self.requests(signal, events));
            }
        }
        OtlpBatch { ids: events.iter().map(Event::id).collect(), requests }
    }

    fn requests(&self, signal: OtlpSignal, events: &[Event]) -> Vec<OtlpRequest> {
        let envelope = split::Envelope { resource: self.resource.clone(), scope: scope() };
        match signal {
            OtlpSignal::Logs => {
                let records = events.iter().map(|event| {
                    (event.id(), log_record::log_record(event, Lineage::of(event).as_ref()))
                });
                envelope.logs(records)
            }
            OtlpSignal::Traces => {
                let spans = events.iter().filter_map(|event| {
                    Some((event.id(), span::span(event, &Lineage::of(event)?)?))
                });
                envelope.traces(spans)
            }
        }
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "dosd".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}
