//! The texts WAIT understands: durations and points in time (`conductor-semantics` 5.15).

use fermata_types::{Span, Timestamp};

/// Units in the only order they may appear, each at most once, with their spellings.
const UNITS: [(i64, &[&str]); 4] = [
    (86_400, &["days", "day", "d"]),
    (3_600, &["hours", "hour", "hrs", "hr", "h"]),
    (60, &["minutes", "minute", "mins", "min", "m"]),
    (1, &["seconds", "second", "secs", "sec", "s"]),
];

/// `1 days 2 hours`, `30m5s`: any case, spaces optional. None for anything else, also for a text
/// that names no unit.
#[must_use]
pub fn duration(text: &str) -> Option<Span> {
    let lower = text.to_ascii_lowercase();
    let mut rest = lower.trim();
    let mut seconds: i64 = 0;
    let mut units = UNITS.iter();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
        let count: i64 = rest.get(..digits)?.parse().ok()?;
        let unit_at = rest.get(digits..)?.trim_start();
        let letters = unit_at.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit_at.len());
        let (unit, after) = (unit_at.get(..letters)?, unit_at.get(letters..)?);
        let (factor, _) = units.by_ref().find(|(_, names)| names.contains(&unit))?;
        seconds = seconds.checked_add(count.checked_mul(*factor)?)?;
        rest = after.trim_start();
    }
    Some(Span::from_seconds(seconds))
}

/// `2026-11-21 14:00`, `2026-11-21 14:00 Europe/Berlin`, `2026-11-21`; without a zone UTC, the
/// server's zone. None for anything else.
#[must_use]
pub fn until(text: &str) -> Option<Timestamp> {
    let mut parts = text.split_whitespace();
    let date: jiff::civil::Date = parts.next().filter(|date| date.len() == 10)?.parse().ok()?;
    let time: jiff::civil::Time = match parts.next() {
        Some(time) if time.len() == 5 => time.parse().ok()?,
        Some(_) => return None,
        None => jiff::civil::Time::midnight(),
    };
    let zone = match parts.next() {
        Some(name) => zone(name)?,
        None => jiff::tz::TimeZone::UTC,
    };
    if parts.next().is_some() {
        return None;
    }
    let zoned = date.to_datetime(time).to_zoned(zone).ok()?;
    Some(Timestamp::from_ms(zoned.timestamp().as_millisecond()))
}

fn zone(name: &str) -> Option<jiff::tz::TimeZone> {
    match name {
        "UTC" | "GMT" | "Z" => Some(jiff::tz::TimeZone::UTC),
        _ => jiff::tz::TimeZone::get(name).ok(),
    }
}

/// A point in time as ISO 8601 with milliseconds, UTC.
#[must_use]
pub fn iso(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_ms()).map(|at| format!("{at:.3}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_the_grammar() {
        for (text, seconds) in [
            ("2 seconds", 2),
            ("1 days 2 hours", 93_600),
            ("30m5s", 1_805),
            ("1 HR 1 Min", 3_660),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Some(Span::from_seconds(seconds)), "{text}");
        }
        for text in ["", "5", "5ms", "1 week", "5s 1m", "PT5S", "1.5s", "-1s", "9999999999999999d"]
        {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn times_follow_the_patterns() {
        assert_eq!(until("1970-01-02"), Some(Timestamp::from_ms(86_400_000)));
        assert_eq!(until("1970-01-01 00:01"), Some(Timestamp::from_ms(60_000)));
        assert_eq!(until("1970-01-01 01:00 GMT"), Some(Timestamp::from_ms(3_600_000)));
        for text in ["", "tomorrow", "1970-01-01T00:00", "1970-01-01 00:00:00", "1970-13-01"] {
            assert_eq!(until(text), None, "{text}");
        }
    }

    #[test]
    fn iso_times_have_milliseconds() {
        assert_eq!(iso(Timestamp::from_ms(1_500)), "1970-01-01T00:00:01.500Z");
    }
}
