//! Reading one surface for all who ask: one read at a time, and whoever asks while one is
//! under way gets the next, together with all others who wait.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::entities::{Digests, Reading, Scratch};
use super::settings::Witnessed;
use super::surface::{SharedSurface, SurfaceError};
use crate::off_thread::off_thread;
use crate::port::SharedClock;

/// What a read gave.
pub(super) type Read = Result<Arc<Digests>, SurfaceError>;

/// A read ends by itself when its time is over; one that hangs is given so long more.
const GRACE: Duration = Duration::from_secs(1);

/// One surface and who waits for it.
pub(super) struct Reader {
    surface: SharedSurface,
    witnessed: Witnessed,
    clock: SharedClock,
    scratch: Scratch,
    waiting: RefCell<Vec<oneshot::Sender<Read>>>,
    is_reading: Cell<bool>,
    /// A read has outlived its time and is still under way.
    hangs: Cell<bool>,
}

impl Reader {
    pub(super) fn new(
        surface: SharedSurface,
        witnessed: Witnessed,
        clock: SharedClock,
        scratch: Scratch,
    ) -> Rc<Self> {
        Rc::new(Self {
            surface,
            witnessed,
            clock,
            scratch,
            waiting: RefCell::default(),
            is_reading: Cell::new(false),
            hangs: Cell::new(false),
        })
    }

    /// A read that begins after this call.
    pub(super) async fn read(self: &Rc<Self>) -> Read {
        if self.hangs.get() {
            return Err(self.failed("the read before this one still hangs".to_owned()));
        }
        let (answer, read) = oneshot::channel();
        self.waiting.borrow_mut().push(answer);
        if !self.is_reading.replace(true) {
            let reader = Rc::clone(self);
            // Of its own, because whoever asked first may not wait for the answer.
            actix_rt::spawn(async move { reader.read_for_all().await });
        }
        read.await.unwrap_or_else(|_| Err(self.failed("its reader ended".to_owned())))
    }

    async fn read_for_all(&self) {
        loop {
            let waiting = self.all_who_ask_now().await;
            if waiting.is_empty() {
                self.is_reading.set(false);
                return;
            }
            let (surface, witnessed) = (Arc::clone(&self.surface), self.witnessed.clone());
            let (clock, scratch) = (Arc::clone(&self.clock), self.scratch.clone());
            let mut reading = off_thread(move || {
                let Witnessed { limits, ignore, .. } = &witnessed;
                Reading { limits: *limits, ignore, clock, scratch }.of(&*surface)
            });
            let within = self.witnessed.limits.timeout + GRACE;
            match tokio::time::timeout(within, &mut reading).await {
                Ok(Ok(read)) => answer(waiting, &read.map(Arc::new)),
                Ok(Err(panicked)) => {
                    answer(waiting, &Err(self.failed(format!("its reader failed: {panicked}"))));
                }
                Err(_) => {
                    self.hangs.set(true);
                    let cause = format!("it gave no answer within {} ms", within.as_millis());
                    let read = Err(self.failed(cause));
                    answer(waiting, &read);
                    answer(std::mem::take(&mut *self.waiting.borrow_mut()), &read);
                    // A thread cannot be ended: until it comes back nobody else asks.
                    let _ = reading.await;
                    self.hangs.set(false);
                }
            }
        }
    }

    /// Whoever waits. Those who are about to ask are let in, as long as more come: a read
    /// costs far more than a few turns of the others.
    async fn all_who_ask_now(&self) -> Vec<oneshot::Sender<Read>> {
        let mut seen = 0;
        loop {
            let waits = self.waiting.borrow().len();
            if waits == seen {
                return std::mem::take(&mut *self.waiting.borrow_mut());
            }
            seen = waits;
            tokio::task::yield_now().await;
        }
    }

    fn failed(&self, cause: String) -> SurfaceError {
        SurfaceError { surface: self.surface.name().to_owned(), cause }
    }
}

/// Whoever asked may have given up.
fn answer(waiting: Vec<oneshot::Sender<Read>>, read: &Read) {
    for who in waiting {
        let _ = who.send(read.clone());
    }
}
