//! `/openapi.json`: what can be asked, from the code that answers.

use super::error::ApiError;
use super::{api, events, metrics, readiness};
use actix_web::HttpResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "dosd",
        description = "A fleet of workers: their lanes, their claims, and the verdicts on them.",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        api::claims::claim,
        api::fleet::fleet,
        api::fleet::workers,
        api::halt::halt,
        api::leases::acquire,
        api::leases::heartbeat,
        api::leases::leases,
        api::leases::release,
        api::verdicts::verdicts,
        events::events,
        metrics::metrics,
        readiness::healthz,
        readiness::readyz,
    ),
    components(schemas(ApiError, api::claims::Report, api::leases::Decision)),
    modifiers(&Token),
    tags(
        (name = "daemon", description = "Whether it works"),
        (name = "fleet", description = "How the fleet is"),
        (name = "workers", description = "What a worker says"),
        (name = "operators", description = "What an operator wants"),
    ),
)]
struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        if let Some(components) = &mut document.components {
            let bearer = HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("The token of `[dosd.http]`, where one is configured"))
                .build();
            components.add_security_scheme("token", SecurityScheme::Http(bearer));
        }
    }
}

/// The document.
pub(super) async fn document() -> HttpResponse {
    HttpResponse::Ok().json(Document::openapi())
}
