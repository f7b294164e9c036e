//! `/v1/leases`: who works on which lane. A grant comes with a fencing number: whoever beats or
//! releases with an older one is told so, and changes nothing.
#![expect(clippy::wildcard_enum_match_arm, reason = "all others answer another question")]

use super::unexpected;
use crate::control::{self, Answer, Request};
use crate::http::error::{ApiError, Kind};
use crate::http::input::{Body, whole};
use crate::http::server::Doors;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use dosd_actors::journal::Observe;
use dosd_actors::supervisor::GetFleet;
use dosd_actors::witness::{ClaimCounts, EndRun, TakeBaseline, Unclaimed};
use dosd_kernel::Map;
use dosd_kernel::arbiter::Outcome;
use dosd_kernel::lane::{
    AcquireLane, Acquired, Asker, BeatLane, LaneReply, LaneRequest, LiveLease, ReleaseLane,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use tracing::warn;
use utoipa::ToSchema;

/// How long the mutex of the leases is waited for.
const PATIENCE_MS: u64 = 5_000;

/// How long the surfaces are read when a lease is given back.
const ACCOUNT_WITHIN: Duration = Duration::from_secs(30);

/// The host of whoever asks over the network and does not say: no process there can be looked at.
const ELSEWHERE: &str = "remote";

/// The leases.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Leases {
    /// Those that live, first granted first.
    leases: Vec<LeaseView>,
}

/// One lease.
#[derive(Debug, Serialize, ToSchema)]
struct LeaseView {
    /// Its lane.
    lane: String,
    /// Who holds it.
    owner: String,
    /// The run that holds it.
    run_id: Option<String>,
    /// The stamp of its identity.
    loop_ts: String,
    /// Its fencing number; null for one that was granted without.
    fence: Option<u64>,
    /// The paths that it covers.
    tree: Vec<String>,
    /// When it was granted.
    acquired_at: Option<String>,
    /// Since its newest beat, ms.
    beat_age_ms: Option<i64>,
    /// The lease as it stands in the journal.
    #[schema(value_type = Object)]
    lease: Map,
}

/// Which lane somebody wants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewLease {
    /// Who will hold it.
    #[schema(pattern = r"\S")]
    owner: String,
    /// The lane; empty picks a free one.
    #[serde(default)]
    lane: String,
    /// `cluster`, `keyword`, `global`, or the name of an exclusive lane.
    #[serde(default)]
    kind: String,
    /// The paths to work on; those of the lane when there are none.
    #[serde(default)]
    tree: Vec<String>,
    /// The run that will hold it. Left out, the daemon makes one, and reads the surfaces before it
    /// answers: claims of that run are witnessed as those of a worker that the daemon started.
    #[serde(default)]
    run_id: String,
    /// The stamp of the lease's identity; now when it is empty.
    #[serde(default)]
    loop_ts: String,
    /// The host of the holder, for the record.
    #[serde(default)]
    host_id: String,
}

/// The decision. A refusal is one, too, and on record.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Decided {
    /// The decision.
    #[serde(flatten)]
    #[schema(value_type = Decision)]
    acquired: Acquired,
}

/// What was decided about a lane.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Decision {
    /// `acquire` or `refuse`.
    outcome: String,
    /// The lane.
    lane: String,
    /// The kind of the grant.
    lane_kind: String,
    /// The paths that were granted.
    tree: Vec<String>,
    /// Why.
    reason: String,
    /// Whether the lane was picked for the asker.
    auto_picked: bool,
    /// Lanes that are free, after a refusal.
    free_clusters: Vec<String>,
    /// How many lanes were picked from.
    pick_count: Option<i64>,
    /// Whether a lease was granted and is on disk.
    journaled: bool,
    /// Who asked.
    owner: String,
    /// The run that asked.
    #[schema(required = false)]
    run_id: Option<String>,
    /// The fencing number of the grant.
    #[schema(required = false)]
    fence: Option<u64>,
    /// The stamp of the lease's identity.
    #[schema(required = false)]
    loop_ts: Option<String>,
}

/// Who keeps a lease.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Beat {
    /// Who holds it.
    #[schema(pattern = r"\S")]
    owner: String,
    /// The number of its grant.
    #[serde(deserialize_with = "whole")]
    fence: u64,
    /// A beat is left out while the newest one is younger than so many seconds.
    #[serde(default)]
    #[schema(minimum = 0)]
    coalesce_within_s: f64,
}

/// A lease that is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Kept {
    /// It is kept, and that is on disk.
    beat: bool,
    /// The lane.
    lane: String,
    /// Who holds it.
    owner: String,
    /// The number of its grant.
    fence: u64,
}

/// Who gives a lease back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct GiveBack {
    /// Who holds it.
    #[schema(pattern = r"\S")]
    owner: String,
    /// The number of its grant.
    #[serde(deserialize_with = "whole")]
    fence: u64,
}

