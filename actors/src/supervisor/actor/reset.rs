//! The supervisor's answer to an operator who has lanes reset: the rows first, then the
//! memory.

use actix::fut::wrap_future;
use actix::{ActorFutureExt, AtomicResponse, Handler};
use tracing::info;

use super::{Known, SupervisorActor};
use crate::supervisor::carry::recorded;
use crate::supervisor::message::{LaneReset, Reset, ResetError, Slate};

impl Handler<Reset> for SupervisorActor {
    type Result = AtomicResponse<Self, Result<Vec<LaneReset>, ResetError>>;

    fn handle(&mut self, message: Reset, _: &mut Self::Context) -> Self::Result {
        let resetting = match self.known {
            Known::Nothing => Err(ResetError::NotReady),
            Known::Lanes | Known::All => self.fleet.resetting(&message.which, self.now()),
        };
        let ports = self.ports.clone();
        // Nothing else is handled before the answer, so what was decided on stays true.
        let written = async move {
            let resetting = resetting?;
            if !resetting.rows.is_empty() {
                if !recorded(&ports.lanes, resetting.rows).await {
                    return Err(ResetError::NotRecorded);
                }
                recorded(&ports.verdicts, resetting.verdicts).await;
            }
            Ok(resetting.lanes)
        };
        AtomicResponse::new(Box::pin(wrap_future(written).map(
            |lanes: Result<Vec<LaneReset>, ResetError>, actor: &mut Self, ctx| {
                let lanes = lanes?;
                actor.fleet.reset(&lanes);
                for lane in lanes.iter().filter(|lane| lane.was != Slate::Clean) {
                    info!(lane = lane.lane, "an operator has this lane's tries forgotten");
                }
                actor.look_soon(ctx);
                Ok(lanes)
            },
        )))
    }
}
