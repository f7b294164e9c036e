//! Waiting for children that nobody here started: a worker's child whose own parent ended comes to
//! the daemon, and would stay a zombie.

use std::io;

use dosd_actors::port::Children;
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

/// Takes in strays from now on, and buries those that end, for as long as the runtime lives.
///
/// # Errors
/// When the end of children cannot be listened for.
pub(super) fn start(children: Children) -> io::Result<()> {
    if let Err(error) = children.take_in_strays() {
        warn!("processes that leave their worker's group are not seen: {error}");
    }
    let mut ended = signal(SignalKind::child())?;
    actix_rt::spawn(async move {
        while ended.recv().await.is_some() {
            children.bury_strays();
        }
    });
    Ok(())
}
