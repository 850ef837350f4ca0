//! The two text forms of a time (`conductor-rest` 5.2). All other times are numbers of
//! milliseconds.

use std::fmt;

use fermata_types::Timestamp;
use serde::{Serialize, Serializer};

/// A time in a search summary: `yyyy-MM-ddTHH:mm:ss.SSSZ`, UTC, always three fraction digits
/// (`conductor-rest` 5.2). Zero is written as the text of the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SummaryTime(
    /// The time, in milliseconds since the epoch.
    pub Timestamp,
);

/// A time as an ISO-8601 instant, UTC; the fraction is left out when it is zero
/// (`conductor-rest` 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstantText(
    /// The time, in milliseconds since the epoch.
    pub Timestamp,
);

impl fmt::Display for SummaryTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0)?;
        write!(f, ".{:03}Z", self.0.as_ms().rem_euclid(1000))
    }
}

impl fmt::Display for InstantText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0)?;
        match self.0.as_ms().rem_euclid(1000) {
            0 => f.write_str("Z"),
            ms => write!(f, ".{ms:03}Z"),
        }
    }
}

impl Serialize for SummaryTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for InstantText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn write_seconds(f: &mut fmt::Formatter<'_>, time: Timestamp) -> fmt::Result {
    let seconds = time.as_ms().div_euclid(1000);
    let (year, month, day) = date_of(seconds.div_euclid(86_400));
    let second_of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) =
        (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Year, month and day of a count of days since the epoch, in the Gregorian calendar.
fn date_of(days_since_epoch: i64) -> (i64, i64, i64) {
    // Years are counted from March, so that the leap day is the last day of its year. Day 0 is
    // the first of March of the year 0, which lies 719 468 days before the epoch.
    let day = days_since_epoch + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = (months_since_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_read_as_the_calendar_says() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(SummaryTime(Timestamp::from_ms(ms)).to_string(), text);
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut before = date_of(-1);
        for day in 0..146_097 {
            let date = date_of(day);
            let follows = match date {
                (year, 1, 1) => before == (year - 1, 12, 31),
                (year, month, 1) => before.0 == year && before.1 == month - 1 && before.2 >= 28,
                (year, month, day) => before == (year, month, day - 1),
            };
            assert!(follows, "{date:?} after {before:?}");
            before = date;
        }
        assert_eq!(before, (2369, 12, 31));
    }

    #[test]
    fn the_ends_of_the_range_are_written_without_a_panic() {
        for ms in [i64::MIN, i64::MAX] {
            assert!(SummaryTime(Timestamp::from_ms(ms)).to_string().ends_with('Z'));
        }
    }

    #[test]
    fn an_instant_drops_a_zero_fraction() {
        assert_eq!(InstantText(Timestamp::from_ms(1000)).to_string(), "1970-01-01T00:00:01Z");
        assert_eq!(InstantText(Timestamp::from_ms(1020)).to_string(), "1970-01-01T00:00:01.020Z");
    }
}
