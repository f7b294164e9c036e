//! A program that is asked something: started, read, and over within a given time, with
//! everything that it started in its process group.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::children::Children;
use super::clock::{Clock as _, SystemClock};

/// So much of what it complains about is kept: the end.
const COMPLAINT: usize = 4096;

/// What is done with a program's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// It is read.
    Read,
    /// It goes nowhere.
    Ignored,
}

/// A program that runs, and whose output is read from it as from a file.
///
/// Reading ends where the program's output ends, or with the program: somebody who
/// inherited the output and lives on delays nobody. It fails with
/// [`io::ErrorKind::TimedOut`] once the time is over. Whatever is left of the process
/// group when the reader is done with it is killed.
#[derive(Debug)]
pub struct Program<'a> {
    child: Child,
    pid: Pid,
    /// Readable once the program itself has ended.
    end: OwnedFd,
    has_ended: bool,
    output: Option<ChildStdout>,
    errors: Option<ChildStderr>,
    complaint: Vec<u8>,
    clock: SystemClock,
    within: Duration,
    children: &'a Children,
}

/// How a program ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its status.
    pub status: ExitStatus,
    /// The end of what it wrote to its standard error.
    pub complaint: String,
}

/// What there is to do next.
struct Ready {
    output: bool,
    errors: bool,
    end: bool,
}

