//! Hours, days, weeks, months and years, as the calendar of a time zone has them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::model::retention::{Period, Policy};

/// Counts periods from the newest backup backwards.
pub(super) struct Clock<'a> {
    zone: &'a TimeZone,
    rules: [Rule; 5],
    /// The zone's offset, and since when and until when it holds: backups come in order, so it is rarely asked for.
    offset: Option<(Offset, Timestamp, Timestamp)>,
}

#[derive(Clone, Copy, Default)]
struct Rule {
    most: u32,
    seen: u32,
    newest: Option<i64>,
}

impl<'a> Clock<'a> {
    pub(super) fn new(policy: &'a Policy) -> Self {
        let rules = policy.periods.map(|most| Rule { most: most.unwrap_or_default(), ..Rule::default() });
        Self { zone: &policy.zone, rules, offset: None }
    }

    /// Of which of the periods the backup that began at `at` is the newest; each older than the one before.
    pub(super) fn places(&mut self, at: Timestamp) -> [u32; 5] {
        if self.rules.iter().all(|rule| rule.seen >= rule.most) {
            return [0; 5];
        }
        let local = self.offset(at).to_datetime(at);
        let mut places = [0; 5];
        for (period, (rule, place)) in Period::ALL.iter().zip(self.rules.iter_mut().zip(&mut places)) {
            if rule.seen < rule.most {
                *place = rule.count(key(*period, local));
            }
        }
        places
    }

    fn offset(&mut self, at: Timestamp) -> Offset {
        match self.offset {
            Some((offset, from, to)) if from <= at && at < to => offset,
            _ => {
                let offset = self.zone.to_offset(at);
                // The last change of the clocks at or before `at`, and the next after it.
                let from = self.zone.preceding(at).next().map_or(Timestamp::MIN, |change| change.timestamp());
                let to = self.zone.following(at).next().map_or(Timestamp::MAX, |change| change.timestamp());
                // `at` itself may be a change: `preceding` is strict.
                let from = if self.zone.to_offset(from) == offset { from } else { at };
                self.offset = Some((offset, from, to));
                offset
            }
        }
    }
}

impl Rule {
    /// The period's number, where this is the first (the newest) backup in it.
    fn count(&mut self, key: i64) -> u32 {
        // Where clocks are set back, an older backup may lie in a later hour: it opens no period anew.
        if self.newest.is_some_and(|newest| key >= newest) {
            return 0;
        }
        self.newest = Some(key);
        self.seen += 1;
        self.seen
    }
}

/// Grows with time, by one period at a time or more.
fn key(period: Period, local: DateTime) -> i64 {
    let date = local.date();
    let (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
    match period {
        Period::Hourly => (((year * 12 + month) * 31) + day) * 24 + i64::from(local.hour()),
        Period::Daily => (year * 12 + month) * 31 + day,
        Period::Weekly => {
            let week = date.iso_week_date();
            i64::from(week.year()) * 54 + i64::from(week.week())
        }
        Period::Monthly => year * 12 + month,
        Period::Yearly => year,
    }
}

/// `2026-11-20 02h`, `2026-11-20`, `week 47`, `2026-11`, `2026`
pub(super) fn name(period: Period, at: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    match period {
        Period::Hourly => local.strftime("%Y-%m-%d %Hh").to_string(),
        Period::Daily => local.strftime("%Y-%m-%d").to_string(),
        Period::Weekly => format!("week {}", local.date().iso_week_date().week()),
        Period::Monthly => local.strftime("%Y-%m").to_string(),
        Period::Yearly => local.strftime("%Y").to_string(),
    }
}
