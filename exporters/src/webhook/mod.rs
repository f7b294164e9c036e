//! The sink `webhook`: each event as a request of its own, signed as Standard Webhooks
//! says. Accepted means that the receiver answered 2xx.

mod body;
mod config;
mod cut;
mod encode;
mod hidden;
mod judge;
mod line;
mod notice;
mod sign;
#[cfg(test)]
mod tests;
mod transport;

pub use body::MAX_BODY_BYTES;
pub use config::{DEFAULT_TIMEOUT, WebhookConfig};
pub use encode::Message;
pub use notice::post_json;
pub use transport::WebhookSink;
