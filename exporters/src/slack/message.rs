//! What waits in the book, as one message. Pure.
//!
//! Slack takes 50 blocks, 150 characters of header, 3,000 of a section, and, which is not
//! written anywhere, about 13,000 of all blocks together. Every length here is one of bytes,
//! which are never fewer.

use std::fmt::Write as _;

use dosd_kernel::stamp;
use dosd_kernel::verdict::Severity;
use serde_json::{Value, json};

use super::book::{Book, Times, Volumes, Waiting};
use super::escape::{code, unmentioned};
use super::gather::{DETAIL_BYTES, NAME_BYTES, SUBJECT_BYTES};

/// Kinds that get a section of their own, at most.
const SECTIONS: usize = 46;
/// All blocks together.
pub(super) const BLOCKS_BYTES: usize = 12_000;
/// Of that, for the line that counts what did not fit.
const REST_BYTES: usize = 300;
/// The list of what came of kinds that were told before.
const MEANWHILE_BYTES: usize = 2_000;
/// What notifications show.
const TEXT_BYTES: usize = 1_000;
/// The workspace's name in a header.
const WORKSPACE_BYTES: usize = 40;
/// Numbers beyond it are not told exactly.
const LARGEST: u64 = 9_999_999;

/// A message, before it is addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// For notifications, and for who does not read blocks.
    pub(super) text: String,
    pub(super) blocks: Vec<Value>,
    /// The numbers alone, for the case that Slack does not take the rest.
    pub(super) plain: String,
}

impl Message {
    pub(super) fn body(&self) -> Value {
        json!({"text": self.text, "blocks": self.blocks})
    }
}

/// The message that tells all that waits.
pub(super) fn compose(workspace: &str, book: &Book, now_ms: i64, times: Times) -> Message {
    let (news, meanwhile) = (book.news(now_ms, times), book.meanwhile(now_ms, times));
    let mut volumes = book.others;
    for (_, tally) in &news {
        volumes.add(tally.severity, tally.events);
    }
    let numbers = numbers(volumes);
    let header = header(workspace, volumes);

    let meanwhile = meanwhile_block(&meanwhile);
    let head =
        json!({"type": "header", "text": {"type": "plain_text", "text": header, "emoji": false}});
    let mut room = BLOCKS_BYTES - REST_BYTES;
    room = room.saturating_sub(size(&head) + meanwhile.as_ref().map_or(0, size));
    let mut blocks = vec![head];
    let mut told = 0;
    for kind in news.iter().take(SECTIONS) {
        let block = section(&section_text(kind));
        let Some(left) = room.checked_sub(size(&block)) else { break };
        room = left;
        blocks.push(block);
        told += 1;
    }
    blocks.extend(meanwhile);
    let untold = news.get(told..).unwrap_or_default();
    blocks.extend(rest(untold, book.others.total()).map(|text| section(&text)));

    let text = summary(&header, &news);
    let plain = format!("dosd: {numbers}; Slack did not take the details");
    Message { text, blocks, plain }
}

/// A section whose text holds nothing that is looked for mentions, names, or links.
pub(super) fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}})
}

/// A mark for each severity, as text, so that no name of an emoji is looked up.
pub(super) fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "🔴",
        Severity::Warn => "🟠",
        Severity::Info => "🔵",
    }
}

/// How much room a block takes.
fn size(block: &Value) -> usize {
    block.to_string().len() + 1
}

fn header(workspace: &str, volumes: Volumes) -> String {
    let loudest = match volumes {
        Volumes { error: 1.., .. } => Severity::Error,
        Volumes { warn: 1.., .. } => Severity::Warn,
        Volumes { .. } => Severity::Info,
    };
    let workspace = unmentioned(workspace, WORKSPACE_BYTES);
    let workspace = if workspace.is_empty() { "dosd" } else { &workspace };
    format!("{} {workspace}: {}", mark(loudest), numbers(volumes))
}

fn numbers(volumes: Volumes) -> String {
    let of = |severity: Severity, count: u64| {
        (count > 0).then(|| format!("{} {severity}", number(count)))
    };
    let Volumes { error, warn, info } = volumes;
    let parts = [(Severity::Error, error), (Severity::Warn, warn), (Severity::Info, info)];
    let parts = parts.into_iter().filter_map(|(severity, count)| of(severity, count));
    format!("{}, {}", events(volumes.total()), parts.collect::<Vec<_>>().join(", "))
}

