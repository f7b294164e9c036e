//! The header `Retry-After` (RFC 9110, 10.2.3): seconds, or a date. Pure.

use std::time::{Duration, SystemTime};

/// How long the server wants to be left alone, as seen at `now_ms` (epoch ms). A date that
/// is over means at once; what is neither a number nor a date says nothing.
pub(super) fn delay(text: &str, now_ms: i64) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let since_epoch = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let now = Duration::from_millis(u64::try_from(now_ms).unwrap_or(0));
    Some(since_epoch.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        // Sun, 22 Nov 2026 19:31:25 GMT
        let now_ms = 1_795_375_885_000;
        let at = |text| delay(text, now_ms);
        assert_eq!(at(" 120 "), Some(Duration::from_mins(2)));
        assert_eq!(at("Sun, 22 Nov 2026 19:31:55 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(at("Sun, 22 Nov 2026 19:31:00 GMT"), Some(Duration::ZERO));
        for odd in ["", "-1", "1.5", "soon", "99999999999999999999999"] {
            assert_eq!(at(odd), None, "{odd}");
        }
    }
}
