//! CRC-32 as zlib, gzip and PNG have it (reflected, polynomial 0xEDB88320). Any program can
//! compute it: in Python it is `zlib.crc32`.
//!
//! It is sure to notice one flipped bit, two, and any number of them within 32 bits of each
//! other; of other damage it misses one in four thousand million.

/// How many bytes are taken at a step.
const STEP: usize = 8;

/// What a byte does to the sum, for each of the last eight places.
const TABLES: [[u32; 256]; STEP] = tables();

/// A sum under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crc(u32);

impl Crc {
    /// The sum of nothing.
    pub(crate) fn new() -> Self {
        Self(u32::MAX)
    }

    /// The sum of these bytes too.
    #[must_use]
    pub(crate) fn over(self, bytes: &[u8]) -> Self {
        let mut sum = self.0;
        let mut steps = bytes.chunks_exact(STEP);
        for step in &mut steps {
            let mut next = 0;
            for (place, byte) in step.iter().enumerate() {
                let mixed = if place < 4 { byte ^ sum.to_le_bytes()[place] } else { *byte };
                next ^= TABLES[STEP - 1 - place][usize::from(mixed)];
            }
            sum = next;
        }
        for byte in steps.remainder() {
            let [low, ..] = sum.to_le_bytes();
            sum = (sum >> 8) ^ TABLES[0][usize::from(byte ^ low)];
        }
        Self(sum)
    }

    /// The sum as it is written.
    pub(crate) fn digits(self) -> [u8; 8] {
        let sum = !self.0;
        core::array::from_fn(|place| {
            let digit = (sum >> (28 - 4 * place)) & 0xf;
            b"0123456789abcdef"[digit as usize]
        })
    }
}

const fn tables() -> [[u32; 256]; STEP] {
    let mut tables = [[0; 256]; STEP];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 };
            bit += 1;
        }
        tables[0][byte] = sum;
        byte += 1;
    }
    let mut place = 1;
    while place < STEP {
        byte = 0;
        while byte < 256 {
            let before = tables[place - 1][byte];
            tables[place][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        place += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::Crc;
    use alloc::string::String;
    use alloc::vec::Vec;

    fn digits(bytes: &[u8]) -> String {
        String::from_utf8(Crc::new().over(bytes).digits().to_vec()).unwrap()
    }

    #[test]
    fn it_is_the_published_sum() {
        // The check value of the algorithm, and what `zlib.crc32` says.
        assert_eq!(digits(b"123456789"), "cbf43926");
        assert_eq!(digits(b""), "00000000");
        assert_eq!(digits(b"a"), "e8b7be43");
        assert_eq!(digits(b"The quick brown fox jumps over the lazy dog"), "414fa339");
    }

    #[test]
    fn it_does_not_depend_on_how_the_bytes_come() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(1000).collect();
        for cut in 0..bytes.len() {
            let (first, rest) = bytes.split_at(cut);
            assert_eq!(Crc::new().over(first).over(rest), Crc::new().over(&bytes), "cut at {cut}");
        }
    }
}
