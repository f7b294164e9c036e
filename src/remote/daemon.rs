//! The connection: certificates that are checked, a token that stays where it belongs, an end in
//! time.

use super::answer::Answer;
use super::{Address, RemoteError, Why};
use dosd_network::{Names, Secret, Trust, chain, tls_config};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::Value;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long connecting and the whole answer may take together where nobody says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An answer that is longer is none: a long verdict journal has less.
const LONGEST_ANSWER: usize = 256 * 1024 * 1024;

/// Who asks, and whom to trust.
#[derive(Debug, Default)]
pub struct Access {
    /// What shows that one may ask.
    pub token: Option<Secret>,
    /// Certificates to trust beside those of the machine, PEM.
    pub authorities: Option<Vec<u8>>,
}

/// A daemon behind a network.
#[derive(Debug)]
pub struct Daemon {
    address: Address,
    client: Client,
    runtime: Runtime,
    had_token: bool,
}

/// One request.
pub(super) struct Ask<'a> {
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    /// What is to be done; none only asks.
    pub(super) order: Option<Value>,
    pub(super) patience: Duration,
}

impl Daemon {
    /// Gets ready; nobody is connected to yet.
    ///
    /// # Errors
    ///
    /// When a certificate or the token cannot be used, or the system gives no runtime.
    pub fn new(address: Address, access: &Access) -> Result<Self, RemoteError> {
        match Self::client(&address, access) {
            Ok((client, runtime)) => {
                Ok(Self { address, client, runtime, had_token: access.token.is_some() })
            }
            Err(what) => Err(RemoteError { address, why: Why::Unusable { what } }),
        }
    }

    fn client(address: &Address, access: &Access) -> Result<(Client, Runtime), String> {
        let trust = match &access.authorities {
            _ if !address.is_encrypted() => Trust::Nobody,
            None => Trust::Authorities,
            Some(pem) => Trust::AuthoritiesAnd(pem),
        };
        let mut tls = tls_config(trust).map_err(|error| error.to_string())?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut headers = HeaderMap::new();
        if let Some(token) = &access.token {
            // A line end, most likely; the token itself is not shown.
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
                .map_err(|_| "the token has a character that no header can have\n  help: a token is one line of letters and digits".to_owned())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = Client::builder()
            .dns_resolver(Names::default())
            .tls_backend_preconfigured(tls)
            .http1_only()
            .user_agent(concat!("dosd/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .referer(false)
            .retry(reqwest::retry::never())
            .redirect(Policy::none())
            .build()
            .map_err(|error| chain(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| format!("there is no runtime: {cause}"))?;
        Ok((client, runtime))
    }

    /// Where it answers.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether whoever asks shows a token.
    pub(super) fn had_token(&self) -> bool {
        self.had_token
    }

    /// The same with the address.
    pub(super) fn error(&self, why: Why) -> RemoteError {
        RemoteError { address: self.address.clone(), why }
    }

    /// Asks, and waits for the whole answer.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Answer, RemoteError> {
        let method = if ask.order.is_some() { Method::POST } else { Method::GET };
        let mut request = self
            .client
            .request(method, self.address.of(ask.path, ask.query))
            .timeout(ask.patience.max(Duration::from_millis(1)));
        if let Some(order) = &ask.order {
            request = request
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(order.to_string());
        }
        let is_order = ask.order.is_some();
        let told = self.runtime.block_on(async {
            let response = request.send().await.map_err(|error| untold(error, is_order))?;
            read(response).await.map_err(|what| match what {
                Unread::Broken(error) => untold(error, is_order),
                Unread::TooLong => Why::Strange { what: "its answer has no end".to_owned() },
            })
        });
        told.map_err(|why| self.error(why))
    }
}

/// Why there is no whole answer.
fn untold(error: reqwest::Error, is_order: bool) -> Why {
    let is_unreachable = error.is_connect();
    let cause = if error.is_timeout() {
        "it took too long".to_owned()
    } else {
        chain(&error.without_url())
    };
    if is_unreachable { Why::Unreachable { cause } } else { Why::NoAnswer { cause, is_order } }
}

enum Unread {
    Broken(reqwest::Error),
    TooLong,
}

async fn read(mut response: Response) -> Result<Answer, Unread> {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let retry_after = text(RETRY_AFTER).and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let location = text(LOCATION).map(ToOwned::to_owned);
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Unread::Broken)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, retry_after, location, body })
}
