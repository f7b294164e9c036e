//! Reading the configuration again while the daemon runs.

use tracing::{error, info, warn};

use super::cast::Cast;
use super::difference::difference;
use crate::config;

/// Reads `dos.toml` and makes what is different hold. Of a file with errors nothing holds,
/// and everything goes on as before.
pub(super) async fn reread(cast: &mut Cast) {
    let loaded = match config::load(cast.workspace()) {
        Ok(loaded) => loaded,
        Err(refused) => {
            error!("configuration not re-read, the one before stays: {refused}");
            return;
        }
    };
    if let Some(file) = &loaded.file {
        for warning in &loaded.warnings {
            warn!("{}", warning.in_file(file));
        }
    } else if loaded.config != *cast.config() {
        // Most likely it is being replaced right now; a whole fleet is not changed for that.
        error!(
            "configuration not re-read, the one before stays: there is no `{}` any more\n  \
             help: put it back; an empty one means the defaults",
            cast.workspace().config_file().display()
        );
        return;
    }
    let changes = difference(cast.config(), &loaded.config);
    if let Some(what) = changes.stays() {
        warn!("needs a restart of the daemon, and stays as it was: {what}");
    }
    let what = changes.to_string();
    cast.apply(changes).await;
    info!("configuration re-read: {what}");
}
