//! Going on with another configuration: everybody concerned is told, the others are
//! left alone.

use dosd_actors::journal::ReplaceCaps;
use dosd_actors::{spawn, supervisor, witness};

use super::super::difference::{Changes, Concerned};
use super::super::settings;
use super::Cast;

impl Cast {
    /// Makes a difference hold. What is made again later comes up with it too: it is
    /// remembered before anybody is told, and whoever is gone at this moment is made
    /// again by it.
    pub(in crate::daemon) async fn apply(&mut self, changes: Changes) {
        let Changes { config, concerned, .. } = changes;
        self.options.config = config;
        let lineage = self.fleet_settings.lineage.clone();
        self.fleet_settings =
            settings::fleet(&self.options.config, &self.spawn_settings.host_id, lineage);
        for one in concerned {
            match one {
                Concerned::Retention => {
                    let caps = self.options.config.retention;
                    let _ = self.replace_caps.ask(ReplaceCaps { caps }).await;
                }
                Concerned::Witnesses => {
                    let order = witness::Reconfigure { settings: self.witness_settings() };
                    let _ = self.reconfigure_witness.ask(order).await;
                }
                Concerned::Workers => {
                    let workers = settings::workers(&self.options);
                    let _ = self.reconfigure_spawn.ask(spawn::Reconfigure { workers }).await;
                }
                Concerned::Fleet => {
                    let settings = self.fleet_settings.clone();
                    let order = supervisor::Reconfigure { settings };
                    let _ = self.reconfigure_fleet.ask(order).await;
                }
                Concerned::Exporters => self.renew_exporters().await,
                // It is asked for when the end comes.
                Concerned::Shutdown => {}
            }
        }
        self.renew_front().await;
    }
}
