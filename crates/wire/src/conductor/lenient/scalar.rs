//! Numbers, booleans and texts.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Unexpected, Visitor};

/// A 32-bit integer; null and `""` are 0.
///
/// # Errors
/// Not a number, not the text of a whole number, or outside 32 bits.
pub fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    Ok(opt_int(deserializer)?.unwrap_or(0))
}

/// A 32-bit integer; null and `""` are none.
///
/// # Errors
/// As [`int`].
pub fn opt_int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i32>, D::Error> {
    opt_long(deserializer)?
        .map(|wide| {
            i32::try_from(wide)
                .map_err(|_| D::Error::custom(format_args!("{wide} does not fit 32 bits")))
        })
        .transpose()
}

/// A 64-bit integer; null and `""` are 0.
///
/// # Errors
/// Not a number, not the text of a whole number, or outside 64 bits.
pub fn long<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(opt_long(deserializer)?.unwrap_or(0))
}

/// A 64-bit integer; null and `""` are none.
///
/// # Errors
/// As [`long`].
pub fn opt_long<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_any(NumberVisitor)
}

/// A boolean; null and `""` are false.
///
/// # Errors
/// Not a boolean, a whole number, or the text `true` or `false` in any case.
pub fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(opt_boolean(deserializer)?.unwrap_or(false))
}

/// A boolean; null and `""` are none.
///
/// # Errors
/// As [`boolean`].
pub fn opt_boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(BooleanVisitor)
}

/// A text; null is `""`.
///
/// # Errors
/// An object or a list.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(opt_text(deserializer)?.unwrap_or_default())
}

/// A text; null is none, `""` stays `""`.
///
/// # Errors
/// As [`text`].
pub fn opt_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(TextVisitor)
}

