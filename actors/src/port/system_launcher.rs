//! The machine's processes behind [`Launcher`]. Linux: `/proc` and pidfds.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::process::Stdio;

use futures_util::FutureExt;
use rustix::process::{Pid, PidfdFlags};
use tokio::net::unix::pipe;
use tokio::process::Command;

use super::launcher::{
    Exit, GroupMember, LaunchError, LaunchSpec, Launched, Launcher, ProcessIdentity,
    RUN_ID_VARIABLE, Signal,
};

/// Starts and finds processes of this machine.
#[derive(Debug, Clone)]
pub struct SystemLauncher {
    boot_id: String,
}

impl SystemLauncher {
    /// Learns which boot of the machine this is.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn new() -> io::Result<Self> {
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        Ok(Self { boot_id: boot_id.trim().to_owned() })
    }

    fn identify(&self, pid: u32) -> Option<ProcessIdentity> {
        let stat = Stat::read(pid)?;
        Some(ProcessIdentity {
            boot_id: self.boot_id.clone(),
            pid,
            start_ticks: stat.start_ticks,
            pgid: stat.pgid,
        })
    }
}

impl Launcher for SystemLauncher {
    fn launch(&self, spec: &LaunchSpec) -> Result<Launched, LaunchError> {
        let (program, arguments) = spec.argv.split_first().ok_or(LaunchError::Empty)?;
        let refused = |source: io::Error| {
            if source.kind() == io::ErrorKind::NotFound && spec.directory.is_dir() {
                LaunchError::NotFound(program.clone())
            } else {
                LaunchError::Refused { program: program.clone(), source }
            }
        };
        let (reader, writer) = io::pipe().map_err(refused)?;
        // Whatever can fail comes before the process: none is left that nobody
        // knows of.
        let output = pipe::Receiver::from_owned_fd(reader.into()).map_err(refused)?;
        // No `pre_exec`: it would force a fork, which costs 50 ms from a process
        // of 1 GiB; `process_group` keeps the fast path.
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&spec.directory)
            .envs(&spec.environment)
            .stdin(Stdio::null())
            .stdout(writer.try_clone().map_err(refused)?)
            .stderr(writer)
            .process_group(0)
            .spawn()
            .map_err(refused)?;
        let pid = child.id().unwrap_or_default();
        // The child is not waited for yet, so its pid is its own, even when it
        // has ended already.
        let identity = self.identify(pid).unwrap_or_else(|| ProcessIdentity {
            boot_id: self.boot_id.clone(),
            pid,
            start_ticks: 0,
            pgid: pid,
        });
        let exited = async move {
            use std::os::unix::process::ExitStatusExt;
            match child.wait().await {
                Ok(status) => Exit { code: status.code(), signal: status.signal() },
                Err(_) => Exit::default(),
            }
        };
        Ok(Launched { identity, exited: exited.boxed(), output: Some(Box::new(output)) })
    }

    fn adopt(&self, identity: &ProcessIdentity) -> Option<Launched> {
        if identity.boot_id != self.boot_id {
            return None;
        }
        let pid = Pid::from_raw(i32::try_from(identity.pid).ok()?)?;
        // The descriptor first, the comparison after: a process that takes over
        // the pid in between is then told apart.
        let descriptor = rustix::process::pidfd_open(pid, PidfdFlags::NONBLOCK).ok()?;
        let stat = Stat::read(identity.pid)?;
        if stat.start_ticks != identity.start_ticks || stat.is_zombie() {
            return None;
        }
        // Not a pipe, but watched like one: tokio has no safe type for other
        // descriptors, and nothing is ever read from this one.
        let watched = pipe::Receiver::from_owned_fd_unchecked(descriptor).ok()?;
        let exited = async move {
            // Readable means ended; the status went to whoever is the parent.
            let _ = watched.readable().await;
            Exit::default()
        };
        Some(Launched { identity: identity.clone(), exited: exited.boxed(), output: None })
    }

    fn find(&self, run_ids: &BTreeSet<String>) -> BTreeMap<String, ProcessIdentity> {
        let mut found: BTreeMap<String, ProcessIdentity> = BTreeMap::new();
        for pid in processes() {
            let Some(run_id) = run_id_of(pid).filter(|run_id| run_ids.contains(run_id)) else {
                continue;
            };
            // Zombies have no environment: they never come this far.
            let Some(process) = self.identify(pid) else { continue };
            let age = |it: &ProcessIdentity| (it.start_ticks, it.pid != it.pgid, it.pid);
            if found.get(&run_id).is_none_or(|known| age(&process) < age(known)) {
                found.insert(run_id, process);
            }
        }
        found
    }

    fn signal_group(&self, pgid: u32, signal: Signal) -> io::Result<()> {
        use rustix::process::{Signal as Os, kill_process_group};
        let Some(group) = i32::try_from(pgid).ok().and_then(Pid::from_raw) else { return Ok(()) };
        let signals: &[Os] = match signal {
            Signal::Terminate => &[Os::TERM, Os::CONT],
            Signal::Kill => &[Os::KILL],
        };
        for signal in signals {
            match kill_process_group(group, *signal) {
                Ok(()) | Err(rustix::io::Errno::SRCH) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    fn group_is_gone(&self, pgid: u32) -> bool {
        let group = i32::try_from(pgid).ok().and_then(Pid::from_raw);
        group.is_none_or(|group| {
            rustix::process::test_kill_process_group(group) == Err(rustix::io::Errno::SRCH)
        })
    }

    fn group_members(&self, pgid: u32) -> Vec<GroupMember> {
        processes()
            .filter_map(|pid| Stat::read(pid).map(|stat| (pid, stat)))
            .filter(|(_, stat)| stat.pgid == pgid && !stat.is_zombie())
            .map(|(pid, stat)| GroupMember { pid, command: stat.command })
            .collect()
    }
}

/// The pids of this moment.
fn processes() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The run that a process was started for, as its environment said then.
fn run_id_of(pid: u32) -> Option<String> {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let variable = environment.split(|byte| *byte == 0).find_map(|variable| {
        variable.strip_prefix(RUN_ID_VARIABLE.as_bytes())?.strip_prefix(b"=")
    })?;
    String::from_utf8(variable.to_vec()).ok()
}

/// The fields of `/proc/PID/stat` that tell processes apart; see proc(5).
struct Stat {
    command: String,
    state: char,
    pgid: u32,
    start_ticks: u64,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(&String::from_utf8_lossy(&text))
    }

    /// The command may hold spaces and parentheses: it ends at the last one.
    fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.rsplit_once(')')?;
        let (_, command) = head.split_once('(')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(Self {
            command: command.to_owned(),
            state: fields.first()?.chars().next()?,
            pgid: fields.get(2)?.parse().ok()?,
            start_ticks: fields.get(19)?.parse().ok()?,
        })
    }

    fn is_zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    fn spec(argv: &[&str]) -> LaunchSpec {
        LaunchSpec {
            argv: argv.iter().map(ToString::to_string).collect(),
            directory: std::env::temp_dir(),
            environment: BTreeMap::new(),
        }
    }

    #[test]
    fn a_command_name_with_spaces_and_parentheses_is_read() {
        let stat =
            Stat::parse("42 (a) b (c) S 1 42 42 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 98765 0 0 0")
                .unwrap();
        assert_eq!(stat.command, "a) b (c");
        assert_eq!((stat.pgid, stat.start_ticks, stat.state), (42, 98765, 'S'));
    }

    #[actix::test]
    async fn the_exit_code_is_seen() {
        let launcher = SystemLauncher::new().unwrap();
        let started = launcher.launch(&spec(&["sh", "-c", "exit 7"])).unwrap();
        assert_eq!(started.identity.pgid, started.identity.pid);
        assert_eq!(started.exited.await, Exit { code: Some(7), signal: None });
    }

    #[actix::test]
    async fn a_command_that_does_not_exist_is_named() {
        let launcher = SystemLauncher::new().unwrap();
        let error = launcher.launch(&spec(&["no-such-command-here"])).err().unwrap();
        assert!(matches!(&error, LaunchError::NotFound(name) if name == "no-such-command-here"));
    }

    #[actix::test]
    async fn a_process_whose_start_nobody_wrote_down_is_found_by_its_run() {
        let launcher = SystemLauncher::new().unwrap();
        let run_id = format!("RID-{}", std::process::id());
        let mut spec = spec(&["sh", "-c", "echo ready; sleep 60 & wait"]);
        spec.environment.insert(RUN_ID_VARIABLE.to_owned(), run_id.clone());
        let mut started = launcher.launch(&spec).unwrap();
        // The kernel returns from the start a moment before `environ` can be read.
        let mut said = [0; 6];
        started.output.as_mut().unwrap().read_exact(&mut said).await.unwrap();
        let asked = BTreeSet::from([run_id.clone(), "RID-nobody".to_owned()]);
        let found = launcher.find(&asked);
        assert_eq!(found, BTreeMap::from([(run_id, started.identity.clone())]));
        launcher.signal_group(started.identity.pgid, Signal::Kill).unwrap();
        started.exited.await;
    }

    #[actix::test]
    async fn an_adopted_process_is_watched_and_a_reused_pid_is_not() {
        let launcher = SystemLauncher::new().unwrap();
        let started = launcher.launch(&spec(&["sleep", "60"])).unwrap();
        let adopted = launcher.adopt(&started.identity).unwrap();
        let other = ProcessIdentity { start_ticks: 1, ..started.identity.clone() };
        assert!(launcher.adopt(&other).is_none());
        launcher.signal_group(started.identity.pgid, Signal::Kill).unwrap();
        assert_eq!(started.exited.await.signal, Some(9));
        assert_eq!(adopted.exited.await, Exit::default());
        assert!(launcher.group_members(started.identity.pgid).is_empty());
        assert!(launcher.adopt(&started.identity).is_none());
    }
}
