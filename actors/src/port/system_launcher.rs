//! The machine's processes behind [`Launcher`]. Linux: `/proc` and pidfds.

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, PidfdFlags, Signal as OsSignal, kill_process, kill_process_group};
use rustix::time::{ClockId, clock_gettime};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::process::Command;

use super::children::Children;
use super::launcher::{
    Exit, Found, GroupMember, LaunchError, LaunchSpec, Launched, Launcher, ProcessIdentity,
    RUN_ID_VARIABLE, Signal, Stray,
};
use super::process_table::{Stat, is_helper, processes, run_id_of, start_ticks_of};
use crate::exec::{Order, Report};

/// Starts and finds processes of this machine.
#[derive(Debug, Clone)]
pub struct SystemLauncher {
    boot_id: String,
    has_helper: bool,
    children: Children,
}

impl SystemLauncher {
    /// Learns which boot of the machine this is. Workers are children of this
    /// process, and their output ends with it.
    ///
    /// # Errors
    /// When `/proc` is not there.
    pub fn new() -> io::Result<Self> {
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let boot_id = boot_id.trim().to_owned();
        Ok(Self { boot_id, has_helper: false, children: Children::default() })
    }

    /// Starts each worker through a helper, which is this very program: see
    /// [`exec`](crate::exec). For a program that knows the helper's verb.
    #[must_use]
    pub fn with_helper(mut self) -> Self {
        self.has_helper = true;
        self
    }

