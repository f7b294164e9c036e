//! Signatures of Standard Webhooks, version 1. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_PAD_INDIFFERENT};
use dosd_network::Secret;
use ring::hmac;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// How many bytes a key may have.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Signs messages with every secret that is in use.
pub(super) struct Signer {
    keys: Vec<hmac::Key>,
}

impl Signer {
    /// A signer for these secrets.
    ///
    /// # Errors
    /// Which of them is no secret and why, in words that do not quote it.
    pub(super) fn new(secrets: &[Secret]) -> Result<Self, String> {
        let key = |(index, secret)| key(secret).map_err(|why| explain(index, &why));
        Ok(Self { keys: secrets.iter().enumerate().map(key).collect::<Result<_, _>>()? })
    }

    /// The value of `webhook-signature`; none without secrets.
    pub(super) fn signature(&self, id: &str, timestamp_s: i64, body: &[u8]) -> Option<String> {
        let head = format!("{id}.{timestamp_s}.");
        let sign = |key: &hmac::Key| {
            let mut signed = hmac::Context::with_key(key);
            signed.update(head.as_bytes());
            signed.update(body);
            format!("v1,{}", STANDARD.encode(signed.sign()))
        };
        let signatures: Vec<String> = self.keys.iter().map(sign).collect();
        (!signatures.is_empty()).then(|| signatures.join(" "))
    }
}

fn key(secret: &Secret) -> Result<hmac::Key, String> {
    let Some(encoded) = secret.expose().strip_prefix(PREFIX) else {
        return Err(format!("does not begin with `{PREFIX}`"));
    };
    // What the decoder says would quote a symbol.
    let bytes = STANDARD_PAD_INDIFFERENT
        .decode(encoded)
        .map_err(|_| format!("has no base64 behind `{PREFIX}`"))?;
    if !KEY_BYTES.contains(&bytes.len()) {
        let (least, most) = (KEY_BYTES.start(), KEY_BYTES.end());
        return Err(format!("holds {} bytes, expected {least} to {most}", bytes.len()));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

fn explain(index: usize, why: &str) -> String {
    format!(
        "webhook secret number {} {why}. help: the receiver shows it as `{PREFIX}…`; \
         copy all of it",
        index + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secrets: &[&str]) -> Result<Signer, String> {
        Signer::new(&secrets.iter().map(|text| Secret::new(*text)).collect::<Vec<_>>())
    }

    /// From the specification's own example.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn signs_the_published_example() {
        let signed = signer(&[SECRET]).unwrap().signature(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.as_deref(), Some(SIGNATURE));
    }

    #[test]
    fn several_secrets_sign_in_their_order_and_none_not_at_all() {
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let sign = |secrets: &[&str]| signer(secrets).unwrap().signature("a", 1, b"{}");
        let (first, second) = (sign(&[SECRET]).unwrap(), sign(&[other]).unwrap());
        assert_eq!(sign(&[SECRET, other]), Some(format!("{first} {second}")));
        assert_eq!(sign(&[]), None);
    }

    #[test]
    fn padding_may_be_left_out() {
        let (padded, bare) = (format!("whsec_{}==", "A".repeat(34)), "A".repeat(34));
        let sign = |secret: &str| signer(&[secret]).unwrap().signature("a", 1, b"{}");
        assert_eq!(sign(&padded), sign(&format!("whsec_{bare}")));
    }

    #[test]
    fn a_bad_secret_is_told_apart_and_never_quoted() {
        let bytes = |count| format!("whsec_{}", STANDARD.encode(vec![7_u8; count]));
        for (secret, why) in [
            ("hunter2".to_owned(), "does not begin with `whsec_`"),
            ("whsec_hunter?hunter?hunter?hunter?hun".to_owned(), "no base64"),
            (bytes(23), "holds 23 bytes, expected 24 to 64"),
            (bytes(65), "holds 65 bytes"),
            ("whsec_".to_owned(), "holds 0 bytes"),
        ] {
            let told = signer(&[SECRET, &secret]).err().unwrap();
            assert!(told.contains(why) && told.contains("secret number 2"), "{told}");
            let inside = secret.trim_start_matches("whsec_");
            assert!(inside.is_empty() || !told.contains(inside), "{told}");
        }
        for count in [24, 64] {
            assert!(signer(&[&bytes(count)]).is_ok());
        }
    }
}
