//! What a command line asks about exporters.

use std::sync::{Arc, PoisonError, RwLock};

use dosd_actors::reach::Reach;
use dosd_exporters::{ExporterStatus, GetStatus, Phase, Resume};
use futures_util::future::join_all;

use super::protocol::{Answer, ErrorKind, Refusal};

/// Whom is asked about one exporter.
#[derive(Clone)]
pub struct ExporterDoor {
    /// Its name.
    pub name: String,
    /// How it goes.
    pub status: Reach<GetStatus>,
    /// Has it send again.
    pub resume: Reach<Resume>,
}

/// The exporters of the configuration that holds, in its order.
pub type ExporterDoors = Arc<RwLock<Vec<ExporterDoor>>>;

/// How each one goes. One that is being made again is left out.
pub async fn statuses(doors: &ExporterDoors) -> Vec<ExporterStatus> {
    let doors = doors.read().unwrap_or_else(PoisonError::into_inner).clone();
    let asked = doors.iter().map(|door| door.status.ask(GetStatus));
    join_all(asked).await.into_iter().flatten().collect()
}

/// Has one send again that its sink disabled.
pub(super) async fn resume(doors: &ExporterDoors, name: &str) -> Answer {
    let door = {
        let doors = doors.read().unwrap_or_else(PoisonError::into_inner);
        doors.iter().find(|door| door.name == name).cloned()
    };
    let Some(door) = door else {
        let message = format!("the daemon has no exporter `{name}`");
        return Answer::Error(Refusal { kind: ErrorKind::UnknownExporter, message });
    };
    let resumed = async {
        let status = door.status.ask(GetStatus).await?;
        let was_disabled = matches!(status.phase, Phase::Disabled { .. });
        door.resume.ask(Resume).await?;
        Ok(Answer::Resumed { was_disabled })
    };
    resumed.await.unwrap_or_else(super::server::unreachable_refusal)
}
