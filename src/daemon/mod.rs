//! The daemon: one workspace, its lock, its actors, until it is told to stop.
//!
//! This folder is the only place that names every concrete actor and sink.
//! Nothing is decided here but the order of starting and stopping.

mod cast;
mod difference;
mod error;
mod lock;
mod logging;
mod reaper;
mod reread;
mod settings;
mod signals;

use std::future::pending;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use dosd_actors::guard::{ActorEnded, Ended};
use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tracing::{error, info, warn};

use crate::config::{Config, OnShutdown};
use crate::control;
use crate::env::Environment;
use crate::http;
use crate::workspace::Workspace;

pub use error::DaemonError;
pub use logging::{LogFormat, start_logging};

use cast::Cast;
use signals::Signals;

/// How long the exporters may take to deliver what is left at the end.
const DRAIN_AT_MOST: Duration = Duration::from_secs(5);

/// A fault that comes back is not mended by starting again: so many panics within
/// [`PANIC_WINDOW`] end the daemon.
const PANICS_AT_MOST: usize = 5;

/// See [`PANICS_AT_MOST`].
const PANIC_WINDOW: Duration = Duration::from_mins(1);

/// What a daemon is started with.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The workspace that it serves.
    pub workspace: Workspace,
    /// Its checked configuration.
    pub config: Config,
    /// What the process was given.
    pub environment: Environment,
    /// The path of this program, when it is `dosd`: handed to workers so that they can
    /// claim, and the helper that keeps their output and their end. Without it they are
    /// plain children of this process.
    pub program: Option<PathBuf>,
}

/// Serves the workspace until a signal says stop.
///
/// # Errors
/// [`DaemonError`]: somebody else serves it, or it cannot be served (any more).
pub fn run(options: RunOptions) -> Result<(), DaemonError> {
    actix::System::new().block_on(async {
        // Before anything is there that a signal could leave behind.
        let signals = Signals::listen().map_err(DaemonError::Signals)?;
        let workspace = &options.workspace;
        workspace
            .ensure_state_dir()
            .map_err(|source| DaemonError::State { path: workspace.state_dir(), source })?;
        let _lock = lock::take(&workspace.daemon_lock()).await?;
        serve(options, signals).await
    })
}

async fn serve(options: RunOptions, mut signals: Signals) -> Result<(), DaemonError> {
    let socket = options.workspace.socket(&Environment {
        // A daemon listens in its own workspace; the variable is for its workers.
        socket: None,
        ..options.environment.clone()
    });
    info!(workspace = %options.workspace.root().display(), "dosd {}", env!("CARGO_PKG_VERSION"));
    // Before a worker is started that would have to be left behind.
    let bound = match &options.config.http {
        Some(http) => Some(http::bind(http::Settings::read(http, &options.workspace)?)?),
        None => None,
    };
    let (report, ended) = mpsc::unbounded_channel();
    let mut cast = Cast::assemble(options, &socket, report)?;
    let control = control::serve(&socket, cast.doors())
        .map_err(|source| DaemonError::State { path: socket.clone(), source })?;
    let control = actix_rt::spawn(control);
    let listener = match (bound, cast.http_doors()) {
        (Some(bound), Some(doors)) => Some(listen(bound, doors)?),
        _ => None,
    };

    if on_shutdown(&cast) != cast.config().on_shutdown {
        warn!("nobody outlives process 1: workers will be stopped with the daemon");
    }
    let outcome = attend(&mut cast, ended, &mut signals).await;
    if outcome.is_ok() {
        signals.end.end_at_once_on_the_next();
    }

    // New claims are refused from here on; those under way are answered by the
    // witness, which goes last.
    control.abort();
    if let Some(listener) = listener {
        listener.stop(false).await;
    }
    cast.close().await;
    match on_shutdown(&cast) {
        OnShutdown::Detach => info!("workers go on; the next daemon adopts them"),
        OnShutdown::Drain | OnShutdown::Stop => cast.stop_workers().await,
    }
    cast.stop(DRAIN_AT_MOST).await;
    // The lock is still ours, so nobody else can have made a new one.
    let _ = std::fs::remove_file(&socket);
    if outcome.is_ok() {
        info!("stopped");
    }
    outcome
}

/// Serves the HTTP interface from here on.
fn listen(bound: http::Bound, doors: http::Doors) -> Result<ServerHandle, DaemonError> {
    let http::Listener { address, is_encrypted, handle, server } = http::serve(bound, doors)?;
    let scheme = if is_encrypted { "https" } else { "http" };
    info!(url = %format_args!("{scheme}://{address}"), "listening");
    actix_rt::spawn(async move {
        if let Err(cause) = server.await {
            error!("the HTTP interface ended: {cause}");
        }
    });
    Ok(handle)
}

/// What the configuration says of the end, as far as it can be done.
fn on_shutdown(cast: &Cast) -> OnShutdown {
    let wish = cast.config().on_shutdown;
    if wish == OnShutdown::Detach && std::process::id() == 1 { OnShutdown::Stop } else { wish }
}

/// Keeps the actors alive until there is a reason to end.
async fn attend(
    cast: &mut Cast,
    mut ended: mpsc::UnboundedReceiver<ActorEnded>,
    signals: &mut Signals,
) -> Result<(), DaemonError> {
    let mut panics: Vec<tokio::time::Instant> = Vec::new();
    let mut drained = pending().boxed_local();
    let mut is_draining = false;
    loop {
        let ended = tokio::select! {
            () = signals.reread.wish() => {
                reread::reread(cast).await;
                continue;
            }
            signal = signals.end.wish(is_draining) => {
                if on_shutdown(cast) == OnShutdown::Drain && !is_draining {
                    info!("{signal}: waiting for the workers to end; once more to stop them");
                    cast.close().await;
                    drained = cast.workers_ended().boxed_local();
                    is_draining = true;
                    continue;
                }
                info!("{signal}: stopping; once more to stop at once");
                return Ok(());
            }
            () = &mut drained => return Ok(()),
            ended = ended.recv() => match ended {
                Some(ended) => ended,
                None => return Ok(()),
            },
        };
        match ended.how {
            Ended::Panicked => {
                let now = tokio::time::Instant::now();
                panics.retain(|at| now - *at < PANIC_WINDOW);
                panics.push(now);
                if panics.len() > PANICS_AT_MOST {
                    return Err(DaemonError::KeepsPanicking { actor: ended.actor });
                }
                warn!(actor = ended.actor, "actor panicked, it is made again");
                cast.remake(ended.actor).await?;
            }
            // The journals end by themselves only after a fatal error, which they
            // have logged with its cause.
            Ended::Stopped if cast::is_journal(ended.actor) => {
                error!("no journal, no daemon: nothing more can be acknowledged");
                return Err(DaemonError::JournalEnded { journal: ended.actor });
            }
            Ended::Stopped => {}
        }
    }
}
