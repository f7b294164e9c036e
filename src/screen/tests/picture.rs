//! What is drawn, as plain text.

use super::{drawn, scene};
use crate::screen::{Key, Room, Ui};

#[test]
fn print_them() {
    let scene = scene();
    let mut ui = Ui::default();
    for (w, h) in [(120, 30), (80, 24), (40, 12), (20, 4)] {
        eprintln!("{}", drawn(w, h, &scene, &ui).0);
    }
    ui.press(Key::Next, &scene, Room::default());
    ui.press(Key::Enter, &scene, Room::default());
    eprintln!("{}", drawn(80, 24, &scene, &ui).0);
}
