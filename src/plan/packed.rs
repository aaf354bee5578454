//! Bytes as short text: deflate, then base64. For what has to fit into a parameter of 4,096 bytes.

use std::io::Read as _;

use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};

/// What cannot be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// More comes out than is allowed.
    #[error("it is too large")]
    TooLarge,
    /// It is cut off, or something else.
    #[error("{0}")]
    Damaged(String),
}

/// Packs.
pub fn pack(bytes: &[u8]) -> String {
    let mut packed = Vec::new();
    // Reading from memory into memory does not fail.
    drop(DeflateEncoder::new(bytes, Compression::best()).read_to_end(&mut packed));
    base64_simd::STANDARD.encode_to_string(&packed)
}

/// Unpacks; no more than `largest` bytes come out, whatever was packed.
///
/// # Errors
/// It was not packed here, or is too large.
pub fn unpack(text: &[u8], largest: u64) -> Result<Vec<u8>, Bad> {
    let packed = base64_simd::STANDARD.decode_to_vec(text.trim_ascii());
    let packed = packed.map_err(|_| Bad::Damaged("it is not base64".to_owned()))?;
    let mut bytes = Vec::new();
    let read = DeflateDecoder::new(packed.as_slice()).take(largest + 1).read_to_end(&mut bytes);
    let read = read.map_err(|error| Bad::Damaged(error.to_string()))?;
    if read as u64 > largest { Err(Bad::TooLarge) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_but_never_more_than_allowed() {
        let bytes = vec![b'a'; 100_000];
        let text = pack(&bytes);
        assert!(text.len() < 500);
        assert_eq!(unpack(text.as_bytes(), 100_000), Ok(bytes));
        assert_eq!(unpack(text.as_bytes(), 99_999), Err(Bad::TooLarge));
        assert!(matches!(unpack(b"not base64!", 10), Err(Bad::Damaged(_))));
    }
}
