//! The laws of the book, whatever comes in whatever order.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::book::{Book, Times};
use super::super::gather::Gathered;
use super::super::message::compose;
use super::super::state_file::{Kept, decode, encode};
use super::{about, check_message, events};

const TIMES: Times = Times { interval_ms: 60_000, repeat_ms: 600_000 };
const VERDICTS: [&str; 3] = ["STALLED", "SPINNING", "ADVANCING"];

#[derive(Debug, Clone)]
enum Step {
    /// Events come: a lane and a verdict each.
    Come(Vec<(usize, usize)>),
    /// Nothing comes; it is only looked whether something is due.
    Look,
    /// The daemon starts again.
    Restart,
    /// Slack is not there when it is due next.
    Outage,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => vec((0_usize..70, 0_usize..3), 1..90).prop_map(Step::Come),
        2 => vec((0_usize..2, 0_usize..1), 1..4).prop_map(Step::Come),
        3 => Just(Step::Look),
        1 => Just(Step::Restart),
        1 => Just(Step::Outage),
    ]
}

/// A book with a memory of what it told.
#[derive(Default)]
struct Channel {
    book: Book,
    now_ms: i64,
    is_out: bool,
    told: u64,
    messages: Vec<i64>,
    news: BTreeMap<String, i64>,
}

impl Channel {
    /// Tells what is due; says whether the events before are settled.
    fn tell(&mut self, mut book: Book) -> bool {
        if book.due_in_ms(self.now_ms, TIMES) == Some(0) {
            if std::mem::take(&mut self.is_out) {
                return false;
            }
            self.check(&book);
            book.told(self.now_ms, TIMES);
        }
        self.book = book;
        true
    }

    fn check(&mut self, book: &Book) {
        check_message(&compose("garden", book, self.now_ms, TIMES));
        let last = self.messages.last();
        assert!(last.is_none_or(|last| self.now_ms - last >= TIMES.interval_ms));
        self.messages.push(self.now_ms);
        let news = book.news(self.now_ms, TIMES);
        assert!(!news.is_empty() || book.others.total() > 0, "a message without news");
        for (name, _) in &news {
            let before = self.news.insert(format!("{name:?}"), self.now_ms);
            assert!(before.is_none_or(|before| self.now_ms - before >= TIMES.repeat_ms));
        }
        let all = news.into_iter().chain(book.meanwhile(self.now_ms, TIMES));
        self.told += all.map(|(_, tally)| tally.events).sum::<u64>() + book.others.total();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_event_is_told_once_and_nobody_is_told_too_often(
        steps in vec((0_i64..90_000, step()), 1..40),
    ) {
        let (mut channel, mut came) = (Channel::default(), 0);
        for (later_ms, step) in steps {
            channel.now_ms += later_ms;
            let mut book = channel.book.clone();
            book.settle(channel.now_ms, TIMES);
            match step {
                Step::Come(rows) => {
                    let rows: Vec<String> = rows
                        .iter()
                        .map(|(lane, verdict)| about(&format!("lane-{lane}"), VERDICTS[*verdict]))
                        .collect();
                    book.count(&Gathered::of(&events(&rows)).kinds);
                    if channel.tell(book) {
                        came += rows.len() as u64;
                    }
                }
                Step::Look => { channel.tell(book); }
                Step::Restart => {
                    let kept = Kept { book: channel.book.clone(), status: None };
                    channel.book = decode(&encode(&kept)).unwrap().book;
                    prop_assert_eq!(&channel.book, &kept.book);
                }
                Step::Outage => channel.is_out = true,
            }
        }
        // Then nothing comes any more.
        channel.is_out = false;
        channel.now_ms += TIMES.repeat_ms + TIMES.interval_ms;
        let mut book = channel.book.clone();
        book.settle(channel.now_ms, TIMES);
        channel.tell(book);
        prop_assert_eq!(channel.told, came);
        prop_assert_eq!(channel.book.due_in_ms(channel.now_ms, TIMES), None);
        // And at last everything is forgotten.
        channel.book.settle(channel.now_ms + TIMES.repeat_ms, TIMES);
        prop_assert!(channel.book.kinds.is_empty());
    }
}

#[test]
fn kinds_without_end_are_counted_without_growing() {
    let (mut book, mut came) = (Book::default(), 0);
    for page in 0..20 {
        let rows: Vec<String> =
            (0..512).map(|n| about(&format!("lane-{}", page * 512 + n), "STALLED")).collect();
        book.count(&Gathered::of(&events(&rows)).kinds);
        came += rows.len() as u64;
    }
    let named: u64 = book.news(0, TIMES).iter().map(|(_, tally)| tally.events).sum();
    assert_eq!((named, named + book.others.total()), (500, came));
    let message = compose("garden", &book, 0, TIMES);
    check_message(&message);
    assert!(message.text.contains("10240 events"), "{}", message.text);
    book.told(0, TIMES);
    assert_eq!(book.due_in_ms(0, TIMES), None);
}

#[test]
fn a_clock_that_was_set_back_silences_nobody_for_long() {
    let mut book = Book::default();
    let rows = [about("docs", "STALLED")];
    let gathered = Gathered::of(&events(&rows));
    book.count(&gathered.kinds);
    book.told(10_000_000, TIMES);
    book.settle(0, TIMES);
    book.count(&gathered.kinds);
    assert_eq!(book.due_in_ms(0, TIMES), Some(TIMES.repeat_ms));
    assert_eq!(book.due_in_ms(TIMES.repeat_ms, TIMES), Some(0));
}
