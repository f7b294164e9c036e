//! Whether a process of this machine lives. It never signals one.

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// Whether the operating system runs a process under this id now; none when it cannot be told. A
/// process that has ended and that nobody has waited for does not run.
#[must_use]
pub fn is_alive(pid: i64) -> Option<bool> {
    let pid = Pid::from_raw(i32::try_from(pid).ok().filter(|pid| *pid > 0)?)?;
    match test_kill_process(pid) {
        // Somebody else's process lives as well as one's own.
        Ok(()) | Err(Errno::PERM) => Some(!is_zombie(pid)),
        Err(Errno::SRCH) => Some(false),
        Err(_) => None,
    }
}

/// The state letter follows the command's name, which may hold blanks and parentheses itself.
fn is_zombie(pid: Pid) -> bool {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let stat = std::fs::read_to_string(path).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

#[cfg(test)]
mod tests {
    use super::is_alive;
    use std::process::{Command, Stdio};

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
