//! The random id of an uploaded payload: it names its file and says when it was given out.

use std::fmt;

use fermata_types::Timestamp;

/// Where hyphens stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// An id in the form of a UUID, lower case. What does not look like one is never an id, so it can
/// be a file's name as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PayloadId(String);

impl PayloadId {
    /// Reads an id; none for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match byte {
                b'-' => HYPHENS.contains(&at),
                b'0'..=b'9' | b'a'..=b'f' => !HYPHENS.contains(&at),
                _ => false,
            });
        is_id.then(|| Self(text.to_owned()))
    }

    /// When it was given out, to the millisecond.
    #[must_use]
    pub fn given_out(&self) -> Timestamp {
        let digits = self.0.chars().filter(|digit| *digit != '-').take(12);
        let ms = digits.fold(0i64, |ms, digit| (ms << 4) | digit.to_digit(16).map_or(0, i64::from));
        Timestamp::from_ms(ms)
    }
}

impl fmt::Display for PayloadId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_are_ids() {
        let good = "018bcfe5-6800-7abc-8def-0123456789ab";
        let id = PayloadId::parse(good).expect("an id");
        assert_eq!((id.to_string(), id.given_out().as_ms()), (good.to_owned(), 1_700_000_000_000));
        for bad in [
            "",
            ".",
            "..",
            "../../../../../../../etc/passwd00000",
            "018bcfe5-6800-7abc-8def-0123456789aB",
            "018bcfe5-6800-7abc-8def-0123456789a",
            "018bcfe5-6800-7abc-8def-0123456789ab0",
            "018bcfe5/6800/7abc/8def/0123456789ab",
            "018bcfe56800-7abc-8def-0123456789ab--",
            "018bcfe5-6800-7abc-8def-0123456789a\0",
        ] {
            assert_eq!(PayloadId::parse(bad), None, "{bad:?}");
        }
    }
}
