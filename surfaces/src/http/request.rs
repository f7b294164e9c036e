//! What is asked, checked before anybody is asked.

use std::fmt;

use dosd_actors::witness::Unreadable;
use dosd_network::{Names, Trust, chain};
use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, Url};

use crate::Secret;
use crate::network::tls_config;

/// More redirects in a row lead nowhere.
const REDIRECTS: usize = 5;

/// A GET, whose URL and headers may hold secrets that it never prints.
#[derive(Clone)]
pub struct HttpRequest {
    url: Url,
    headers: HeaderMap,
}

/// Why something is no request. What is secret in it is not named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpRequestError {
    /// The URL is none.
    #[error("`url` is not one that begins with `http://` or `https://` and names a host")]
    Url,
    /// A header's name is none.
    #[error("`{0}` is no name of a header")]
    HeaderName(String),
    /// A header's value holds what no header can.
    #[error("the value of the header `{0}` holds a line end or another control character")]
    HeaderValue(String),
}

impl HttpRequest {
    /// A request for this URL with these headers beside those that every request has.
    ///
    /// # Errors
    /// [`HttpRequestError`].
    pub fn new(url: &str, headers: &[(String, Secret)]) -> Result<Self, HttpRequestError> {
        let url: Url = url.parse().map_err(|_| HttpRequestError::Url)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(HttpRequestError::Url);
        }
        let mut all = HeaderMap::new();
        all.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // A cache on the way has to ask the server as well.
        all.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        all.insert(USER_AGENT, HeaderValue::from_static("dosd"));
        for (name, value) in headers {
            let header = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| HttpRequestError::HeaderName(name.clone()))?;
            let mut value = HeaderValue::from_str(value.expose())
                .map_err(|_| HttpRequestError::HeaderValue(name.clone()))?;
            value.set_sensitive(true);
            all.insert(header, value);
        }
        Ok(Self { url, headers: all })
    }

    /// The URL without what may be secret: no user, no password, no query.
    #[must_use]
    pub fn place(&self) -> String {
        dosd_network::place(&self.url)
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether an answer from there is one to this very URL; by then its user is gone from it.
    pub(super) fn is_for(&self, answered: &Url) -> bool {
        let mut asked = self.url.clone();
        let bare = asked.set_username("").and_then(|()| asked.set_password(None));
        bare.is_ok() && asked == *answered
    }

    pub(super) fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    /// Somebody who sends it, without help that was not asked for.
    pub(super) fn client(&self) -> Result<Client, Unreadable> {
        let mut tls = tls_config(match self.url.scheme() {
            "https" => Trust::Authorities,
            _ => Trust::Nobody,
        })?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Client::builder()
            .dns_resolver(Names::default())
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .referer(false)
            .retry(reqwest::retry::never())
            .redirect(Policy::custom(follow))
            .build()
            .map_err(|error| Unreadable::new(chain(&error)))
    }
}

/// Redirects stay where the request was meant for, with its headers.
fn follow(attempt: Attempt<'_>) -> Action {
    let (previous, next) = (attempt.previous(), attempt.url());
    if previous.len() > REDIRECTS {
        return attempt.error(format!("it redirects more than {REDIRECTS} times"));
    }
    let is_there = |first: &Url| first.origin() == next.origin();
    if previous.first().is_some_and(is_there) {
        attempt.follow()
    } else {
        attempt.error("it redirects to another place, which is not followed: name that as `url`")
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of headers only.
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        write!(out, "GET {} with {headers:?}", self.place())
    }
}

#[cfg(test)]
mod tests {
    use super::{HttpRequest, HttpRequestError};
    use crate::Secret;

    #[test]
    fn secrets_do_not_show() {
        let headers = [("X-Api-Key".to_owned(), Secret::new("hidden1"))];
        let url = "https://user:hidden2@host:81/path?token=hidden3";
        let request = HttpRequest::new(url, &headers).unwrap();
        let shown = format!("{request:?} {} {headers:?}", request.place());
        assert!(shown.contains("https://host:81/path?… ") && shown.contains("x-api-key"));
        assert!(!shown.contains("hidden") && !shown.contains("user:"), "{shown}");
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let new = |url: &str, name: &str, value: &str| {
            HttpRequest::new(url, &[(name.to_owned(), Secret::new(value))]).map(|_| ())
        };
        assert_eq!(new("http://h", "a", "b"), Ok(()));
        for url in ["", "h/path", "file:///etc/passwd", "http://", "http://h:99999/"] {
            assert_eq!(new(url, "a", "b"), Err(HttpRequestError::Url), "{url}");
        }
        assert_eq!(new("http://h", "a b", "c"), Err(HttpRequestError::HeaderName("a b".into())));
        assert_eq!(new("http://h", "a", "b\nc"), Err(HttpRequestError::HeaderValue("a".into())));
    }
}