    /// The children of this process that are waited for where they were started.
    #[must_use]
    pub fn children(&self) -> &Children {
        &self.children
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

    /// Whether that very process lives; a zombie does not.
    #[must_use]
    pub fn lives(&self, identity: &ProcessIdentity) -> bool {
        identity.boot_id == self.boot_id
            && Stat::read(identity.pid)
                .is_some_and(|stat| stat.start_ticks == identity.start_ticks && !stat.is_zombie())
    }

    /// The process as the journal will know it.
    fn identity(&self, pid: u32, start_ticks: u64) -> ProcessIdentity {
        ProcessIdentity { boot_id: self.boot_id.clone(), pid, start_ticks, pgid: pid }
    }

    /// Whether the group's number belongs to another one by now. The kernel gives no
    /// process the number of a group that has members, so its own is empty then.
    fn number_is_taken(&self, process: &ProcessIdentity) -> bool {
        let is_leader = process.pid == process.pgid && process.start_ticks != 0;
        process.boot_id != self.boot_id
            || is_leader
                && Stat::read(process.pid).is_some_and(|it| it.start_ticks != process.start_ticks)
    }

    /// Starts a worker as a child of this process.
    fn launch_directly(&self, spec: &LaunchSpec) -> Result<Launched, LaunchError> {
        let (program, arguments) = spec.argv.split_first().ok_or(LaunchError::Empty)?;
        let refused = |error: io::Error| {
            if error.kind() == io::ErrorKind::NotFound && spec.directory.is_dir() {
                LaunchError::NotFound(program.clone())
            } else {
                LaunchError::Refused { program: program.clone(), reason: error.to_string() }
            }
        };
        let (reader, writer) = io::pipe().map_err(refused)?;
        // Whatever can fail comes before the process: none is left that nobody
        // knows of.
        let output = pipe::Receiver::from_owned_fd(reader.into()).map_err(refused)?;
        let mut command = command(Path::new(program), spec);
        command.args(arguments).stdout(writer.try_clone().map_err(refused)?).stderr(writer);
        let mut child = self.children.spawn(&mut command).map_err(refused)?;
        let pid = child.id().unwrap_or_default();
        // The child is not waited for yet, so its pid is its own, even when it
        // has ended already.
        let identity = self.identity(pid, start_ticks_of(pid).unwrap_or(0));
        let children = self.children.clone();
        let exited = async move {
            let status = child.wait().await;
            children.forget(pid);
            match status {
                Ok(status) => Exit { code: status.code(), signal: status.signal() },
                Err(_) => Exit::default(),
            }
        };
        Ok(Launched { identity, exited: exited.boxed(), output: Some(Box::new(output)) })
    }

    /// Starts a helper, and has it start the worker.
    fn launch_helped(&self, spec: &LaunchSpec) -> Result<Helped, LaunchError> {
        let program = spec.argv.first().ok_or(LaunchError::Empty)?.clone();
        let refused = |error: io::Error| LaunchError::Refused {
            program: program.clone(),
            reason: error.to_string(),
        };
        let (reader, writer) = io::pipe().map_err(refused)?;
        let report = pipe::Receiver::from_owned_fd(reader.into()).map_err(refused)?;
        let order = Order {
            run_directory: spec.keep.run_directory.clone(),
            log: spec.keep.log.clone(),
            rotation: spec.keep.rotation,
            argv: spec.argv.iter().map(Into::into).collect(),
        };
        // Also right when the program's file was replaced since it was started.
        let mut command = command(Path::new("/proc/self/exe"), spec);
        command.arg0("dosd").args(order.to_arguments()).stdout(writer).stderr(Stdio::null());
        let mut child = self.children.spawn(&mut command).map_err(refused)?;
        let children = self.children.clone();
        tokio::spawn(async move {
            let pid = child.id().unwrap_or_default();
            // What became of the worker stands in its record.
            let _ = child.wait().await;
            children.forget(pid);
        });
        let run_id = spec.environment.get(RUN_ID_VARIABLE).cloned();
        Ok(Helped { launcher: self.clone(), program, run_id, report })
    }
}

/// A worker that a helper is starting.
struct Helped {
    launcher: SystemLauncher,
    program: String,
    run_id: Option<String>,
    report: pipe::Receiver,
}

impl Helped {
    async fn started(mut self) -> Result<Launched, LaunchError> {
        let mut line = String::new();
        let read = self.report.read_to_string(&mut line).await;
        let program = self.program;
        let refused = |reason: String| LaunchError::Refused { program: program.clone(), reason };
        read.map_err(|error| refused(error.to_string()))?;
        match Report::from_line(&line) {
            Some(Report::Started { pid, start_ticks }) => {
                let identity = self.launcher.identity(pid, start_ticks);
                // One that has ended already cannot be watched any more.
                let gone = || Launched {
                    identity: identity.clone(),
                    exited: async { Exit::default() }.boxed(),
                    output: None,
                };
                Ok(self.launcher.adopt(&identity).unwrap_or_else(gone))
            }
            Some(Report::Missing) => Err(LaunchError::NotFound(program)),
            Some(Report::Refused(reason)) => Err(refused(reason)),
            None => {
                let refused = refused("its helper ended before it had started it".to_owned());
                let left = find_left(&self.launcher, self.run_id).await;
                left.ok_or(refused)
            }
        }
    }
}

/// The worker of a helper that was killed before it could say who that is: it lives, and is watched like one that
/// an earlier daemon started.
async fn find_left(launcher: &SystemLauncher, run_id: Option<String>) -> Option<Launched> {
    let run_id = run_id?;
    let run_ids = BTreeSet::from([run_id.clone()]);
    loop {
        match launcher.find(&run_ids).remove(&run_id)? {
            Found::Process(process) => return launcher.adopt(&process),
            // Between fork and exec the worker looks like its helper.
            Found::Helper => tokio::time::sleep(launcher.look_interval()).await,
        }
    }
}

/// What every process that is started here has in common. No `pre_exec`: it would
/// force a fork, which costs 50 ms from a process of 1 GiB; `process_group` keeps
/// the fast path.
fn command(program: &Path, spec: &LaunchSpec) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(&spec.directory)
        .envs(&spec.environment)
        .stdin(Stdio::null())
        .process_group(0);
    command
}

impl Launcher for SystemLauncher {
    fn launch(&self, spec: &LaunchSpec) -> BoxFuture<'static, Result<Launched, LaunchError>> {
        if !self.has_helper {
            return ready(self.launch_directly(spec)).boxed();
        }
        match self.launch_helped(spec) {
            Ok(helped) => helped.started().boxed(),
            Err(failed) => ready(Err(failed)).boxed(),
        }
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

