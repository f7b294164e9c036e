//! The lane that a label means.

/// The lane in a label that older planners wrote: `apply cluster (AFR, ALO)` and
/// `a/b/apply` both mean `apply`.
#[must_use]
pub fn lane_name(label: &str) -> &str {
    let label = label.trim();
    let label = label.get(..cluster_at(label).unwrap_or(label.len())).unwrap_or(label);
    let label = label.split('(').next().unwrap_or_default();
    label.rsplit('/').next().unwrap_or_default().trim()
}

/// Where the word `cluster` stands, in any case.
fn cluster_at(label: &str) -> Option<usize> {
    const WORD: &str = "cluster";
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    label.char_indices().map(|(at, _)| at).find(|at| {
        let (before, rest) = label.split_at(*at);
        rest.get(..WORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(WORD))
            && !before.chars().next_back().is_some_and(is_word)
            && !rest.chars().nth(WORD.len()).is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::lane_name;

    #[test]
    fn decoration_falls_off() {
        for (label, lane) in [
            ("apply", "apply"),
            (" apply cluster (AFR, ALO) ", "apply"),
            ("apply CLUSTER", "apply"),
            ("apply (AFR)", "apply"),
            ("a/b/apply", "apply"),
            ("clusters", "clusters"),
            ("ücluster", "ücluster"),
            ("my-cluster-a", "my-"),
            ("cluster", ""),
            ("", ""),
        ] {
            assert_eq!(lane_name(label), lane, "{label}");
        }
    }
}