impl<'a> Program<'a> {
    /// Starts a command in a process group of its own, without input.
    ///
    /// # Errors
    /// The system's own; nothing runs then.
    pub fn start(
        mut command: Command,
        output: Output,
        within: Duration,
        children: &'a Children,
    ) -> io::Result<Self> {
        let stdout = match output {
            Output::Read => Stdio::piped(),
            Output::Ignored => Stdio::null(),
        };
        command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).process_group(0);
        let clock = SystemClock::new();
        let mut child = children.spawn_for_thread(&mut command)?;
        let raw = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let opened = raw.ok_or(Errno::INVAL).and_then(|pid| {
            let end = pidfd_open(pid, PidfdFlags::empty())?;
            Ok((pid, end))
        });
        let (pid, end) = match opened {
            Ok(opened) => opened,
            Err(errno) => {
                let _ = child.kill();
                let _ = child.wait();
                children.forget(child.id());
                return Err(errno.into());
            }
        };
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let complaint = Vec::new();
        Ok(Self {
            child,
            pid,
            end,
            has_ended: false,
            output,
            errors,
            complaint,
            clock,
            within,
            children,
        })
    }

    /// Waits for its end, without reading on.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`], or the system's own.
    pub fn finish(mut self) -> io::Result<Ended> {
        self.output = None;
        loop {
            let ready = self.wait()?;
            self.has_ended |= ready.end;
            if ready.errors {
                self.take_errors()?;
            } else if self.has_ended {
                break;
            }
        }
        // While the program was not waited for, its group's number is nobody else's.
        self.kill_group();
        let status = self.child.wait()?;
        let complaint = String::from_utf8_lossy(&self.complaint).trim().to_owned();
        Ok(Ended { status, complaint })
    }

    /// Waits until something can be done; after the program's end only looks.
    fn wait(&self) -> io::Result<Ready> {
        loop {
            let left = self.within.saturating_sub(self.clock.monotonic());
            if left.is_zero() && !self.has_ended {
                return Err(self.timed_out());
            }
            let timeout = if self.has_ended { Duration::ZERO } else { left };
            let timeout = Timespec::try_from(timeout).ok();
            let mut waiting = Vec::with_capacity(3);
            let output = self.output.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN));
            let (has_output, errors) = (output.is_some(), self.errors.as_ref());
            let has_errors = errors.is_some();
            waiting.extend(output);
            waiting.extend(errors.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            if !self.has_ended {
                waiting.push(PollFd::new(&self.end, PollFlags::IN));
            }
            match poll(&mut waiting, timeout.as_ref()) {
                Ok(0) if !self.has_ended => {}
                Ok(_) => {
                    let mut ready = waiting.iter().map(|fd| !fd.revents().is_empty());
                    let mut next = |is_there: bool| is_there && ready.next().unwrap_or_default();
                    let (output, errors) = (next(has_output), next(has_errors));
                    return Ok(Ready { output, errors, end: next(!self.has_ended) });
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Takes what is there of its complaints, and keeps the last of it.
    fn take_errors(&mut self) -> io::Result<()> {
        let Some(errors) = &mut self.errors else { return Ok(()) };
        let mut chunk = [0; 4096];
        match errors.read(&mut chunk) {
            Ok(0) => self.errors = None,
            Ok(count) => {
                self.complaint.extend_from_slice(chunk.get(..count).unwrap_or_default());
                let surplus = self.complaint.len().saturating_sub(COMPLAINT);
                self.complaint.drain(..surplus);
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
        Ok(())
    }

    fn timed_out(&self) -> io::Error {
        let within = self.within.as_millis();
        io::Error::new(io::ErrorKind::TimedOut, format!("it did not end within {within} ms"))
    }

    /// Fails when nobody is left of it, which is the usual case.
    fn kill_group(&self) {
        let _ = kill_process_group(self.pid, Signal::KILL);
    }
}

impl Read for Program<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.output.is_none() {
                return Ok(0);
            }
            let ready = self.wait()?;
            self.has_ended |= ready.end;
            if ready.errors {
                self.take_errors()?;
            }
            if ready.output
                && let Some(output) = &mut self.output
            {
                match output.read(into) {
                    Ok(0) => self.output = None,
                    Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                    read => return read,
                }
            } else if self.has_ended && !ready.end {
                // What it wrote is read; what others may still write is not its answer.
                self.output = None;
            }
        }
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        // Does nothing once it was waited for: `try_wait` then answers from memory.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            self.kill_group();
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        self.children.forget(self.child.id());
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _};
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;
    use std::time::Duration;

    use super::super::is_alive;
    use super::{Children, Ended, Output, Program};

    const LONG: Duration = Duration::from_mins(1);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn run(script: &str, within: Duration) -> io::Result<(String, Ended)> {
        let children = Children::default();
        let mut program = Program::start(shell(script), Output::Read, within, &children)?;
        let mut text = String::new();
        program.read_to_string(&mut text)?;
        Ok((text, program.finish()?))
    }

    /// Whether a process is gone, now or soon.
    fn is_gone(pid: &str) -> bool {
        let pid = pid.trim().parse().unwrap();
        (0..2_000_000).any(|_| {
            std::thread::yield_now();
            is_alive(pid) != Some(true)
        })
    }

    #[test]
    fn gives_output_status_and_the_end_of_the_complaints() {
        let (text, ended) = run("echo out; echo err >&2; exit 3", LONG).unwrap();
        assert_eq!((text.as_str(), ended.complaint.as_str()), ("out\n", "err"));
        assert_eq!(ended.status.code(), Some(3));
        let (_, ended) = run("yes | head -c 100000 >&2; echo last >&2; kill -9 $$", LONG).unwrap();
        assert!(ended.complaint.ends_with("last") && ended.complaint.len() <= 4096);
        assert_eq!(ended.status.signal(), Some(9));
    }

    #[test]
    fn a_pipe_that_somebody_else_holds_delays_nobody() {
        let (text, ended) = run("tail -f /dev/null & echo $!", LONG).unwrap();
        assert!(ended.status.success());
        assert!(is_gone(&text), "it is of the group, and ends with it");
    }

    #[test]
    fn one_that_closes_its_output_and_stays_is_ended_with_its_children() {
        let children = Children::default();
        let script = "tail -f /dev/null >/dev/null 2>&1 & echo $$ $!; exec >&- 2>&-; wait";
        let within = Duration::from_secs(2);
        let mut program = Program::start(shell(script), Output::Read, within, &children).unwrap();
        let mut text = String::new();
        program.read_to_string(&mut text).unwrap();
        assert_eq!(program.finish().unwrap_err().kind(), io::ErrorKind::TimedOut);
        for pid in text.split_whitespace() {
            assert!(is_gone(pid), "{pid}");
        }
    }

    #[test]
    fn time_is_over_while_it_writes_too() {
        for script in ["exec tail -f /dev/null", "yes >&2", "trap '' TERM; while :; do :; done"] {
            let error = run(script, Duration::from_millis(100)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{script}");
        }
        assert_eq!(run("true", Duration::ZERO).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn one_that_is_read_no_further_ends() {
        let children = Children::default();
        let mut program = Program::start(shell("yes"), Output::Read, LONG, &children).unwrap();
        program.read_exact(&mut [0; 10]).unwrap();
        assert!(!program.finish().unwrap().status.success());
        let program = Program::start(shell("yes"), Output::Read, LONG, &children).unwrap();
        let pid = program.child.id().to_string();
        drop(program);
        assert!(is_gone(&pid));
    }

    #[test]
    fn what_is_no_program_does_not_start() {
        let children = Children::default();
        let command = Command::new("/nowhere/program");
        let error = Program::start(command, Output::Ignored, LONG, &children).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
