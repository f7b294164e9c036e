//! `/v1/verdicts`: the verdict journal, page by page.
#![expect(unused_qualifications, reason = "the macro for parameters writes them")]

use super::fleet::look;
use crate::fleet::VerdictView;
use crate::http::error::{ApiError, Kind};
use crate::http::events::{Reader, views};
use crate::http::server::Doors;
use actix_web::web::{Data, Json, Query};
use dosd_actors::journal::EventId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Verdicts on a page, unless it is said.
const USUAL_LIMIT: u32 = 100;

/// Verdicts on a page at most.
const MOST: u32 = 1_000;

/// Which verdicts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Wanted {
    /// Those after this event: the `next` of the page before. Without it, from the first row on.
    #[param(pattern = "^[0-9a-f]{16}-[0-9a-f]{1,16}$")]
    since: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// The newest so many, wherever `since` is.
    #[param(minimum = 1, maximum = 500)]
    last: Option<u32>,
}

/// A page of verdicts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Page {
    /// Oldest first.
    verdicts: Vec<VerdictView>,
    /// Where to go on: pass it as `since`. Null while there is no verdict.
    next: Option<String>,
    /// Bytes of the journal behind this page.
    behind_bytes: u64,
    /// The place that was named is not in the journal any more: this page begins with its first row.
    rewritten: bool,
}

/// Verdicts, oldest first.
#[utoipa::path(
    get, path = "/v1/verdicts", tag = "fleet",
    params(Wanted),
    responses(
        (status = 200, description = "A page", body = Page),
        (status = 400, description = "Not a request", body = ApiError),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(in crate::http) async fn verdicts(
    doors: Data<Doors>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page>, ApiError> {
    let limit = within(wanted.limit.unwrap_or(USUAL_LIMIT), MOST, "limit")?;
    if let Some(last) = wanted.last {
        let count = within(last, 500, "last")?;
        let book = look(&doors).await?.book;
        let verdicts: Vec<VerdictView> = book.recent(count).cloned().collect();
        let next = verdicts.last().map(|verdict| verdict.id.clone());
        return Ok(Json(Page { verdicts, next, behind_bytes: 0, rewritten: false }));
    }
    let since = wanted.since.map(|id| id.parse()).transpose();
    let since: Option<EventId> = since.map_err(|_| {
        ApiError::new(Kind::InvalidRequest, "`since` is no id of an event", "pass `next` of a page")
    })?;
    let mut reader = Reader::new(doors.verdicts.clone());
    let rewritten = match since {
        Some(since) => !reader.go_behind(since).await?,
        None => false,
    };
    let page = reader.read(limit).await?;
    let verdicts = views(&page.rows);
    let next = page.rows.last().map(|(id, _)| id.to_string());
    let next = next.or_else(|| since.filter(|_| !rewritten).map(|id| id.to_string()));
    Ok(Json(Page { verdicts, next, behind_bytes: page.behind_bytes, rewritten }))
}

fn within(number: u32, most: u32, key: &str) -> Result<usize, ApiError> {
    if (1..=most).contains(&number) {
        return Ok(number as usize);
    }
    Err(ApiError::new(
        Kind::InvalidRequest,
        format!("`{key}` must be from 1 to {most}"),
        "pass a number in between",
    ))
}
