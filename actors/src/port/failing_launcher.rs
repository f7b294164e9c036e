//! The machine's processes with failpoints around starts, signals and adoptions.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::io;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::failpoint::{Point, pass};
use super::launcher::{
    Found, GroupMember, LaunchError, LaunchSpec, Launched, Launcher, ProcessIdentity, Signal, Stray,
};

/// A launcher with failpoints.
#[derive(Debug)]
pub(super) struct FailingLauncher<L>(pub(super) L);

fn reach(point: Point) -> Result<(), LaunchError> {
    pass(point).map_err(|error| LaunchError::Refused {
        program: point.name().to_owned(),
        reason: error.to_string(),
    })
}

impl<L: Launcher> Launcher for FailingLauncher<L> {
    fn launch(&self, spec: &LaunchSpec) -> BoxFuture<'static, Result<Launched, LaunchError>> {
        if let Err(failed) = reach(Point::SpawnBefore) {
            return ready(Err(failed)).boxed();
        }
        let launching = self.0.launch(spec);
        // From here on there is a process: a failure would tell a lie, so there is none.
        let _ = pass(Point::SpawnStarted);
        async move {
            let launched = launching.await;
            let _ = pass(Point::SpawnReported);
            launched
        }
        .boxed()
    }

    fn adopt(&self, identity: &ProcessIdentity) -> Option<Launched> {
        let _ = pass(Point::AdoptBefore);
        let adopted = self.0.adopt(identity);
        let _ = pass(Point::AdoptAfter);
        adopted
    }

    fn age(&self, process: &ProcessIdentity) -> Option<Duration> {
        self.0.age(process)
    }

    fn find(&self, run_ids: &BTreeSet<String>) -> BTreeMap<String, Found> {
        self.0.find(run_ids)
    }

    fn signal_group(&self, pgid: u32, signal: Signal) -> io::Result<()> {
        pass(Point::SignalBefore)?;
        self.0.signal_group(pgid, signal)?;
        pass(Point::SignalAfter)
    }

    fn group_is_gone(&self, process: &ProcessIdentity) -> bool {
        self.0.group_is_gone(process)
    }

    fn group_members(&self, pgid: u32) -> Vec<GroupMember> {
        self.0.group_members(pgid)
    }

    fn strays(&self) -> Vec<Stray> {
        self.0.strays()
    }

    fn signal_stray(&self, pid: u32, signal: Signal) -> io::Result<()> {
        self.0.signal_stray(pid, signal)
    }
}
