//! `/v1/claims`: a worker says that something is done.
#![expect(clippy::wildcard_enum_match_arm, reason = "all others answer another question")]

use super::unexpected;
use crate::control::{self, Answer, Request};
use crate::http::error::ApiError;
use crate::http::input::Body;
use crate::http::server::Doors;
use actix_web::HttpResponse;
use actix_web::web::Data;
use dosd_kernel::effect_witness::EffectReport;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What a worker claims.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewClaim {
    /// The effect's key, bare or as SURFACE:KEY.
    #[schema(example = "orders:42")]
    key: String,
    /// The claim in the worker's words; decides nothing.
    #[serde(default)]
    narrated: String,
    /// The value that the entity has: it is compared, too.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Value>)]
    expect: Option<Value>,
    /// The run that claims.
    #[serde(default)]
    run_id: String,
    /// Its lane.
    #[serde(default)]
    lane: String,
    /// Whether the answer is the verdict; else it comes at once, and the verdict goes to the journal alone.
    #[serde(default = "yes")]
    wait: bool,
}

fn yes() -> bool {
    true
}

/// A value that is there, whatever it is: serde takes null for none.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// The verdict on a claim.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Judged {
    /// The verdict and why.
    #[serde(flatten)]
    #[schema(value_type = Report)]
    report: EffectReport,
    /// The number of its row in the verdict journal.
    seq: u64,
}

/// A verdict with what it rests on.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Report {
    /// `CONFIRMED`, `REFUTED`, `UNWITNESSED` or `NO_CLAIM`.
    verdict: String,
    /// Whether to act as if the effect happened.
    believe: bool,
    /// Whether to act as if it did not.
    refuted: bool,
    /// Why, in one sentence.
    reason: String,
    /// The key that was claimed.
    claim_key: String,
    /// The worker's own words.
    narrated: String,
    /// The first accountable surface behind the answer, or empty.
    witness: String,
    /// That surface's rung.
    accountability: Option<String>,
    /// Surfaces that said nothing.
    silent_witnesses: Vec<String>,
}

/// A claim whose verdict nobody waits for.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Accepted {
    /// The daemon has it.
    accepted: bool,
}

/// Have a claim judged. The answer is the verdict, whatever it is; it is in the journal then.
#[utoipa::path(
    post, path = "/v1/claims", tag = "workers",
    request_body = NewClaim,
    responses(
        (status = 200, description = "The verdict", body = Judged),
        (status = 202, description = "The daemon will judge it", body = Accepted),
        (status = 400, description = "Not a claim", body = ApiError),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 403, description = "The token may only read", body = ApiError),
        (status = 408, description = "The body did not arrive in time", body = ApiError),
        (status = 413, description = "The body is too long", body = ApiError),
        (status = 415, description = "The body is no JSON", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(in crate::http) async fn claim(
    doors: Data<Doors>,
    Body(claim): Body<NewClaim>,
) -> Result<HttpResponse, ApiError> {
    let NewClaim { key, narrated, expect, run_id, lane, wait } = claim;
    let request = Request::Claim { run_id, lane, key, narrated, expect, wait };
    match control::answer(request, &doors.control).await {
        Answer::Claim { report, seq } => {
            Ok(HttpResponse::Ok().json(Judged { report: *report, seq }))
        }
        Answer::Accepted => Ok(HttpResponse::Accepted().json(Accepted { accepted: true })),
        other => Err(unexpected(other)),
    }
}
