//! An answer of a daemon, and what it means when it is none.

use super::Why;
use dosd_network::place;
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<Duration>,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// What the interface says instead of an answer.
#[derive(Deserialize)]
struct Complaint {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    kind: String,
    message: String,
    #[serde(default)]
    help: String,
}

impl Answer {
    /// Whether it has this status.
    pub(super) fn is(&self, status: StatusCode) -> bool {
        self.status == status
    }

    /// What a body says, whatever its status.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Why> {
        serde_json::from_slice(&self.body)
            .map_err(|cause| Why::Strange { what: format!("{} and {cause}", self.status) })
    }

    /// What was asked for, or why it is not there.
    pub(super) fn accept<T: DeserializeOwned>(self, had_token: bool) -> Result<T, Why> {
        if self.status.is_success() { self.read() } else { Err(self.complaint(had_token)) }
    }

    /// What an answer that is none says.
    pub(super) fn complaint(self, had_token: bool) -> Why {
        let status = self.status;
        let reason = serde_json::from_slice::<Complaint>(&self.body).ok().map(|it| it.error);
        let what = || format!("it says {status}");
        if status.is_redirection() {
            let to = self.location.as_deref().and_then(|to| to.parse().ok());
            return Why::Redirected {
                to: to.map_or_else(|| "another path".to_owned(), |to| place(&to)),
            };
        }
        match (status, reason) {
            (StatusCode::UNAUTHORIZED, _) => Why::Unauthorized { had_token },
            (StatusCode::FORBIDDEN, reason) => {
                let (message, help) =
                    reason.map_or_else(|| (what(), String::new()), |it| (it.message, it.help));
                Why::Forbidden { message, help }
            }
            (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, None) => {
                Why::Busy { message: what(), retry_after: self.retry_after }
            }
            (_, Some(Reason { kind, message, .. })) if kind == "busy" => {
                Why::Busy { message, retry_after: self.retry_after }
            }
            (_, Some(Reason { kind, message, help })) => {
                Why::Refused { status: status.as_u16(), kind, message, help }
            }
            (_, None) => Why::Strange { what: what() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Why};
    use reqwest::StatusCode;
    use serde_json::Value;

    fn why(status: u16, body: &str) -> Why {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: None,
            location: Some("https://else.example/x?token=word".to_owned()),
            body: body.as_bytes().to_vec(),
        };
        answer.accept::<Value>(false).unwrap_err()
    }

    #[test]
    fn an_answer_that_is_none_says_what_it_is() {
        let error = r#"{"error":{"kind":"busy","message":"m","help":"h"}}"#;
        assert!(matches!(why(503, error), Why::Busy { message, .. } if message == "m"));
        assert!(matches!(why(503, "<html>"), Why::Busy { .. }));
        assert_eq!(why(401, ""), Why::Unauthorized { had_token: false });
        assert!(
            matches!(why(403, &error.replace("busy", "forbidden")), Why::Forbidden { help, .. } if help == "h")
        );
        let refused = why(409, &error.replace("busy", "stale_fence"));
        assert!(matches!(refused, Why::Refused { status: 409, kind, .. } if kind == "stale_fence"));
        assert!(matches!(why(500, "oops"), Why::Strange { .. }));
        assert!(matches!(why(404, "<html>"), Why::Strange { .. }));
        assert!(matches!(why(200, "<html>"), Why::Strange { .. }));
        assert_eq!(why(302, ""), Why::Redirected { to: "https://else.example/x?…".to_owned() });
    }
}