    fn age(&self, process: &ProcessIdentity) -> Option<Duration> {
        if process.boot_id != self.boot_id || process.start_ticks == 0 {
            return None;
        }
        let began = in_time(process.start_ticks, clock_ticks_per_second())?;
        let uptime = clock_gettime(ClockId::Boottime);
        let uptime =
            Duration::new(u64::try_from(uptime.tv_sec).ok()?, u32::try_from(uptime.tv_nsec).ok()?);
        // A tick is long: one that has just begun may seem to begin in a moment.
        Some(uptime.saturating_sub(began))
    }

    fn find(&self, run_ids: &BTreeSet<String>) -> BTreeMap<String, Found> {
        let mut found: BTreeMap<String, Found> = BTreeMap::new();
        for pid in processes() {
            let Some(run_id) = run_id_of(pid).filter(|run_id| run_ids.contains(run_id)) else {
                continue;
            };
            if is_helper(pid, &run_id) {
                found.entry(run_id).or_insert(Found::Helper);
                continue;
            }
            // Zombies have no environment: they never come this far.
            let Some(process) = self.identify(pid) else { continue };
            let age = |it: &ProcessIdentity| (it.start_ticks, it.pid != it.pgid, it.pid);
            let is_older = match found.get(&run_id) {
                Some(Found::Process(known)) => age(&process) < age(known),
                Some(Found::Helper) | None => true,
            };
            if is_older {
                found.insert(run_id, Found::Process(process));
            }
        }
        found
    }

    fn signal_group(&self, pgid: u32, signal: Signal) -> io::Result<()> {
        send(pgid, signal, kill_process_group)
    }

    fn group_is_gone(&self, process: &ProcessIdentity) -> bool {
        let group = i32::try_from(process.pgid).ok().and_then(Pid::from_raw);
        let is_empty = group.is_none_or(|group| {
            rustix::process::test_kill_process_group(group) == Err(rustix::io::Errno::SRCH)
        });
        is_empty || self.number_is_taken(process)
    }

    fn strays(&self) -> Vec<Stray> {
        let stray = |pid| {
            // Zombies have no environment: they never come this far.
            let run_id = run_id_of(pid)?;
            let process = GroupMember { pid, command: Stat::read(pid)?.command };
            (!is_helper(pid, &run_id)).then_some(Stray { run_id, process })
        };
        self.children.strays().into_iter().filter_map(stray).collect()
    }

    fn signal_stray(&self, pid: u32, signal: Signal) -> io::Result<()> {
        send(pid, signal, kill_process)
    }

    fn group_members(&self, pgid: u32) -> Vec<GroupMember> {
        processes()
            .filter_map(|pid| Stat::read(pid).map(|stat| (pid, stat)))
            .filter(|(_, stat)| stat.pgid == pgid && !stat.is_zombie())
            .map(|(pid, stat)| GroupMember { pid, command: stat.command })
            .collect()
    }
}

/// So many ticks of a clock.
fn in_time(ticks: u64, ticks_per_second: u64) -> Option<Duration> {
    let whole = Duration::from_secs(ticks.checked_div(ticks_per_second)?);
    let rest = Duration::from_secs(ticks.checked_rem(ticks_per_second)?);
    Some(whole + rest / u32::try_from(ticks_per_second).ok()?)
}

