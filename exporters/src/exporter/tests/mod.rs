//! The exporter against a fake journal, a scripted sink, a disk in memory and
//! paused time.

mod begin;
mod crash;
mod deliver;
mod fail;
#[cfg(all(feature = "otlp", feature = "slack", feature = "webhook"))]
mod matrix;
mod model;
mod settle;
mod shutdown;

use std::time::Duration;

use crate::sink::Delivery;
use crate::testing::{Answer, numbered_row};

fn retry() -> Answer {
    Answer::Say(Delivery::Retry { reason: "down".to_owned() })
}

fn refused() -> Answer {
    Answer::Say(Delivery::Refused { reason: "bad".to_owned() })
}

fn rows(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(numbered_row)
}

const SECOND: Duration = Duration::from_secs(1);
