//! A message that makes an actor panic, so that tests can see it being made again.
//! Not there in a release build.

use actix::{Context, Handler, Message};
use dosd_kernel::fold::Fold;

use crate::journal::JournalActor;
use crate::spawn::SpawnActor;
use crate::supervisor::SupervisorActor;
use crate::witness::WitnessActor;

/// Panic inside the handler.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct PanicNow;

fn panic_now() {
    panic!("asked to panic");
}

impl<F: Fold> Handler<PanicNow> for JournalActor<F> {
    type Result = ();

    fn handle(&mut self, _: PanicNow, _: &mut Context<Self>) {
        panic_now();
    }
}

impl Handler<PanicNow> for SpawnActor {
    type Result = ();

    fn handle(&mut self, _: PanicNow, _: &mut Context<Self>) {
        panic_now();
    }
}

impl Handler<PanicNow> for SupervisorActor {
    type Result = ();

    fn handle(&mut self, _: PanicNow, _: &mut Context<Self>) {
        panic_now();
    }
}

impl Handler<PanicNow> for WitnessActor {
    type Result = ();

    fn handle(&mut self, _: PanicNow, _: &mut Context<Self>) {
        panic_now();
    }
}
