//! Durations and sizes as people write them: a whole number and a unit. It never guesses a unit.

use std::time::Duration;

/// Units of time and their milliseconds.
const TIME_UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Units of size and their bytes: powers of 1000, and of 1024 with an `i`.
const SIZE_UNITS: [(&str, u64); 7] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// A hundred years: longer than anything that is meant, and far from overflow in every unit.
const LONGEST_MS: u64 = 36_525 * 86_400_000;

/// Reads a duration: `500ms`, `30s`, `15m`, `1h`, `7d`.
///
/// # Errors
///
/// What is wrong with the text, for a person.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let millis = parse(text, &TIME_UNITS)?;
    if millis > LONGEST_MS {
        return Err(format!("`{text}` is longer than 100 years"));
    }
    Ok(Duration::from_millis(millis))
}

/// Reads a size in bytes: `512B`, `10MB`, `64KiB`.
///
/// # Errors
///
/// What is wrong with the text, for a person.
pub fn parse_size(text: &str) -> Result<u64, String> {
    parse(text, &SIZE_UNITS)
}

/// Writes a duration in the largest unit that divides it, so that it reads back as itself.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    let whole = TIME_UNITS.iter().rev().find(|(_, factor)| millis.is_multiple_of(*factor));
    whole.map_or_else(
        || format!("{millis}ms"),
        |(unit, factor)| format!("{}{unit}", millis / factor),
    )
}

fn parse(text: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let known = || units.iter().map(|(unit, _)| format!("`{unit}`")).collect::<Vec<_>>().join(", ");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(format!("`{text}` does not begin with a whole number"));
    }
    if unit.is_empty() {
        return Err(format!("`{text}` has no unit; the units are {}", known()));
    }
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("`{unit}` in `{text}` is no unit; the units are {}", known()));
    };
    let number: u64 = number.parse().map_err(|_| format!("`{text}` is too large"))?;
    number.checked_mul(*factor).ok_or_else(|| format!("`{text}` is too large"))
}
