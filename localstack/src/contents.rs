//! What the application has written: pairs of a row in the DB cluster and a file on EFS.
//!
//! While the stack is online a writer commits one row each few seconds and, a moment
//! later, the file that belongs to it. Both are functions of time, so nothing has to be
//! simulated to know what a snapshot or a backup job has seen.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::sync::Arc;

/// How many pairs an application has.
pub(crate) const PAIRS: i128 = 40;

/// A time in which the application wrote.
#[derive(Clone, Debug)]
struct Interval {
    from: Timestamp,
    until: Option<Timestamp>,
    /// When the last NFS writes land, known once the stack is offline.
    late: Option<Timestamp>,
}

/// The contents of one stack's DB cluster and file system.
#[derive(Clone, Debug)]
pub(crate) struct Contents {
    /// The cluster that has the rows.
    pub(crate) cluster: String,
    /// The file system that has the files.
    pub(crate) file_system: String,
    period: SignedDuration,
    intervals: Vec<Interval>,
    /// What was restored before the application wrote anything itself.
    rows: Versions,
    files: Versions,
}

/// The version of each pair's row, or file; empty is nothing at all.
pub(crate) type Versions = Arc<[Option<i128>]>;

/// What a snapshot or a recovery point holds, and of which application it is.
#[derive(Clone, Debug)]
pub(crate) struct Copy {
    /// The application's key among the contents.
    pub(crate) origin: String,
    /// What it holds.
    pub(crate) versions: Versions,
}

/// What an application has written: the version of each pair's row and file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The rows' versions; a row that is not there has none.
    pub rows: Vec<Option<i128>>,
    /// The files' versions; a file that is not there has none.
    pub files: Vec<Option<i128>>,
}

/// How well the halves of a backup fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Consistency {
    /// Rows in the snapshot.
    pub rows: usize,
    /// Files in the recovery point.
    pub files: usize,
    /// Pairs of which the row and the file have different versions, or one is missing.
    pub broken: usize,
}

impl Contents {
    /// Nothing has been written yet.
    pub(crate) fn new(cluster: &str, file_system: &str, period: SignedDuration) -> Self {
        let shortest = SignedDuration::from_millis(1);
        Self {
            cluster: cluster.to_owned(),
            file_system: file_system.to_owned(),
            period: period.max(shortest),
            intervals: Vec::new(),
            rows: Arc::new([]),
            files: Arc::new([]),
        }
    }

    /// The DB cluster is another one: it has these rows, and none of those written before.
    pub(crate) fn restore_rows(&mut self, rows: Option<&Copy>, files_now: Versions) {
        self.rows = rows.map_or_else(|| Arc::new([]) as Versions, |copy| Arc::clone(&copy.versions));
        self.files = files_now;
        self.intervals.clear();
    }

    /// The file system holds these files; what the application has written itself stays.
    pub(crate) fn restore_files(&mut self, files: Versions) {
        self.files = files;
    }

    /// The DB cluster is gone, and its rows with it; the files stay.
    pub(crate) fn lose_rows(&mut self) {
        self.cluster.clear();
    }

    /// The file system is another one, which is empty; the rows stay.
    pub(crate) fn lose_files(&mut self) {
        self.file_system.clear();
    }

    /// Whether the application is writing.
    pub(crate) fn is_writing(&self) -> bool {
        self.intervals.last().is_some_and(|last| last.until.is_none())
    }

    /// All rows at an instant.
    pub(crate) fn rows(&self, at: Timestamp) -> Versions {
        (0..PAIRS).map(|pair| self.row(pair, at)).collect()
    }

    /// All files at an instant.
    pub(crate) fn files(&self, at: Timestamp) -> Versions {
        (0..PAIRS).map(|pair| self.file(pair, at)).collect()
    }

    /// The files as a job sees them that reads from `from` to `until`.
    pub(crate) fn files_read(&self, from: Timestamp, until: Timestamp) -> Versions {
        let read = self.read_instants(from, until);
        read.into_iter().map(|(pair, at)| self.file(pair, at)).collect()
    }

