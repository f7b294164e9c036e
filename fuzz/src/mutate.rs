//! New inputs out of kept ones, as a seed decides. It knows nothing of what the bytes mean, but
//! that they are text with numbers, quotes and lines more often than not.

use fastrand::Rng;

use crate::corpus::Kept;

/// No input grows beyond this, in bytes: what is long is slow and finds nothing more.
const MOST: usize = 8 << 10;

/// Numbers at the ends of ranges, and text that means something to one reader or another.
const TOKENS: [&str; 32] = [
    "0",
    "-1",
    "1e999",
    "9223372036854775807",
    "18446744073709551615",
    "0.1",
    "null",
    "true",
    "\"\"",
    "{}",
    "[]",
    "[[[[",
    "\n",
    "\r\n",
    "\u{feff}",
    "\u{2028}",
    "é",
    "\\ud800",
    "\\u0000",
    "\\",
    "\"",
    "\"crc32\":\"00000000\",",
    "\"op\":\"CHECKPOINT\",\"leases\":[",
    "\"seq\":",
    "\"lane\":",
    "{\"",
    "\"}\n",
    ",",
    "#",
    "'''",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
];

/// An input that is near to a kept one.
pub(crate) fn mutation(corpus: &[Kept], random: &mut Rng) -> Vec<u8> {
    let pick = |random: &mut Rng| random.choice(corpus).map_or(&[][..], |kept| &kept.bytes);
    let mut bytes = pick(random).to_vec();
    for _ in 0..random.usize(1..=4) {
        let other = pick(random);
        step(&mut bytes, other, random);
        bytes.truncate(MOST);
    }
    bytes
}

fn step(bytes: &mut Vec<u8>, other: &[u8], random: &mut Rng) {
    let at = random.usize(..=bytes.len());
    match random.u8(..10) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.u8(..8);
            }
        }
        1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.u8(..);
            }
        }
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(range(bytes.len(), random))),
        4 => put(bytes, at, random.choice(TOKENS).unwrap_or_default().as_bytes()),
        5 => number(bytes, random),
        6 => {
            let piece = bytes[range(bytes.len(), random)].to_vec();
            put(bytes, at, &piece);
        }
        7 => put(bytes, at, &other[range(other.len(), random)]),
        8 => {
            bytes.truncate(at);
            bytes.extend_from_slice(&other[random.usize(..=other.len())..]);
        }
        _ => line(bytes, random),
    }
}

fn range(length: usize, random: &mut Rng) -> std::ops::Range<usize> {
    let begin = random.usize(..=length);
    begin..random.usize(begin..=length.min(begin + 64))
}

fn put(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

/// Replaces a number by another one, or by one near to it.
fn number(bytes: &mut Vec<u8>, random: &mut Rng) {
    let digits = |at: usize| bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let begins = |at: &usize| *at == 0 || !bytes[at - 1].is_ascii_digit();
    let numbers = (0..bytes.len()).filter(begins).map(|at| at..at + digits(at));
    let Some(place) = random.choice(numbers.filter(|place| !place.is_empty()).collect::<Vec<_>>())
    else {
        return;
    };
    let was = str::from_utf8(&bytes[place.clone()]).ok().and_then(|was| was.parse::<u64>().ok());
    let number = match random.u8(..4) {
        0 => random.choice(TOKENS).unwrap_or_default().to_owned(),
        1 => random.u64(..).to_string(),
        2 => random.u16(..1000).to_string(),
        _ => was.unwrap_or_default().wrapping_add_signed(random.i64(-64..=64)).to_string(),
    };
    bytes.splice(place, number.into_bytes());
}

/// Moves, doubles or drops a line.
fn line(bytes: &mut Vec<u8>, random: &mut Rng) {
    let mut lines: Vec<Vec<u8>> =
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let picked = random.usize(..lines.len());
    let line = if random.bool() { lines.remove(picked) } else { lines[picked].clone() };
    if random.u8(..3) > 0 {
        lines.insert(random.usize(..=lines.len()), line);
    }
    *bytes = lines.concat();
}
