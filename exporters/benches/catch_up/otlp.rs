//! The sink `otlp`, logs and traces over HTTP.

use std::sync::Arc;

use dosd_actors::port::{SharedClock, SystemClock};
use dosd_exporters::otlp::{OtlpSettings, OtlpSink};

use crate::exporter;
use crate::receiver::Receiver;

const GOAL_PER_S: f64 = 20_000.0;

/// Catches up and prints how fast.
pub(crate) fn run(events: usize) {
    let receiver = Receiver::start();
    let endpoint = Some(format!("http://127.0.0.1:{}", receiver.port));
    let settings = OtlpSettings { endpoint, ..OtlpSettings::default() };
    let read = |_: &str| Err("there is no such file".to_owned());
    let config = settings.resolve(&|_| None, &read).expect("a configuration");
    exporter::run("otlp", GOAL_PER_S, events, |_| {
        let clock: SharedClock = Arc::new(SystemClock::new());
        OtlpSink::new(&config, &clock).expect("a sink")
    });
    // One for logs and one for traces, for each page at least.
    assert!(receiver.posts() >= 2 * events.div_ceil(512), "what arrived");
}
