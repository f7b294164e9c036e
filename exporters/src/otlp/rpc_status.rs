//! The errors that Google's RPC types describe, as far as the protocol uses them: bodies of
//! errors over HTTP, and details of statuses over gRPC. Pure.

use std::time::Duration;

use prost::Message;
use prost::bytes::Bytes;

/// The only detail that is looked at.
const RETRY_INFO: &str = "google.rpc.RetryInfo";

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<RpcDetail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcDetail {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) value: Bytes,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) retry_delay: Option<RpcDuration>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct RpcDuration {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

impl RpcStatus {
    /// When to try again, if the server says so.
    pub(super) fn retry_info(&self) -> Option<RetryInfo> {
        let detail = self.details.iter().find(|detail| {
            detail.type_url.rsplit('/').next().is_some_and(|name| name == RETRY_INFO)
        })?;
        RetryInfo::decode(detail.value.clone()).ok()
    }
}

impl RetryInfo {
    /// How long that is from now. Without it the server only says: later.
    pub(super) fn delay(&self) -> Option<Duration> {
        let delay = self.retry_delay?;
        let seconds = u64::try_from(delay.seconds).unwrap_or(0);
        let nanos = u32::try_from(delay.nanos).unwrap_or(0).min(999_999_999);
        Some(Duration::new(seconds, nanos))
    }
}