    /// The application starts to write.
    pub(crate) fn resume(&mut self, at: Timestamp) {
        if self.intervals.last().is_some_and(|last| last.until.is_none()) {
            return;
        }
        self.intervals.push(Interval { from: at, until: None, late: None });
    }

    /// The application stops; its last files land by `late`.
    pub(crate) fn stop(&mut self, at: Timestamp, late: Timestamp) {
        if let Some(last) = self.intervals.last_mut().filter(|last| last.until.is_none()) {
            last.until = Some(at);
            last.late = Some(late);
        }
    }

    /// The version of a pair's row at an instant.
    pub(crate) fn row(&self, pair: i128, at: Timestamp) -> Option<i128> {
        self.newest(pair, at, |_, _| SignedDuration::ZERO).or_else(|| restored(&self.rows, pair))
    }

    /// The version of a pair's file at an instant.
    pub(crate) fn file(&self, pair: i128, at: Timestamp) -> Option<i128> {
        self.newest(pair, at, |interval, tick| self.lag(interval, tick)).or_else(|| restored(&self.files, pair))
    }

    /// When a job reads each file: those longest unchanged first, slower and slower.
    fn read_instants(&self, from: Timestamp, until: Timestamp) -> Vec<(i128, Timestamp)> {
        let mut order: Vec<i128> = (0..PAIRS).collect();
        order.sort_by_key(|pair| self.file(*pair, from));
        let whole = until.duration_since(from).as_nanos();
        let instant = |(rank, pair): (i128, i128)| {
            let share = whole.saturating_mul(rank * rank) / (PAIRS * PAIRS);
            let share = i64::try_from(share).unwrap_or(i64::MAX);
            (pair, crate::clock::later(from, SignedDuration::from_nanos(share)))
        };
        let mut read: Vec<_> = (0..PAIRS).zip(order).map(instant).collect();
        read.sort_by_key(|(pair, _)| *pair);
        read
    }

    fn newest(&self, pair: i128, at: Timestamp, lag: impl Fn(&Interval, i128) -> SignedDuration) -> Option<i128> {
        for interval in self.intervals.iter().rev().filter(|each| each.from <= at) {
            let end = interval.until.map_or(at, |until| until.min(at));
            let mut tick = latest_of(pair, self.tick_at(end));
            while self.instant_of(tick) >= interval.from {
                if crate::clock::later(self.instant_of(tick), lag(interval, tick)) <= at {
                    return Some(tick);
                }
                tick -= PAIRS;
            }
        }
        None
    }

    /// A file follows its row by a fraction of the period; the last two are late.
    fn lag(&self, interval: &Interval, tick: i128) -> SignedDuration {
        if let (Some(until), Some(late)) = (interval.until, interval.late) {
            let age = until.duration_since(self.instant_of(tick));
            if age < self.period.saturating_mul(2) {
                return late.duration_since(self.instant_of(tick)) - age / 4;
            }
        }
        self.period / 3
    }

    fn tick_at(&self, at: Timestamp) -> i128 {
        at.as_nanosecond().div_euclid(self.period.as_nanos())
    }

    fn instant_of(&self, tick: i128) -> Timestamp {
        let nanoseconds = tick.saturating_mul(self.period.as_nanos());
        Timestamp::from_nanosecond(nanoseconds).unwrap_or(Timestamp::MIN)
    }
}

impl Consistency {
    /// Compares rows with files.
    pub(crate) fn of(rows: &[Option<i128>], files: &[Option<i128>]) -> Self {
        let differs = |pair: usize| rows.get(pair).copied().flatten() != files.get(pair).copied().flatten();
        let count = usize::try_from(PAIRS).unwrap_or(0);
        Self {
            rows: rows.iter().flatten().count(),
            files: files.iter().flatten().count(),
            broken: (0..count).filter(|pair| differs(*pair)).count(),
        }
    }
}

fn restored(versions: &Versions, pair: i128) -> Option<i128> {
    usize::try_from(pair).ok().and_then(|place| versions.get(place).copied().flatten())
}

fn latest_of(pair: i128, tick: i128) -> i128 {
    tick - (tick - pair).rem_euclid(PAIRS)
}
