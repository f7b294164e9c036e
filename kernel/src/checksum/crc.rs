//! CRC-32 as zlib, gzip and PNG have it. Any program can compute it: in Python it is
//! `zlib.crc32`.
//!
//! It is sure to notice one flipped bit, two, and any number of them within 32 bits of each
//! other; of other damage it misses one in four thousand million.

use crc32fast::Hasher;

/// A sum under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Crc(u32);

impl Crc {
    /// The sum of nothing.
    pub(crate) fn new() -> Self {
        Self(0)
    }

    /// The sum of these bytes too.
    #[must_use]
    pub(crate) fn over(self, bytes: &[u8]) -> Self {
        let mut sum = Hasher::new_with_initial(self.0);
        sum.update(bytes);
        Self(sum.finalize())
    }

    /// The sum as it is written.
    pub(crate) fn digits(self) -> [u8; 8] {
        let sum = self.0;
        core::array::from_fn(|place| {
            let digit = (sum >> (28 - 4 * place)) & 0xf;
            b"0123456789abcdef"[digit as usize]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Crc;

    #[test]
    fn the_sum_is_that_of_zlib() {
        assert_eq!(&Crc::new().digits(), b"00000000");
        // The check value that the catalogues of checksums have for CRC-32/ISO-HDLC.
        assert_eq!(&Crc::new().over(b"1234").over(b"56789").digits(), b"cbf43926");
    }
}
