//! Finding out what became of runs that were decided on before.
//!
//! Nothing is planned until it is known: a worker that was forgotten would get a
//! second one beside it. It happens when a supervisor starts, and again whenever
//! it cannot tell whether its rows reached the disk or its launch the spawner.

use std::collections::BTreeSet;

use dosd_kernel::lane::{LanePast, Lease, OpenRun};
use dosd_kernel::run_id::ROOT_ID_VARIABLE;

use super::actor::SupervisorPorts;
use super::rows::HOLDER;
use super::run_table::Hold;
use super::settings::{FleetSettings, LeaseMode};
use crate::journal::{Observe, Recall};
use crate::port::ProcessIdentity;
use crate::spawn::{ReadoptRuns, Run};

/// What became of all that was decided on before.
pub(super) struct Reconciled {
    /// The runs that live or are being started, and whether their leases stand.
    pub(super) living: Vec<(Run, Hold)>,
    /// Run id and stamp of each lease that a daemon of this machine holds for a run that is over: it was ended
    /// between the row of the end and that of the release.
    pub(super) left: Vec<(String, String)>,
    /// How the tries of each lane went, by lane, also before the time of this daemon.
    pub(super) pasts: Vec<(String, LanePast)>,
    /// The number of the last row from before that time.
    pub(super) since_seq: u64,
}

/// Asks the journal which runs are open, and the spawner which of them live; the
/// spawner records the end of the others.
///
/// # Errors
/// Why it is not known, in words.
pub(super) async fn reconcile(
    ports: SupervisorPorts,
    settings: FleetSettings,
) -> Result<Reconciled, String> {
    let now_ms = ports.clock.now_ms();
    // Observed first: a run that is open after that had its lease then, unless
    // somebody took it.
    let observed = ports.observe.ask(Observe { now_ms }).await.map_err(|gone| gone.to_string())?;
    let observation = observed.map_err(|failed| failed.to_string())?;
    let recalled = ports.recall.ask(Recall).await.map_err(|gone| gone.to_string())?;
    let recalled = recalled.map_err(|failed| failed.to_string())?;
    let since_seq = ports.beginning.or_now(recalled.highest_seq);
    let leases: BTreeSet<(&str, &str)> = observation
        .leases
        .iter()
        .filter(|live| live.lease.holder() == HOLDER)
        .map(|live| (live.lease.lane(), live.lease.loop_ts()))
        .collect();
    let running: BTreeSet<&str> = recalled.open.iter().map(|run| run.run_id.as_str()).collect();
    let is_left = |lease: &Lease| {
        let is_ours = lease.holder() == HOLDER && lease.host_id() == settings.host_id;
        is_ours && !lease.run_id().is_empty() && !running.contains(lease.run_id())
    };
    let left = observation.leases.iter().map(|live| &live.lease).filter(|lease| is_left(lease));
    let left = left.map(|lease| (lease.run_id().to_owned(), lease.loop_ts().to_owned())).collect();
    let is_held = |run: &Run| leases.contains(&(run.lane.as_str(), run.loop_ts.as_str()));
    let open: Vec<(Run, Option<ProcessIdentity>)> = recalled
        .open
        .into_iter()
        .filter(|run| run.host_id == settings.host_id && run.holder == HOLDER)
        .map(|run| {
            let (mut run, process) = reopened(run);
            run.leased = *settings.lease.of(&run.lane) == LeaseMode::Supervisor || is_held(&run);
            (run, process)
        })
        .collect();
    let living = ports.readopt.ask(ReadoptRuns { open }).await.map_err(|gone| gone.to_string())?;
    let living = living.into_iter().map(|run| {
        let hold = if run.leased && !is_held(&run) { Hold::Lost } else { Hold::Kept };
        (run, hold)
    });
    Ok(Reconciled { living: living.collect(), left, pasts: recalled.pasts, since_seq })
}

/// A run from an earlier life, as far as the journal tells of it.
fn reopened(open: OpenRun) -> (Run, Option<ProcessIdentity>) {
    let process = open.started.as_ref().map(ProcessIdentity::from);
    let run = Run {
        run_id: open.run_id,
        lane: open.lane,
        loop_ts: open.loop_ts,
        lineage: open.root_id.into_iter().map(|root_id| (ROOT_ID_VARIABLE, root_id)).collect(),
        leased: false,
    };
    (run, process)
}
