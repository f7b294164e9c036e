//! Who may ask what. Decided before a body is read.

use super::error::{ApiError, Kind};
use super::settings::Access;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use dosd_network::Secret;
use std::net::IpAddr;
use subtle::ConstantTimeEq as _;

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    /// Nothing: it shows nothing about the fleet.
    Public,
    Read,
    Write,
}

/// Lets a request through, or answers why not.
pub(super) async fn check(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if let Some(access) = request.app_data::<Data<Access>>() {
        access.allow(request.method(), request.path(), request.headers())?;
    }
    next.call(request).await
}

impl Access {
    fn allow(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), ApiError> {
        let needed = needed(method, path);
        if self.token.is_none() {
            return loopback_host(headers);
        }
        if needed == Scope::Public {
            return Ok(());
        }
        let Some(given) = bearer(headers) else {
            return Err(ApiError::new(
                Kind::Unauthorized,
                "a token is needed",
                "send it as `Authorization: Bearer TOKEN`",
            ));
        };
        // Both are compared, whatever the first one says.
        let may_write = is_same(self.token.as_ref(), given);
        let may_read = is_same(self.read_token.as_ref(), given);
        match (needed, may_write, may_read) {
            (_, true, _) | (Scope::Public | Scope::Read, false, true) => Ok(()),
            (Scope::Write, false, true) => Err(ApiError::new(
                Kind::Forbidden,
                "this token may only read",
                "send the one of `token_env` or `token_file`",
            )),
            (_, false, false) => Err(ApiError::new(
                Kind::Unauthorized,
                "this token is not known",
                "look at `token_env` or `token_file` in the daemon's `[dosd.http]`",
            )),
        }
    }
}

fn needed(method: &Method, path: &str) -> Scope {
    let is_public = matches!(path, "/" | "/healthz" | "/readyz" | "/openapi.json");
    match *method {
        Method::GET | Method::HEAD if is_public => Scope::Public,
        Method::GET | Method::HEAD => Scope::Read,
        _ => Scope::Write,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// In a time that depends on the lengths alone.
fn is_same(known: Option<&Secret>, given: &str) -> bool {
    known.is_some_and(|known| known.expose().as_bytes().ct_eq(given.as_bytes()).into())
}

/// Without a token whoever reaches the address may ask. A page of another site, open in a browser of
/// this machine, reaches it too, under a name that it made to point here: so the name has to be ours.
fn loopback_host(headers: &HeaderMap) -> Result<(), ApiError> {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    let is_ours = host.is_none_or(|host| {
        let name = if let Some(rest) = host.strip_prefix('[') {
            rest.split(']').next().unwrap_or_default()
        } else {
            host.rsplit_once(':').map_or(host, |(name, _)| name)
        };
        name.eq_ignore_ascii_case("localhost")
            || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    });
    if is_ours {
        return Ok(());
    }
    Err(ApiError::new(
        Kind::Forbidden,
        "without a token only names of this machine are answered to",
        "use `localhost`, or configure a token under `[dosd.http]`",
    ))
}

#[cfg(test)]
mod tests {
    use super::{Access, Kind};
    use actix_web::http::Method;
    use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue};
    use dosd_network::Secret;

    fn ask(access: &Access, method: &Method, path: &str, header: Option<&str>) -> Option<Kind> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("fleet.example:7717"));
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        }
        access.allow(method, path, &headers).err().map(|refused| refused.error.kind)
    }

    #[test]
    fn a_token_does_what_its_scope_allows() {
        let access =
            Access { token: Some(Secret::new("write")), read_token: Some(Secret::new("read")) };
        let (get, post) = (Method::GET, Method::POST);
        for (method, path, header, refused) in [
            (&get, "/v1/fleet", None, Some(Kind::Unauthorized)),
            (&get, "/v1/fleet", Some("Bearer read"), None),
            (&get, "/metrics", Some("bearer  read"), None),
            (&get, "/v1/fleet", Some("Bearer write"), None),
            (&get, "/v1/fleet", Some("Bearer writ"), Some(Kind::Unauthorized)),
            (&get, "/v1/fleet", Some("Basic write"), Some(Kind::Unauthorized)),
            (&post, "/v1/claims", Some("Bearer read"), Some(Kind::Forbidden)),
            (&post, "/v1/claims", Some("Bearer write"), None),
            (&post, "/healthz", None, Some(Kind::Unauthorized)),
            (&get, "/healthz", None, None),
            (&get, "/v1/nothing", None, Some(Kind::Unauthorized)),
        ] {
            assert_eq!(ask(&access, method, path, header), refused, "{method} {path} {header:?}");
        }
    }

    #[test]
    fn without_a_token_only_names_of_this_machine_are_answered_to() {
        let access = Access::default();
        let of = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_str(host).unwrap());
            access.allow(&Method::POST, "/v1/claims", &headers).is_ok()
        };
        assert!(
            of("localhost:7717") && of("127.0.0.1:7717") && of("[::1]:7717") && of("LOCALHOST")
        );
        assert!(!of("evil.example:7717") && !of("127.0.0.1.evil.example") && !of(""));
    }
}
