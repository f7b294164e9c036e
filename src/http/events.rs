//! `/v1/events`: verdicts as they come, and the picture when it changes; Server-Sent Events as the HTML
//! standard has them.
//!
//! Each reader reads the journal by itself, at its own pace. A slow one delays nobody, and whoever
//! comes back says with `Last-Event-ID` what it has.
#![expect(unused_qualifications, reason = "the macro for parameters writes them")]

use super::api::fleet::look;
use super::error::{ApiError, Kind};
use super::metrics::{Counted, Tally};
use super::server::Doors;
use crate::fleet::{VerdictView, verdict_view};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use dosd_actors::journal::{Cursor, EventId, Page, ReadFrom, Start};
use dosd_actors::reach::Reach;
use futures_util::stream;
use serde::Deserialize;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use utoipa::IntoParams;

/// A comment is sent after so long without an event, so that nobody on the way takes the
/// connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Verdicts that come close together are sent together.
const GATHER: Duration = Duration::from_millis(50);

/// Verdicts that are sent at once.
const MOST_ROWS: usize = 200;

/// Bytes of the journal that are read at once.
const MOST_BYTES: usize = 1 << 20;

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// Events after this one; `Last-Event-ID` says the same, and wins. Without either, new ones.
    #[param(pattern = "^[0-9a-f]{16}-[0-9a-f]{1,16}$")]
    since: Option<String>,
}

/// Verdicts as they come (`event: verdict`, with its id), and the fleet when it changes (`event: fleet`).
#[utoipa::path(
    get, path = "/v1/events", tag = "fleet",
    params(Since),
    responses(
        (status = 200, description = "Events, without end", content_type = "text/event-stream", body = String),
        (status = 400, description = "Not a request", body = ApiError),
        (status = 401, description = "A token is needed", body = ApiError),
        (status = 503, description = "Try again", body = ApiError),
    ),
    security((), ("token" = []))
)]
pub(super) async fn events(
    request: HttpRequest,
    doors: Data<Doors>,
    readers: Data<Tally>,
    Query(asked): Query<Since>,
) -> Result<HttpResponse, ApiError> {
    let header = request.headers().get("Last-Event-ID").and_then(|value| value.to_str().ok());
    let since = header.map(str::to_owned).or(asked.since);
    let since = since.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose();
    let since: Option<EventId> = since.map_err(|_| {
        ApiError::new(Kind::InvalidRequest, "no id of an event", "pass the `id` of the last event")
    })?;
    // Listening before looking, so that nothing falls in between.
    let (verdicts, pictures) = (doors.bell.verdicts.subscribe(), doors.bell.picture.subscribe());
    let mut reader = Reader::new(doors.verdicts.clone());
    match since {
        Some(since) => drop(reader.go_behind(since).await?),
        None => reader.go_to_end().await?,
    }
    let first = look(&doors).await?.picture;
    let stream = Stream {
        reader,
        verdicts,
        pictures,
        out: format!("retry: 2000\n\n{}", fleet_event(&first.json)),
        is_behind: true,
        _counted: readers.into_inner().count(),
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::unfold(stream, |mut stream| async move {
            let piece = stream.next().await?;
            Some((Ok::<_, Infallible>(piece), stream))
        })))
}

/// One reader's connection.
struct Stream {
    reader: Reader,
    verdicts: watch::Receiver<u64>,
    pictures: watch::Receiver<Option<Arc<str>>>,
    out: String,
    /// There may be verdicts that were not read.
    is_behind: bool,
    _counted: Counted,
}

impl Stream {
    /// What to send next; none when the daemon ends.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.out.is_empty() {
                return Some(Bytes::from(std::mem::take(&mut self.out)));
            }
            if self.is_behind {
                self.verdicts.mark_unchanged();
                match self.reader.read(MOST_ROWS).await {
                    Ok(page) => {
                        self.is_behind = page.behind_bytes > 0;
                        for view in views(&page.rows) {
                            verdict_event(&mut self.out, &view);
                        }
                    }
                    // The journal is being made again; its next bell, or the comment, comes.
                    Err(_) => self.is_behind = false,
                }
                continue;
            }
            tokio::select! {
                moved = self.verdicts.changed() => {
                    moved.ok()?;
                    tokio::time::sleep(GATHER).await;
                    self.is_behind = true;
                }
                moved = self.pictures.changed() => {
                    moved.ok()?;
                    if let Some(json) = &*self.pictures.borrow_and_update() {
                        self.out = fleet_event(json);
                    }
                }
                () = tokio::time::sleep(KEEP_ALIVE) => self.out.push_str(": still here\n\n"),
            }
        }
    }
}

fn verdict_event(out: &mut String, view: &VerdictView) {
    if let Ok(json) = serde_json::to_string(view) {
        let _ = write!(out, "event: verdict\nid: {}\ndata: {json}\n\n", view.id);
    }
}

fn fleet_event(json: &str) -> String {
    format!("event: fleet\ndata: {json}\n\n")
}

/// Rows as they are shown. What is no object is passed over, as everywhere.
pub(super) fn views(rows: &[(EventId, String)]) -> Vec<VerdictView> {
    let view = |(id, line): &(EventId, String)| {
        serde_json::from_str(line).ok().map(|row| verdict_view(id.to_string(), row))
    };
    rows.iter().filter_map(view).collect()
}

/// A reader of the verdict journal.
pub(super) struct Reader {
    journal: Reach<ReadFrom>,
    start: Start,
}

impl Reader {
    /// One that begins with the first row.
    pub(super) fn new(journal: Reach<ReadFrom>) -> Self {
        Self { journal, start: Start::Beginning }
    }

    /// Goes on with new rows.
    async fn go_to_end(&mut self) -> Result<(), ApiError> {
        self.start = Start::End;
        self.read(0).await.map(drop)
    }

    /// Goes on behind an event. Says whether it is there; else the journal was rewritten since, and
    /// everything that is in it may be new.
    pub(super) async fn go_behind(&mut self, id: EventId) -> Result<bool, ApiError> {
        self.start = Start::Beginning;
        let file = self.read(0).await?.next.file;
        if EventId::new(file, id.offset()).to_string() == id.to_string() {
            self.start = Start::At(Cursor { file, offset: id.offset() });
            let page = self.read(1).await?;
            if page.rows.first().is_some_and(|(first, _)| *first == id) {
                return Ok(true);
            }
        }
        self.start = Start::Beginning;
        Ok(false)
    }

    /// The next rows, at most so many.
    pub(super) async fn read(&mut self, max_rows: usize) -> Result<Page, ApiError> {
        let asked = ReadFrom { start: self.start, max_rows, max_bytes: MOST_BYTES };
        let page = self.journal.ask(asked).await??;
        self.start = Start::At(page.next);
        Ok(page)
    }
}
