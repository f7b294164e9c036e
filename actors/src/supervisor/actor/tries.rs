//! What follows from the ends of runs for their lanes: taken over from an earlier
//! supervisor, said, and put on disk.

use actix::fut::wrap_future;
use actix::{AsyncContext, Context};
use dosd_kernel::restart::Next;
use tracing::{error, info};

use super::{Known, SupervisorActor};
use crate::supervisor::carry::recorded;
use crate::supervisor::fleet::Aftermath;
use crate::supervisor::reconcile::Reconciled;

impl SupervisorActor {
    /// Takes over, once, how the lanes have fared in the time of this daemon.
    pub(super) fn recall(&mut self, found: &Reconciled, ctx: &mut Context<Self>) {
        if self.known != Known::Nothing {
            return;
        }
        let now = self.now();
        for (lane, past) in &found.pasts {
            let aftermath = self.fleet.recall(lane, past, found.since_seq, now);
            if matches!(aftermath.next, Some(Next::GiveUp { .. })) {
                self.record(lane, aftermath, ctx);
            }
        }
    }

    /// Says what follows from an end, and puts it on disk before anything else is done.
    pub(super) fn record(&mut self, lane: &str, aftermath: Aftermath, ctx: &mut Context<Self>) {
        match aftermath.next {
            Some(Next::RestartAfter { delay_ms }) => {
                info!(lane, delay_ms, "lane gets its next worker after a delay");
            }
            Some(Next::GiveUp { failures, window_ms }) => {
                error!(
                    lane,
                    failures,
                    window_ms,
                    "lane given up, it gets no worker until `dosd reset {lane}` or a restart of the daemon"
                );
            }
            None => {}
        }
        if aftermath.rows.is_empty() {
            return;
        }
        let ports = self.ports.clone();
        ctx.wait(wrap_future(async move {
            recorded(&ports.lanes, aftermath.rows).await;
            recorded(&ports.verdicts, aftermath.verdicts).await;
        }));
    }
}