/// Sends what a [`Signal`] stands for. Nobody there is no error.
fn send(
    number: u32,
    signal: Signal,
    kill: impl Fn(Pid, OsSignal) -> rustix::io::Result<()>,
) -> io::Result<()> {
    let Some(target) = i32::try_from(number).ok().and_then(Pid::from_raw) else { return Ok(()) };
    let signals: &[OsSignal] = match signal {
        Signal::Terminate => &[OsSignal::TERM, OsSignal::CONT],
        Signal::Kill => &[OsSignal::KILL],
    };
    for signal in signals {
        match kill(target, *signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::port::Keep;
    use crate::rotated_log::Rotation;

    fn spec(argv: &[&str]) -> LaunchSpec {
        LaunchSpec {
            argv: argv.iter().map(ToString::to_string).collect(),
            directory: std::env::temp_dir(),
            environment: BTreeMap::new(),
            keep: Keep {
                run_directory: PathBuf::new(),
                log: PathBuf::new(),
                rotation: Rotation { max_bytes: 1, keep: 1 },
            },
        }
    }

    #[actix::test]
    async fn the_exit_code_is_seen() {
        let launcher = SystemLauncher::new().unwrap();
        let started = launcher.launch(&spec(&["sh", "-c", "exit 7"])).await.unwrap();
        assert_eq!(started.identity.pgid, started.identity.pid);
        assert_eq!(started.exited.await, Exit { code: Some(7), signal: None });
    }

    #[actix::test]
    async fn a_command_that_does_not_exist_is_named() {
        let launcher = SystemLauncher::new().unwrap();
        let error = launcher.launch(&spec(&["no-such-command-here"])).await.err().unwrap();
        assert!(matches!(&error, LaunchError::NotFound(name) if name == "no-such-command-here"));
    }

    #[actix::test]
    async fn a_process_whose_start_nobody_wrote_down_is_found_by_its_run() {
        let launcher = SystemLauncher::new().unwrap();
        let run_id = format!("RID-{}", std::process::id());
        let mut spec = spec(&["sh", "-c", "echo ready; sleep 60 & wait"]);
        spec.environment.insert(RUN_ID_VARIABLE.to_owned(), run_id.clone());
        let mut started = launcher.launch(&spec).await.unwrap();
        // The kernel returns from the start a moment before `environ` can be read.
        let mut said = [0; 6];
        started.output.as_mut().unwrap().read_exact(&mut said).await.unwrap();
        let asked = BTreeSet::from([run_id.clone(), "RID-nobody".to_owned()]);
        let found = launcher.find(&asked);
        assert_eq!(found, BTreeMap::from([(run_id, Found::Process(started.identity.clone()))]));
        launcher.signal_group(started.identity.pgid, Signal::Kill).unwrap();
        started.exited.await;
    }

    #[actix::test]
    async fn an_adopted_process_is_watched_and_a_reused_pid_is_not() {
        let launcher = SystemLauncher::new().unwrap();
        let started = launcher.launch(&spec(&["sleep", "60"])).await.unwrap();
        let adopted = launcher.adopt(&started.identity).unwrap();
        let other = ProcessIdentity { start_ticks: 1, ..started.identity.clone() };
        assert!(launcher.adopt(&other).is_none());
        launcher.signal_group(started.identity.pgid, Signal::Kill).unwrap();
        assert_eq!(started.exited.await.signal, Some(9));
        assert_eq!(adopted.exited.await, Exit::default());
        assert!(launcher.group_members(started.identity.pgid).is_empty());
        assert!(launcher.adopt(&started.identity).is_none());
    }

    #[actix::test]
    async fn a_group_whose_number_another_leader_has_is_gone() {
        let launcher = SystemLauncher::new().unwrap();
        let started = launcher.launch(&spec(&["sleep", "60"])).await.unwrap();
        let before = ProcessIdentity { start_ticks: 1, ..started.identity.clone() };
        assert!(launcher.group_is_gone(&before));
        let of_another_boot = ProcessIdentity { boot_id: "b".into(), ..started.identity.clone() };
        assert!(launcher.group_is_gone(&of_another_boot));
        assert!(!launcher.group_is_gone(&started.identity));
        launcher.signal_group(started.identity.pgid, Signal::Kill).unwrap();
        started.exited.await;
        assert!(launcher.group_is_gone(&started.identity));
    }

    #[actix::test]
    async fn a_process_is_as_old_as_its_start_tells() {
        let launcher = SystemLauncher::new().unwrap();
        let started = launcher.launch(&spec(&["sleep", "60"])).await.unwrap();
        let own = launcher.identify(std::process::id()).unwrap();
        let age = |process: &ProcessIdentity| launcher.age(process);
        let younger = age(&started.identity).unwrap();
        assert!(younger <= age(&own).unwrap(), "a child is younger than its parent");
        assert!(younger <= age(&started.identity).unwrap(), "nobody grows younger");
        let of_another_boot = ProcessIdentity { boot_id: "b".into(), ..own.clone() };
        assert_eq!(age(&of_another_boot), None);
        assert_eq!(age(&ProcessIdentity { start_ticks: 0, ..own }), None, "it is not known");
        launcher.signal_group(started.identity.pgid, Signal::Kill).unwrap();
        started.exited.await;
    }
}
