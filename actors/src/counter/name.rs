//! The file name of a scope, as every program on the workspace makes it. It touches no file.

/// So much of a scope is readable in its file's name.
const READABLE: usize = 48;

/// The name without its extension: what can be read of the scope, and a digest that
/// tells two scopes with the same readable part from each other.
#[must_use]
pub fn file_stem(scope: &str) -> String {
    let mut readable = String::new();
    for letter in scope.chars() {
        let plain = letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
        let replaced_before = readable.ends_with('\0');
        if plain {
            readable.push(letter);
        } else if !replaced_before {
            // Marks a gap, which counts as one dash however long it is.
            readable.push('\0');
        }
    }
    let readable = readable.replace('\0', "-");
    let readable: String = readable.trim_matches('-').chars().take(READABLE).collect();
    let readable = if readable.is_empty() { "scope" } else { &readable };
    format!("{readable}.{}", digest(scope))
}

/// FNV-1a of 64 bits, in base 36, 13 digits.
fn digest(scope: &str) -> String {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = scope.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    let mut rest = if hash == 0 { 1 } else { hash };
    let mut digits = String::new();
    while rest > 0 {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        digits.extend(char::from_digit(digit, 36));
        rest /= 36;
    }
    let digits: String = digits.chars().rev().collect();
    format!("{digits:0>13}")
}
