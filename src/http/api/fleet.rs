//! `/v1/fleet`, `/v1/workers`: how it is.

use crate::fleet::{LaneState, LaneView, Overview};
use crate::http::board::{Look, Seen};
use crate::http::error::{ApiError, Kind};
use crate::http::server::Doors;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, Responder};
use serde::Serialize;
use std::path::PathBuf;
use utoipa::ToSchema;

/// The workers.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Workers {
    /// Each worker, and each lane that was given up, by lane.
    workers: Vec<Worker>,
}

/// One worker, or a lane that gets none.
#[derive(Debug, Serialize, ToSchema)]
struct Worker {
    /// Its lane.
    lane: String,
    /// Its run; null for a lane that was given up.
    run_id: Option<String>,
    /// Its process on the daemon's machine.
    pid: Option<u32>,
    /// How it does.
    state: LaneState,
    /// Since its start, ms.
    age_ms: Option<i64>,
    /// Since the newest beat of its lease, ms.
    beat_age_ms: Option<i64>,
    /// Runs of this lane that ended before it, as far as the journal goes back.
    restarts: u64,
    /// Where its output is kept on the daemon's machine.
    #[schema(value_type = Option<String>)]
    log: Option<PathBuf>,
}

/// The whole fleet at this moment.
#[utoipa::path(
    get, path = "/v1/fleet", tag = "fleet",
    responses(
        (status = 200, description = "How it is", body = Overview),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(in crate::http) async fn fleet(doors: Data<Doors>) -> Result<impl Responder, ApiError> {
    let picture = look(&doors).await?.picture;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(picture.json.to_string()))
}

/// The workers, as `dosd ps` shows them.
#[utoipa::path(
    get, path = "/v1/workers", tag = "fleet",
    responses(
        (status = 200, description = "The workers", body = Workers),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(in crate::http) async fn workers(doors: Data<Doors>) -> Result<Json<Workers>, ApiError> {
    let picture = look(&doors).await?.picture;
    let lanes = picture.overview.lanes.iter();
    let mut workers: Vec<Worker> = lanes
        .filter(|lane| !matches!(lane.state, LaneState::Held | LaneState::Free))
        .map(|lane| worker(lane, &doors))
        .collect();
    workers.sort_by(|a, b| (&a.lane, &a.run_id).cmp(&(&b.lane, &b.run_id)));
    Ok(Json(Workers { workers }))
}

fn worker(view: &LaneView, doors: &Doors) -> Worker {
    let log = |run_id: &String| doors.logs.join(&view.lane).join(format!("{run_id}.log"));
    Worker {
        lane: view.lane.clone(),
        run_id: view.run_id.clone(),
        pid: view.pid,
        state: view.state,
        age_ms: view.age_ms,
        beat_age_ms: view.beat_age_ms,
        restarts: view.restarts,
        log: view.run_id.as_ref().map(log),
    }
}

/// What is on the board.
pub(in crate::http) async fn look(doors: &Doors) -> Result<Seen, ApiError> {
    doors.look.ask(Look).await?.map_err(|why| ApiError::new(Kind::Busy, why, "try again"))
}
