//! gRPC: what is sent, and what each status means.

use std::time::Duration;

use dosd_actors::port::testing::TestClock;
use dosd_network::Secret;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message as _;
use tonic::{Code, Status};

use super::grpc_server::{GrpcReply, GrpcServer};
use super::rows::many;
use crate::otlp::rpc_status::{RetryInfo, RpcDetail, RpcDuration, RpcStatus};
use crate::otlp::{
    OtlpCompression, OtlpConfig, OtlpProtocol, OtlpReceiver, OtlpResource, OtlpSignal, OtlpSink,
};
use crate::sink::{Delivery, Sink};
use crate::testing::NOW_MS;

fn receiver(port: u16) -> OtlpReceiver {
    let endpoint = format!("http://127.0.0.1:{port}").parse().unwrap();
    OtlpReceiver::at(OtlpProtocol::Grpc, endpoint)
}

fn sink(receiver: &OtlpReceiver) -> OtlpSink {
    let both = || Some(receiver.clone());
    let config = OtlpConfig { logs: both(), traces: both(), resource: OtlpResource::default() };
    OtlpSink::new(&config, &(std::sync::Arc::new(TestClock::at(NOW_MS)) as _)).unwrap()
}

async fn send(sink: &mut OtlpSink, events: u64) -> Delivery {
    let batch = sink.encode(&many(events));
    sink.send(&batch).await
}

fn with_retry_info(code: Code, delay: Option<RpcDuration>) -> GrpcReply {
    let value = RetryInfo { retry_delay: delay }.encode_to_vec().into();
    let type_url = "type.googleapis.com/google.rpc.RetryInfo".to_owned();
    let details = vec![RpcDetail { type_url, value }];
    let status = RpcStatus { details, ..RpcStatus::default() };
    GrpcReply::Status(Status::with_details(code, "busy", status.encode_to_vec().into()))
}

#[actix::test]
async fn the_very_messages_arrive_with_their_metadata() {
    let server = GrpcServer::start().await;
    for compression in [OtlpCompression::None, OtlpCompression::Gzip] {
        let headers = vec![("api-key".to_owned(), Secret::new("word"))];
        let mut sink = sink(&OtlpReceiver { compression, headers, ..receiver(server.port) });
        let batch = sink.encode(&many(3));
        assert_eq!(sink.send(&batch).await, Delivery::Accepted);
        let requests = server.requests();
        let last = &requests[requests.len() - 2..];
        for (request, sent) in last.iter().zip(batch.requests()) {
            assert_eq!(request.path, sent.signal.method());
            assert_eq!(request.message, sent.message);
            assert_eq!(request.is_compressed, compression == OtlpCompression::Gzip);
            assert_eq!(request.headers["api-key"], "word");
            assert!(request.headers["user-agent"].to_str().unwrap().starts_with("dosd/"));
        }
    }
}

#[actix::test]
async fn what_may_work_later_is_tried_again() {
    let server = GrpcServer::start().await;
    let mut sink = sink(&receiver(server.port));
    for code in [
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unavailable,
        Code::DataLoss,
    ] {
        server.then([GrpcReply::Status(Status::new(code, "not\nnow"))]);
        let reason = format!("logs: status {code:?}: not now");
        assert_eq!(send(&mut sink, 2).await, Delivery::Retry { reason });
    }
    for broken in
        [GrpcReply::Reset, GrpcReply::BreakOff, GrpcReply::Http(502), GrpcReply::Http(503)]
    {
        server.then([broken]);
        let delivery = send(&mut sink, 2).await;
        assert!(matches!(delivery, Delivery::Retry { .. }), "{delivery:?}");
    }
    assert_eq!(send(&mut sink, 2).await, Delivery::Accepted);
}

