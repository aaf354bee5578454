//! Times, ages and sizes as people read them. Times are UTC.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::TimeZone;

/// Whole seconds, a blank before the time. (`strftime` reads its format for each row of `list` again.)
const TIME: DateTimePrinter = DateTimePrinter::new().separator(b' ').precision(Some(0));

/// `2026-11-20 02:00:13Z`
pub(crate) fn time(at: Timestamp) -> String {
    TIME.timestamp_to_string(&at)
}

/// `02:00:13Z`
pub(crate) fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%SZ").to_string()
}

/// `12s`, `5m`, `3h`, `9d`: how long ago; `now` for the future, since clocks differ.
pub(crate) fn age(at: Timestamp, now: Timestamp) -> String {
    match now.duration_since(at).as_secs() {
        seconds if seconds < 1 => "now".to_owned(),
        seconds if seconds < 60 => format!("{seconds}s"),
        seconds if seconds < 3600 => format!("{}m", seconds / 60),
        seconds if seconds < 48 * 3600 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86400),
    }
}

/// `3h ago`, `just now`
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    match age(at, now).as_str() {
        "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    }
}

/// `512 B`, `1.5 GiB`
pub(crate) fn size(bytes: u64) -> String {
    let mut unit = 0;
    let mut whole = bytes;
    let mut tenths = 0;
    while whole >= 1024 && unit < UNITS.len() - 1 {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit += 1;
    }
    match (unit, tenths) {
        (0, _) => format!("{whole} B"),
        (unit, tenths) => format!("{whole}.{tenths} {}", UNITS[unit]),
    }
}

const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_are_short() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let ages: Vec<String> =
            [0, 5, 60, 7200, 86400 * 3, -5].iter().map(|ago| age(at(1_000_000 - ago), at(1_000_000))).collect();
        assert_eq!(ages, ["now", "5s", "1m", "2h", "3d", "now"]);
        assert_eq!([ago(at(0), at(0)), ago(at(0), at(7200))], ["just now", "2h ago"]);
        assert_eq!([0, 1023, 1536, 5 << 30].map(size), ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
        assert_eq!(time(at(0)), "1970-01-01 00:00:00Z");
    }
}
