//! The sink `otlp`: each verdict is a log record, and what belongs to a run is a span too,
//! sent to anything that takes the OpenTelemetry protocol. `docs/telemetry.md` says what
//! stands where.
//!
//! Messages are built purely ([`encode`]) and sent as they are, over HTTP or gRPC. There is
//! no processor with a queue of its own in between: what the receiver said about a request
//! decides whether the cursor moves.

mod answer;
mod config;
mod encode;
mod environment;
mod grpc;
mod header_list;
mod http;
mod progress;
mod receiver;
mod resource;
mod rpc_status;
mod signal;
#[cfg(test)]
mod tests;
mod transport;

pub use config::{
    DEFAULT_TIMEOUT, GRPC_ENDPOINT, HTTP_ENDPOINT, OtlpCompression, OtlpConfig, OtlpProtocol,
    OtlpReceiver,
};
pub use encode::{MAX_RECORD_BYTES, MAX_REQUEST_BYTES, OtlpBatch, OtlpRequest};
pub use environment::{OtlpConfigError, OtlpSettings};
pub use resource::{OtlpResource, SERVICE_NAME};
pub use signal::OtlpSignal;
pub use transport::OtlpSink;