#[actix::test]
async fn a_server_that_names_a_time_is_left_alone() {
    let server = GrpcServer::start().await;
    let mut sink = sink(&receiver(server.port));
    let delay = RpcDuration { seconds: 7, nanos: 500_000_000 };
    let negative = RpcDuration { seconds: -7, nanos: -1 };
    for (code, given, expected) in [
        (Code::ResourceExhausted, Some(delay), Some(Duration::from_millis(7500))),
        (Code::Unavailable, Some(delay), Some(Duration::from_millis(7500))),
        (Code::Unavailable, Some(negative), Some(Duration::ZERO)),
        (Code::ResourceExhausted, None, None),
    ] {
        server.then([with_retry_info(code, given)]);
        let reason = format!("logs: status {code:?}: busy");
        assert_eq!(send(&mut sink, 2).await, Delivery::Throttled { delay: expected, reason });
    }
}

#[actix::test]
async fn everything_else_is_refused() {
    let server = GrpcServer::start().await;
    let mut sink = sink(&receiver(server.port));
    for code in [
        Code::ResourceExhausted,
        Code::InvalidArgument,
        Code::Unauthenticated,
        Code::PermissionDenied,
        Code::Internal,
        Code::Unknown,
        Code::FailedPrecondition,
        Code::NotFound,
        Code::AlreadyExists,
    ] {
        server.then([GrpcReply::Status(Status::new(code, ""))]);
        let reason = format!("logs: status {code:?}");
        assert_eq!(send(&mut sink, 2).await, Delivery::Refused { reason });
    }
    server.then([GrpcReply::Message(vec![]), GrpcReply::Status(Status::unimplemented("no"))]);
    let Delivery::Refused { reason } = send(&mut sink, 2).await else { panic!("not refused") };
    let help = "traces: status Unimplemented: no (if this receiver takes no traces, leave them out of `signals`)";
    assert_eq!(reason, help);
}

#[actix::test]
async fn partial_success_names_the_batch_and_how_many() {
    let server = GrpcServer::start().await;
    let mut sink = sink(&receiver(server.port));
    let partial =
        ExportTracePartialSuccess { rejected_spans: 2, error_message: "too\told".to_owned() };
    let answer = ExportTraceServiceResponse { partial_success: Some(partial) };
    server.then([GrpcReply::Message(vec![]), GrpcReply::Message(answer.encode_to_vec())]);
    let Delivery::PartlyAccepted { refused } = send(&mut sink, 3).await else { panic!("all") };
    assert_eq!(refused.iter().map(|refusal| refusal.index).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(refused.iter().all(|refusal| refusal.reason == "traces: 2 of 3 rejected: too old"));
}

#[actix::test]
async fn silence_and_nobody_are_tried_again_and_seen_by_the_check() {
    let server = GrpcServer::start().await;
    server.then([GrpcReply::Hang]);
    let timeout = Duration::from_millis(50);
    let mut silent = sink(&OtlpReceiver { timeout, ..receiver(server.port) });
    let reason = "logs: no answer within 50ms".to_owned();
    assert_eq!(send(&mut silent, 1).await, Delivery::Retry { reason });

    let mut there = sink(&receiver(server.port));
    assert_eq!(there.check().await, Ok(()));
    assert_eq!(server.requests().len(), 1, "the check sent something");
    let mut nobody = sink(&receiver(1));
    let why = nobody.check().await.unwrap_err().0;
    assert!(why.starts_with("logs at http://127.0.0.1:1/: "), "{why}");
    assert!(why.contains("refused"), "{why}");
    let Delivery::Retry { reason } = send(&mut nobody, 1).await else { panic!("no retry") };
    assert!(reason.contains("refused"), "{reason}");
}

#[actix::test]
async fn a_server_that_comes_back_is_found_again() {
    let server = GrpcServer::start().await;
    let mut sink = sink(&receiver(server.port));
    for _ in 0..3 {
        server.then([GrpcReply::BreakOff]);
        assert!(matches!(send(&mut sink, 1).await, Delivery::Retry { .. }));
        assert_eq!(send(&mut sink, 1).await, Delivery::Accepted);
    }
    let of = |signal: OtlpSignal| {
        server.requests().iter().filter(|request| request.path == signal.method()).count()
    };
    assert_eq!((of(OtlpSignal::Logs), of(OtlpSignal::Traces)), (6, 3));
}
