//! Ages for people.

/// An age in its largest whole unit: 45s, 18m, 2h, 3d; a dash when nobody knows it.
pub(super) fn age(seconds: Option<i64>) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(seconds @ ..60) => format!("{seconds}s"),
        Some(seconds @ ..3600) => format!("{}m", seconds / 60),
        Some(seconds @ ..86_400) => format!("{}h", seconds / 3600),
        Some(seconds) => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn each_unit_begins_where_the_smaller_one_ends() {
        for (seconds, shown) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3599, "59m"),
            (3600, "1h"),
            (86_399, "23h"),
            (86_400, "1d"),
        ] {
            assert_eq!(age(Some(seconds)), shown);
        }
        assert_eq!(age(None), "-");
    }
}
