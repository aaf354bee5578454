//! Gathering: page by page, in any order.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use crate::model::half::{RecoveryPoint, Snapshot, Tags};
use crate::model::retention::TagRule;
use crate::model::run::Run;

use super::compact::{Id, Pool, SmallArn, Sym};
use super::halves::{Claim, Database, Files};
use super::others::Others;
use super::{Catalogue, join};

/// Gathers halves page by page, keeping little of each, and joins them at the end.
#[derive(Debug, Default)]
pub struct Gather {
    pub(super) pool: Pool,
    pub(super) stack: Option<String>,
    pub(super) databases: Vec<Database>,
    pub(super) files: Vec<Files>,
    /// Tags that were read later.
    pub(super) claims: HashMap<SmallArn, Box<Claim>>,
    /// Recovery points that snapshots of other stacks name.
    pub(super) others: HashSet<SmallArn>,
    pub(super) unread: BTreeSet<Sym>,
    pub(super) foreign_snapshots: usize,
    pub(super) by_plan: HashSet<SmallArn>,
    /// What others made, where it is to be shown.
    pub(super) foreign: Option<Others>,
    /// Tags to look out for.
    keep: Vec<TagRule>,
    /// Backups that bear one of them.
    pub(super) tagged: HashMap<Id, Vec<TagRule>>,
}

impl Gather {
    /// For one stack, by name, or for all.
    pub fn new(stack: Option<&str>) -> Self {
        Self { stack: stack.map(str::to_owned), ..Self::default() }
    }

    /// Keeps, too, what others made, to be shown one by one.
    #[must_use]
    pub fn with_others(self) -> Self {
        Self { foreign: Some(Others::default()), ..self }
    }

    /// Looks out for backups whose snapshot bears one of these tags.
    #[must_use]
    pub fn looking_for(self, keep: &[TagRule]) -> Self {
        Self { keep: keep.to_vec(), ..self }
    }

    /// Takes a snapshot in; somebody else's is only counted.
    #[expect(clippy::needless_pass_by_value, reason = "taken in: the caller has no further use for it")]
    pub fn snapshot(&mut self, snapshot: Snapshot) {
        match Database::read(&mut self.pool, &snapshot) {
            None => {
                self.foreign_snapshots += 1;
                if let Some(others) = &mut self.foreign {
                    others.snapshot(&snapshot);
                }
            }
            Some(half) if self.wanted(&half) => {
                let fits: Vec<TagRule> = self.keep.iter().filter(|rule| rule.fits(&snapshot.tags)).cloned().collect();
                if !fits.is_empty() {
                    self.tagged.insert(half.marks.id, fits);
                }
                self.databases.push(half);
            }
            Some(half) if !half.point.is_none() => {
                self.others.insert(half.point);
            }
            Some(_) => {}
        }
    }

    fn wanted(&self, half: &Database) -> bool {
        self.stack.as_deref().is_none_or(|stack| half.marks.of_stack(&self.pool, stack))
    }

    /// Takes a recovery point in, its tags read or not.
    #[expect(clippy::needless_pass_by_value, reason = "taken in: the caller has no further use for it")]
    pub fn point(&mut self, point: RecoveryPoint) {
        if let Some(others) = &mut self.foreign {
            others.point(&point);
        }
        if point.by_plan {
            let arn = self.pool.arn(&point.arn);
            self.by_plan.insert(arn);
        } else {
            let half = Files::read(&mut self.pool, &point);
            self.files.push(half);
        }
    }

    /// Vaults named by the snapshots' tags: where the other halves are.
    pub fn vaults(&self) -> Vec<String> {
        let named: HashSet<Sym> = self.databases.iter().map(|half| half.vault).collect();
        let mut vaults: Vec<String> =
            named.into_iter().filter_map(|sym| self.pool.get(sym)).map(str::to_owned).collect();
        vaults.sort_unstable();
        vaults
    }

    /// A vault that could not be read: its backups' other halves are unknown, not gone.
    pub fn unread(&mut self, vault: &str) {
        let vault = self.pool.keep(vault);
        self.unread.insert(vault);
    }

    /// ARNs of recovery points that no snapshot names and no plan made: worth reading their tags,
    /// since one of them may be an orphan of ours.
    pub fn unclaimed(&self) -> Vec<String> {
        let named: HashSet<SmallArn> = self.databases.iter().map(|half| half.point).collect();
        let open = |half: &&Files| {
            half.claim.is_none()
                && !named.contains(&half.arn)
                && !self.others.contains(&half.arn)
                && !self.claims.contains_key(&half.arn)
        };
        let mut arns: Vec<String> =
            self.files.iter().filter(open).filter_map(|half| self.pool.spell_arn(half.arn)).collect();
        arns.sort_unstable();
        arns.dedup();
        arns
    }

    /// Takes in the tags of an unclaimed recovery point.
    #[expect(clippy::needless_pass_by_value, reason = "taken in: the caller has no further use for them")]
    pub fn tags(&mut self, arn: &str, tags: Tags) {
        let arn = self.pool.arn(arn);
        let claim = Claim::read(&mut self.pool, &tags);
        self.claims.insert(arn, Box::new(claim));
    }

    /// The rows, the newest first.
    pub fn join(self, runs: &[Run], now: Timestamp) -> Catalogue {
        join::join(self, runs, now)
    }
}
