//! `kind = "statsd"`.

use super::SinkPorts;
use crate::config::sink::{Statsd, StatsdAddress, StatsdTags};
use dosd_exporters::statsd::{Address, StatsdConfig, StatsdSink, Tags};

impl SinkPorts {
    pub(super) fn statsd(&self, statsd: &Statsd) -> Result<StatsdSink, String> {
        let defaults = StatsdConfig::default();
        StatsdSink::new(StatsdConfig {
            address: match &statsd.address {
                None => defaults.address,
                Some(StatsdAddress::Udp { host, port }) => {
                    Address::Udp { host: host.clone(), port: *port }
                }
                Some(StatsdAddress::Socket(path)) => {
                    Address::Unix(self.workspace.resolve_path(path))
                }
            },
            prefix: statsd.prefix.clone().unwrap_or(defaults.prefix),
            tags: match statsd.tags {
                Some(StatsdTags::None) => Tags::None,
                Some(StatsdTags::DogStatsD) | None => Tags::DogStatsD,
            },
            interval: statsd.interval.unwrap_or(defaults.interval),
        })
    }
}
