//! The helper's own life.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use super::order::Order;
use super::record::{ExitRecord, exit_record_path};
use super::report::Report;
use crate::port::failpoint::{self, Point, pass};
use crate::port::{Clock as _, Storage, SystemClock, machine, start_ticks_of};
use crate::rotated_log::RotatedLog;

/// How long a daemon may take to put an end into its journal before the helper makes
/// sure of its own record.
const DAEMON_GRACE_NS: i64 = 200_000_000;

/// Read at once: a flood is written in few steps.
const CHUNK: usize = 64 * 1024;

/// Starts the worker that the arguments after the verb tell of, and stays until it
/// has ended and nobody writes output any more.
///
/// Standard output is the daemon's pipe, for one line. The exit code says whether
/// the worker was started and its end recorded; nobody has to look at it.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(order) = Order::from_arguments(arguments) else {
        // Somebody typed the hidden verb: what it wants is no secret.
        let _ = writeln!(io::stderr(), "dosd: this verb is for the daemon's own use");
        return ExitCode::from(2);
    };
    match mind(&order) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(70),
    }
}

fn mind(order: &Order) -> io::Result<()> {
    outlive_signals()?;
    // Before there is a child: none of its signals is missed.
    let notices = notices()?;
    let clock = SystemClock::new();
    pass(Point::HelperStartBefore)?;
    let (output, mut child) = match start(order) {
        Ok(started) => started,
        Err(error) => {
            let is_missing = error.kind() == ErrorKind::NotFound;
            report(&if is_missing { Report::Missing } else { Report::Refused(error.to_string()) });
            return Err(error);
        }
    };
    pass(Point::HelperStartAfter)?;
    let pid = child.id();
    // It is not waited for yet, so its pid is its own, even when it has ended.
    report(&Report::Started { pid, start_ticks: start_ticks_of(pid).unwrap_or(0) });
    pass(Point::HelperReportAfter)?;
    let storage = machine::storage();
    let log = RotatedLog::new(Arc::clone(&storage), order.log.clone(), order.rotation);
    let mut minded = Minded { output: Some(output), log, buffer: vec![0; CHUNK] };
    let status = minded.copy_until_the_end_of(&mut child, &notices)?;
    let ran_ms = clock.monotonic_ms();
    let record = ExitRecord { code: status.code(), signal: status.signal(), ran_ms };
    let kept = keep(&*storage, &exit_record_path(&order.run_directory), &record);
    // Its children may still write.
    minded.copy_to_the_end();
    kept
}

/// Keeps the record of the end. A daemon that is there wants to see it at once, and has
/// removed it a moment later: only what nobody has taken is worth a sync, which would
/// be in the way of the daemon's own.
fn keep(storage: &dyn Storage, path: &Path, record: &ExitRecord) -> io::Result<()> {
    pass(Point::HelperRecordBefore)?;
    let bytes = record.to_bytes()?;
    storage.create_dir_all(path.parent().unwrap_or(path))?;
    let unsynced = path.with_extension("tmp");
    std::fs::write(&unsynced, &bytes)?;
    pass(Point::HelperRecordWritten)?;
    std::fs::rename(&unsynced, path)?;
    pass(Point::HelperRecordRenamed)?;
    let grace = Timespec { tv_sec: 0, tv_nsec: DAEMON_GRACE_NS };
    // Nothing is waited for but the time.
    let _ = poll(&mut [], Some(&grace));
    match storage.stat(path)? {
        Some(_) => storage.replace(path, &bytes)?,
        None => return Ok(()),
    }
    pass(Point::HelperRecordSynced)
}

/// A helper that is ended with its worker could not say how that ended. A handler
/// that does nothing, unlike an ignored signal, is not inherited by the worker.
fn outlive_signals() -> io::Result<()> {
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] {
        signal_hook::flag::register(signal, Arc::default())?;
    }
    Ok(())
}

/// Becomes readable whenever a child has ended. Unlike a pidfd, every kernel has it.
fn notices() -> io::Result<UnixStream> {
    let (notices, sender) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(SIGCHLD, sender)?;
    Ok(notices)
}

fn start(order: &Order) -> io::Result<(PipeReader, Child)> {
    let (program, arguments) = order.argv.split_first().ok_or(ErrorKind::InvalidInput)?;
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    if failpoint::ARE_COMPILED_IN {
        // What was armed is the daemon and its helpers, not the verbs of a worker.
        command.env_remove(failpoint::VARIABLE);
    }
    let child = command.process_group(0).spawn()?;
    Ok((reader, child))
}

/// Says the one line, and lets go of the pipe: a daemon waits for its end.
fn report(report: &Report) {
    let mut stdout = io::stdout();
    // A daemon that is gone reads nothing; the next one finds the worker itself.
    let _ = stdout.write_all(report.to_line().as_bytes()).and_then(|()| stdout.flush());
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(null);
    }
}

/// The output of a worker on its way to the log.
struct Minded {
    /// `None` once nobody can write any more.
    output: Option<PipeReader>,
    log: RotatedLog,
    buffer: Vec<u8>,
}

impl Minded {
    /// Copies output until the worker has ended, and says how it did.
    fn copy_until_the_end_of(
        &mut self,
        child: &mut Child,
        notices: &UnixStream,
    ) -> io::Result<ExitStatus> {
        loop {
            // Whatever the notice was about, this knows; it may also be about a stop.
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            let mut watched = vec![PollFd::new(notices, PollFlags::IN)];
            watched.extend(self.output.iter().map(|it| PollFd::new(it, PollFlags::IN)));
            match poll(&mut watched, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            let is_noticed = watched.first().is_some_and(|it| !it.revents().is_empty());
            let has_output = watched.get(1).is_some_and(|it| !it.revents().is_empty());
            drop(watched);
            if is_noticed {
                // One look answers any number of notices.
                let _ = (&mut &*notices).read(&mut [0; 64]);
            }
            if has_output {
                self.copy_once();
            }
        }
    }

    fn copy_to_the_end(&mut self) {
        while self.output.is_some() {
            self.copy_once();
        }
    }

    /// A disk that refuses loses output, never the worker: the pipe is read on.
    fn copy_once(&mut self) {
        let Some(output) = &mut self.output else { return };
        match output.read(&mut self.buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => self.output = None,
            Ok(got) => {
                let _ = pass(Point::HelperLogBefore);
                let _ = self.log.write(self.buffer.get(..got).unwrap_or_default());
            }
        }
    }
}
