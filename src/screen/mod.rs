//! The fleet on a terminal: what `dosd top` shows while somebody looks.
//!
//! Everything here is a value or a function of values: what was seen ([`Scene`]), where the person
//! is ([`Ui`]), and how both become a picture ([`draw`]). It knows no terminal, no clock and no source; those
//! are in `src/cli/top`. It changes nothing and decides nothing about the fleet.

mod draw;
mod look;
mod scene;
mod text;
mod ui;

#[cfg(test)]
mod tests;

pub use draw::{Room, draw};
pub use look::Look;
pub use scene::{Link, News, Scene};
pub use ui::{Key, Pane, Ui};
