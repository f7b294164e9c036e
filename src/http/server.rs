//! Listening, and the way of a request to its handler.

use super::access;
use super::api;
use super::board::{Bell, Look};
use super::error::{ApiError, Kind};
use super::input::BodyLimit;
use super::metrics::{Requests, Tally};
use super::settings::Settings;
use super::{events, metrics, openapi, page, readiness};
use crate::config::Config;
use crate::control;
use actix::Recipient;
use actix_web::dev::{Server, ServerHandle, Service as _};
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpServer, Resource, ResponseError as _, Route, guard};
use dosd_actors::journal::{Observe, ReadFrom};
use dosd_actors::port::SharedClock;
use dosd_actors::reach::Reach;
use dosd_actors::spawn::Spawn;
use dosd_actors::supervisor::GetFleet;
use dosd_actors::witness::{EndRun, TakeBaseline};
use dosd_kernel::run_id;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How long a request may take to arrive, from the connection on.
const HEAD_WITHIN: Duration = Duration::from_secs(5);

/// How long a connection may rest between two requests.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a connection that is closed may take to do so.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Threads that serve. They wait for actors nearly all of the time.
const THREADS: usize = 2;

/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;

/// Whom requests are handed to.
#[derive(Clone)]
pub struct Doors {
    /// What the control socket asks.
    pub control: control::Doors,
    /// The configuration that holds.
    pub config: Arc<RwLock<Arc<Config>>>,
    /// How the fleet is.
    pub look: Reach<Look>,
    /// Wakes readers.
    pub bell: Bell,
    /// The leases.
    pub observe: Reach<Observe>,
    /// The verdict journal.
    pub verdicts: Reach<ReadFrom>,
    /// The verdict journal's file.
    pub verdict_journal: PathBuf,
    /// The supervisor.
    pub fleet: Reach<GetFleet>,
    /// The spawner.
    pub spawner: Reach<Spawn>,
    /// Reads the surfaces for a run.
    pub baseline: Reach<TakeBaseline>,
    /// Closes the account of a run.
    pub run_ended: Reach<EndRun>,
    /// The run at the root of this fleet.
    pub root_id: String,
    /// Where logs of workers are.
    pub logs: PathBuf,
    /// The time.
    pub clock: SharedClock,
}

impl Doors {
    /// The configuration that holds now.
    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The id of a run that begins now.
    pub(super) fn new_run_id(&self) -> Result<String, ApiError> {
        let entropy = fastrand::u64(..);
        let minted =
            run_id::mint(self.clock.now_ms(), entropy, "remote", None, Some(&self.root_id));
        match minted {
            Ok(lineage) => Ok(lineage.run_id.to_string()),
            Err(cause) => {
                Err(ApiError::new(Kind::Failed, cause.to_string(), "set the machine's clock"))
            }
        }
    }

    /// Whether an actor is there.
    pub(super) fn is_there<M>(reach: &Reach<M>) -> bool
    where
        M: actix::Message + Send + 'static,
        M::Result: Send,
    {
        reach.recipient().is_some_and(|actor: Recipient<M>| actor.connected())
    }
}

/// Why nobody listens.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address cannot be had.
    #[error(
        "key `dosd.listen`: cannot listen on `{address}`: {source}\n  help: stop what listens there, or choose another port"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server cannot be started.
    #[error(
        "the HTTP interface cannot be started: {0}\n  help: look at the limits of this process (`ulimit -a`)"
    )]
    Start(std::io::Error),
}

/// A server that listens.
pub struct Listener {
    /// Where: with the port that the system chose, when it was asked to.
    pub address: SocketAddr,
    /// Whether connections are encrypted.
    pub is_encrypted: bool,
    /// Ends it.
    pub handle: ServerHandle,
    /// Serves while it is polled.
    pub server: Server,
}

/// An address that is ours, and what to do there.
pub struct Bound {
    listener: TcpListener,
    settings: Settings,
}

/// Takes the address. Whoever connects waits until [`serve`].
///
/// # Errors
///
/// [`HttpError::Bind`].
pub fn bind(settings: Settings) -> Result<Bound, HttpError> {
    let address = settings.listen;
    match TcpListener::bind(address) {
        Ok(listener) => Ok(Bound { listener, settings }),
        Err(source) => Err(HttpError::Bind { address, source }),
    }
}

