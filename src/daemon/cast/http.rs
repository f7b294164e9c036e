//! The board, and whom the HTTP interface asks.

use std::sync::{Arc, PoisonError, RwLock};

use actix::{Actor, Arbiter};
use dosd_actors::reach::Reach;

use super::{BOARD, Cast};
use crate::config::Config;
use crate::http::{Bell, BoardActor, BoardPorts, Doors, Look, Reconfigure};

/// What is there only when somebody listens.
pub(super) struct Front {
    look: Reach<Look>,
    reconfigure: Reach<Reconfigure>,
    bell: Bell,
    config: Arc<RwLock<Arc<Config>>>,
    started_ms: i64,
    /// The board blocks its thread while it reads the lane journal.
    thread: Arbiter,
}

impl Cast {
    /// Makes the board, if the configuration has somebody look at it.
    pub(super) fn make_front(&mut self) {
        if self.options.config.http.is_none() {
            return;
        }
        self.front = Some(Front {
            look: Reach::unset(BOARD),
            reconfigure: Reach::unset(BOARD),
            bell: Bell::default(),
            config: Arc::new(RwLock::new(Arc::new(self.options.config.clone()))),
            started_ms: self.ports.clock.now_ms(),
            thread: Arbiter::new(),
        });
        self.make_board();
    }

    /// Makes the board, or makes it again: what it shows it reads.
    pub(super) fn make_board(&self) {
        let Some(front) = &self.front else { return };
        let ports = BoardPorts {
            clock: Arc::clone(&self.ports.clock),
            lane_journal: self.lane_journal(),
            lanes_moved: self.lanes.doorbell.clone(),
            verdicts: self.verdicts.read.clone(),
            verdicts_moved: self.verdicts.doorbell.clone(),
            fleet: self.fleet.clone(),
            exporters: Arc::clone(&self.exporter_doors),
            exporters_dir: self.options.workspace.exporters_dir(),
            workspace: self.options.workspace.root().display().to_string(),
            started_ms: front.started_ms,
        };
        let config = Arc::new(self.options.config.clone());
        let (bell, guard) = (front.bell.clone(), Some(self.guard(BOARD)));
        let actor = BoardActor::start_in_arbiter(&front.thread.handle(), move |_| {
            BoardActor::new(ports, config, bell, guard)
        });
        front.look.point_at(&actor);
        front.reconfigure.point_at(&actor);
    }

    /// Has the HTTP interface go on with the configuration that holds.
    pub(super) async fn renew_front(&self) {
        let Some(front) = &self.front else { return };
        let config = Arc::new(self.options.config.clone());
        *front.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&config);
        let _ = front.reconfigure.ask(Reconfigure { config }).await;
    }

    /// Ends the board: nobody asks it any more.
    pub(super) fn stop_front(&self) {
        if let Some(front) = &self.front {
            front.look.clear();
            front.reconfigure.clear();
            front.thread.stop();
        }
    }

    /// Whom the HTTP interface asks, if there is one.
    pub(in crate::daemon) fn http_doors(&self) -> Option<Doors> {
        let front = self.front.as_ref()?;
        Some(Doors {
            control: self.doors(),
            config: Arc::clone(&front.config),
            look: front.look.clone(),
            bell: front.bell.clone(),
            observe: self.observe.clone(),
            verdicts: self.verdicts.read.clone(),
            verdict_journal: self.verdict_journal(),
            fleet: self.fleet.clone(),
            spawner: self.spawner.clone(),
            baseline: self.baseline.clone(),
            run_ended: self.run_ended.clone(),
            root_id: self.fleet_settings.lineage.root_id.clone(),
            logs: self.options.workspace.logs_dir(),
            clock: Arc::clone(&self.ports.clock),
        })
    }
}
