//! `Math.random` as a function of the evaluation: the same script with the same input at the same
//! time draws the same numbers.

/// A splitmix64 sequence. Not for secrets; scripts have no need of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Random(u64);

impl Random {
    /// Starts the sequence from what is evaluated.
    pub(crate) fn seeded(source: &str, input: &[u8], now_ms: i64) -> Self {
        let seed = mix_all(0, source.as_bytes());
        let seed = mix_all(seed, input);
        Self(mix(seed ^ now_ms.cast_unsigned()))
    }

    /// The next number, at least 0 and less than 1, and the rest of the sequence.
    pub(crate) fn draw(self) -> (f64, Self) {
        let next = Self(self.0.wrapping_add(0x9e37_79b9_7f4a_7c15));
        // A double holds 53 bits exactly.
        #[expect(clippy::cast_precision_loss, reason = "the number has 53 bits")]
        let number = (mix(next.0) >> 11) as f64 / (1_u64 << 53) as f64;
        (number, next)
    }
}

fn mix_all(seed: u64, bytes: &[u8]) -> u64 {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    bytes.chunks(8).fold(mix(seed ^ length), |hash, chunk| {
        let word = chunk.iter().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
        mix(hash ^ word)
    })
}

fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (word ^ (word >> 31)).wrapping_add(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(source: &str, input: &str, now_ms: i64) -> f64 {
        Random::seeded(source, input.as_bytes(), now_ms).draw().0
    }

    #[test]
    fn every_part_of_the_evaluation_moves_the_sequence() {
        let number = first("a", "{}", 1);
        assert!((0.0..1.0).contains(&number));
        assert_eq!(number.to_bits(), first("a", "{}", 1).to_bits());
        for other in [first("b", "{}", 1), first("a", "{ }", 1), first("a", "{}", 2)] {
            assert_ne!(number.to_bits(), other.to_bits());
        }
    }
}
