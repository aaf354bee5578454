//! One account in one region: every service's state, and its agenda.

use crate::agenda::{Agenda, Event};
use crate::backup::state::Backup;
use crate::cfn::state::Cloud;
use crate::clock::{Pace, later};
use crate::contents::{Contents, Copy};
use crate::efs::FileSystem;
use crate::events::PutEvent;
use crate::faults::Faults;
use crate::identity::{Key, Role};
use crate::rds::state::Databases;
use crate::s3::Bucket;
use crate::secrets::Secret;
use crate::sns::PublishedMessage;
use crate::ssm::Parameter;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What an account has once for all regions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// IAM roles by name.
    pub(crate) roles: BTreeMap<String, Role>,
    /// S3 buckets by name.
    pub(crate) buckets: BTreeMap<String, Bucket>,
}

/// What a realm needs of the rest of the world while time passes.
pub(crate) struct Beyond<'a> {
    /// What the account has once for all regions.
    pub(crate) account: &'a mut Account,
    /// Faults that change what happens.
    pub(crate) faults: &'a mut Faults,
}

/// One account in one region.
#[derive(Clone, Debug)]
pub(crate) struct Realm {
    /// Twelve digits.
    pub(crate) account: String,
    /// E.g. `us-east-1`.
    pub(crate) region: String,
    /// How long things take.
    pub(crate) pace: Pace,
    /// Jitter and identifiers.
    pub(crate) rng: fastrand::Rng,
    /// What is going to happen.
    pub(crate) agenda: Agenda,
    /// CloudFormation.
    pub(crate) cloud: Cloud,
    /// RDS.
    pub(crate) databases: Databases,
    /// AWS Backup.
    pub(crate) backup: Backup,
    /// EFS file systems by id.
    pub(crate) file_systems: BTreeMap<String, FileSystem>,
    /// Secrets by ARN.
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// Parameter Store by name.
    pub(crate) parameters: BTreeMap<String, Parameter>,
    /// KMS keys by id.
    pub(crate) keys: BTreeMap<String, Key>,
    /// CloudWatch log groups by name.
    pub(crate) log_groups: BTreeMap<String, Timestamp>,
    /// SNS topics by name.
    pub(crate) topics: BTreeSet<String>,
    /// What was published on them, oldest first.
    pub(crate) messages: Vec<PublishedMessage>,
    /// EventBridge's buses by name, but for the default one.
    pub(crate) buses: BTreeSet<String>,
    /// What was put on any of them, oldest first.
    pub(crate) events: Vec<PutEvent>,
    /// What the applications of the stacks have written, by stack id.
    pub(crate) contents: BTreeMap<String, Contents>,
}

impl Realm {
    /// An empty realm.
    pub(crate) fn new(account: &str, region: &str, pace: Pace, seed: u64) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            pace,
            rng: fastrand::Rng::with_seed(seed),
            agenda: Agenda::default(),
            cloud: Cloud::default(),
            databases: Databases::default(),
            backup: Backup::default(),
            file_systems: BTreeMap::new(),
            secrets: BTreeMap::new(),
            parameters: BTreeMap::new(),
            keys: BTreeMap::new(),
            log_groups: BTreeMap::new(),
            topics: BTreeSet::new(),
            messages: Vec::new(),
            buses: BTreeSet::new(),
            events: Vec::new(),
            contents: BTreeMap::new(),
        }
    }

    /// An ARN of this account and region.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// A fresh UUID.
    pub(crate) fn uuid(&mut self) -> String {
        uuid(&mut self.rng)
    }

    /// So many random hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        self.uuid().replace('-', "").chars().take(digits).collect()
    }

    /// The instant so many (varied) seconds of AWS time after `at`.
    pub(crate) fn after(&mut self, at: Timestamp, seconds: f64) -> Timestamp {
        later(at, self.pace.varied(seconds, &mut self.rng))
    }

    /// The instant exactly so many seconds of AWS time after `at`.
    pub(crate) fn exactly_after(&self, at: Timestamp, seconds: f64) -> Timestamp {
        later(at, self.pace.exact(seconds))
    }

    /// The rows of a DB cluster at an instant.
    pub(crate) fn rows_of(&self, cluster: &str, at: Timestamp) -> Option<Copy> {
        let (origin, contents) = self.contents.iter().find(|(_, each)| each.cluster == cluster)?;
        Some(Copy { origin: origin.clone(), versions: contents.rows(at) })
    }

    /// The files of a file system as a job reads them from `from` to `until`.
    pub(crate) fn files_of(&self, file_system: &str, from: Timestamp, until: Timestamp) -> Option<Copy> {
        let (origin, contents) = self.contents.iter().find(|(_, each)| each.file_system == file_system)?;
        Some(Copy { origin: origin.clone(), versions: contents.files_read(from, until) })
    }

    /// A DB cluster begins with these rows; `owner` is the stack's id, or the cluster's ARN.
    pub(crate) fn adopt_rows(&mut self, owner: &str, cluster: &str, rows: Option<&Copy>, at: Timestamp) {
        let period = self.pace.exact(self.pace.durations.write_period);
        let contents = self.contents.entry(owner.to_owned()).or_insert_with(|| Contents::new("", "", period));
        cluster.clone_into(&mut contents.cluster);
        let files = contents.files(at);
        contents.restore_rows(rows, files);
    }

    /// A new, empty file system; `owner` is the stack's id, or the file system's.
    pub(crate) fn adopt_files(&mut self, owner: &str, file_system: &str) {
        let period = self.pace.exact(self.pace.durations.write_period);
        let contents = self.contents.entry(owner.to_owned()).or_insert_with(|| Contents::new("", "", period));
        file_system.clone_into(&mut contents.file_system);
        contents.restore_files(std::sync::Arc::new([]));
    }

    /// Lets everything happen that is due by `now`, in order.
    pub(crate) fn advance(&mut self, now: Timestamp, beyond: &mut Beyond<'_>) {
        while let Some((at, event)) = self.agenda.due(now) {
            match event {
                Event::ChangeSet { stack, id } => crate::cfn::change_sets::step(self, &stack, &id, at),
                Event::Stack { stack, script, step } => {
                    crate::cfn::script::perform(self, beyond, &stack, script, step, at);
                }
                Event::Job { id, step } => crate::backup::jobs::perform(self, &id, step, at),
                Event::Restore { id, step } => crate::backup::restores::perform(self, &id, step, at),
                Event::Gone(thing) => thing.go(self),
            }
        }
    }
}

/// A random (version 4) UUID.
pub(crate) fn uuid(rng: &mut fastrand::Rng) -> String {
    let bits = rng.u128(..) & !(0xf << 76) | (4 << 76);
    let bits = bits & !(0x3 << 62) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    let parts: Vec<&str> = parts.into_iter().filter_map(|range| hex.get(range)).collect();
    parts.join("-")
}
