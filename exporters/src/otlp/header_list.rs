//! Lists of keys and values as variables hold them: `key=value,key2=value2`, values
//! percent-encoded. Pure; it never repeats a value in an error.

/// The pairs in such a list.
///
/// # Errors
/// What is wrong, in words that name the key at most.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(pair).collect()
}

fn pair(entry: &str) -> Result<(String, String), String> {
    let Some((key, value)) = entry.split_once('=') else {
        return Err("an entry has no `=`".to_owned());
    };
    let key = key.trim();
    if key.is_empty() {
        return Err("an entry has no name before its `=`".to_owned());
    }
    let wrong = || format!("the value of `{}` is not percent-encoded UTF-8", key.escape_debug());
    Ok((key.to_owned(), decoded(value.trim()).ok_or_else(wrong)?))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            digit(rest.next()?)? * 16 + digit(rest.next()?)?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn values_are_decoded_and_may_hold_an_equals_sign() {
        let list = pairs(" api-key = a%20b%2Cc+d== ,, x-tenant=%C3%A9,empty=").unwrap();
        let expected = [("api-key", "a b,c+d=="), ("x-tenant", "é"), ("empty", "")];
        assert_eq!(list, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(pairs(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        for (list, says) in [
            ("s3cret", "no `=`"),
            ("=s3cret", "no name"),
            ("k=s3cret%2", "the value of `k`"),
            ("k=s3cret%zz", "the value of `k`"),
            ("k=s3cret%ff", "the value of `k`"),
        ] {
            let error = pairs(list).unwrap_err();
            assert!(error.contains(says) && !error.contains("s3cret"), "{error}");
        }
    }
}
