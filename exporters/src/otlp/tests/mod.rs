//! The sink against servers that answer as a test says.

mod grpc_server;
mod over_grpc;
mod over_http;
pub(in crate::otlp) mod rows;
