//! What changed while a run was open and nobody claimed.

use std::rc::Rc;

use dosd_kernel::state_diff::UNCLAIMED_KEYS;
use futures_util::future::join_all;
use tracing::debug;

use super::actor::Shared;
use super::look::compare;
use super::message::Unclaimed;
use super::runs::OpenRun;

/// Reads the surfaces of a run that is over.
pub(super) async fn unclaimed(shared: &Shared, run: &Rc<OpenRun>) -> Unclaimed {
    let eyes = shared.eyes_of(&run.baseline.lane, None);
    let compared = eyes.iter().filter_map(|eye| {
        let reader = eye.reader.as_ref()?;
        let name = eye.witnessed.source.name().to_owned();
        Some(async move { (name, compare(shared, eye, reader, Some(run), "").await) })
    });
    let mut unclaimed = Unclaimed::default();
    for (name, tally) in join_all(compared).await {
        match tally {
            Ok((tally, _)) => {
                *unclaimed.count.get_or_insert(0) += tally.unclaimed;
                let keys = tally.unclaimed_keys.iter().map(|key| format!("{name}:{key}"));
                let room = UNCLAIMED_KEYS.saturating_sub(unclaimed.keys.len());
                unclaimed.keys.extend(keys.take(room));
            }
            Err(why) => debug!(surface = name, "unclaimed changes are not known: {why}"),
        }
    }
    unclaimed
}
