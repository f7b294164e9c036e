//! Metrics as lines, in the words of `cadence`. Pure: what it writes to stays here.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use cadence::prelude::*;
use cadence::{Metric, MetricBuilder, MetricSink, StatsdClient};

use super::config::Tags;
use super::name::{part, tag};

/// Writes lines under one prefix.
pub(super) struct Writer {
    client: StatsdClient,
    lines: Collected,
    tags: Tags,
}

/// Where a client's lines go: nowhere but here, and at once.
#[derive(Clone, Default)]
struct Collected(Arc<Mutex<Vec<String>>>);

impl MetricSink for Collected {
    fn emit(&self, metric: &str) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(metric.to_owned());
        Ok(metric.len())
    }
}

impl Writer {
    pub(super) fn new(prefix: &str, tags: Tags) -> Self {
        let lines = Collected::default();
        Self { client: StatsdClient::from_sink(prefix, lines.clone()), lines, tags }
    }

    /// A word as it will be told from others.
    pub(super) fn word(&self, word: &str) -> String {
        match self.tags {
            Tags::DogStatsD => tag(word),
            Tags::None => part(word),
        }
    }

    /// Adds to a counter. The words were made by [`Writer::word`].
    pub(super) fn count(&self, name: &str, labels: &[(&str, &str)], count: u64) {
        let name = self.name(name, labels);
        write(self.labelled(self.client.count_with_tags(&name, count), labels));
    }

    /// Sets a gauge. The words were made by [`Writer::word`].
    pub(super) fn gauge(&self, name: &str, labels: &[(&str, &str)], value: u64) {
        let name = self.name(name, labels);
        write(self.labelled(self.client.gauge_with_tags(&name, value), labels));
    }

    /// All lines, in the order in which they were written.
    pub(super) fn into_lines(self) -> Vec<String> {
        std::mem::take(&mut self.lines.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn name(&self, name: &str, labels: &[(&str, &str)]) -> String {
        let mut name = name.to_owned();
        if self.tags == Tags::None {
            for (_, word) in labels {
                name.push('.');
                name.push_str(word);
            }
        }
        name
    }

    fn labelled<'m, 'c, T: Metric + From<String>>(
        &self,
        metric: MetricBuilder<'m, 'c, T>,
        labels: &[(&'m str, &'m str)],
    ) -> MetricBuilder<'m, 'c, T> {
        match self.tags {
            Tags::DogStatsD => {
                labels.iter().fold(metric, |metric, (key, word)| metric.with_tag(key, word))
            }
            Tags::None => metric,
        }
    }
}

/// Nothing can go wrong: numbers are always valid, and the collection takes every line.
fn write<T: Metric + From<String>>(metric: MetricBuilder<'_, '_, T>) {
    metric.send();
}
