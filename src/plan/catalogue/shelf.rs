//! What a prune wants to know of a row besides what is shown of it.

use jiff::Timestamp;

use super::judge::Why;
use super::{Catalogue, Row};
use crate::model::backup::Backup;
use crate::model::retention::TagRule;

/// A row, and what decides whether it may be deleted.
#[derive(Clone, Debug)]
pub struct Shelved {
    /// The row.
    pub backup: Backup,
    /// The vault and the ARN of its recovery point, as that was found or as the snapshot names it.
    pub point: Option<(String, String)>,
    /// The vault could not be read.
    pub unread: bool,
    /// A prune has begun to delete it.
    pub deleting: bool,
    /// It has, but nothing of it is gone yet, and it was complete before.
    pub whole: bool,
    /// Which of the tags that were looked for its snapshot bears.
    pub tags: Vec<TagRule>,
}

/// A recovery point of ours that only made a later one short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedPoint {
    /// The run that it was made for.
    pub of: String,
    /// The ARN.
    pub arn: String,
    /// The vault.
    pub vault: String,
    /// When it was begun.
    pub created: Option<Timestamp>,
}

impl Catalogue {
    /// The rows that have at least one half, the newest first.
    pub fn shelf(&self) -> impl Iterator<Item = Shelved> + '_ {
        let halves = |row: &&Row| self.halves(row).0.is_some() || self.halves(row).1.is_some();
        self.rows.iter().filter(halves).map(|row| self.shelved(row))
    }

    fn shelved(&self, row: &Row) -> Shelved {
        let (database, files) = self.halves(row);
        let found =
            files.and_then(|half| Some((self.pool.get(half.vault)?.to_owned(), self.pool.spell_arn(half.arn)?)));
        let named = || {
            let half = database.filter(|half| !half.point.is_none())?;
            Some((self.pool.get(half.vault)?.to_owned(), self.pool.spell_arn(half.point)?))
        };
        let id = self.marks(row).map(|marks| marks.id);
        Shelved {
            backup: self.unpack(row),
            point: found.or_else(named),
            unread: row.why == Why::Unread,
            deleting: database.is_some_and(|half| half.deleting),
            whole: database.is_some_and(|half| half.deleting && half.was_marked && half.available)
                && files.is_some_and(|half| half.complete),
            tags: id.and_then(|id| self.tagged.get(&id)).cloned().unwrap_or_default(),
        }
    }

    /// Our own online recovery points, of this stack or of all; the name of the stack is the front of the run's id.
    pub fn seed_points(&self) -> impl Iterator<Item = SeedPoint> + '_ {
        self.seed_points.iter().filter_map(|(of, half)| {
            Some(SeedPoint {
                of: self.pool.spell_id(*of),
                arn: self.pool.spell_arn(half.arn)?,
                vault: self.pool.get(half.vault)?.to_owned(),
                created: half.created.get(),
            })
        })
    }
}
