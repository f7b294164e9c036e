//! The way to the agent: it connects, sends, and tells what a failure means for the datagram
//! at hand. It knows no lines and no batches.

use std::io;
use std::time::Duration;

use tokio::time::timeout;

use super::config::Address;
use super::peer::{Peer, resolve};

/// How long a full queue may stay full.
const PATIENCE: Duration = Duration::from_secs(2);

/// As long a refusal may take to come back; as long is waited for one once there was one.
const ROUND_TRIP: Duration = Duration::from_millis(200);

/// `EMSGSIZE`, which the standard library has no name for.
const TOO_LONG: i32 = if cfg!(target_os = "linux") { 90 } else { 40 };

/// A datagram did not go out as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It did not leave, because the one before it turned out to be refused.
    BeforeRefused(String),
    /// It is not there.
    Failed(String),
    /// It is longer than the socket takes.
    TooLong(String),
}

impl Trouble {
    pub(super) fn into_words(self) -> String {
        match self {
            Self::BeforeRefused(words) | Self::Failed(words) | Self::TooLong(words) => words,
        }
    }
}

/// The way to one agent.
pub(super) struct Wire {
    address: Address,
    peer: Option<Peer>,
    /// How often something failed: each time the next address of the host is tried.
    turn: usize,
    /// Something was refused, and nothing is known to have been taken since.
    is_doubtful: bool,
}

impl Wire {
    pub(super) fn new(address: Address) -> Self {
        Self { address, peer: None, turn: 0, is_doubtful: false }
    }

    /// Sends one datagram.
    ///
    /// # Errors
    /// Why it is not there, as far as that can be known.
    pub(super) async fn send(&mut self, datagram: &[u8]) -> Result<(), Trouble> {
        // A Unix socket knows at once that its agent is gone. It may be back under the same
        // path, as another socket, so nothing is lost by one more try.
        let was_connected = self.peer.is_some();
        match self.try_send(datagram).await {
            Err(Trouble::Failed(_))
                if was_connected
                    && self.peer.is_none()
                    && matches!(self.address, Address::Unix(_)) =>
            {
                self.try_send(datagram).await
            }
            answer => answer,
        }
    }

    /// Whether an agent is there, as far as that can be known without sending a metric. For
    /// UDP an empty datagram asks, which counts for nothing.
    ///
    /// # Errors
    /// Why it cannot be reached, in words.
    pub(super) async fn check(&mut self) -> Result<(), String> {
        let Address::Udp { host, port } = &self.address else {
            return self.connected().await.map(|_| ()).map_err(Trouble::into_words);
        };
        let tries = resolve(host, *port).await.map_or(1, |addresses| addresses.len().max(1));
        let mut trouble = String::new();
        for _ in 0..tries {
            self.is_doubtful = true;
            match self.try_send(&[]).await {
                Ok(()) => return Ok(()),
                Err(failed) => trouble = failed.into_words(),
            }
        }
        Err(trouble)
    }

    /// Resolves the host again, and leaves an address that is not its own any more.
    pub(super) async fn refresh(&mut self) {
        if let (Address::Udp { host, port }, Some(peer)) = (&self.address, &self.peer)
            // Without an answer the old address is as good as any.
            && let Ok(addresses) = resolve(host, *port).await
            && peer.is_elsewhere(&addresses)
        {
            self.peer = None;
        }
    }

    async fn try_send(&mut self, datagram: &[u8]) -> Result<(), Trouble> {
        let is_doubtful = self.is_doubtful;
        let peer = self.connected().await?;
        if let Ok(Some(error)) = peer.take_error() {
            return Err(self.before_refused(&error));
        }
        let Ok(sent) = timeout(PATIENCE, peer.send(datagram)).await else {
            // The datagram did not leave, and the socket is as good as it was.
            return Err(Trouble::Failed(self.said("its queue stays full")));
        };
        match sent {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(TOO_LONG) => {
                return Err(Trouble::TooLong(self.said(&error)));
            }
            Err(error) if self.is_refusal_before(&error) => {
                return Err(self.before_refused(&error));
            }
            Err(error) => return Err(self.failed(&error)),
        }
        // On this host a refusal is back before the send is over.
        let refused = match peer.take_error() {
            Ok(None) | Err(_) if is_doubtful => peer.refused_within(ROUND_TRIP).await,
            refused => refused.ok().flatten(),
        };
        if let Some(error) = refused {
            return Err(self.failed(&error));
        }
        self.is_doubtful = false;
        Ok(())
    }

    async fn connected(&mut self) -> Result<&Peer, Trouble> {
        let peer = match self.peer.take() {
            Some(peer) => peer,
            None => match self.connect().await {
                Ok(peer) => peer,
                Err(error) => return Err(self.failed(&error)),
            },
        };
        Ok(self.peer.insert(peer))
    }

    async fn connect(&self) -> io::Result<Peer> {
        match &self.address {
            Address::Udp { host, port } => Peer::udp(&resolve(host, *port).await?, self.turn).await,
            Address::Unix(path) => Peer::unix(path),
        }
    }

    /// Whether an error of a send speaks of the datagram before, which UDP does when a
    /// refusal comes in between.
    fn is_refusal_before(&self, error: &io::Error) -> bool {
        matches!(self.address, Address::Udp { .. })
            && error.kind() == io::ErrorKind::ConnectionRefused
    }

    fn before_refused(&mut self, error: &io::Error) -> Trouble {
        Trouble::BeforeRefused(self.failed(error).into_words())
    }

    /// From here on another socket is used, and another address if there is one.
    fn failed(&mut self, error: &io::Error) -> Trouble {
        self.peer = None;
        self.turn = self.turn.wrapping_add(1);
        self.is_doubtful = true;
        Trouble::Failed(self.said(error))
    }

    fn said(&self, what: impl std::fmt::Display) -> String {
        format!("the agent at `{}`: {what}", self.address)
    }
}
