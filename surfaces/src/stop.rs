//! Why reading goes no further.

use std::fmt::Display;
use std::io;

use dosd_actors::witness::{Stop, Unreadable};

/// Why a read ended early.
#[derive(Debug)]
pub(crate) enum Halt {
    /// Whoever takes the entities wants no more.
    Stop(Stop),
    /// What is read cannot be understood, or not be read.
    Broken(String),
    /// It changed meanwhile.
    Moved,
}

impl Halt {
    pub(crate) fn broken(cause: impl Display) -> Self {
        Self::Broken(cause.to_string())
    }

    /// As an error about the thing of this name.
    pub(crate) fn of(self, name: impl Display) -> Unreadable {
        match self {
            Self::Stop(stop) => stop.into(),
            Self::Broken(cause) => Unreadable::new(format!("`{name}`: {cause}")),
            Self::Moved => Unreadable::moved(format!("`{name}`")),
        }
    }
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::broken(error)
    }
}

impl From<rustix::io::Errno> for Halt {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}
