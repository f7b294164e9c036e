//! What sinks behind HTTP share: one client, an answer, and the delay that a server asks
//! for. It knows no sink, decides nothing about what an answer means, and prints no URL
//! as it is.

mod answer;
mod client;
mod retry_after;

pub(crate) use answer::Answer;
#[cfg(feature = "otlp")]
pub(crate) use answer::quoted;
pub(crate) use client::HttpClient;
