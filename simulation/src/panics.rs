//! Panics: those that are planned are silent, the others are kept for the report.

use std::cell::RefCell;
use std::sync::Once;

use crate::world::sink;

/// What an actor says that is asked to panic.
const ASKED: &str = "asked to panic";

thread_local! {
    static UNPLANNED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// From now on panics of this process are looked at before anybody sees them.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let payload = info.payload();
            let text = payload.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            let text = text.unwrap_or_default();
            if text == ASKED || text == sink::PANIC {
                return;
            }
            UNPLANNED.with_borrow_mut(|unplanned| unplanned.push(info.to_string()));
            usual(info);
        }));
    });
}

/// The panics of this thread that nobody planned, since the last call.
pub(crate) fn unplanned() -> Vec<String> {
    UNPLANNED.take()
}
