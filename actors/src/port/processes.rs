//! What is known of processes that others started.

use std::sync::Arc;

use dosd_kernel::lane::Lease;

use super::system_launcher::Stat;

/// Clocks are set and boots are reckoned: only a process that is younger than a lease
/// by more than this is certain to be another one.
const SLACK_MS: i64 = 60_000;

/// The processes of this machine, as far as leases name them.
pub trait Processes: Send + Sync + 'static {
    /// Whether it is certain that the process which had this pid at `since_ms`, epoch
    /// ms, runs no more. A pid that was handed out again since then is no proof of
    /// life, and what cannot be told is not certain.
    fn is_gone(&self, pid: u32, since_ms: i64) -> bool;
}

/// Processes that several actors ask about.
pub type SharedProcesses = Arc<dyn Processes>;

/// This machine's own, from `/proc`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemProcesses;

impl Processes for SystemProcesses {
    fn is_gone(&self, pid: u32, since_ms: i64) -> bool {
        // Without `/proc` every process would seem to be gone.
        let Some(boot_ms) = boot_ms() else { return false };
        match Stat::read(pid) {
            None => !std::path::Path::new("/proc").join(pid.to_string()).exists(),
            Some(stat) if stat.is_zombie() => true,
            Some(stat) => {
                let hertz = rustix::param::clock_ticks_per_second().max(1);
                let started_ms = i64::try_from(stat.start_ticks.saturating_mul(1000) / hertz);
                let started_ms = started_ms.map_or(0, |ms| boot_ms.saturating_add(ms));
                started_ms > since_ms.saturating_add(SLACK_MS)
            }
        }
    }
}

/// When this machine booted, epoch ms.
fn boot_ms() -> Option<i64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let seconds = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    seconds.trim().parse::<i64>().ok()?.checked_mul(1000)
}

/// Who can be asked about the holders of leases.
#[derive(Clone)]
pub struct Holders {
    /// This machine's name in leases.
    pub host_id: String,
    /// Its processes.
    pub processes: SharedProcesses,
}

impl Holders {
    /// Whether it is certain that the holder's process runs no more. Only that of
    /// this machine can be: a lease of another host, or without a pid, is not.
    #[must_use]
    pub fn is_gone(&self, lease: &Lease) -> bool {
        if lease.host_id().is_empty() || lease.host_id() != self.host_id {
            return false;
        }
        let pid = lease.pid().and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid > 0);
        // Whoever holds it was there at its newest stamp, or before.
        let since_ms = lease.acquired_ms().max(lease.heartbeat_ms());
        match (pid, since_ms) {
            (Some(pid), Some(since_ms)) => self.processes.is_gone(pid, since_ms),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use serde_json::{Value, json};

    use super::*;
    use crate::port::{Clock, SystemClock};

    fn lease(value: Value) -> Lease {
        let Value::Object(fields) = value else { panic!("an object is wanted") };
        Lease::new(fields)
    }

    #[test]
    fn a_process_that_runs_is_not_gone_and_one_that_ended_is() {
        let now_ms = SystemClock::new().now_ms();
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).spawn().unwrap();
        assert!(!SystemProcesses.is_gone(child.id(), now_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(SystemProcesses.is_gone(child.id(), now_ms));
    }

    #[test]
    fn a_pid_that_was_handed_out_again_does_not_keep_a_lease_alive() {
        // This process is younger than ten years.
        let long_ago_ms = SystemClock::new().now_ms() - 10 * 365 * 86_400_000;
        assert!(SystemProcesses.is_gone(std::process::id(), long_ago_ms));
    }

    #[test]
    fn only_what_this_machine_can_know_is_certain() {
        struct AllGone;
        impl Processes for AllGone {
            fn is_gone(&self, _: u32, _: i64) -> bool {
                true
            }
        }
        let holders = Holders { host_id: "here".to_owned(), processes: Arc::new(AllGone) };
        let at = "2026-11-22T10:00:00Z";
        let known = json!({"lane": "a", "host_id": "here", "pid": 7, "acquired_at": at});
        assert!(holders.is_gone(&lease(known.clone())));
        for (key, value) in [
            ("host_id", json!("there")),
            ("host_id", Value::Null),
            ("pid", json!(0)),
            ("pid", json!("7")),
            ("acquired_at", Value::Null),
        ] {
            let mut other = known.clone();
            other[key] = value;
            assert!(!holders.is_gone(&lease(other.clone())), "{other}");
        }
    }
}