/// Serves.
///
/// # Errors
///
/// [`HttpError`].
pub fn serve(bound: Bound, doors: Doors) -> Result<Listener, HttpError> {
    let Bound { listener, settings } = bound;
    let Settings { listen: _, access, tls, max_connections, max_body } = settings;
    let address = listener.local_addr().map_err(HttpError::Start)?;
    let is_encrypted = tls.is_some();
    let (doors, access) = (Data::new(doors), Data::new(access));
    let requests = Data::new(Requests::default());
    let readers = Data::new(Tally::default());
    let limit = Data::new(BodyLimit(max_body));
    let page = Data::new(page::Page::new());
    let http = HttpServer::new(move || {
        App::new()
            .app_data(doors.clone())
            .app_data(access.clone())
            .app_data(requests.clone())
            .app_data(readers.clone())
            .app_data(limit.clone())
            .app_data(page.clone())
            .app_data(web::QueryConfig::default().error_handler(|cause, _| {
                ApiError::new(Kind::InvalidRequest, cause.to_string(), "see /openapi.json").into()
            }))
            .app_data(web::PathConfig::default().error_handler(|cause, _| {
                ApiError::new(Kind::InvalidRequest, cause.to_string(), "see /openapi.json").into()
            }))
            .wrap(from_fn(access::check))
            .wrap(
                DefaultHeaders::new()
                    .add(("X-Content-Type-Options", "nosniff"))
                    .add(("Cache-Control", "no-store"))
                    .add(("Referrer-Policy", "no-referrer")),
            )
            .wrap_fn(|request, service| {
                let requests = request.app_data::<Data<Requests>>().cloned();
                let clock = request.app_data::<Data<Doors>>().map(|doors| Arc::clone(&doors.clock));
                let began = clock.as_ref().map(|clock| clock.monotonic());
                let answered = service.call(request);
                async move {
                    let response = answered.await?;
                    if let (Some(requests), Some(clock), Some(began)) = (requests, clock, began) {
                        let took = clock.monotonic().saturating_sub(began);
                        let route = response.request().match_pattern().unwrap_or_default();
                        requests.note(&route, response.status().as_u16(), took);
                    }
                    Ok(response)
                }
            })
            .configure(routes)
            .default_service(web::to(nowhere))
    })
    .workers(THREADS)
    .max_connections(max_connections.div_ceil(THREADS))
    .backlog(BACKLOG)
    .client_request_timeout(HEAD_WITHIN)
    .client_disconnect_timeout(CLOSE_WITHIN)
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(1)
    .disable_signals();
    let http = match tls {
        Some(config) => http.listen_rustls_0_23(listener, config),
        None => http.listen(listener),
    };
    let server = http.map_err(HttpError::Start)?.run();
    Ok(Listener { address, is_encrypted, handle: server.handle(), server })
}

fn routes(config: &mut web::ServiceConfig) {
    let (get, post) = ("GET, HEAD", "POST");
    config
        .service(at("/", get).route(read().to(page::page)))
        .service(at("/healthz", get).route(read().to(readiness::healthz)))
        .service(at("/readyz", get).route(read().to(readiness::readyz)))
        .service(at("/metrics", get).route(read().to(metrics::metrics)))
        .service(at("/openapi.json", get).route(read().to(openapi::document)))
        .service(at("/v1/fleet", get).route(read().to(api::fleet::fleet)))
        .service(at("/v1/workers", get).route(read().to(api::fleet::workers)))
        .service(at("/v1/verdicts", get).route(read().to(api::verdicts::verdicts)))
        .service(at("/v1/events", get).route(read().to(events::events)))
        .service(
            at("/v1/leases", "GET, HEAD, POST")
                .route(read().to(api::leases::leases))
                .route(web::post().to(api::leases::acquire)),
        )
        .service(
            at("/v1/leases/{lane}/heartbeat", post).route(web::post().to(api::leases::heartbeat)),
        )
        .service(at("/v1/leases/{lane}/release", post).route(web::post().to(api::leases::release)))
        .service(at("/v1/claims", post).route(web::post().to(api::claims::claim)))
        .service(at("/v1/halt", post).route(web::post().to(api::halt::halt)));
}

/// A place, and what is answered to methods that it does not have.
fn at(path: &str, methods: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move |request: HttpRequest| async move {
        let error = ApiError::new(
            Kind::MethodNotAllowed,
            format!("`{}` does not know {}", request.path(), request.method()),
            format!("use {methods}"),
        );
        let mut response = error.error_response();
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
        response
    }))
}

/// A route that only reads.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// No such place.
async fn nowhere(request: HttpRequest) -> Result<(), ApiError> {
    Err(ApiError::new(
        Kind::NotFound,
        format!("nothing is at `{}`", request.path()),
        "see /openapi.json for what is there",
    ))
}
