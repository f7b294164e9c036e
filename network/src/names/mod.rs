//! Names of hosts, looked up in one way by everybody who connects: `/etc/hosts`, then the
//! name servers of `/etc/resolv.conf` with its search list.
//!
//! It is not the C library's lookup. A program that is linked statically has no modules for
//! that, so a name that is found on the machine would not be found in its container. Modules
//! of `/etc/nsswitch.conf` (mDNS, LDAP) are asked by nobody here.
//!
//! Both files are read for every lookup and nothing is kept: a daemon lives for months, and
//! whoever connects keeps its connection. A lookup lives on the runtime of whoever waits for
//! it, and ends when that one stops waiting.

mod dns;
mod hosts;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Finds the addresses of hosts.
#[derive(Debug, Clone)]
pub struct Names {
    hosts: PathBuf,
    resolv_conf: PathBuf,
    /// Where name servers listen.
    port: u16,
}

impl Default for Names {
    /// As this machine, or this container, says.
    fn default() -> Self {
        Self::below(Path::new("/"), 53)
    }
}

impl Names {
    /// With `etc/hosts` and `etc/resolv.conf` below a directory, and name servers that listen
    /// on this port.
    fn below(root: &Path, port: u16) -> Self {
        Self { hosts: root.join("etc/hosts"), resolv_conf: root.join("etc/resolv.conf"), port }
    }

    /// The addresses of a host, each with this port: at least one, IPv4 first. An address
    /// that is written out is its own. Without either file `localhost` is known all the same.
    ///
    /// # Errors
    /// Why there is none, naming the host and who was asked.
    pub async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let found = self.find(host).await?;
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    async fn find(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if let Ok(written) = host.parse() {
            return Ok(vec![written]);
        }
        let (hosts, name) = (self.hosts.clone(), host.to_owned());
        // Some list all the advertisers of the world there.
        let read = tokio::task::spawn_blocking(move || hosts::find(&hosts, &name));
        let found = read.await.map_err(io::Error::other)??;
        if !found.is_empty() {
            return Ok(found);
        }
        if is_local(host) {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        dns::find(&self.resolv_conf, self.port, host).await
    }
}

/// `localhost` and what is below it mean this machine (RFC 6761), whatever name servers say.
fn is_local(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host.rsplit('.').next().is_some_and(|top| top.eq_ignore_ascii_case("localhost"))
}
