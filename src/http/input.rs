//! What a request brings, read within limits.

use super::error::{ApiError, Kind};
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{BytesMut, Data};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize as _, Deserializer};
use serde_json::Number;
use std::time::Duration;

/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The longest body, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimit(pub(super) usize);

/// The body of a request: JSON, whole, in time, not too long.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limit = request.app_data::<Data<BodyLimit>>().map_or(0, |limit| limit.0);
        let is_json = is_json(request);
        let payload = payload.take();
        Box::pin(async move {
            // A form of another site cannot send this type without being asked about it first.
            if !is_json {
                return Err(ApiError::new(
                    Kind::UnsupportedMediaType,
                    "the body must be JSON",
                    "send `Content-Type: application/json`",
                ));
            }
            let read = tokio::time::timeout(BODY_WITHIN, read(payload, limit)).await;
            let bytes = read.unwrap_or_else(|_| {
                Err(ApiError::new(
                    Kind::Timeout,
                    "the body did not arrive in time",
                    "send it faster",
                ))
            })?;
            serde_json::from_slice(&bytes).map(Self).map_err(|cause| {
                ApiError::new(
                    Kind::InvalidRequest,
                    format!("not a request: {cause}"),
                    "see /openapi.json",
                )
            })
        })
    }
}

async fn read(mut payload: Payload, limit: usize) -> Result<BytesMut, ApiError> {
    let mut bytes = BytesMut::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|cause| {
            ApiError::new(
                Kind::InvalidRequest,
                format!("the body broke off: {cause}"),
                "send it whole",
            )
        })?;
        if bytes.len() + piece.len() > limit {
            return Err(ApiError::new(
                Kind::TooLarge,
                format!("the body is longer than {limit} bytes"),
                "send less, or raise `max_body` under `[dosd.http]`",
            ));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

fn is_json(request: &HttpRequest) -> bool {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json")
    })
}

/// A whole number from 0 on. JSON does not tell 7 from 7.0, and neither does a JSON Schema.
pub(super) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let number = Number::deserialize(from)?;
    if let Some(whole) = number.as_u64() {
        return Ok(whole);
    }
    // Up to here every whole number is exact.
    let float = number
        .as_f64()
        .filter(|it| it.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(it));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and in range"
    )]
    float
        .map(|it| it as u64)
        .ok_or_else(|| D::Error::custom(format!("`{number}` is not a whole number from 0 on")))
}
