//! A terminal of a test's own, with a program in it: a pseudo terminal, whose other end is the test.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use dosd_actors::port::{Clock, SystemClock};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// Longer than anything here takes on a loaded machine: a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program in a terminal. It is killed when the test is over, if it still runs then.
pub(crate) struct Terminal {
    child: Child,
    /// The test's end.
    ours: File,
    /// The program's end, kept open so that it can be looked at when the program is gone.
    theirs: OwnedFd,
    output: Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Terminal {
    /// Starts a program; `command` is the whole command line of it.
    pub(crate) fn start(command: &Command, size: (u16, u16)) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo terminal");
        grantpt(&ours).expect("its other end");
        unlockpt(&ours).expect("its other end");
        let path = ptsname(&ours, Vec::new()).expect("its name");
        let open = || {
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            rustix::fs::open(&*path, flags, Mode::empty()).expect("its other end")
        };
        let theirs = open();
        resize(&ours, size);
        // In a session of its own, so that it is the terminal of the test and of nobody else.
        let mut session = Command::new("setsid");
        session.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args());
        session.env_clear();
        for (name, value) in command.get_envs() {
            session.env(
                name,
                value
                    .map(std::ffi::OsStr::as_bytes)
                    .map(std::ffi::OsStr::from_bytes)
                    .unwrap_or_default(),
            );
        }
        session.env("TERM", "xterm-256color");
        if let Some(directory) = command.get_current_dir() {
            session.current_dir(directory);
        }
        let child = session.stdin(open()).stdout(open()).stderr(open()).spawn().expect("setsid");
        let ours = File::from(ours);
        let mut reader = ours.try_clone().expect("a descriptor");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, ours, theirs, output, seen: Vec::new() }
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) {
        self.ours.write_all(keys.as_bytes()).expect("the program takes keys");
    }

    /// Makes it wider or narrower: columns and lines.
    pub(crate) fn resize(&self, size: (u16, u16)) {
        resize(&self.ours, size);
    }

    /// Reads until a text has come since the last text that was waited for.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let clock = SystemClock::new();
        loop {
            let seen = String::from_utf8_lossy(&self.seen).into_owned();
            if let Some(at) = seen.find(text) {
                // Of what was lost there is nothing to wait for.
                self.seen = seen.as_bytes()[at + text.len()..].to_vec();
                return;
            }
            match self.output.recv_timeout(PATIENCE.saturating_sub(clock.monotonic())) {
                Ok(bytes) => self.seen.extend(bytes),
                Err(ended @ (RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) => {
                    panic!("no {text:?}: {ended}; the terminal shows:\n{seen:?}");
                }
            }
        }
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end of the program.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let clock = SystemClock::new();
        // It ends, or the test does.
        loop {
            if let Some(status) = self.child.try_wait().expect("it is a child") {
                return status;
            }
            assert!(clock.monotonic() < PATIENCE, "the program does not end");
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(20)) {
                self.seen.extend(bytes);
            }
        }
    }

    /// Whether lines are edited and letters shown, as in any terminal that is not used by a screen.
    pub(crate) fn is_as_before(&self) -> bool {
        let modes = tcgetattr(&self.theirs).expect("it is a terminal").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.child.try_wait().ok().flatten().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn resize(terminal: impl std::os::fd::AsFd, (columns, lines): (u16, u16)) {
    let size = Winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("a size");
}
