//! A program that prints JSON.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process;

use dosd_actors::port::{Children, Ended, Output, Program};
use dosd_actors::witness::{Entities, Surface, Unreadable};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Pointer;
use rustix::process::Signal;

use crate::Identity;
use crate::bounded::Bounded;
use crate::document::{DocumentError, Shape};
use crate::run;

/// A program that is run for each read and prints a JSON document: an object, or an array
/// of entities.
///
/// It is started without a shell and without input, in a process group of its own, with the
/// daemon's environment and `environment` on top. What it leaves running in that group is
/// killed when it has ended, and all of it when the time is over. It gives an answer only
/// by status 0; the end of its standard error is part of the cause otherwise, so it should
/// not print secrets there.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its name and rung.
    pub identity: Identity,
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// Where it runs.
    pub directory: PathBuf,
    /// Variables beside those of the daemon.
    pub environment: Vec<(OsString, OsString)>,
    /// Where in the document the entities are; the document itself when not given.
    pub items: Option<Pointer>,
    /// Where an entity holds its key, when they are in an array.
    pub key: Option<Pointer>,
    /// Whose child it is.
    pub children: Children,
}

impl Surface for Command {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "command"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        let Some((name, arguments)) = self.argv.split_first() else {
            return Err(Unreadable::new("no program is named"));
        };
        let mut command = process::Command::new(name);
        command.args(arguments).current_dir(&self.directory);
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        let (within, max) = (into.time_left(), into.bytes_left());
        let mut program = Program::start(command, Output::Read, within, &self.children)
            .map_err(|cause| run::not_started(name, &self.directory, &cause))?;
        let shape = Shape { items: self.items.as_ref(), key: self.key.as_ref() };
        let read = shape.read(Bounded::new(&mut program, max), into);
        let said = |error: &dyn std::fmt::Display| {
            Unreadable::new(format!("what `{}` prints: {error}", name.display()))
        };
        match read {
            Err(DocumentError::Stopped(unreadable)) => return Err(unreadable),
            Err(DocumentError::Json(error)) if error.is_io() => {
                return Err(run::failed(name, &error.into()));
            }
            Err(DocumentError::Json(_)) | Ok(()) => {}
        }
        // How it ended tells more than what it left unsaid.
        let ended = program.finish().map_err(|cause| run::failed(name, &cause))?;
        match read {
            Ok(()) if ended.status.success() => Ok(()),
            Err(DocumentError::Json(error)) if ended.status.success() || was_cut(&ended) => {
                Err(said(&error))
            }
            Ok(()) | Err(_) => Err(run::ended(name, &ended)),
        }
    }
}

/// Whether it ended because it was read no further.
fn was_cut(ended: &Ended) -> bool {
    ended.status.signal() == Some(Signal::PIPE.as_raw())
}
