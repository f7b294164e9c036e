//! A gRPC server on this machine that answers as a test says and remembers what it was
//! asked. It speaks HTTP/2 itself, so that it can also break off where no server would.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::read::GzDecoder;
use h2::server::SendResponse;
use prost::bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::codegen::http::{HeaderMap, Request, Response};

/// What becomes of the next request, once it is read.
#[derive(Clone)]
pub(super) enum GrpcReply {
    /// A message.
    Message(Vec<u8>),
    /// A status that is none of success.
    Status(Status),
    /// No gRPC at all: what a proxy in between says.
    Http(u16),
    /// The stream is reset.
    Reset,
    /// The connection breaks.
    BreakOff,
    /// Nothing, and the connection stays.
    Hang,
}

/// A request as it came.
#[derive(Clone)]
pub(super) struct GrpcRequest {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) is_compressed: bool,
    /// Without compression.
    pub(super) message: Vec<u8>,
}

#[derive(Default)]
struct State {
    replies: VecDeque<GrpcReply>,
    requests: Vec<GrpcRequest>,
}

/// The server; it ends with the handle.
pub(super) struct GrpcServer {
    pub(super) port: u16,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl GrpcServer {
    /// One that takes everything, until it is told otherwise.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, task }
    }

    pub(super) fn then(&self, replies: impl IntoIterator<Item = GrpcReply>) {
        lock(&self.state).replies.extend(replies);
    }

    pub(super) fn requests(&self) -> Vec<GrpcRequest> {
        lock(&self.state).requests.clone()
    }
}

impl Drop for GrpcServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    let (break_off, mut broken) = tokio::sync::mpsc::channel(1);
    loop {
        let accepted = tokio::select! {
            accepted = connection.accept() => accepted,
            // The connection is dropped, and with it the stream.
            _ = broken.recv() => return,
        };
        let Some(Ok((request, respond))) = accepted else { return };
        let (state, break_off) = (Arc::clone(&state), break_off.clone());
        tokio::spawn(async move {
            let request = read(request).await;
            let reply = {
                let mut state = lock(&state);
                state.requests.push(request);
                state.replies.pop_front().unwrap_or(GrpcReply::Message(Vec::new()))
            };
            if matches!(reply, GrpcReply::BreakOff) {
                break_off.send(()).await.unwrap();
            }
            answer(reply, respond).await;
        });
    }
}

async fn read(request: Request<h2::RecvStream>) -> GrpcRequest {
    let (head, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(chunk) = stream.data().await {
        let chunk = chunk.unwrap();
        stream.flow_control().release_capacity(chunk.len()).unwrap();
        body.extend_from_slice(&chunk);
    }
    // One byte says whether it is compressed, four how long it is.
    let (frame, message) = body.split_at(5);
    assert_eq!(frame[1..], u32::try_from(message.len()).unwrap().to_be_bytes());
    let is_compressed = frame[0] == 1;
    let mut plain = Vec::new();
    if is_compressed {
        GzDecoder::new(message).read_to_end(&mut plain).unwrap();
    } else {
        plain.extend_from_slice(message);
    }
    let path = head.uri.path().to_owned();
    GrpcRequest { path, headers: head.headers, is_compressed, message: plain }
}

async fn answer(reply: GrpcReply, mut respond: SendResponse<Bytes>) {
    match reply {
        GrpcReply::Message(message) => {
            let head = Response::builder().header("content-type", "application/grpc");
            let mut stream = respond.send_response(head.body(()).unwrap(), false).unwrap();
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            let frame = [&[0], &length[..], &message].concat();
            stream.send_data(frame.into(), false).unwrap();
            let trailers =
                [("grpc-status", "0")].map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap()));
            stream.send_trailers(HeaderMap::from_iter(trailers)).unwrap();
        }
        GrpcReply::Status(status) => {
            respond.send_response(status.into_http::<()>(), true).unwrap();
        }
        GrpcReply::Http(status) => {
            let head = Response::builder().status(status);
            respond.send_response(head.body(()).unwrap(), true).unwrap();
        }
        GrpcReply::Reset => respond.send_reset(h2::Reason::INTERNAL_ERROR),
        GrpcReply::BreakOff | GrpcReply::Hang => std::future::pending().await,
    }
}
