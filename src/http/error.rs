//! What is answered when a request is not carried out.

use crate::control::{ErrorKind, Refusal};
use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use dosd_actors::journal::JournalError;
use dosd_actors::reach::Unreachable;
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// A request that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct ApiError {
    /// Why.
    pub(super) error: Trouble,
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Trouble {
    /// What kind of reason: stable, for programs.
    pub(super) kind: Kind,
    /// The reason, for people.
    pub(super) message: String,
    /// What to do about it.
    pub(super) help: String,
}

/// The kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    InvalidRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Timeout,
    StaleFence,
    TooLarge,
    UnsupportedMediaType,
    Busy,
    Failed,
}

impl Kind {
    fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::StaleFence => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl ApiError {
    pub(super) fn new(kind: Kind, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { error: Trouble { kind, message: message.into(), help: help.into() } }
    }

    /// One of our messages: what, and after `help:` what to do.
    fn told(kind: Kind, text: &str) -> Self {
        let (message, help) = text.split_once("\n  help: ").unwrap_or((text, ""));
        Self::new(kind, message, help)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.error.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.error.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self.error.kind {
            Kind::Busy => response.insert_header((RETRY_AFTER, "1")),
            Kind::Unauthorized => response.insert_header((WWW_AUTHENTICATE, "Bearer")),
            // What is left of the body would be taken for the next request.
            Kind::TooLarge | Kind::Timeout => response.force_close(),
            Kind::InvalidRequest
            | Kind::Forbidden
            | Kind::NotFound
            | Kind::MethodNotAllowed
            | Kind::StaleFence
            | Kind::UnsupportedMediaType
            | Kind::Failed => &mut response,
        };
        response.json(self)
    }
}

impl From<Unreachable> for ApiError {
    fn from(gone: Unreachable) -> Self {
        Self::new(Kind::Busy, gone.to_string(), "it is being made again: try again")
    }
}

impl From<JournalError> for ApiError {
    fn from(failed: JournalError) -> Self {
        let kind = if failed.is_busy() { Kind::Busy } else { Kind::Failed };
        Self::told(kind, &failed.to_string())
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal.kind {
            ErrorKind::InvalidRequest => Kind::InvalidRequest,
            ErrorKind::UnknownLane | ErrorKind::UnknownExporter => Kind::NotFound,
            ErrorKind::Busy => Kind::Busy,
            ErrorKind::OtherJournal | ErrorKind::Failed => Kind::Failed,
        };
        Self::told(kind, &refusal.message)
    }
}
