//! An exporter as it is shown.

use super::model::{ExporterState, ExporterView};
use dosd_exporters::delivery::Circuit;
use dosd_exporters::{ExporterStatus, Phase};

impl ExporterState {
    /// What an exporter does, the circuit of its sink included.
    #[must_use]
    pub fn of(status: &ExporterStatus) -> Self {
        match (&status.phase, status.circuit) {
            (Phase::Disabled { .. }, _) => Self::Disabled,
            (_, Circuit::Open { .. }) => Self::Open,
            (Phase::Starting, _) => Self::Starting,
            (Phase::Resting, _) => Self::Resting,
            (Phase::Working, _) => Self::Working,
            (Phase::Waiting { .. }, _) => Self::Waiting,
            (Phase::Ended, _) => Self::Stopped,
        }
    }
}

impl From<&ExporterStatus> for ExporterView {
    fn from(status: &ExporterStatus) -> Self {
        let state = ExporterState::of(status);
        let circuit =
            if matches!(status.circuit, Circuit::Open { .. }) { "open" } else { "closed" };
        Self {
            name: status.name.clone(),
            kind: status.kind.clone().into_owned(),
            state,
            lag_ms: status.lag_ms,
            behind_bytes: status.behind_bytes,
            dead_letters: status.dead_lettered,
            sent: status.sent,
            circuit: circuit.to_owned(),
            problem: problem(status, state),
        }
    }
}

/// What is wrong with an exporter now, in words.
#[must_use]
pub fn problem(status: &ExporterStatus, state: ExporterState) -> Option<String> {
    let disabled = match &status.phase {
        Phase::Disabled { reason } => Some(reason.clone()),
        Phase::Starting
        | Phase::Resting
        | Phase::Working
        | Phase::Waiting { .. }
        | Phase::Ended => None,
    };
    let is_failing = matches!(state, ExporterState::Open | ExporterState::Waiting);
    let failing = status.last_failure.clone().filter(|_| is_failing);
    let unreachable = status.unhealthy.clone().filter(|_| status.last_success_ms.is_none());
    status.problem.clone().or(disabled).or(failing).or(unreachable)
}