/// A lease that was given back.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct GivenBack {
    /// It is given back, and that is on disk.
    released: bool,
    /// The lane.
    lane: String,
    /// Who held it.
    owner: String,
    /// The number of its grant.
    fence: u64,
    /// What became of the claims of the run; null for a run that goes on.
    account: Option<Account>,
}

/// What became of a run's claims, and what happened beside them.
#[derive(Debug, Serialize, ToSchema)]
struct Account {
    /// Claims that were confirmed.
    confirmed: u64,
    /// Claims that were refuted.
    refuted: u64,
    /// Claims about which nobody could tell.
    unwitnessed: u64,
    /// Changes that nobody claimed; null when the surfaces could not be compared.
    unclaimed: Option<u64>,
    /// The first of them, as SURFACE:KEY.
    unclaimed_keys: Vec<String>,
}

/// The leases that live.
#[utoipa::path(
    get, path = "/v1/leases", tag = "workers",
    responses(
        (status = 200, description = "The leases", body = Leases),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(in crate::http) async fn leases(doors: Data<Doors>) -> Result<Json<Leases>, ApiError> {
    let observation = doors.observe.ask(Observe { now_ms: doors.clock.now_ms() }).await??;
    Ok(Json(Leases { leases: observation.leases.iter().map(view).collect() }))
}

fn view(live: &LiveLease) -> LeaseView {
    let lease = &live.lease;
    LeaseView {
        lane: lease.lane().to_owned(),
        owner: lease.holder().to_owned(),
        run_id: Some(lease.run_id().to_owned()).filter(|run_id| !run_id.is_empty()),
        loop_ts: lease.loop_ts().to_owned(),
        fence: lease.fence(),
        tree: lease.tree(),
        acquired_at: lease.acquired_at().map(str::to_owned),
        beat_age_ms: live.progress.newest_heartbeat_age_ms,
        lease: lease.fields().clone(),
    }
}

/// Ask for a lane, and hold a lease on it when it is granted.
#[utoipa::path(
    post, path = "/v1/leases", tag = "workers",
    request_body = NewLease,
    responses(
        (status = 201, description = "Granted", body = Decided),
        (status = 400, description = "Not a request", body = ApiError),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 403, description = "The token may only read", body = ApiError),
        (status = 408, description = "The body did not arrive in time", body = ApiError),
        (status = 409, description = "Refused", body = Decided),
        (status = 413, description = "The body is too long", body = ApiError),
        (status = 415, description = "The body is no JSON", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(in crate::http) async fn acquire(
    doors: Data<Doors>,
    Body(wish): Body<NewLease>,
) -> Result<HttpResponse, ApiError> {
    named_owner(&wish.owner)?;
    let NewLease { owner, lane, kind, tree, run_id, loop_ts, host_id } = wish;
    let config = doors.config();
    let tree = if tree.is_empty() { config.lanes.tree(&lane).to_vec() } else { tree };
    let host_id = if host_id.is_empty() { ELSEWHERE.to_owned() } else { host_id };
    let is_new = run_id.is_empty();
    let run_id = if is_new { doors.new_run_id()? } else { run_id };
    let request = LaneRequest::Acquire(AcquireLane {
        asker: Asker { owner, host_id, pid: None },
        lane,
        kind,
        tree,
        loop_ts,
        run_id,
        fenced: true,
        leases: Vec::new(),
        lanes: config.lanes.clone(),
        overlap: config.overlap,
        budgets: BTreeMap::new(),
    });
    match decide(&doors, request).await? {
        LaneReply::Acquire(acquired) => {
            if acquired.decision.outcome == Outcome::Refuse {
                return Ok(HttpResponse::Conflict().json(Decided { acquired }));
            }
            // Before the answer: what the holder does after it must not be in there.
            if is_new && let Some(run_id) = acquired.run_id.clone() {
                let lane = acquired.decision.lane.clone();
                let root_id = Some(doors.root_id.clone());
                if let Err(gone) = doors.baseline.ask(TakeBaseline { run_id, root_id, lane }).await
                {
                    warn!(
                        lane = acquired.decision.lane,
                        "no baseline for this run, its claims stay unwitnessed: {gone}"
                    );
                }
            }
            Ok(HttpResponse::Created().json(Decided { acquired }))
        }
        other => Err(unexpected(Answer::Lanes(Box::new(other)))),
    }
}

/// Say that the holder of a lease lives.
#[utoipa::path(
    post, path = "/v1/leases/{lane}/heartbeat", tag = "workers",
    params(("lane" = String, Path, description = "The lane")),
    request_body = Beat,
    responses(
        (status = 200, description = "Kept", body = Kept),
        (status = 400, description = "Not a request", body = ApiError),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 403, description = "The token may only read", body = ApiError),
        (status = 404, description = "There is no such lease", body = ApiError),
        (status = 408, description = "The body did not arrive in time", body = ApiError),
        (status = 409, description = "The lane was granted again since", body = ApiError),
        (status = 413, description = "The body is too long", body = ApiError),
        (status = 415, description = "The body is no JSON", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(in crate::http) async fn heartbeat(
    doors: Data<Doors>,
    lane: Path<String>,
    Body(beat): Body<Beat>,
) -> Result<Json<Kept>, ApiError> {
    named_owner(&beat.owner)?;
    let Beat { owner, fence, coalesce_within_s } = beat;
    let request = LaneRequest::Heartbeat(BeatLane {
        lane: lane.into_inner(),
        owner,
        loop_ts: String::new(),
        fence: Some(fence),
        coalesce_within_s,
    });
    match decide(&doors, request).await? {
        LaneReply::Heartbeat(answer) if answer.beat => {
            Ok(Json(Kept { beat: true, lane: answer.lane, owner: answer.owner, fence }))
        }
        LaneReply::Heartbeat(answer) => {
            Err(not_held(&answer.lane, &answer.owner, fence, answer.fence))
        }
        other => Err(unexpected(Answer::Lanes(Box::new(other)))),
    }
}

/// Give a lease back.
#[utoipa::path(
    post, path = "/v1/leases/{lane}/release", tag = "workers",
    params(("lane" = String, Path, description = "The lane")),
    request_body = GiveBack,
    responses(
        (status = 200, description = "Given back", body = GivenBack),
        (status = 400, description = "Not a request", body = ApiError),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 403, description = "The token may only read", body = ApiError),
        (status = 404, description = "There is no such lease", body = ApiError),
        (status = 408, description = "The body did not arrive in time", body = ApiError),
        (status = 409, description = "The lane was granted again since", body = ApiError),
        (status = 413, description = "The body is too long", body = ApiError),
        (status = 415, description = "The body is no JSON", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(in crate::http) async fn release(
    doors: Data<Doors>,
    lane: Path<String>,
    Body(give_back): Body<GiveBack>,
) -> Result<Json<GivenBack>, ApiError> {
    named_owner(&give_back.owner)?;
    let GiveBack { owner, fence } = give_back;
    let run_id = held_by(&doors, &lane, fence).await?;
    let request = LaneRequest::Release(ReleaseLane {
        lane: lane.into_inner(),
        owner,
        loop_ts: String::new(),
        fence: Some(fence),
    });
    match decide(&doors, request).await? {
        LaneReply::Release(answer) if answer.released => {
            let account = match run_id {
                Some(run_id) => account(&doors, run_id).await,
                None => None,
            };
            let (lane, owner) = (answer.lane, answer.owner);
            Ok(Json(GivenBack { released: true, lane, owner, fence, account }))
        }
        LaneReply::Release(answer) => {
            Err(not_held(&answer.lane, &answer.owner, fence, answer.fence))
        }
        other => Err(unexpected(Answer::Lanes(Box::new(other)))),
    }
}

/// The run that holds a lease.
async fn held_by(doors: &Doors, lane: &str, fence: u64) -> Result<Option<String>, ApiError> {
    let observation = doors.observe.ask(Observe { now_ms: doors.clock.now_ms() }).await??;
    let leases = observation.leases.iter().map(|live| &live.lease);
    let mut held = leases.filter(|it| it.lane() == lane && it.fence() == Some(fence));
    Ok(held.next().map(|it| it.run_id().to_owned()).filter(|run_id| !run_id.is_empty()))
}

/// Closes the account of a run that ends with its lease. One that the daemon started ends with its
/// process.
async fn account(doors: &Doors, run_id: String) -> Option<Account> {
    let fleet = doors.fleet.ask(GetFleet).await.ok()?;
    if fleet.runs.iter().any(|(_, open)| *open == run_id) {
        return None;
    }
    let ended = doors.run_ended.ask(EndRun { run_id, patience: ACCOUNT_WITHIN }).await.ok()?;
    let ClaimCounts { confirmed, refuted, unwitnessed } = ended.claims;
    let Unclaimed { count, keys } = ended.unclaimed;
    Some(Account { confirmed, refuted, unwitnessed, unclaimed: count, unclaimed_keys: keys })
}

async fn decide(doors: &Doors, request: LaneRequest) -> Result<LaneReply, ApiError> {
    let request = Request::Lanes {
        journal: doors.control.journal.clone(),
        request: Box::new(request),
        patience_ms: PATIENCE_MS,
    };
    match control::answer(request, &doors.control).await {
        Answer::Lanes(reply) => Ok(*reply),
        other => Err(unexpected(other)),
    }
}

fn named_owner(owner: &str) -> Result<(), ApiError> {
    if owner.trim().is_empty() {
        return Err(ApiError::new(
            Kind::InvalidRequest,
            "`owner` is empty",
            "name who holds the lease",
        ));
    }
    Ok(())
}

fn not_held(lane: &str, owner: &str, fence: u64, other: Option<u64>) -> ApiError {
    match other {
        Some(other) => ApiError::new(
            Kind::StaleFence,
            format!("the lane `{lane}` is held with the number {other}; {fence} is over"),
            "stop working on this lane; ask for it again",
        ),
        None => ApiError::new(
            Kind::NotFound,
            format!("`{owner}` holds no lease on `{lane}` with the number {fence}"),
            "stop working on this lane; see /v1/leases, and ask for it again",
        ),
    }
}
