//! `[dosd] listen` and `[dosd.http]`: the HTTP interface.

use super::paths;
use super::secret::{self, InFile};
use crate::config::model::{Http, Tls};
use crate::config::section::{Found, Section};
use std::net::SocketAddr;

const KNOWN: [&str; 10] = [
    "token",
    "token_env",
    "token_file",
    "read_token",
    "read_token_env",
    "read_token_file",
    "tls_cert",
    "tls_key",
    "max_connections",
    "max_body",
];

/// The largest body that a request may be allowed to have: it is kept in memory.
const MOST_BODY: u64 = 64 << 20;

pub(super) fn check(dosd: &Section<'_>) -> Option<Http> {
    let http = dosd.child("http");
    if let Some(http) = &http {
        http.refuse_unknown(&KNOWN);
    }
    let of = |key: &str| http.as_ref().and_then(|it| secret::optional(it, key, InFile::Refused));
    let (token, read_token) = (of("token"), of("read_token"));
    if let (Some(http), None, Some(_)) = (&http, &token, &read_token) {
        http.missing(
            "token_env",
            "a token for reading keeps nobody out while there is none for writing",
        );
    }
    let tls = http.as_ref().and_then(tls);
    let limits = http.as_ref().map(limits).unwrap_or_default();
    let Some(listen) = dosd.text("listen") else {
        if let Some(key) = http.as_ref().and_then(|it| it.keys().next()) {
            key.warning(
                "does nothing without `dosd.listen`",
                "write `listen = \"127.0.0.1:7717\"` under `[dosd]`",
            );
        }
        return None;
    };
    let address = address(&listen)?;
    if token.is_none() && read_token.is_some() {
        return None;
    }
    if !address.ip().is_loopback() && token.is_none() {
        listen.contradiction(
            crate::config::Weight::Error,
            "can be reached by other machines, and there is no token",
            "name a variable that holds one: `token_env = \"DOSD_TOKEN\"` under `[dosd.http]`",
        );
        return None;
    }
    let Limits { max_connections, max_body } = limits;
    Some(Http { listen: address, token, read_token, tls, max_connections, max_body })
}

/// An address and a port. A name would have to be looked up, and may mean several.
fn address(listen: &Found<'_, &str>) -> Option<SocketAddr> {
    let address = listen.value.parse().ok();
    if address.is_none() {
        listen.error(
            format!("`{}` is not an address and a port", listen.value.escape_debug()),
            "write it like `127.0.0.1:7717`, `[::1]:7717`, or `0.0.0.0:7717` for all of this machine",
        );
    }
    address
}

fn tls(http: &Section<'_>) -> Option<Tls> {
    let (certificate, key) = (paths::path(http, "tls_cert"), paths::path(http, "tls_key"));
    for (given, lacking) in [("tls_cert", "tls_key"), ("tls_key", "tls_cert")] {
        if http.has(given) && !http.has(lacking) {
            http.missing(lacking, "TLS needs a certificate and its key: name both files");
        }
    }
    Some(Tls { certificate: certificate?, key: key? })
}

struct Limits {
    max_connections: u32,
    max_body: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_connections: Http::MAX_CONNECTIONS, max_body: Http::MAX_BODY }
    }
}

fn limits(http: &Section<'_>) -> Limits {
    let mut limits = Limits::default();
    if let Some(most) = http.integer("max_connections") {
        match u32::try_from(most.value) {
            Ok(number @ 1..=1_000_000) => limits.max_connections = number,
            Ok(_) | Err(_) => most.error("must be from 1 to 1000000", "write a number in between"),
        }
    }
    if let Some(most) = http.size("max_body") {
        if (1..=MOST_BODY).contains(&most.value) {
            limits.max_body = most.value;
        } else {
            most.error("must be from 1B to 64MiB", "write a size in between");
        }
    }
    limits
}
