//! URLs as they may be shown.

use url::Url;

/// A URL without what may be secret: no user, no password, no query, no fragment.
#[must_use]
pub fn place(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = if url.query().is_some() { "?…" } else { "" };
    let host = url.host_str().unwrap_or_default();
    format!("{}://{host}{port}{}{query}", url.scheme(), url.path())
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn secrets_do_not_show() {
        let shown = |url: &str| place(&url.parse().unwrap());
        assert_eq!(shown("https://user:word@host:81/path?token=x#y"), "https://host:81/path?…");
        assert_eq!(shown("http://[::1]/"), "http://[::1]/");
    }
}
