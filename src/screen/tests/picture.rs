//! What is drawn, as plain text: the files beside this one.

use super::{drawn, news, scene};
use crate::screen::{Key, Link, Room, Scene, Ui};
use std::path::Path;
use std::time::Duration;

/// Compares with what is expected. The message has what was drawn, to look at and to keep.
fn expect(name: &str, picture: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/screen/tests/pictures");
    let expected = std::fs::read_to_string(place.join(format!("{name}.txt"))).unwrap_or_default();
    assert!(picture == expected, "{name}.txt is to be:\n{picture}<end>");
}

fn press(ui: &mut Ui, scene: &Scene, keys: &[Key]) {
    for key in keys {
        ui.press(*key, scene, Room { page: 5, most_scroll: 9 });
    }
}

#[test]
fn a_usual_screen_has_it_all() {
    expect("usual", &drawn(120, 32, &scene(), &Ui::default()).0);
}

#[test]
fn a_wide_screen_has_every_column() {
    expect("wide", &drawn(190, 24, &scene(), &Ui::default()).0);
}

#[test]
fn a_small_screen_does_without_what_matters_less() {
    expect("small", &drawn(80, 24, &scene(), &Ui::default()).0);
}

#[test]
fn a_tiny_screen_has_the_pane_where_one_is() {
    expect("tiny", &drawn(38, 9, &scene(), &Ui::default()).0);
}

#[test]
fn a_refuted_claim_is_told_in_full() {
    let (scene, mut ui) = (scene(), Ui::default());
    press(&mut ui, &scene, &[Key::Next, Key::Enter]);
    expect("detail", &drawn(80, 24, &scene, &ui).0);
}

#[test]
fn the_verdicts_say_that_they_are_filtered_and_held_back() {
    let (mut scene, mut ui) = (scene(), Ui::default());
    let keys = ['/', 'o', 'r', 'd', 'e', 'r', 's'].map(Key::Letter);
    press(&mut ui, &scene, &keys);
    press(&mut ui, &scene, &[Key::Enter, Key::Letter('p')]);
    scene.take(news(), Duration::from_secs(11));
    expect("filtered", &drawn(100, 20, &scene, &ui).0);
}

#[test]
fn a_picture_that_is_old_says_so() {
    let mut scene = scene();
    scene.fail("no daemon answers on http://fleet: refused\n  help: x", Duration::from_secs(12));
    scene.pass(Duration::from_secs(25));
    expect("old", &drawn(100, 14, &scene, &Ui::default()).0);
}

#[test]
fn nothing_seen_yet_and_nothing_there_are_two_things() {
    expect("looking", &drawn(60, 22, &Scene::default(), &Ui::default()).0);
    let mut empty = news();
    empty.overview.lanes.clear();
    empty.overview.refuted.clear();
    empty.overview.history.clear();
    empty.overview.exporters.clear();
    empty.overview.population.verdict = None;
    (empty.verdicts, empty.link) = (Vec::new(), Link::Files);
    let mut scene = Scene::default();
    scene.take(empty, Duration::ZERO);
    expect("empty", &drawn(60, 22, &scene, &Ui::default()).0);
}

#[test]
fn the_keys_are_explained() {
    let (scene, mut ui) = (scene(), Ui::default());
    press(&mut ui, &scene, &[Key::Letter('?')]);
    expect("help", &drawn(90, 24, &scene, &ui).0);
}
