//! `/healthz` and `/readyz`: whether this process answers, and whether it can do its work.

use super::server::Doors;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use dosd_actors::journal::{Observe, ReadFrom, Start};
use dosd_actors::supervisor::GetFleet;
use rustix::fs::{Access, access, statvfs};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;
use utoipa::ToSchema;

/// An actor that does not answer within this is not there.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    status: &'static str,
    /// The version of dosd.
    version: &'static str,
}

/// Whether the daemon can do its work.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Readiness {
    /// Whether everything is well.
    pub(super) ready: bool,
    /// What was looked at.
    pub(super) checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Check {
    /// `lane_journal`, `verdict_journal`, `supervisor`, `spawner`, `witness` or `exporters`.
    pub(super) name: &'static str,
    /// Whether it is well.
    pub(super) ok: bool,
    /// What is wrong.
    pub(super) note: Option<String>,
}

/// This process answers. It says nothing about the fleet.
#[utoipa::path(
    get, path = "/healthz", tag = "daemon",
    responses((status = 200, description = "It answers", body = Health))
)]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// The journals can be written and the actors are there.
#[utoipa::path(
    get, path = "/readyz", tag = "daemon",
    responses(
        (status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Not ready", body = Readiness),
    )
)]
pub(super) async fn readyz(doors: Data<Doors>) -> HttpResponse {
    let readiness = look(&doors).await;
    let mut response =
        if readiness.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(readiness)
}

/// Looks at everything.
pub(super) async fn look(doors: &Doors) -> Readiness {
    let asked = Observe { now_ms: doors.clock.now_ms() };
    let nothing = ReadFrom { start: Start::End, max_rows: 0, max_bytes: 0 };
    let (lanes, verdicts, fleet) = tokio::join!(
        in_time(async { doors.observe.ask(asked).await.map(|answer| answer.map(drop)) }),
        in_time(async { doors.verdicts.ask(nothing).await.map(|answer| answer.map(drop)) }),
        in_time(async { doors.fleet.ask(GetFleet).await.map(|_| Ok::<_, std::fmt::Error>(())) }),
    );
    let here =
        |is_there: bool| is_there.then_some(()).ok_or_else(|| "it is being made again".to_owned());
    let exporters = doors.control.exporters.read().map_or(0, |exporters| {
        exporters.iter().filter(|exporter| !Doors::is_there(&exporter.status)).count()
    });
    let exporters = match exporters {
        0 => Ok(()),
        gone => Err(format!("{gone} are being made again")),
    };
    let checks = vec![
        check("lane_journal", lanes.and_then(|()| writable(&doors.control.journal))),
        check("verdict_journal", verdicts.and_then(|()| writable(&doors.verdict_journal))),
        check("supervisor", fleet),
        check("spawner", here(Doors::is_there(&doors.spawner))),
        check("witness", here(Doors::is_there(&doors.control.claim))),
        check("exporters", exporters),
    ];
    Readiness { ready: checks.iter().all(|check| check.ok), checks }
}

fn check(name: &'static str, found: Result<(), String>) -> Check {
    Check { name, ok: found.is_ok(), note: found.err() }
}

async fn in_time<E: ToString, F: ToString>(
    asked: impl Future<Output = Result<Result<(), E>, F>>,
) -> Result<(), String> {
    match tokio::time::timeout(ANSWER_WITHIN, asked).await {
        Ok(Ok(answer)) => answer.map_err(|failed| failed.to_string()),
        Ok(Err(gone)) => Err(gone.to_string()),
        Err(_) => Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    }
}

/// Whether a journal could take a row, as far as that can be told without writing one.
fn writable(journal: &Path) -> Result<(), String> {
    let place = if journal.exists() { journal } else { journal.parent().unwrap_or(journal) };
    let fault = |cause: rustix::io::Errno| format!("`{}`: {cause}", place.display());
    access(place, Access::WRITE_OK).map_err(fault)?;
    let free = statvfs(place).map_err(fault)?.f_bavail;
    if free == 0 {
        Err(format!("`{}`: no space left on the device", place.display()))
    } else {
        Ok(())
    }
}
