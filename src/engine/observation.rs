//! What a tick looks at, and what it saw.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::change_set::ChangeSet;
use crate::model::half::{Cluster, FileSystem, Job, RecoveryPoint, Snapshot, Tags};
use crate::model::history::{History, StackEvent};
use crate::model::rebuild::{Marks, Parts, Plan, Remains};
use crate::model::run::Run;
use crate::model::stack::Stack;
use crate::model::{Refusal, Seen};

/// What to look at. Each field is one or two calls; the engine asks for no more than it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Look {
    /// The run's record.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub record: bool,
    /// The stack (read last).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stack: bool,
    /// The stack's events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub history: bool,
    /// The stack's change sets, the changes of our own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub change_sets: bool,
    /// The DB cluster.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cluster: bool,
    /// The file system.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub file_system: bool,
    /// The DB cluster snapshot that bears the run's id.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub snapshot: bool,
    /// The backup job of the files' half: by its id, or found by tag where the id was lost.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub job: bool,
    /// The recovery point of the files' half, with its tags.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub point: bool,
    /// Its tags alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub point_tags: bool,
    /// The seed's job; where there is none yet, the newest complete recovery point's age.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub seed: bool,
    /// The DB secret's current version id.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// Backup or copy jobs of others that are active on the file system.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
    /// The digest of the backup's kept manifest.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub manifest: bool,
    /// The kept plan of a run that makes a new stack.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub plan: bool,
    /// The restored backup's marks, on both halves.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub marks: bool,
    /// The new stack and its events: by its ARN, or by its name where that is not known yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fresh: bool,
    /// The new stack's DB cluster, file system and restore jobs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub parts: bool,
    /// What the new stack left behind when it was deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub remains: bool,
    /// Whether the new stack's application answers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
}

impl Look {
    /// Nothing.
    pub const NONE: Self = Self {
        record: false,
        stack: false,
        history: false,
        change_sets: false,
        cluster: false,
        file_system: false,
        snapshot: false,
        job: false,
        point: false,
        point_tags: false,
        seed: false,
        secret: false,
        others: false,
        manifest: false,
        plan: false,
        marks: false,
        fresh: false,
        parts: false,
        remains: false,
        probe: false,
    };
    /// The stack and everything that tells its mode and whose doing it is.
    pub const STACK: Self = Self { record: true, stack: true, history: true, change_sets: true, ..Self::NONE };
    /// The events alone: enough while an operation is under way.
    pub const EVENTS: Self = Self { history: true, ..Self::NONE };
    /// Both halves' progress.
    pub const HALVES: Self = Self { snapshot: true, job: true, ..Self::NONE };

    /// Everything in either.
    pub const fn and(self, other: Self) -> Self {
        Self {
            record: self.record || other.record,
            stack: self.stack || other.stack,
            history: self.history || other.history,
            change_sets: self.change_sets || other.change_sets,
            cluster: self.cluster || other.cluster,
            file_system: self.file_system || other.file_system,
            snapshot: self.snapshot || other.snapshot,
            job: self.job || other.job,
            point: self.point || other.point,
            point_tags: self.point_tags || other.point_tags,
            seed: self.seed || other.seed,
            secret: self.secret || other.secret,
            others: self.others || other.others,
            manifest: self.manifest || other.manifest,
            plan: self.plan || other.plan,
            marks: self.marks || other.marks,
            fresh: self.fresh || other.fresh,
            parts: self.parts || other.parts,
            remains: self.remains || other.remains,
            probe: self.probe || other.probe,
        }
    }

    /// Whether everything in `other` is looked at.
    pub fn covers(self, other: Self) -> bool {
        self.and(other) == self
    }
}

/// What one look saw. Fields that were not asked for are [`Seen::NotLooked`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Observation {
    /// What was asked for.
    pub look: Look,
    /// The run's record; `Missing`: it is lost.
    pub record: Seen<Run>,
    /// The record is what was read a while ago: it is read again before it is written over.
    pub remembered: bool,
    /// The stack, by its ARN.
    pub stack: Seen<Stack>,
    /// Its operations: back to the run's base event, or as far as the debt rule needs.
    pub history: Seen<History>,
    /// Stack and resource events that this driver had not seen before, oldest first.
    pub new_events: Vec<StackEvent>,
    /// Its change sets.
    pub change_sets: Seen<Vec<ChangeSet>>,
    /// The DB cluster.
    pub cluster: Seen<Cluster>,
    /// The file system.
    pub file_system: Seen<FileSystem>,
    /// The database's half.
    pub snapshot: Seen<Snapshot>,
    /// The files' half, while it is made.
    pub job: Seen<Job>,
    /// The files' half.
    pub point: Seen<RecoveryPoint>,
    /// Its tags, where they alone were asked for.
    pub point_tags: Seen<Tags>,
    /// The seed.
    pub seed: Seen<Seed>,
    /// The DB secret's current version id.
    pub secret: Seen<Option<String>>,
    /// Ids of others' active jobs on the file system.
    pub others: Seen<Vec<String>>,
    /// SHA-256 of the backup's manifest as it is kept.
    pub manifest: Seen<String>,
    /// The kept plan.
    pub plan: Seen<Arc<Plan>>,
    /// The restored backup's marks.
    pub marks: Seen<Marks>,
    /// The new stack.
    pub fresh: Seen<Stack>,
    /// The new stack's operations; empty where there is no such stack.
    pub fresh_history: Seen<History>,
    /// What a proof looks at.
    pub parts: Seen<Parts>,
    /// What may have to be cleared away.
    pub remains: Seen<Remains>,
    /// The HTTP status that the probe was answered; 0: it was not answered.
    pub probe: Seen<u16>,
}

/// The seed as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Seed {
    /// The job that this run started.
    Job(Job),
    /// None of this run's; the newest complete recovery point of the file system, if there is one.
    Newest(Option<jiff::Timestamp>),
}

impl Observation {
    /// The first refusal that hid something that was asked for.
    pub fn refusal(&self) -> Option<&Refusal> {
        None.or_else(|| self.stack.refusal())
            .or_else(|| self.history.refusal())
            .or_else(|| self.change_sets.refusal())
            .or_else(|| self.cluster.refusal())
            .or_else(|| self.file_system.refusal())
            .or_else(|| self.snapshot.refusal())
            .or_else(|| self.job.refusal())
            .or_else(|| self.point.refusal())
            .or_else(|| self.point_tags.refusal())
            .or_else(|| self.seed.refusal())
            .or_else(|| self.others.refusal())
            .or_else(|| self.record.refusal())
            .or_else(|| self.secret.refusal())
            .or_else(|| self.manifest.refusal())
            .or_else(|| self.plan.refusal())
            .or_else(|| self.marks.refusal())
            .or_else(|| self.fresh.refusal())
            .or_else(|| self.fresh_history.refusal())
            .or_else(|| self.parts.refusal())
            .or_else(|| self.remains.refusal())
            .or_else(|| self.probe.refusal())
    }
}
