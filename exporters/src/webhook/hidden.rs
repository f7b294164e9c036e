//! What must not stand in a reason: a server may repeat in its answer what it was asked,
//! and some chats and clouds have tokens in their URLs. Pure.

use dosd_network::Secret;
use url::{Position, Url};

use super::config::WebhookConfig;

/// A shorter piece of a URL is no token, and would blot out words at random.
const PIECE_CHARS: usize = 8;

/// Texts that are secret, or may be.
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    /// Everything in `config` that is not the server's name.
    pub(super) fn of(config: &WebhookConfig, url: &Url) -> Self {
        let secrets = config.secrets.iter().chain(&config.token).map(Secret::expose);
        let user = [url.username(), url.password().unwrap_or_default()];
        let target = &url[Position::BeforePath..Position::AfterQuery];
        let query = url.query().unwrap_or_default();
        let whole = [config.url.expose(), url.as_str(), target, url.path(), query];
        let steps = url.path().split('/');
        let values: Vec<_> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        let values = values.iter().map(String::as_str);
        let long = |text: &&str| text.len() >= PIECE_CHARS;
        let pieces = whole.into_iter().chain(steps).chain(values).filter(long);
        let said = secrets.chain(user).filter(|text| !text.is_empty()).chain(pieces);
        let mut said: Vec<String> = said.map(str::to_owned).collect();
        // The longest first: what is left of it would still tell something.
        said.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self(said)
    }

    /// The text without them.
    pub(super) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_repeats_is_blotted_out() {
        let url = "https://me:hunter2@chat.example/hooks/T0000AAAA/b?key=0123456789&n=1";
        let config = WebhookConfig {
            secrets: vec![Secret::new("whsec_abc")],
            token: Some(Secret::new("bearer-token")),
            ..WebhookConfig::new(Secret::new(url))
        };
        let hidden = Hidden::of(&config, &url.parse().unwrap());
        let told = format!(
            "cannot POST /hooks/T0000AAAA/b?key=0123456789&n=1, {url}: T0000AAAA 0123456789 \
             bearer-token whsec_abc hunter2 on chat.example"
        );
        let shown = hidden.hide(&told);
        assert_eq!(shown, "cannot POST ***, ***: *** *** *** *** *** on chat.example");
    }
}