fn number(count: u64) -> String {
    if count > LARGEST { format!("over {LARGEST}") } else { count.to_string() }
}

fn events(count: u64) -> String {
    format!("{} {}", number(count), if count == 1 { "event" } else { "events" })
}

fn kinds(count: usize) -> String {
    format!("{count} more {}", if count == 1 { "kind" } else { "kinds" })
}

/// Everything that somebody else wrote stands between backticks.
fn section_text((name, tally): &Waiting<'_>) -> String {
    let mut text = format!("{} {}", mark(tally.severity), title(name));
    if tally.events > 1 {
        let _ = write!(text, " × {}", number(tally.events));
    }
    let span = match (tally.first_ms, tally.last_ms) {
        (Some(first), Some(last)) if first != last => format!("{} – {}", date(first), date(last)),
        (_, Some(last)) => date(last),
        (_, None) => String::new(),
    };
    let subjects: Vec<String> =
        tally.subjects.iter().map(|subject| code(subject, SUBJECT_BYTES)).collect();
    let more = if tally.more_subjects { ", …" } else { "" };
    let about = if subjects.is_empty() {
        String::new()
    } else {
        format!("about {}{more}", subjects.join(", "))
    };
    let second = [span, about].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    if !second.is_empty() {
        let _ = write!(text, "\n{}", second.join(", "));
    }
    if !tally.detail.is_empty() {
        let _ = write!(text, "\n{}", code(&tally.detail, DETAIL_BYTES));
    }
    text
}

fn title(name: &super::gather::Fingerprint) -> String {
    let what = [name.syscall.as_str(), name.verdict.as_str()].join(" ");
    let what = code(&what, 2 * NAME_BYTES + 1);
    if name.lane.is_empty() { what } else { format!("*{}* {what}", code(&name.lane, NAME_BYTES)) }
}

/// A moment in the reader's own time zone; as a stamp when Slack could not show it.
fn date(ms: i64) -> String {
    let (stamp, seconds) = (stamp::format_ms(ms), ms.div_euclid(1000));
    // 1970 to 2100.
    if (0..4_102_444_800).contains(&seconds) {
        format!("<!date^{seconds}^{{date_short}} {{time_secs}}|{stamp}>")
    } else {
        stamp
    }
}

fn meanwhile_block(meanwhile: &[Waiting<'_>]) -> Option<Value> {
    if meanwhile.is_empty() {
        return None;
    }
    let mut text = "*Meanwhile, of what was told before*".to_owned();
    let mut told = 0;
    for (name, tally) in meanwhile {
        let line = format!("\n{} {} × {}", mark(tally.severity), title(name), number(tally.events));
        if text.len() + line.len() > MEANWHILE_BYTES {
            break;
        }
        text += &line;
        told += 1;
    }
    if let Some(rest) = rest(meanwhile.get(told..).unwrap_or_default(), 0) {
        let _ = write!(text, "\n{rest}");
    }
    Some(section(&text))
}

/// What did not fit, as numbers.
fn rest(untold: &[Waiting<'_>], others: u64) -> Option<String> {
    let untold_events =
        untold.iter().fold(0_u64, |sum, (_, tally)| sum.saturating_add(tally.events));
    let named =
        (!untold.is_empty()).then(|| format!("{}, {}", kinds(untold.len()), events(untold_events)));
    let others =
        (others > 0).then(|| format!("{} of kinds that are too many to name", events(others)));
    let parts: Vec<String> = named.into_iter().chain(others).collect();
    (!parts.is_empty()).then(|| format!("… and {}", parts.join(", and ")))
}

/// One line for notifications.
fn summary(header: &str, news: &[Waiting<'_>]) -> String {
    let mut text = header.to_owned();
    for (name, tally) in news {
        let name = format!("{} {} {}", name.lane, name.syscall, name.verdict);
        let part = format!("; {} × {}", unmentioned(&name, 3 * NAME_BYTES), number(tally.events));
        if text.len() + part.len() + "; …".len() > TEXT_BYTES {
            return text + "; …";
        }
        text += &part;
    }
    text
}