/// A boolean of a query string: `true`, `on`, `yes`, `1` and their opposites, in any case (the
/// Python SDK sends `True`). None for every other text.
#[must_use]
pub fn boolean_text(text: &str) -> Option<bool> {
    let is_any_of = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is_any_of(["true", "on", "yes", "1"]) {
        Some(true)
    } else if is_any_of(["false", "off", "no", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// Whether the reference server reads this text as null where it wants a number or boolean.
fn is_null_text(text: &str) -> bool {
    text.is_empty() || text == "null"
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<i64>, E> {
        Ok(Some(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<i64>, E> {
        i64::try_from(value)
            .map(Some)
            .map_err(|_| E::custom(format_args!("{value} does not fit 64 bits")))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<i64>, E> {
        // Two to the power of 63: the first value above the range.
        const END: f64 = 9_223_372_036_854_775_808.0;
        if (-END..END).contains(&value) {
            Ok(Some(value.trunc() as i64))
        } else {
            Err(E::custom(format_args!("{value} does not fit 64 bits")))
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Option<i64>, E> {
        let trimmed = value.trim();
        if is_null_text(trimmed) {
            return Ok(None);
        }
        trimmed.parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(value), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<i64>, E> {
        Ok(None)
    }
}

struct BooleanVisitor;

impl Visitor<'_> for BooleanVisitor {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<bool>, E> {
        Ok(Some(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<bool>, E> {
        Ok(Some(value != 0))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<bool>, E> {
        Ok(Some(value != 0))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Option<bool>, E> {
        let trimmed = value.trim();
        if is_null_text(trimmed) {
            Ok(None)
        } else if trimmed.eq_ignore_ascii_case("true") {
            Ok(Some(true))
        } else if trimmed.eq_ignore_ascii_case("false") {
            Ok(Some(false))
        } else {
            Err(E::invalid_value(Unexpected::Str(value), &self))
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Option<bool>, E> {
        Ok(None)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<String>, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<String>, E> {
        // As JSON writes it, so that 2.0 keeps its fraction.
        Ok(Some(serde_json::Value::from(value).to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Option<String>, E> {
        Ok(Some(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Option<String>, E> {
        Ok(Some(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<String>, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(
        json: &str,
        with: impl FnOnce(&mut serde_json::Deserializer<serde_json::de::StrRead<'_>>) -> Outcome<T>,
    ) -> Result<T, String> {
        with(&mut serde_json::Deserializer::from_str(json)).map_err(|error| error.to_string())
    }

    type Outcome<T> = Result<T, serde_json::Error>;

    #[test]
    fn integers_take_null_texts_and_fractions() {
        for (json, number) in [
            ("null", 0),
            ("\"\"", 0),
            ("\"null\"", 0),
            ("-7", -7),
            ("\" 12 \"", 12),
            ("2.9", 2),
            ("-2.9", -2),
            ("2147483647", i32::MAX),
        ] {
            assert_eq!(read(json, |d| int(d)), Ok(number), "{json}");
        }
        assert_eq!(read("null", |d| opt_int(d)), Ok(None));
        assert_eq!(read("\"1\"", |d| opt_int(d)), Ok(Some(1)));
    }

    #[test]
    fn integers_refuse_what_is_no_number_or_too_large() {
        for json in ["true", "\"x\"", "\"1.5\"", "[]", "{}", "2147483648", "1e300"] {
            assert!(read(json, |d| int(d)).is_err(), "{json}");
        }
        let error = read("2147483648", |d| int(d)).expect_err("too large");
        assert!(error.contains("2147483648 does not fit 32 bits"), "{error}");
        let error = read("\"x\"", |d| int(d)).expect_err("no number");
        assert!(error.contains("expected a whole number"), "{error}");
    }

    #[test]
    fn longs_reach_to_the_ends_of_their_range_and_no_further() {
        assert_eq!(read("9223372036854775807", |d| long(d)), Ok(i64::MAX));
        assert_eq!(read("-9223372036854775808", |d| long(d)), Ok(i64::MIN));
        assert_eq!(read("null", |d| opt_long(d)), Ok(None));
        for json in ["9223372036854775808", "9.3e18", "-9.3e18"] {
            assert!(read(json, |d| long(d)).is_err(), "{json}");
        }
    }

    #[test]
    fn booleans_take_null_numbers_and_texts() {
        for (json, value) in [
            ("null", false),
            ("\"\"", false),
            ("0", false),
            ("1", true),
            ("-1", true),
            ("\"True\"", true),
            ("\"FALSE\"", false),
            ("true", true),
        ] {
            assert_eq!(read(json, |d| boolean(d)), Ok(value), "{json}");
        }
        assert_eq!(read("null", |d| opt_boolean(d)), Ok(None));
        for json in ["\"yes\"", "1.5", "[]", "{}"] {
            assert!(read(json, |d| boolean(d)).is_err(), "{json}");
        }
    }

    #[test]
    fn texts_take_null_numbers_and_booleans() {
        for (json, value) in [
            ("null", ""),
            ("\"\"", ""),
            ("12", "12"),
            ("-12", "-12"),
            ("2.0", "2.0"),
            ("true", "true"),
            ("\"a\\n\"", "a\n"),
        ] {
            assert_eq!(read(json, |d| text(d)).as_deref(), Ok(value), "{json}");
        }
        assert_eq!(read("null", |d| opt_text(d)), Ok(None));
        assert_eq!(read("\"\"", |d| opt_text(d)), Ok(Some(String::new())));
        for json in ["[]", "{}"] {
            assert!(read(json, |d| text(d)).is_err(), "{json}");
        }
    }

    #[test]
    fn query_booleans_come_in_four_spellings_and_any_case() {
        for text in ["true", "True", "ON", "yes", "1"] {
            assert_eq!(boolean_text(text), Some(true), "{text}");
        }
        for text in ["false", "False", "off", "No", "0"] {
            assert_eq!(boolean_text(text), Some(false), "{text}");
        }
        for text in ["", "2", "none", " true"] {
            assert_eq!(boolean_text(text), None, "{text}");
        }
    }
}
