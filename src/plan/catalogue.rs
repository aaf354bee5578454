//! The catalogue: halves matched by id, each row told apart.
//!
//! A snapshot is ours if it is manual and tagged with an id; a recovery point is ours if such a snapshot names its
//! ARN, or if its own tags say so. Everything else is somebody else's, and only counted,
//! unless it is asked for.

mod compact;
mod gather;
mod halves;
mod join;
mod judge;
mod others;
mod pairs;
mod shelf;

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::backup::{Backup, DatabaseHalf, FilesHalf, Other, State};

use crate::model::retention::TagRule;

use compact::{Id, Pool};
use halves::{Database, Files, Marks};
use judge::Why;

pub use gather::Gather;
pub use pairs::{Family, pairs};
pub use shelf::{SeedPoint, Shelved};

/// No half.
const NONE: u32 = u32::MAX;

/// What there is. A row is unpacked when it is asked for: a hundred thousand at once would be too many.
#[derive(Debug, Default)]
pub struct Catalogue {
    pool: Pool,
    databases: Vec<Database>,
    files: Vec<Files>,
    from_runs: Vec<Backup>,
    told: Vec<String>,
    rows: Vec<Row>,
    /// Manual and automated snapshots of others that were seen.
    pub foreign_snapshots: usize,
    /// Recovery points of others that were seen.
    pub foreign_points: usize,
    /// Both, one by one and the newest first, where they were asked for.
    pub others: Vec<Other>,
    /// Our own online recovery points that only make later ones short.
    pub seeds: usize,
    seed_points: Vec<(Id, Files)>,
    tagged: HashMap<Id, Vec<TagRule>>,
}

/// One row: where its halves are.
#[derive(Clone, Copy, Debug)]
struct Row {
    database: u32,
    files: u32,
    run: u32,
    state: State,
    why: Why,
}

impl Catalogue {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// There is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows are in this state.
    pub fn count(&self, state: State) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }

    /// The rows, the newest first.
    pub fn backups(&self) -> impl DoubleEndedIterator<Item = Backup> + ExactSizeIterator + '_ {
        self.rows.iter().map(|row| self.unpack(row))
    }

    /// The rows in one state, the newest first.
    pub fn in_state(&self, state: State) -> impl DoubleEndedIterator<Item = Backup> + '_ {
        self.rows.iter().filter(move |row| row.state == state).map(|row| self.unpack(row))
    }

    /// The backup with this id.
    pub fn find(&self, id: &str) -> Option<Backup> {
        self.rows.iter().find(|row| self.id(row) == id).map(|row| self.unpack(row))
    }

    fn halves(&self, row: &Row) -> (Option<&Database>, Option<&Files>) {
        let at = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        (self.databases.get(at(row.database)), self.files.get(at(row.files)))
    }

    fn of_run(&self, row: &Row) -> Option<&Backup> {
        self.from_runs.get(usize::try_from(row.run).ok()?)
    }

    fn marks(&self, row: &Row) -> Option<&Marks> {
        let (database, files) = self.halves(row);
        database.map(|half| &half.marks).or_else(|| files?.marks())
    }

    fn id(&self, row: &Row) -> String {
        match self.marks(row) {
            Some(marks) => self.pool.spell_id(marks.id),
            None => self.of_run(row).map(|backup| backup.id.to_string()).unwrap_or_default(),
        }
    }

    fn began(&self, row: &Row) -> Option<Timestamp> {
        let (database, files) = self.halves(row);
        let created = [database.and_then(|half| half.created.get()), files.and_then(|half| half.created.get())];
        let earlier = created.into_iter().flatten().min();
        let stamp = || self.marks(row).and_then(|marks| marks.id.at());
        earlier.or_else(stamp).or_else(|| self.of_run(row)?.began)
    }

    fn unpack(&self, row: &Row) -> Backup {
        if let Some(backup) = self.of_run(row) {
            return backup.clone();
        }
        let (database, files) = self.halves(row);
        let marks = self.marks(row);
        let text = |part: fn(&Marks) -> compact::Sym| marks.and_then(|m| self.pool.get(part(m))).map(Into::into);
        Backup {
            id: self.id(row).into(),
            stack: text(|marks| marks.stack).unwrap_or_default(),
            stack_id: text(|marks| marks.stack_id),
            state: row.state,
            reason: row.why.text(&self.pool, &self.told, (database, files)).map(Into::into),
            mode: text(|marks| marks.mode),
            began: self.began(row),
            completed: marks
                .and_then(|marks| marks.complete.get())
                .map(|at| at.to_string().into())
                .or_else(|| text(Marks::odd)),
            skew_s: skew(database, files),
            database: database.map(|half| self.database(half)),
            files: files.map(|half| self.files(half)),
            secret_arn: text(|marks| marks.secret),
            secret_version: marks.and_then(|marks| self.pool.spell(marks.version)).map(Into::into),
            note: text(|marks| marks.note),
            hold: text(|marks| marks.hold),
            hold_until: text(Marks::until),
            drilled: marks.and_then(Marks::drilled),
            manifest: marks.and_then(|marks| marks.manifest(&self.pool)).map(Into::into),
            tool_version: text(|marks| marks.tool),
        }
    }

    fn database(&self, half: &Database) -> DatabaseHalf {
        let text = |sym| self.pool.get(sym).unwrap_or_default();
        let name = half.name(&self.pool);
        let front = text(half.arn);
        let arn = if front.ends_with(':') { format!("{front}{name}") } else { front.to_owned() };
        DatabaseHalf {
            arn: arn.into(),
            snapshot: name.into(),
            status: text(half.status).into(),
            created: half.created.get(),
            cluster: text(half.cluster).into(),
            allocated_gib: (half.gib >= 0).then_some(half.gib),
        }
    }

    fn files(&self, half: &Files) -> FilesHalf {
        let text = |sym| self.pool.get(sym).unwrap_or_default();
        FilesHalf {
            recovery_point: self.pool.spell_arn(half.arn).unwrap_or_default().into(),
            status: text(half.status).into(),
            vault: text(half.vault).into(),
            created: half.created.get(),
            completed: half.completed.get(),
            bytes: half.bytes(),
        }
    }
}

fn skew(database: Option<&Database>, files: Option<&Files>) -> Option<u32> {
    let (database, files) = (database?.created.get()?, files?.created.get()?);
    u32::try_from(database.duration_since(files).as_secs().unsigned_abs()).ok()
}

#[cfg(test)]
mod tests;
