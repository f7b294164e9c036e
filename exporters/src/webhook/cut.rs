//! How a row is cut that is too long for a body. Pure; it never cuts JSON in the middle.
//!
//! 1. The largest entries of `detail` go, as many as needed.
//! 2. If that is not enough, the texts that every row has (`subject` and so on) are
//!    shortened to [`TEXT_CHARS`] characters.
//! 3. If that is not enough either, the largest other keys go.
//!
//! What went is counted in `cut`, an object with the numbers `detail` (entries), `texts`
//! and `keys`. The whole row is in the journal, under the event's id.

use serde::Serialize;

use super::body::{Data, raw};

/// What is left of a text that is shortened.
const TEXT_CHARS: usize = 256;

/// What `cut` itself takes.
const COUNTS_BYTES: usize = 100;

/// The texts of a row.
const TEXTS: [&str; 7] = ["lane", "run_id", "source", "subject", "syscall", "ts", "verdict"];

/// What was put into the data beside the row.
const OURS: [&str; 2] = ["event_id", "text"];

/// What went.
#[derive(Debug, Default, Serialize)]
struct Cut {
    detail: usize,
    keys: usize,
    texts: usize,
}

/// Makes the data at least so many bytes shorter, or as short as they can be: what is left
/// in the end is [`TEXTS`] and [`OURS`], which are bounded.
pub(super) fn cut(data: &mut Data, too_long_by: usize) {
    let mut cut = Cut::default();
    let mut left = too_long_by.saturating_add(COUNTS_BYTES);
    left = left.saturating_sub(cut_detail(data, left, &mut cut));
    if left > 0 {
        left = left.saturating_sub(shorten_texts(data, &mut cut));
    }
    if left > 0 {
        let stays = |key: &str, value: &str| {
            OURS.contains(&key) || TEXTS.contains(&key) && value.starts_with('"')
        };
        cut.keys = drop_largest(data, left, stays);
    }
    data.insert("cut".to_owned(), raw(&cut));
}

/// Gives the bytes that were freed.
fn cut_detail(data: &mut Data, too_long_by: usize, cut: &mut Cut) -> usize {
    let Some(detail) = data.get_mut("detail") else { return 0 };
    // What is no object is a key like others.
    let Ok(mut entries) = serde_json::from_str::<Data>(detail.get()) else { return 0 };
    let before = detail.get().len();
    cut.detail = drop_largest(&mut entries, too_long_by, |_, _| false);
    *detail = raw(&entries);
    before.saturating_sub(detail.get().len())
}

/// Gives the bytes that were freed.
fn shorten_texts(data: &mut Data, cut: &mut Cut) -> usize {
    let mut freed = 0;
    for key in TEXTS {
        let Some(value) = data.get_mut(key) else { continue };
        let Ok(text) = serde_json::from_str::<String>(value.get()) else { continue };
        let Some((end, _)) = text.char_indices().nth(TEXT_CHARS) else { continue };
        let shorter = raw(&format!("{}…", text.get(..end).unwrap_or_default()));
        freed += value.get().len().saturating_sub(shorter.get().len());
        cut.texts += 1;
        *value = shorter;
    }
    freed
}

/// Takes out the largest entries until so many bytes are freed, or only those are left
/// that stay. Says how many went.
fn drop_largest(
    entries: &mut Data,
    too_long_by: usize,
    stays: impl Fn(&str, &str) -> bool,
) -> usize {
    let size = |key: &String, value: &str| raw(key).get().len() + value.len() + ":,".len();
    let mut sizes: Vec<(usize, String)> = entries
        .iter()
        .filter(|(key, value)| !stays(key, value.get()))
        .map(|(key, value)| (size(key, value.get()), key.clone()))
        .collect();
    // Of two that are as large the one that comes first: the same row is always cut alike.
    sizes.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.cmp(other)));
    let (mut freed, mut count) = (0, 0);
    for (size, key) in sizes {
        if freed >= too_long_by {
            break;
        }
        entries.remove(&key);
        freed += size;
        count += 1;
    }
    count
}
