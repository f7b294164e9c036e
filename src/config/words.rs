//! Words for people: which known word was meant, and how to list them. It knows no key of the file.

/// The help line for a word that is not among `known`: the nearest one, or all of them.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("use {}", one_of(known)),
    }
}

/// The nearest known word, when it is near enough to be meant.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    let near = |known: &&str| strsim::damerau_levenshtein(&word, &plain(known));
    let best = known.iter().copied().min_by_key(near)?;
    (near(&best) <= 1 + best.chars().count() / 4).then_some(best)
}

/// `a`, `b` or `c`, each in backticks.
pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}
