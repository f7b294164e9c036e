//! What the keys do.

use super::{drawn, news, scene, verdict};
use crate::screen::{Key, Link, Pane, Room, Scene, Ui};
use proptest::prelude::*;
use std::time::Duration;

const ROOM: Room = Room { page: 3, most_scroll: 5 };

fn press(ui: &mut Ui, scene: &Scene, keys: &str) {
    for key in keys.chars() {
        let key = match key {
            '\t' => Key::Next,
            '\n' => Key::Enter,
            '\u{1b}' => Key::Escape,
            letter => Key::Letter(letter),
        };
        ui.press(key, scene, ROOM);
    }
}

#[test]
fn q_escape_and_an_interrupt_end_it() {
    let scene = scene();
    for key in [Key::Letter('q'), Key::Escape, Key::Interrupt] {
        let mut ui = Ui::default();
        ui.press(key, &scene, ROOM);
        assert!(ui.is_over(), "{key:?}");
    }
}

#[test]
fn escape_goes_back_one_step_at_a_time() {
    let (scene, mut ui) = (scene(), Ui::default());
    press(&mut ui, &scene, "/orders\n\n");
    assert_eq!(ui.filter(), ("orders", false));
    assert!(ui.overlay().is_some());
    press(&mut ui, &scene, "\u{1b}");
    assert!(ui.overlay().is_none());
    press(&mut ui, &scene, "\u{1b}");
    assert_eq!((ui.filter(), ui.is_over()), (("", false), false));
    press(&mut ui, &scene, "\u{1b}");
    assert!(ui.is_over());
}

#[test]
fn a_filter_that_is_not_wanted_after_all_leaves_the_one_before() {
    let (scene, mut ui) = (scene(), Ui::default());
    press(&mut ui, &scene, "/REFUTED\n");
    assert_eq!(ui.verdicts(&scene).len(), 1);
    press(&mut ui, &scene, "/q?p");
    assert_eq!((ui.filter(), ui.is_over()), (("q?p", true), false));
    ui.press(Key::Backspace, &scene, ROOM);
    press(&mut ui, &scene, "\u{1b}");
    assert_eq!(ui.filter(), ("REFUTED", false));
    ui.press(Key::Interrupt, &scene, ROOM);
    assert!(ui.is_over(), "also from within a filter");
}

#[test]
fn the_chosen_verdict_stays_chosen_when_newer_ones_come() {
    let (mut scene, mut ui) = (scene(), Ui::default());
    press(&mut ui, &scene, "\t\tj");
    assert_eq!((ui.pane(), ui.place(Pane::Verdicts, &scene)), (Pane::Verdicts, 1));
    let mut more = news();
    more.verdicts = vec![verdict(95, "CONFIRMED", "orders", "orders:43", None)];
    scene.take(more.clone(), Duration::from_secs(11));
    assert_eq!(ui.place(Pane::Verdicts, &scene), 2);
    // The newest stays the newest.
    press(&mut ui, &scene, "g");
    scene.take(more, Duration::from_secs(12));
    assert_eq!(ui.place(Pane::Verdicts, &scene), 0);
}

#[test]
fn a_pause_holds_verdicts_back_and_counts_them() {
    let (mut scene, mut ui) = (scene(), Ui::default());
    press(&mut ui, &scene, "p");
    let mut more = news();
    more.verdicts = vec![verdict(95, "CONFIRMED", "orders", "orders:43", None)];
    scene.take(more, Duration::from_secs(11));
    assert_eq!((ui.verdicts(&scene).len(), ui.held_back(&scene)), (5, Some(1)));
    press(&mut ui, &scene, "p");
    assert_eq!((ui.verdicts(&scene).len(), ui.held_back(&scene)), (6, None));
}

#[test]
fn there_is_nothing_to_tell_about_nothing() {
    let (scene, mut ui) = (Scene::default(), Ui::default());
    press(&mut ui, &scene, "\nj\t\n\t\n\t\nG");
    assert!(ui.overlay().is_none() && !ui.is_over());
}

fn keys() -> impl Strategy<Value = Key> {
    let letters = "qjkgGp/?h xé日";
    prop_oneof![
        proptest::sample::select(vec![
            Key::Up,
            Key::Down,
            Key::PageUp,
            Key::PageDown,
            Key::Home,
            Key::End,
            Key::Next,
            Key::Previous,
            Key::Enter,
            Key::Escape,
            Key::Backspace,
        ]),
        proptest::sample::select(letters.chars().collect::<Vec<_>>()).prop_map(Key::Letter),
    ]
}

/// Something that happens between two drawings.
#[derive(Debug, Clone)]
enum Step {
    Press(Key),
    Resize(u16, u16),
    News(u64),
    Fewer,
    Fail,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => keys().prop_map(Step::Press),
        2 => (1_u16..220, 1_u16..60).prop_map(|(width, height)| Step::Resize(width, height)),
        2 => (0_u64..90).prop_map(Step::News),
        1 => Just(Step::Fewer),
        1 => Just(Step::Fail),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_keys_at_no_size_do_harm(steps in proptest::collection::vec(steps(), 1..60)) {
        let (mut scene, mut ui, mut room) = (Scene::default(), Ui::default(), Room::default());
        let mut size = (80, 24);
        for (at, step) in (1..).zip(steps) {
            let at = Duration::from_secs(at);
            match step {
                Step::Press(key) => ui.press(key, &scene, room),
                Step::Resize(width, height) => size = (width, height),
                Step::News(number) => {
                    let mut news = news();
                    news.verdicts.push(verdict(number, "REFUTED", "日本", "k\u{1b}[2J", Some("a\nb")));
                    scene.take(news, at);
                }
                Step::Fewer => {
                    let mut news = news();
                    news.overview.lanes.truncate(1);
                    news.overview.exporters.clear();
                    news.overview.refuted.clear();
                    news.overview.history.clear();
                    news.verdicts.clear();
                    (news.is_rewritten, news.link) = (true, Link::Files);
                    scene.take(news, at);
                }
                Step::Fail => scene.fail("it is gone: really\n  help: wait", at),
            }
            let (text, now) = drawn(size.0, size.1, &scene, &ui);
            room = now;
            for pane in Pane::ALL {
                let place = ui.place(pane, &scene);
                prop_assert!(place == 0 || place < 1_000);
            }
            prop_assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'));
        }
    }
}
