//! `/`: the page. One file, with nothing from elsewhere, and a policy that lets nothing else in.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use base64::Engine as _;
use ring::digest::{SHA256, digest};

const PAGE: &str = include_str!("page/index.html");

/// The page and its policy.
pub(super) struct Page {
    policy: String,
}

impl Page {
    /// The policy allows the page's own script and style, by what is in them.
    pub(super) fn new() -> Self {
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'",
            hashes("<script>", "</script>"),
            hashes("<style>", "</style>"),
        );
        Self { policy }
    }
}

fn hashes(open: &str, close: &str) -> String {
    let blocks = PAGE.split(open).skip(1).filter_map(|rest| rest.split(close).next());
    let hashes = blocks.map(|block| {
        let hash = digest(&SHA256, block.as_bytes());
        format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(hash))
    });
    hashes.collect::<Vec<_>>().join(" ")
}

/// The page. It shows nothing until it has asked, with a token where one is needed.
pub(super) async fn page(page: Data<Page>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header(("Content-Security-Policy", page.policy.clone()))
        .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
        .body(PAGE)
}

#[cfg(test)]
mod tests {
    use super::{PAGE, Page};

    #[test]
    fn the_policy_names_every_block_and_nothing_comes_from_elsewhere() {
        let policy = Page::new().policy;
        assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
        assert!(!PAGE.contains("://") || !PAGE.contains("src=\"http"), "the page loads something");
    }
}
