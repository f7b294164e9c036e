//! What happens in one run: rows, answers and crashes.

use proptest::collection::vec;
use proptest::prelude::*;

/// What a line of the journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// An event that the filter lets through.
    Wanted,
    LeftOut,
    /// JSON that is no row: the journal gives it, and it is no event.
    Odd,
    /// No JSON: the journal itself passes over it.
    Corrupt,
}

/// What the receiver wants to do with a batch, whatever is in it.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Accept,
    /// Takes all but those whose bits are set, which it never takes again.
    Part(u8),
    Throttle(Option<u64>),
    Retry,
    Refuse,
    Disable,
    /// Takes up to so many one by one, then answers so.
    Stop(usize, Box<Answer>),
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) rows: Vec<Row>,
    /// Rows in a page at most.
    pub(crate) page_rows: usize,
    /// Events in a batch at most.
    pub(crate) batch_events: usize,
    /// When they are over, everything is accepted.
    pub(crate) answers: Vec<Answer>,
    /// Steps between one crash and the next.
    pub(crate) crashes: Vec<usize>,
    pub(crate) jitter: u64,
}

/// Any run. Failures come in rows more often than not, so that circuits open.
pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let answers = vec((answer(), 1..7_usize), 0..8).prop_map(|runs| {
        runs.into_iter().flat_map(|(answer, times)| std::iter::repeat_n(answer, times)).collect()
    });
    (vec(row(), 0..14), 1..8_usize, 1..6_usize, answers, vec(0..25_usize, 0..5), any::<u64>())
        .prop_map(|(rows, page_rows, batch_events, answers, crashes, jitter)| Plan {
            rows,
            page_rows,
            batch_events,
            answers,
            crashes,
            jitter,
        })
}

fn row() -> impl Strategy<Value = Row> {
    prop_oneof![
        5 => Just(Row::Wanted),
        1 => Just(Row::LeftOut),
        1 => Just(Row::Odd),
        1 => Just(Row::Corrupt),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let stop = (0..6_usize, whole()).prop_map(|(taken, next)| Answer::Stop(taken, Box::new(next)));
    prop_oneof![3 => whole(), 1 => stop]
}

fn whole() -> impl Strategy<Value = Answer> {
    prop_oneof![
        3 => Just(Answer::Accept),
        1 => any::<u8>().prop_map(Answer::Part),
        1 => proptest::option::of(0..1000_u64).prop_map(Answer::Throttle),
        3 => Just(Answer::Retry),
        3 => Just(Answer::Refuse),
        1 => Just(Answer::Disable),
    ]
}
