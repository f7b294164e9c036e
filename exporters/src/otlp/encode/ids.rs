//! Ids of traces and spans: hashes of the journal's own ids, so that whoever reads the same
//! rows, whenever, names the same trace. What is hashed for what never changes.

use dosd_actors::journal::EventId;

/// The trace of everything below a root id.
pub(super) fn trace_id(root_id: &str) -> [u8; 16] {
    first(blake3::derive_key("dosd otlp 2026 trace of a root id", root_id.as_bytes()))
}

/// The span of a run.
pub(super) fn run_span_id(run_id: &str) -> [u8; 8] {
    first(blake3::derive_key("dosd otlp 2026 span of a run id", run_id.as_bytes()))
}

/// The span of one verdict.
pub(super) fn event_span_id(event: EventId) -> [u8; 8] {
    first(blake3::derive_key("dosd otlp 2026 span of an event id", event.to_string().as_bytes()))
}

/// The beginning of a hash. Zeros alone would mean that there is no id.
fn first<const N: usize>(hash: [u8; 32]) -> [u8; N] {
    let mut id = [0; N];
    id.copy_from_slice(&hash[..N]);
    if id == [0; N] {
        id[N - 1] = 1;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::event_id;

    /// Traces that are stored somewhere must go on under these ids.
    #[test]
    fn ids_never_change() {
        let trace = u128::from_be_bytes(trace_id("RID-0GTFZGX800ABCDE"));
        assert_eq!(format!("{trace:032x}"), "7fbf9e7556f0438822a1e30e508ce86f");
        let run = u64::from_be_bytes(run_span_id("RID-0GTFZGX800ABCDE"));
        assert_eq!(format!("{run:016x}"), "f7db7a38fcadaaf5");
        let event = u64::from_be_bytes(event_span_id(event_id(0)));
        assert_eq!(format!("{event:016x}"), "42ee24c8fc25c575");
    }

    #[test]
    fn an_id_is_never_nothing() {
        assert_eq!(first::<8>([0; 32]), [0, 0, 0, 0, 0, 0, 0, 1]);
    }
}
