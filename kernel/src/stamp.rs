//! Time stamps of the journals, as text and as epoch milliseconds.
//!
//! Owns both directions. Never reads a clock, and never guesses: a text that is
//! not a stamp is `None`.

use alloc::format;
use alloc::string::String;

const DAY_MS: i64 = 86_400_000;

/// Milliseconds of a journal stamp: `2026-11-22T19:31:25Z`, or with minutes only,
/// `2026-11-22T19:31Z`. Anything else, also a day that does not exist, is `None`.
///
/// This is on the path of every row that is folded: it looks at bytes and does
/// not allocate.
#[must_use]
pub fn parse_ms(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (clock_ms, zone) = clock(bytes.get(10..)?, b'T')?;
    (zone == b"Z").then_some(date_ms(bytes)?.saturating_add(clock_ms))
}

/// Milliseconds of any usual ISO 8601 date and time: a blank instead of the `T`,
/// a fraction of a second, an offset such as `+02:00`, no zone at all (UTC), or
/// only a date.
///
/// Lease bodies come from other programs, which write more kinds of stamps than
/// the rows' own `ts`.
#[must_use]
pub fn parse_iso_ms(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let day_ms = date_ms(bytes)?;
    let rest = bytes.get(10..)?;
    if rest.is_empty() {
        return Some(day_ms);
    }
    let (clock_ms, rest) = clock(rest, b'T').or_else(|| clock(rest, b' '))?;
    let (fraction_ms, zone) = fraction(rest)?;
    Some(day_ms + clock_ms + fraction_ms - offset_ms(zone)?)
}

/// The stamp of a moment: UTC, whole seconds, rounded down.
///
/// Moments outside of the years 0 to 9999 are moved to the nearest that a stamp
/// can hold.
#[must_use]
pub fn format_ms(ms: i64) -> String {
    // 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
    let ms = ms.clamp(-62_167_219_200_000, 253_402_300_799_000);
    let (year, month, day) = civil(ms.div_euclid(DAY_MS));
    let seconds = ms.rem_euclid(DAY_MS) / 1000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `HH:MM` or `HH:MM:SS` behind a separator, and what follows it.
fn clock(bytes: &[u8], separator: u8) -> Option<(i64, &[u8])> {
    let [first, h1, h0, b':', m1, m0, rest @ ..] = bytes else { return None };
    if *first != separator {
        return None;
    }
    let (hour, minute) = (two(*h1, *h0)?, two(*m1, *m0)?);
    let (second, rest) = match rest {
        [b':', s1, s0, rest @ ..] => (two(*s1, *s0)?, rest),
        _ => (0, rest),
    };
    (hour < 24 && minute < 60 && second < 60)
        .then_some((((hour * 60 + minute) * 60 + second) * 1000, rest))
}

/// `.5`, `.123456` and the like, cut to milliseconds, and what follows.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.' | b',', digits @ ..] = bytes else { return Some((0, bytes)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let ms = digits[..count]
        .iter()
        .chain(b"000")
        .take(3)
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    (count > 0).then_some((ms, &digits[count..]))
}

fn offset_ms(zone: &[u8]) -> Option<i64> {
    let (sign, rest) = match zone {
        [] | b"Z" | b"z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hour, minute) = match rest {
        [h1, h0] => (two(*h1, *h0)?, 0),
        [h1, h0, b':', m1, m0] | [h1, h0, m1, m0] => (two(*h1, *h0)?, two(*m1, *m0)?),
        _ => return None,
    };
    (hour < 24 && minute < 60).then_some(sign * (hour * 60 + minute) * 60_000)
}

/// Midnight of the `YYYY-MM-DD` that the bytes begin with.
fn date_ms(bytes: &[u8]) -> Option<i64> {
    let [y3, y2, y1, y0, b'-', m1, m0, b'-', d1, d0, ..] = bytes else { return None };
    let year = two(*y3, *y2)? * 100 + two(*y1, *y0)?;
    let (month, day) = (two(*m1, *m0)?, two(*d1, *d0)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (year > 0 && (1..=last).contains(&day)).then(|| days(year, month, day) * DAY_MS)
}

fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

/// Days since 1970-01-01 of a civil date. Counting years from March puts the
/// leap day at a year's end, where it needs no special case.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The civil date of a day since 1970-01-01; the inverse of [`days`].
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{format_ms, parse_iso_ms, parse_ms};

    #[test]
    fn reads_seconds_and_minutes() {
        assert_eq!(parse_ms("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse_ms("2026-11-22T19:31:25Z"), Some(1_795_375_885_000));
        assert_eq!(parse_ms("2026-11-22T19:31Z"), Some(1_795_375_860_000));
        assert_eq!(parse_ms("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
    }

    #[test]
    fn refuses_what_is_not_a_stamp() {
        for text in [
            "",
            "garbage",
            "2026-11-22",
            "2026-11-22T19:31:25",
            "2026-11-22T19:31:25+00:00",
            "2026-11-22T19:31:25.5Z",
            "2026-11-22 19:31:25Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T19:60:00Z",
            "2026-11-22T19:31:60Z",
            "2025-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-11-00T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2026-11-22T19:31:25ZZ",
            "२०२६-11-22T19:31:25Z",
        ] {
            assert_eq!(parse_ms(text), None, "{text}");
        }
    }

    #[test]
    fn lease_bodies_may_use_other_iso_forms() {
        let second = 1_795_375_885_000;
        for (text, ms) in [
            ("2026-11-22T19:31:25Z", second),
            ("2026-11-22 19:31:25", second),
            ("2026-11-22T21:31:25+02:00", second),
            ("2026-11-22T14:01:25-0530", second),
            ("2026-11-22T19:31:25.1234567Z", second + 123),
            ("2026-11-22T19:31:25.5Z", second + 500),
            ("2026-11-22T19:31+00", second - 25_000),
            ("2026-11-22", second - 70_285_000),
        ] {
            assert_eq!(parse_iso_ms(text), Some(ms), "{text}");
        }
        for text in ["garbage", "2026-11-22T19", "2026-11-22T19:31:25.Z", "2026-11-22T19:31:25+2"] {
            assert_eq!(parse_iso_ms(text), None, "{text}");
        }
    }

    #[test]
    fn formats_whole_seconds_rounded_down() {
        assert_eq!(format_ms(1_795_375_885_999), "2026-11-22T19:31:25Z");
        assert_eq!(format_ms(-1), "1969-12-31T23:59:59Z");
        assert_eq!(format_ms(i64::MAX), "9999-12-31T23:59:59Z");
        assert_eq!(format_ms(i64::MIN), "0000-01-01T00:00:00Z");
    }

    #[test]
    fn formatting_and_reading_are_inverse_on_every_day_of_eight_centuries() {
        for day in -146_097..=146_097 {
            let ms = day * 86_400_000 + 43_199_000;
            assert_eq!(parse_ms(&format_ms(ms)), Some(ms));
        }
    }
}
