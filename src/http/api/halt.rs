//! `/v1/halt`: an operator wants a worker stopped.
#![expect(clippy::wildcard_enum_match_arm, reason = "all others answer another question")]

use super::unexpected;
use crate::control::{self, Answer, HaltedWorker, Request};
use crate::http::error::{ApiError, Kind};
use crate::http::input::Body;
use crate::http::server::Doors;
use actix_web::web::{Data, Json};
use dosd_kernel::lane::{LaneReply, LaneRequest, NoteHalt};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long the mutex of the leases is waited for.
const PATIENCE_MS: u64 = 1_000;

/// Which worker, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewHalt {
    /// A run id, a lane or a pid of a worker of the daemon; without `enact` any words.
    #[schema(pattern = r"\S")]
    handle: String,
    /// Why.
    #[serde(default)]
    reason: String,
    /// The command that would stop it: recorded, never run.
    #[serde(default)]
    command: String,
    /// Whether the daemon stops its process group and proves that nobody is left; else the wish is put on record.
    #[serde(default)]
    enact: bool,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct HaltAnswer {
    /// Whether the intent is on disk.
    recorded: bool,
    /// Whether it is proven that nobody of the group is left.
    enacted: bool,
    /// What was to be stopped.
    handle: String,
    /// Its lane; empty when no worker is meant.
    lane: String,
    /// The stamp of its lease.
    loop_ts: String,
    /// Its run.
    run_id: Option<String>,
    /// Members of its group that outlived KILL, by pid.
    survivors: Vec<u32>,
    /// What there is to say when it was not stopped.
    note: Option<String>,
}

/// Put on record that a worker is to be stopped; with `enact`, stop it.
#[utoipa::path(
    post, path = "/v1/halt", tag = "operators",
    request_body = NewHalt,
    responses(
        (status = 200, description = "What became of it", body = HaltAnswer),
        (status = 400, description = "Not a request", body = ApiError),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 403, description = "The token may only read", body = ApiError),
        (status = 404, description = "No worker is meant, or several are", body = ApiError),
        (status = 408, description = "The body did not arrive in time", body = ApiError),
        (status = 413, description = "The body is too long", body = ApiError),
        (status = 415, description = "The body is no JSON", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(in crate::http) async fn halt(
    doors: Data<Doors>,
    Body(wish): Body<NewHalt>,
) -> Result<Json<HaltAnswer>, ApiError> {
    if wish.handle.trim().is_empty() {
        return Err(ApiError::new(
            Kind::InvalidRequest,
            "`handle` is empty",
            "name a run id, a lane or a pid",
        ));
    }
    let NewHalt { handle, reason, command, enact } = wish;
    let reason = if reason.is_empty() { "halt".to_owned() } else { reason };
    if enact {
        stop(&doors, handle, reason, command).await
    } else {
        record(&doors, handle, reason, command).await
    }
}

async fn stop(
    doors: &Doors,
    handle: String,
    reason: String,
    command: String,
) -> Result<Json<HaltAnswer>, ApiError> {
    let request = Request::HaltWorker {
        journal: doors.control.journal.clone(),
        handle: handle.clone(),
        command: Some(command).filter(|command| !command.is_empty()),
        reason,
    };
    match control::answer(request, &doors.control).await {
        Answer::HaltWorker(HaltedWorker { run_id: None, note, .. }) => Err(ApiError::new(
            Kind::NotFound,
            note.unwrap_or_else(|| "no worker of this daemon is meant".to_owned()),
            "see /v1/workers",
        )),
        Answer::HaltWorker(halted) => {
            let HaltedWorker { recorded, enacted, lane, loop_ts, run_id, survivors, note } = halted;
            Ok(Json(HaltAnswer {
                recorded,
                enacted,
                handle,
                lane,
                loop_ts,
                run_id,
                survivors,
                note,
            }))
        }
        other => Err(unexpected(other)),
    }
}

async fn record(
    doors: &Doors,
    handle: String,
    reason: String,
    command: String,
) -> Result<Json<HaltAnswer>, ApiError> {
    let note = NoteHalt { handle, reason, command, ..NoteHalt::default() };
    let request = Request::Lanes {
        journal: doors.control.journal.clone(),
        request: Box::new(LaneRequest::Halt(note)),
        patience_ms: PATIENCE_MS,
    };
    match control::answer(request, &doors.control).await {
        Answer::Lanes(reply) => match *reply {
            LaneReply::Halt(halted) => Ok(Json(HaltAnswer {
                recorded: halted.recorded,
                enacted: false,
                handle: halted.handle,
                lane: halted.lane,
                loop_ts: halted.loop_ts,
                run_id: None,
                survivors: Vec::new(),
                note: None,
            })),
            other => Err(unexpected(Answer::Lanes(Box::new(other)))),
        },
        other => Err(unexpected(other)),
    }
}
