//! A JSON file: an object, entity key to value, or an array of values that hold their key.

mod document;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use dosd_actors::witness::{Entities, Stop, Surface, Unreadable};
use dosd_kernel::evidence::Accountability;
use dosd_kernel::state_diff::Pointer;

use crate::Identity;
use crate::steady::{is_still, open_regular, settled};
use crate::stop::Halt;
use crate::window::Window;

/// A file that holds one JSON object or array.
///
/// It is read value by value, so its size is no matter of memory. A writer that renames a
/// finished file into place is never in the way; one that writes into the file makes the
/// read begin again, and at last fail.
#[derive(Debug, Clone)]
pub struct Json {
    /// Its name and rung.
    pub identity: Identity,
    /// The file.
    pub path: PathBuf,
    /// Where in each element of an array its key is. Without it the file is an object.
    pub key: Option<Pointer>,
}

impl Surface for Json {
    fn name(&self) -> &str {
        &self.identity.name
    }

    fn kind(&self) -> &'static str {
        "json"
    }

    fn accountability(&self) -> Accountability {
        self.identity.accountability
    }

    fn read(&self, into: &mut dyn Entities) -> Result<(), Unreadable> {
        self.read_file(into).map_err(|halt| halt.of(self.path.display()))
    }
}

impl Json {
    fn read_file(&self, into: &mut dyn Entities) -> Result<(), Halt> {
        let file = open_regular(&self.path)?;
        let stamp = settled(&file, into)?;
        let max = into.bytes_left();
        if stamp.len > max {
            return Err(Stop::TooLarge { max }.into());
        }
        let window = Window::new(&file, stamp.len, max);
        let read = document::read(window, self.key.as_ref(), into);
        if matches!(read, Err(Halt::Stop(_))) || is_still(&file, stamp)? {
            return read;
        }
        // What it showed may never have been its content, right or wrong.
        Err(Halt::Moved)
    }
}
