//! A socket that is connected to the agent. It sends nothing by itself.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use dosd_network::Names;
use tokio::net::{UdpSocket, UnixDatagram};
use tokio::time::timeout;

/// A connected socket.
pub(super) enum Peer {
    Udp { socket: UdpSocket, to: SocketAddr },
    Unix(UnixDatagram),
}

impl Peer {
    /// One of the addresses of a host; another one each time something failed, because a name
    /// may stand for a family of addresses that the agent does not listen on.
    pub(super) async fn udp(addresses: &[SocketAddr], turn: usize) -> io::Result<Self> {
        let at = turn.checked_rem(addresses.len()).unwrap_or_default();
        let to = *addresses.get(at).ok_or_else(|| io::Error::other("the host has no address"))?;
        let any: IpAddr = match to {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(to).await?;
        Ok(Self::Udp { socket, to })
    }

    pub(super) fn unix(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(path)?;
        Ok(Self::Unix(socket))
    }

    /// What came back since the last look, without waiting.
    pub(super) fn take_error(&self) -> io::Result<Option<io::Error>> {
        match self {
            Self::Udp { socket, .. } => socket.take_error(),
            Self::Unix(_) => Ok(None),
        }
    }

    /// Waits so long for something to come back; an agent that answers with more than a
    /// refusal is not listened to.
    pub(super) async fn refused_within(&self, long: Duration) -> Option<io::Error> {
        let Self::Udp { socket, .. } = self else { return None };
        let refused = async {
            loop {
                if let Err(error) = socket.recv(&mut [0; 1]).await {
                    return error;
                }
            }
        };
        timeout(long, refused).await.ok()
    }

    /// Sends one datagram, or nothing. Waits while a Unix socket's queue is full.
    pub(super) async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp { socket, .. } => socket.send(datagram).await,
            Self::Unix(socket) => socket.send(datagram).await,
        }
        .map(|_| ())
    }

    /// Whether it is connected to something other than these addresses.
    pub(super) fn is_elsewhere(&self, addresses: &[SocketAddr]) -> bool {
        match self {
            Self::Udp { to, .. } => !addresses.contains(to),
            Self::Unix(_) => false,
        }
    }
}

/// The addresses of a host now.
pub(super) async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Names::default().addresses(host, port).await
}
