//! Where a daemon answers.

use dosd_network::place;
use std::fmt;
use std::net::IpAddr;
use url::{Host, Url};

/// The address of a daemon. It holds no secret, and can be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

/// What was typed is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{shown}` is no address of a daemon: {what}\n  help: name it like http://127.0.0.1:7717 or https://fleet.example"
)]
pub struct AddressError {
    /// As much of it as may be shown.
    shown: String,
    what: String,
}

impl Address {
    /// Reads an address: `http` or `https`, a host, and where a proxy stands before the daemon a
    /// path.
    ///
    /// # Errors
    ///
    /// [`AddressError`]; also for a URL that has a password, because those are shown by `ps`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let wrong = |shown: &str, what: &str| AddressError {
            shown: shown.to_owned(),
            what: what.to_owned(),
        };
        let mut url: Url = text.trim().parse().map_err(|cause: url::ParseError| {
            // Nobody knows what is secret in what cannot be read.
            wrong("…", &cause.to_string())
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("…", "it is neither http nor https"));
        }
        let shown = place(&url);
        if !url.username().is_empty() || url.password().is_some() {
            let what = "it names a user or a password, and a daemon wants a token: set DOSD_TOKEN";
            return Err(wrong(&shown, what));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong(&shown, "it has a query or a fragment"));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }

    /// A resource of the daemon. Segments are escaped, so that a lane's name stays one.
    pub(super) fn of(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Whether connections are encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it is this machine itself.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => false,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(place(&self.0).trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn an_address_is_http_a_host_and_perhaps_a_path() {
        let shown = |text: &str| Address::parse(text).unwrap().to_string();
        assert_eq!(shown("http://127.0.0.1:7717"), "http://127.0.0.1:7717");
        assert_eq!(shown("https://fleet.example/dosd"), "https://fleet.example/dosd");
        for wrong in ["", "fleet", "127.0.0.1:7717", "ftp://x", "http://", "http://a/?token=word"] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        let refused = Address::parse("https://me:word@fleet.example").unwrap_err().to_string();
        assert!(refused.contains("DOSD_TOKEN") && !refused.contains("word@"), "{refused}");
        let refused = Address::parse("me:word@[fleet.example").unwrap_err().to_string();
        assert!(!refused.contains("word@"), "{refused}");
    }

    #[test]
    fn a_resource_is_below_the_path_and_its_names_are_escaped() {
        let address = Address::parse("http://h/base/").unwrap();
        let url = address.of(&["v1", "leases", "a/b c", "release"], &[("since", "x&y")]);
        assert_eq!(url.as_str(), "http://h/base/v1/leases/a%2Fb%20c/release?since=x%26y");
        assert_eq!(
            Address::parse("http://h").unwrap().of(&["readyz"], &[]).as_str(),
            "http://h/readyz"
        );
    }

    #[test]
    fn this_machine_is_known_by_its_names() {
        let is_loopback = |text: &str| Address::parse(text).unwrap().is_loopback();
        for ours in ["http://localhost:1", "http://127.0.0.9", "http://[::1]:80"] {
            assert!(is_loopback(ours), "{ours}");
        }
        for theirs in ["http://dosd:7717", "http://10.0.0.1", "http://localhost.example"] {
            assert!(!is_loopback(theirs), "{theirs}");
        }
    }
}
