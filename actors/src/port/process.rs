//! Whether a process that somebody named lives. It never signals one.

use dosd_kernel::lane::{HolderProcess, Lease};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::process_table::Stat;

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

/// Whether the operating system runs a process under this id now; none when it cannot be told. A
/// process that has ended and that nobody has waited for does not run.
#[must_use]
pub fn is_alive(pid: i64) -> Option<bool> {
    let pid = Pid::from_raw(i32::try_from(pid).ok().filter(|pid| *pid > 0)?)?;
    match test_kill_process(pid) {
        // Somebody else's process lives as well as one's own.
        Ok(()) | Err(Errno::PERM) => {
            let stat = Stat::read(pid.as_raw_nonzero().get().unsigned_abs());
            Some(!stat.is_some_and(|stat| stat.is_zombie()))
        }
        Err(Errno::SRCH) => Some(false),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use dosd_kernel::lane::{HolderProcess, Lease};
    use serde_json::json;

    use std::process::{Command, Stdio};

    use super::{holder_process, is_alive};

    fn lease(pid: impl Into<i64>, host: &str) -> Lease {
        let fields = json!({"lane": "src", "pid": pid.into(), "host_id": host});
        Lease::new(fields.as_object().cloned().unwrap())
    }

    #[test]
    fn only_a_process_of_this_host_that_ended_is_gone() {
        let mut child = Command::new("true").spawn().unwrap();
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

    #[test]
    fn w_40_a_process_that_ended_is_gone_before_anybody_waits_for_it() {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let pid = i64::from(child.id());
        assert_eq!(is_alive(pid), Some(true));
        drop(child.stdin.take());
        // Wait for its end, and leave it unreaped: the pipe closes with the process.
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut rest).unwrap();
        while is_alive(pid) == Some(true) {
            std::thread::yield_now();
        }
        assert_eq!(is_alive(pid), Some(false));
        child.wait().unwrap();
    }

    #[test]
    fn what_is_no_process_id_cannot_be_told() {
        assert_eq!(is_alive(0), None);
        assert_eq!(is_alive(-1), None);
        assert_eq!(is_alive(i64::MAX), None);
        assert_eq!(is_alive(1), Some(true));
    }
}
