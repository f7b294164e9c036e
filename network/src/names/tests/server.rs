//! A name server on loopback that knows what a test tells it, over UDP and TCP; and a web
//! server with one answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

/// What a name server says about a name.
#[derive(Clone)]
pub(super) enum Answer {
    Addresses(Vec<IpAddr>),
    NoSuchHost,
    Failure,
    Silence,
}

impl Answer {
    pub(super) fn addresses<A: AsRef<str>>(addresses: impl IntoIterator<Item = A>) -> Self {
        Self::Addresses(addresses.into_iter().map(|one| one.as_ref().parse().unwrap()).collect())
    }
}

/// The most that a datagram carries, unless somebody asks for more.
const DATAGRAM_BYTES: usize = 512;

type Zone = dyn Fn(&str) -> Answer + Send + Sync;

/// Answers until the test's runtime ends.
pub(super) struct NameServer {
    at: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl NameServer {
    /// On a port of its own.
    pub(super) async fn start(zone: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let (udp, tcp) = sockets().await;
        Self::serve(udp, tcp, zone)
    }

    /// Another one on the same port.
    pub(super) async fn beside(
        &self,
        address: &str,
        zone: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let at = (address, self.port());
        let (udp, tcp) = (UdpSocket::bind(at).await, TcpListener::bind(at).await);
        Self::serve(udp.unwrap(), tcp.unwrap(), zone)
    }

    fn serve(
        udp: UdpSocket,
        tcp: TcpListener,
        zone: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let at = udp.local_addr().unwrap();
        let zone: Arc<Zone> = Arc::new(zone);
        let asked = Arc::default();
        let (seen, known) = (Arc::clone(&asked), Arc::clone(&zone));
        tokio::spawn(async move {
            let mut datagram = [0; 1500];
            loop {
                let (length, from) = udp.recv_from(&mut datagram).await.unwrap();
                let Some(mut answer) = answer(&datagram[..length], &*known, &seen) else {
                    continue;
                };
                if answer.to_vec().unwrap().len() > DATAGRAM_BYTES {
                    answer = answer.truncate();
                }
                udp.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = tcp.accept().await.unwrap();
                while let Ok(length) = stream.read_u16().await {
                    let mut question = vec![0; usize::from(length)];
                    stream.read_exact(&mut question).await.unwrap();
                    if let Some(answer) = answer(&question, &*zone, &seen) {
                        let answer = answer.to_vec().unwrap();
                        stream.write_u16(answer.len().try_into().unwrap()).await.unwrap();
                        stream.write_all(&answer).await.unwrap();
                    }
                }
            }
        });
        Self { at, asked }
    }

    pub(super) fn port(&self) -> u16 {
        self.at.port()
    }

    /// The line that names it.
    pub(super) fn conf(&self) -> String {
        format!("nameserver {}\n", self.at.ip())
    }

    /// The names that were asked for so far, each once in a row.
    pub(super) fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        asked.dedup();
        asked
    }

    /// The same, and forgets them.
    pub(super) fn take_asked(&self) -> Vec<String> {
        let asked = self.asked();
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
        asked
    }
}

/// Of both kinds, with one port that is free for both.
async fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
}

fn answer(question: &[u8], zone: &Zone, asked: &Mutex<Vec<String>>) -> Option<Message> {
    let question = Message::from_vec(question).unwrap();
    let query = question.queries[0].clone();
    let name = query.name().to_string();
    let known = zone(&name);
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    let mut answer = question.into_response();
    match known {
        Answer::Addresses(addresses) => {
            for address in addresses {
                let record = Record::from_rdata(query.name().clone(), 60, RData::from(address));
                if record.record_type() == query.query_type() {
                    answer.add_answer(record);
                }
            }
        }
        Answer::NoSuchHost => answer.metadata.response_code = ResponseCode::NXDomain,
        Answer::Failure => answer.metadata.response_code = ResponseCode::ServFail,
        Answer::Silence => return None,
    }
    Some(answer)
}

/// The whole answer of [`Greeter`].
pub(super) const GREETING: &str = "hello";

/// A web server.
pub(super) struct Greeter {
    port: u16,
}

impl Greeter {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                if stream.read(&mut request).await.unwrap_or_default() > 0 {
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{GREETING}",
                        GREETING.len()
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        Self { port }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}
