//! What holds of every expression.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::Expression;

/// Zones that skip and repeat: whole hours, half an hour, at midnight, a whole day, never.
const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Berlin",
    "America/Los_Angeles",
    "Australia/Lord_Howe",
    "America/Asuncion",
    "Pacific/Apia",
    "Asia/Kathmandu",
];

fn zone() -> impl Strategy<Value = TimeZone> {
    (0..ZONES.len()).prop_map(|at| TimeZone::get(ZONES[at]).unwrap())
}

/// 2009 to 2036: Apia left a day out in 2011.
fn instants() -> impl Strategy<Value = Timestamp> {
    (1_230_768_000_i64..2_082_758_400).prop_map(|at| Timestamp::from_second(at).unwrap())
}

fn numbers(first: u8, last: u8) -> impl Strategy<Value = String> {
    let item = move || {
        prop_oneof![
            Just("*".to_owned()),
            (first..=last).prop_map(|one| one.to_string()),
            (first..=last, first..=last).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
            (first..=last, 1..=last - first).prop_map(|(from, step)| format!("{from}/{step}")),
            (1..=last - first).prop_map(|step| format!("*/{step}")),
        ]
    };
    prop::collection::vec(item(), 1..3).prop_map(|items| items.join(","))
}

fn days() -> impl Strategy<Value = (String, String)> {
    let of_month = prop_oneof![
        numbers(1, 31),
        Just("L".to_owned()),
        Just("LW".to_owned()),
        (1..=31_u8).prop_map(|day| format!("{day}W")),
    ];
    let of_week = prop_oneof![
        numbers(1, 7),
        Just("L".to_owned()),
        (1..=7_u8).prop_map(|day| format!("{day}L")),
        (1..=7_u8, 1..=5_u8).prop_map(|(day, nth)| format!("{day}#{nth}")),
    ];
    prop_oneof![of_month.prop_map(|text| (text, "?".to_owned())), of_week.prop_map(|text| ("?".to_owned(), text))]
}

fn crons() -> impl Strategy<Value = String> {
    (numbers(0, 59), numbers(0, 23), days(), numbers(1, 12)).prop_map(|(minutes, hours, (of_month, of_week), month)| {
        format!("cron({minutes} {hours} {of_month} {month} {of_week} *)")
    })
}

/// A field of numbers, read naively.
fn holds(field: &str, first: i16, last: i16, value: i16) -> bool {
    field.split(',').any(|item| {
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (first, last),
            Some((from, to)) => (from.parse().unwrap(), to.parse().unwrap()),
            None => (range.parse().unwrap(), if step.is_some() { last } else { range.parse().unwrap() }),
        };
        let step: i16 = step.map_or(1, |step| step.parse().unwrap());
        value >= from && value <= to && (value - from) % step == 0
    })
}

/// An expression of numbers alone, asked minute by minute.
fn matches(cron: &str, at: DateTime) -> bool {
    let fields: Vec<&str> = cron.trim_start_matches("cron(").trim_end_matches(')').split(' ').collect();
    let day = if fields[4] == "?" {
        holds(fields[2], 1, 31, at.day().into())
    } else {
        holds(fields[4], 1, 7, at.weekday().to_sunday_one_offset().into())
    };
    holds(fields[0], 0, 59, at.minute().into())
        && holds(fields[1], 0, 23, at.hour().into())
        && day
        && holds(fields[3], 1, 12, at.month().into())
}

/// The runs of three days, by walking along the instants; a local time counts the first time it comes.
fn walked(cron: &str, zone: &TimeZone, after: Timestamp) -> Vec<Timestamp> {
    let first = after.as_second().div_euclid(60) * 60;
    let minutes = (first..first + 3 * 86_400).step_by(60).map(|at| Timestamp::from_second(at).unwrap());
    let earliest = |at: Timestamp, local| zone.to_ambiguous_timestamp(local).earlier().is_ok_and(|first| first == at);
    let runs = minutes.filter(|at| {
        let local = zone.to_datetime(*at);
        *at > after && matches(cron, local) && earliest(*at, local)
    });
    runs.collect()
}

proptest! {
    #[test]
    fn whatever_is_read_is_written_so_that_it_is_read_the_same(cron in crons()) {
        let read: Expression = cron.parse().unwrap();
        prop_assert_eq!(&cron, &read.to_string());
        prop_assert_eq!(cron.to_lowercase().parse(), Ok(read));
    }

    #[test]
    fn runs_are_later_and_in_order_and_asking_again_skips_none(cron in crons(), zone in zone(), after in instants()) {
        let read: Expression = cron.parse().unwrap();
        let runs = read.upcoming(&zone, after, after, 4);
        prop_assert!(runs.iter().all(|at| *at > after));
        prop_assert!(runs.windows(2).all(|pair| pair[0] < pair[1]), "{runs:?}");
        if let [first, rest @ ..] = &runs[..] {
            prop_assert_eq!(&read.upcoming(&zone, *first, after, 3)[..], rest);
        }
    }

    #[test]
    fn every_run_is_what_a_walk_along_the_minutes_finds(
        minutes in numbers(0, 59), hours in numbers(0, 23), month in numbers(1, 12), by_week in any::<bool>(),
        of_month in numbers(1, 31), of_week in numbers(1, 7), zone in zone(), after in instants(),
    ) {
        let (of_month, of_week) = if by_week { ("?", of_week.as_str()) } else { (of_month.as_str(), "?") };
        let cron = format!("cron({minutes} {hours} {of_month} {month} {of_week} *)");
        let walked = walked(&cron, &zone, after);
        let read: Expression = cron.parse().unwrap();
        prop_assert_eq!(read.upcoming(&zone, after, after, walked.len()), walked);
    }

    #[test]
    fn a_rate_keeps_its_distance(value in 1_u32..10_000, anchor in instants(), after in instants()) {
        let read: Expression = format!("rate({value} minutes)").parse().unwrap();
        let runs = read.upcoming(&TimeZone::UTC, after, anchor, 3);
        prop_assert!(runs[0] > after && runs[0] >= anchor);
        let period = i64::from(value) * 60;
        prop_assert!(runs.iter().all(|at| at.duration_since(anchor).as_secs() % period == 0));
        prop_assert!(runs[0] == anchor || runs[0].duration_since(after).as_secs() <= period);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}", fields in "[0-9*?LW#,/ A-Z-]{0,30}") {
        for text in [text, format!("cron({fields})"), format!("rate({fields})"), format!("at({fields})")] {
            if let Ok(read) = text.parse::<Expression>() {
                let now = Timestamp::UNIX_EPOCH;
                prop_assert!(read.upcoming(&TimeZone::UTC, now, now, 1).len() <= 1);
            }
        }
    }
}
