//! A program that answers by its status.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process;
use std::time::Duration;

use dosd_actors::port::{Children, Output, Program};
use dosd_actors::witness::{Probe, Unreadable};
use dosd_kernel::evidence::Accountability;

use crate::Identity;
use crate::run;

/// What stands for the entity in an argument.
const KEY: &str = "{key}";

/// A program that is asked about one entity: status 0 is a yes, any other a no. One that
/// cannot be started, is ended by a signal or takes too long gives no answer.
///
/// `{key}` in an argument becomes the entity, as it is and never through a shell. The entity
/// is a worker's word: an argument that it would make an option, by a leading dash, is not
/// passed on. What the program prints goes nowhere.
#[derive(Debug, Clone)]
pub struct Exit {
    /// Its name and rung.
    pub identity: Identity,
    /// The program and its arguments.
    pub argv: Vec<OsString>,
    /// Where it runs.
    pub directory: PathBuf,
    /// For how long.
    pub timeout: Duration,
    /// Whose child it is.
    pub children: Children,
}

impl Probe for Exit {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "exit"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn ask(&self, entity: &str) -> Result<bool, Unreadable> {
        let Some((name, arguments)) = self.argv.split_first() else {
            return Err(Unreadable::new("no program is named"));
        };
        let mut command = process::Command::new(name);
        command.current_dir(&self.directory);
        for argument in arguments {
            command.arg(filled(argument, entity)?);
        }
        let program = Program::start(command, Output::Ignored, self.timeout, &self.children)
            .map_err(|cause| run::not_started(name, &self.directory, &cause))?;
        let ended = program.finish().map_err(|cause| run::failed(name, &cause))?;
        match ended.status.code() {
            Some(code) => Ok(code == 0),
            None => Err(run::ended(name, &ended)),
        }
    }
}

/// An argument with the entity in its place.
fn filled(argument: &OsStr, entity: &str) -> Result<OsString, Unreadable> {
    // One that is not UTF-8 is a path, and holds no placeholder.
    let Some(text) = argument.to_str().filter(|text| text.contains(KEY)) else {
        return Ok(argument.to_owned());
    };
    if text.starts_with(KEY) && entity.starts_with('-') {
        return Err(Unreadable::new(format!(
            "`{entity}` would be an option of the program, not a key: put something before \
             `{KEY}` in that argument, for example `--id={KEY}`"
        )));
    }
    Ok(text.replace(KEY, entity).into())
}
