//! What the sink `statsd` is told. Values only, and what is wrong with them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where agents listen unless somebody says otherwise.
pub const DEFAULT_HOST: &str = "127.0.0.1";

/// The port that goes with [`DEFAULT_HOST`].
pub const DEFAULT_PORT: u16 = 8125;

/// What all names begin with unless somebody says otherwise.
pub const DEFAULT_PREFIX: &str = "dos";

/// How often the gauges are sent unless somebody says otherwise.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);

/// A longer prefix could leave no room in a datagram.
const PREFIX_BYTES: usize = 100;

/// A UDP datagram of this length fits into one packet of a local network.
const UDP_BYTES: usize = 1432;

/// The buffer that agents of `DogStatsD` read a Unix datagram into; a longer one is cut.
const UNIX_BYTES: usize = 8192;

/// Where counts go, and what they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatsdConfig {
    /// The agent.
    pub address: Address,
    /// What every name begins with, without the dot behind it: ASCII letters, digits, `_`, `-`
    /// and `.`, at most 100 bytes; may be empty.
    pub prefix: String,
    /// Where syscall, verdict and lane stand.
    pub tags: Tags,
    /// How often the gauges of the fleet are sent, not 0.
    pub interval: Duration,
}

impl Default for StatsdConfig {
    /// `127.0.0.1:8125`, `dos`, tags, every 10 s.
    fn default() -> Self {
        Self {
            address: Address::default(),
            prefix: DEFAULT_PREFIX.to_owned(),
            tags: Tags::DogStatsD,
            interval: DEFAULT_INTERVAL,
        }
    }
}

impl StatsdConfig {
    /// What is wrong with it, if anything is.
    pub(super) fn problem(&self) -> Option<String> {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if !self.prefix.bytes().all(is_plain) {
            return Some(format!(
                "the prefix `{}` has characters that end a name; use letters, digits, `_`, `-`, `.`",
                self.prefix.escape_debug()
            ));
        }
        if self.prefix.len() > PREFIX_BYTES {
            return Some(format!("the prefix is longer than {PREFIX_BYTES} bytes"));
        }
        if self.interval.is_zero() {
            return Some("the interval is 0".to_owned());
        }
        match &self.address {
            Address::Udp { host, .. } if host.is_empty() => Some("the host is empty".to_owned()),
            Address::Udp { port: 0, .. } => Some("the port is 0".to_owned()),
            Address::Udp { .. } | Address::Unix(_) => None,
        }
    }
}

/// Where an agent listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A UDP port. The host is resolved again whenever something fails, and whenever the
    /// gauges are sent.
    Udp {
        /// A name or an IP address, without brackets.
        host: String,
        /// The port, not 0.
        port: u16,
    },
    /// The path of a Unix datagram socket.
    Unix(PathBuf),
}

impl Default for Address {
    /// `127.0.0.1:8125`.
    fn default() -> Self {
        Self::Udp { host: DEFAULT_HOST.to_owned(), port: DEFAULT_PORT }
    }
}

impl Address {
    /// How long a datagram may be, in bytes.
    pub(super) fn datagram_bytes(&self) -> usize {
        match self {
            Self::Udp { .. } => UDP_BYTES,
            Self::Unix(_) => UNIX_BYTES,
        }
    }
}

impl fmt::Display for Address {
    /// As it may be shown: an address holds no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Udp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Where syscall, verdict and lane stand in a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tags {
    /// In tags: `dos.verdict:3|c|#syscall:worker,verdict:EXITED`.
    #[default]
    DogStatsD,
    /// In the name, for agents without tags: `dos.verdict.worker.EXITED:3|c`.
    None,
}
