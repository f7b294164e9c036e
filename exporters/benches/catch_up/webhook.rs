//! The sink `webhook`, signed.

use std::sync::Arc;

use dosd_actors::port::SystemClock;
use dosd_exporters::webhook::{WebhookConfig, WebhookSink};
use dosd_network::Secret;

use crate::exporter;
use crate::receiver::Receiver;

const GOAL_PER_S: f64 = 2_000.0;

/// Catches up and prints how fast.
pub(crate) fn run(events: usize) {
    let receiver = Receiver::start();
    let url = Secret::new(format!("http://127.0.0.1:{}/hook", receiver.port));
    exporter::run("webhook", GOAL_PER_S, events, |_| {
        let secrets = vec![Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
        let config = WebhookConfig { secrets, ..WebhookConfig::new(url) };
        WebhookSink::new(&config, Arc::new(SystemClock::new())).expect("a sink")
    });
    assert_eq!(receiver.posts(), events, "what arrived");
}
