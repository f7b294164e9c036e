//! What an answer means for the event. Pure.

use crate::http::Answer;
use crate::sink::Delivery;

/// What became of the event that was answered so; `words` say it for people.
pub(super) fn judge(answer: &Answer, words: impl FnOnce() -> String) -> Delivery {
    match answer.status.as_u16() {
        200..300 => Delivery::Accepted,
        300..400 => Delivery::Refused {
            reason: format!(
                "the server answers {}: it redirects, and redirects are not followed; \
                 give this exporter the URL that it leads to",
                answer.status
            ),
        },
        410 => Delivery::Disabled { reason: words() },
        429 | 502 | 503 | 504 => Delivery::Throttled { delay: answer.retry_after, reason: words() },
        // The request came too late or too early, or it is the server's own trouble.
        408 | 425 | 500.. => Delivery::Retry { reason: words() },
        _ => Delivery::Refused { reason: words() },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::StatusCode;

    use super::*;

    #[test]
    fn every_status_has_its_class() {
        let delay = Some(Duration::from_secs(7));
        for status in 100..1000 {
            let code = StatusCode::from_u16(status).unwrap();
            let answer = Answer { status: code, retry_after: delay, body: Vec::new() };
            let reason = "words".to_owned();
            let expected = match status {
                200..=299 => Delivery::Accepted,
                300..=399 => {
                    let Delivery::Refused { reason } = judge(&answer, || reason) else { panic!() };
                    assert!(reason.contains("redirect") && reason.contains("URL"), "{reason}");
                    continue;
                }
                410 => Delivery::Disabled { reason },
                429 | 502 | 503 | 504 => Delivery::Throttled { delay, reason },
                408 | 425 | 500..=999 => Delivery::Retry { reason },
                _ => Delivery::Refused { reason },
            };
            assert_eq!(judge(&answer, || "words".to_owned()), expected, "{status}");
        }
    }
}
