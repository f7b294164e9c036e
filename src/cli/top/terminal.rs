//! The terminal while the screen is shown: it gets every key, every picture and every signal, in the
//! order in which they come, and is left as it was found, however the screen ends.

use super::source::Source;
use crate::cli::Failure;
use crate::screen::{Key, Look, News, Room, Scene, Ui, draw};
use dosd_actors::port::{Clock as _, SystemClock};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Drawings do not follow each other faster, so that a slow line keeps up.
const SHORTEST_FRAME: Duration = Duration::from_millis(100);

/// Ages are shown in seconds.
const TICK: Duration = Duration::from_secs(1);

/// Whatever there is to react to.
enum Happening {
    Key(Key),
    Resized,
    Looked(Box<Result<News, String>>),
    /// Somebody ends the program, or the terminal is gone.
    Stop,
    /// There are no keys or no pictures any more.
    Broken(io::Error),
}

/// Shows the fleet until the person has seen enough.
///
/// # Errors
///
/// When the terminal cannot be used.
pub(super) fn show(source: Box<dyn Source>, interval: Duration, look: Look) -> Result<(), Failure> {
    let (sender, happenings) = channel();
    // Before the terminal is changed: a signal must not end the program in between.
    catch_signals(sender.clone()).map_err(|cause| unusable(&cause))?;
    let mut terminal = Restored(ratatui::try_init().map_err(|cause| unusable(&cause))?);
    let keys = sender.clone();
    std::thread::spawn(move || read_keys(&keys));
    std::thread::spawn(move || look_again_and_again(source, interval, &sender));
    run(&mut terminal.0, &happenings, look).map_err(|cause| unusable(&cause))
}

fn unusable(cause: &io::Error) -> Failure {
    Failure::Failed(format!(
        "cannot use the terminal: {cause}\n  help: `dosd top --once` prints the fleet"
    ))
}

/// A terminal that is left as it was found. A panic leaves it, too: the hook of `try_init` does.
struct Restored(DefaultTerminal);

impl Drop for Restored {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = self.0.show_cursor();
        let _ = ratatui::try_restore();
    }
}

fn run(
    terminal: &mut DefaultTerminal,
    happenings: &Receiver<Happening>,
    look: Look,
) -> io::Result<()> {
    let clock = SystemClock::new();
    let (mut scene, mut ui) = (Scene::default(), Ui::default());
    let mut room = Room::default();
    let mut drawn: Option<Duration> = None;
    let mut is_stale = true;
    while !ui.is_over() {
        let now = clock.monotonic();
        scene.pass(now);
        let since = drawn.map(|at| now.saturating_sub(at));
        if since.is_none_or(|since| since >= if is_stale { SHORTEST_FRAME } else { TICK }) {
            terminal.draw(|frame| room = draw(frame, &scene, &ui, look))?;
            (drawn, is_stale) = (Some(now), false);
        }
        let since = clock.monotonic().saturating_sub(drawn.unwrap_or_default());
        let rest = if is_stale { SHORTEST_FRAME } else { TICK }.saturating_sub(since);
        let happening = match happenings.recv_timeout(rest) {
            Ok(happening) => happening,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        is_stale = true;
        match happening {
            Happening::Key(key) => ui.press(key, &scene, room),
            // Drawing asks for the size by itself.
            Happening::Resized => {}
            Happening::Looked(looked) => match *looked {
                Ok(news) => scene.take(news, clock.monotonic()),
                Err(problem) => scene.fail(&problem, clock.monotonic()),
            },
            Happening::Stop => return Ok(()),
            Happening::Broken(cause) => return Err(cause),
        }
    }
    Ok(())
}

/// INT, TERM and HUP end the screen as the key does.
fn catch_signals(sender: Sender<Happening>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let inside = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    drop(inside);
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
            }
        });
        // Whoever listened has ended by itself.
        let _ = sender.send(Happening::Stop);
    });
    Ok(())
}

fn read_keys(sender: &Sender<Happening>) {
    loop {
        let happening = match event::read() {
            Ok(Event::Key(pressed)) => key(pressed).map(Happening::Key),
            Ok(Event::Resize(..)) => Some(Happening::Resized),
            Ok(Event::FocusGained | Event::FocusLost | Event::Mouse(_) | Event::Paste(_)) => None,
            Err(cause) => Some(Happening::Broken(cause)),
        };
        let is_last = matches!(happening, Some(Happening::Broken(_)));
        if happening.is_some_and(|it| sender.send(it).is_err()) || is_last {
            return;
        }
    }
}

fn look_again_and_again(
    mut source: Box<dyn Source>,
    interval: Duration,
    sender: &Sender<Happening>,
) {
    // It ends by a panic alone, or when nobody looks: a picture that never changes helps nobody.
    let _told = Alarm(sender.clone());
    let Ok(runtime) = crate::cli::waiting() else { return };
    loop {
        if sender.send(Happening::Looked(Box::new(source.look()))).is_err() {
            return;
        }
        runtime.block_on(async { tokio::time::sleep(interval).await });
    }
}

/// Tells the screen that whoever looks for it does so no more.
struct Alarm(Sender<Happening>);

impl Drop for Alarm {
    fn drop(&mut self) {
        let cause = io::Error::other("nobody looks at the fleet any more");
        // Nobody listens after the usual end.
        let _ = self.0.send(Happening::Broken(cause));
    }
}

/// The key as it matters here.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other keys do nothing")]
fn key(pressed: KeyEvent) -> Option<Key> {
    if pressed.kind == KeyEventKind::Release {
        return None;
    }
    if pressed.modifiers.contains(KeyModifiers::CONTROL) {
        return match pressed.code {
            KeyCode::Char('c' | 'C') => Some(Key::Interrupt),
            KeyCode::Char('n') => Some(Key::Down),
            KeyCode::Char('p') => Some(Key::Up),
            KeyCode::Char('f' | 'd') => Some(Key::PageDown),
            KeyCode::Char('b' | 'u') => Some(Key::PageUp),
            _ => None,
        };
    }
    match pressed.code {
        KeyCode::Up => Some(Key::Up),
        KeyCode::Down => Some(Key::Down),
        KeyCode::PageUp => Some(Key::PageUp),
        KeyCode::PageDown => Some(Key::PageDown),
        KeyCode::Home => Some(Key::Home),
        KeyCode::End => Some(Key::End),
        KeyCode::Tab | KeyCode::Right => Some(Key::Next),
        KeyCode::BackTab | KeyCode::Left => Some(Key::Previous),
        KeyCode::Enter => Some(Key::Enter),
        KeyCode::Esc => Some(Key::Escape),
        KeyCode::Backspace => Some(Key::Backspace),
        KeyCode::Char(letter) => Some(Key::Letter(letter)),
        _ => None,
    }
}
