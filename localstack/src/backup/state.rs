//! What AWS Backup remembers.

use super::holds::LegalHold;
use super::locks::Lock;
use super::restores::RestoreJob;
use crate::contents::Copy;
use crate::error::AwsError;
use crate::input::Tags;
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};

/// All of AWS Backup in a realm.
#[derive(Clone, Debug)]
pub(crate) struct Backup {
    /// Vaults by name.
    pub(crate) vaults: BTreeMap<String, Vault>,
    /// Jobs by id.
    pub(crate) jobs: BTreeMap<String, Job>,
    /// Restore jobs by id.
    pub(crate) restores: BTreeMap<String, RestoreJob>,
    /// Recovery points by ARN.
    pub(crate) points: BTreeMap<String, Point>,
    /// Legal holds by id.
    pub(crate) holds: BTreeMap<String, LegalHold>,
    /// The job of each idempotency token.
    pub(crate) tokens: BTreeMap<String, String>,
    /// Per resource: the job at work, then those waiting.
    pub(crate) queues: BTreeMap<String, VecDeque<String>>,
    /// Which resource types are opted in.
    pub(crate) opt_in: BTreeMap<String, bool>,
}

impl Default for Backup {
    fn default() -> Self {
        let types = [("Aurora", false), ("DynamoDB", true), ("EBS", true), ("EC2", true)];
        let more = [("EFS", true), ("RDS", true), ("S3", false)];
        let all = types.into_iter().chain(more);
        Self {
            vaults: BTreeMap::new(),
            jobs: BTreeMap::new(),
            restores: BTreeMap::new(),
            points: BTreeMap::new(),
            holds: BTreeMap::new(),
            tokens: BTreeMap::new(),
            queues: BTreeMap::new(),
            opt_in: all.map(|(kind, on)| (kind.to_owned(), on)).collect(),
        }
    }
}

impl Backup {
    /// A vault, or AWS's refusal.
    pub(crate) fn vault(&self, name: &str) -> Result<&Vault, AwsError> {
        let text = format!("Backup vault {name} does not exist");
        self.vaults.get(name).ok_or_else(|| not_found(text))
    }

    /// A recovery point of a vault, or AWS's refusal.
    pub(crate) fn point(&self, vault: &str, arn: &str) -> Result<&Point, AwsError> {
        let text = format!("Cannot find recovery point {arn} in vault {vault}");
        let found = self.points.get(arn).filter(|point| point.vault == vault);
        found.ok_or_else(|| not_found(text))
    }

    /// A vault that still holds recovery points cannot be deleted.
    pub(crate) fn remove_vault(&mut self, name: &str) -> Result<(), AwsError> {
        self.vault(name)?;
        if self.points.values().any(|point| point.vault == name) {
            let text = "Backup vault cannot be deleted because it contains recovery points.";
            return Err(AwsError::bad("InvalidRequestException", text));
        }
        self.vaults.remove(name);
        Ok(())
    }
}

/// HTTP 400 with the code REST clients know.
pub(crate) fn not_found(text: impl Into<String>) -> AwsError {
    AwsError::bad("ResourceNotFoundException", text)
}

/// The other common refusal.
pub(crate) fn invalid(text: impl Into<String>) -> AwsError {
    AwsError::bad("InvalidParameterValueException", text)
}

/// A backup vault.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    /// Its name.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
    /// The KMS key's ARN.
    pub(crate) kms_key: String,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// The access policy.
    pub(crate) policy: Option<String>,
    /// The vault lock.
    pub(crate) lock: Option<Lock>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// Days until a recovery point becomes cold or is deleted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lifecycle {
    /// To cold storage.
    pub(crate) cold: Option<i64>,
    /// Deletion.
    pub(crate) delete: Option<i64>,
}

/// How a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobFate {
    /// `COMPLETED`.
    Completes,
    /// `COMPLETED`, with a message category that is not `SUCCESS`.
    HasIssues,
    /// `COMPLETED`, but the recovery point stays `CREATING`.
    PointStuck,
    /// `FAILED`.
    Fails,
    /// `ABORTED`.
    Aborts,
    /// `EXPIRED` when the start window closes.
    Expires,
    /// It stays `CREATED`.
    NeverStarts,
}

/// A backup job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Its id.
    pub(crate) id: String,
    /// The vault's name.
    pub(crate) vault: String,
    /// What is backed up.
    pub(crate) resource: String,
    /// The role's ARN.
    pub(crate) role: String,
    /// The recovery point's ARN.
    pub(crate) point: String,
    /// `CREATED` …
    pub(crate) state: String,
    /// Why.
    pub(crate) message: Option<String>,
    /// E.g. `SUCCESS`.
    pub(crate) category: Option<String>,
    /// When it was asked for.
    pub(crate) created: Timestamp,
    /// When its start window closes.
    pub(crate) start_by: Timestamp,
    /// When it began to run, and when it will end.
    pub(crate) run: Option<(Timestamp, Timestamp)>,
    /// When it ended.
    pub(crate) ended: Option<Timestamp>,
    /// How many bytes it copies.
    pub(crate) bytes: u64,
    /// How it ends.
    pub(crate) fate: JobFate,
    /// Made by a backup plan.
    pub(crate) planned: bool,
}

impl Job {
    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "COMPLETED" | "FAILED" | "ABORTED" | "EXPIRED")
    }

    /// The share done, 0 to 1.
    pub(crate) fn share(&self, now: Timestamp) -> f64 {
        match self.run {
            _ if self.state == "COMPLETED" => 1.0,
            Some((from, until)) => {
                let whole = until.duration_since(from).as_secs_f64().max(0.001);
                let at = self.ended.unwrap_or(now);
                (at.duration_since(from).as_secs_f64() / whole).clamp(0.0, 0.999)
            }
            None => 0.0,
        }
    }
}

/// A recovery point.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    /// Its ARN.
    pub(crate) arn: String,
    /// The vault's name.
    pub(crate) vault: String,
    /// What it is a backup of.
    pub(crate) resource: String,
    /// The role's ARN.
    pub(crate) role: String,
    /// `CREATING`, `COMPLETED`, `DELETING`, `EXPIRED` …
    pub(crate) status: String,
    /// When its job was asked for.
    pub(crate) created: Timestamp,
    /// When its job ran.
    pub(crate) run: Option<(Timestamp, Timestamp)>,
    /// When it was complete.
    pub(crate) completed: Option<Timestamp>,
    /// Its size.
    pub(crate) bytes: u64,
    /// When it goes.
    pub(crate) lifecycle: Lifecycle,
    /// Its tags.
    pub(crate) tags: Tags,
    /// The files in it, once it is complete.
    pub(crate) copy: Option<Copy>,
    /// Made by a backup plan.
    pub(crate) planned: bool,
    /// Whether it is just being copied to another vault.
    pub(crate) copying: bool,
}
