//! What an answer means. Pure; it sends nothing and waits for nothing.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use reqwest::StatusCode;
use tonic::Code;

use super::rpc_status::RpcStatus;
use super::signal::OtlpSignal;
use crate::http::{Answer, quoted};

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The receiver has it, but for so many of its records, which it will never take.
    Taken {
        /// How many; it does not say which.
        rejected: u64,
        /// Its words, or nothing.
        words: String,
    },
    /// It wants to be left alone for a while.
    Throttled {
        /// For how long, when it said so.
        delay: Option<Duration>,
        /// Its words.
        reason: String,
    },
    /// It may work later.
    Retry {
        /// What happened.
        reason: String,
    },
    /// It will never take this request.
    Refused {
        /// Why.
        reason: String,
    },
}

/// What an answer over HTTP means.
pub(super) fn of_http(signal: OtlpSignal, answer: &Answer) -> Outcome {
    let status = answer.status;
    if status.is_success() {
        return taken(signal, &answer.body);
    }
    let delay = answer.retry_after;
    let reason = http_reason(answer);
    match status {
        StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled { delay, reason },
        StatusCode::SERVICE_UNAVAILABLE if delay.is_some() => Outcome::Throttled { delay, reason },
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            Outcome::Retry { reason }
        }
        StatusCode::NOT_FOUND => Outcome::Refused { reason: reason + &not_taken(signal) },
        _ => Outcome::Refused { reason },
    }
}

/// Errors have a status in Protobuf as their body; proxies in between know nothing of that.
pub(super) fn http_reason(answer: &Answer) -> String {
    match RpcStatus::decode(answer.body.as_slice()) {
        Ok(status) => Answer { body: status.message.into_bytes(), ..answer.clone() }.in_words(),
        Err(_) => answer.in_words(),
    }
}

/// What a status over gRPC means that the server sent itself.
pub(super) fn of_grpc(signal: OtlpSignal, code: Code, words: &str, details: &[u8]) -> Outcome {
    let said = quoted(words);
    let colon = if said.is_empty() { "" } else { ": " };
    let reason = format!("status {code:?}{colon}{said}");
    let retry_info = RpcStatus::decode(details).ok().and_then(|status| status.retry_info());
    match (code, retry_info) {
        (Code::Unavailable | Code::ResourceExhausted, Some(retry)) => {
            Outcome::Throttled { delay: retry.delay(), reason }
        }
        (
            Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unavailable
            | Code::DataLoss,
            _,
        ) => Outcome::Retry { reason },
        (Code::Unimplemented, _) => Outcome::Refused { reason: reason + &not_taken(signal) },
        _ => Outcome::Refused { reason },
    }
}

fn not_taken(signal: OtlpSignal) -> String {
    format!(" (if this receiver takes no {signal}, leave them out of `signals`)")
}

/// What a success says about records that were rejected all the same. An answer that is no
/// message of the protocol says nothing about any.
pub(super) fn taken(signal: OtlpSignal, body: &[u8]) -> Outcome {
    let said = match signal {
        OtlpSignal::Logs => ExportLogsServiceResponse::decode(body)
            .ok()
            .and_then(|answer| answer.partial_success)
            .map(|partial| (partial.rejected_log_records, partial.error_message)),
        OtlpSignal::Traces => ExportTraceServiceResponse::decode(body)
            .ok()
            .and_then(|answer| answer.partial_success)
            .map(|partial| (partial.rejected_spans, partial.error_message)),
    };
    let (rejected, words) = said.unwrap_or_default();
    Outcome::Taken { rejected: u64::try_from(rejected).unwrap_or(0), words: quoted(&words) }
}
