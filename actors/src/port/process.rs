//! What the operating system says about the process that a lease names.

use dosd_kernel::lane::{HolderProcess, Lease};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// Looks a lease's process up. Only a pid that was written down on this host and that no
/// process has now is gone: a pid that was handed out again proves nothing, and a lease that
/// names no host may come from anywhere.
#[must_use]
pub fn holder_process(lease: &Lease, this_host: &str) -> HolderProcess {
    let pid = lease.pid().and_then(|pid| i32::try_from(pid).ok());
    // Zero and less would mean a process group.
    let pid = pid.filter(|pid| *pid > 0).and_then(Pid::from_raw);
    let here = !this_host.is_empty() && lease.host_id() == this_host;
    match pid {
        Some(pid) if here && test_kill_process(pid) == Err(Errno::SRCH) => HolderProcess::Gone,
        _ => HolderProcess::MayLive,
    }
}

#[cfg(test)]
mod tests {
    use dosd_kernel::lane::{HolderProcess, Lease};
    use serde_json::json;

    use super::holder_process;

    fn lease(pid: impl Into<i64>, host: &str) -> Lease {
        let fields = json!({"lane": "src", "pid": pid.into(), "host_id": host});
        Lease::new(fields.as_object().cloned().unwrap())
    }

    #[test]
    fn only_a_process_of_this_host_that_ended_is_gone() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ended = child.id();
        child.wait().unwrap();
        assert_eq!(holder_process(&lease(ended, "here"), "here"), HolderProcess::Gone);
        for (pid, host) in [
            (i64::from(ended), "there"),
            (i64::from(ended), ""),
            (i64::from(std::process::id()), "here"),
            (0, "here"),
            (-1, "here"),
            (i64::MAX, "here"),
        ] {
            assert_eq!(holder_process(&lease(pid, host), "here"), HolderProcess::MayLive, "{pid}");
        }
    }
}
