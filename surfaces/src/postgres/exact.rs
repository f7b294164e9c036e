//! Numbers of any size in JSON text. A JSON number is read as an integer of 64 bits or as a
//! double; two numbers that differ must not become the same one.

use std::borrow::Cow;

/// The text, in which every number that a double cannot hold exactly is a string.
pub(super) fn numbers(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut copied, mut at, mut in_string) = (0, 0, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'-' | b'0'..=b'9' if !in_string => {
                let is_part =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let rest = bytes.get(at..).unwrap_or_default();
                let end = at + rest.iter().take_while(|byte| is_part(byte)).count();
                if let Some(number) = text.get(at..end).filter(|number| !is_exact(number)) {
                    out.push_str(text.get(copied..at).unwrap_or_default());
                    out.extend(["\"", number, "\""]);
                    copied = end;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether the number that is read is the one that is written.
fn is_exact(number: &str) -> bool {
    if number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return true;
    }
    let Ok(read) = number.parse::<f64>() else { return true };
    read.is_finite() && decimal(number) == decimal(&format!("{read:e}"))
}

/// Its sign, its digits without zeros at either end, and the power of ten of the last one.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    let dropped = i64::try_from(all.len() - digits.len()).ok()?;
    let shift = i64::try_from(fraction.len()).ok()?;
    let exponent = exponent.parse::<i64>().ok()?.checked_sub(shift)?.checked_add(dropped)?;
    let digits = digits.trim_start_matches('0').to_owned();
    // Zero is zero.
    if digits.is_empty() { Some((false, digits, 0)) } else { Some((negative, digits, exponent)) }
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn only_numbers_that_would_lose_something_become_texts() {
        for same in [
            "{}",
            r#"{"a": 1, "b": -9223372036854775808, "c": 18446744073709551615, "d": [1.5e10, 0.0]}"#,
            "[0.1, 0.30000000000000004, 1e300, 1.10, 100, -0, 2.5E-3, 100000000000000000000]",
            r#"{"12345678901234567890.123": "a\"12345678901234567890.123"}"#,
            r#"["\\", 1]"#,
        ] {
            assert_eq!(numbers(same), same);
        }
        let text =
            r#"{"a":12345678901234567890.1,"b":[0.1000000000000000000001,1],"c":"\\","d":1e400}"#;
        let wanted = r#"{"a":"12345678901234567890.1","b":["0.1000000000000000000001",1],"c":"\\","d":"1e400"}"#;
        assert_eq!(numbers(text), wanted);
        assert_eq!(numbers("9007199254740993.0"), "\"9007199254740993.0\"");
        assert_eq!(numbers("18446744073709551617"), "\"18446744073709551617\"");
        assert_eq!(numbers("-123456789012345678901"), "\"-123456789012345678901\"");
    }
}
