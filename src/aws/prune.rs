//! Deleting and holding backups: the looks before, the calls themselves.

use futures_util::join;
use jiff::Timestamp;

use super::Aws;
use super::pages::Pages;
use super::refusal::refused;
use crate::engine::Tag;
use crate::engine::prune::{Doomed, PointName, Removal};
use crate::model::backup::Backup;
use crate::model::half::{RecoveryPoint, Snapshot};
use crate::model::manifest::Place;
use crate::model::run::Run;
use crate::model::stack::Stack;
use crate::model::survey::Vault;
use crate::model::{Refusal, RefusalKind, Seen};
use crate::plan::prune::{Sight, StackValues};
use crate::world::{Shelf, World};

impl Shelf for Aws {
    async fn inspect(&self, doomed: &Doomed) -> Sight {
        let anchor = doomed.anchor.as_ref();
        // What speaks against it is read last: whoever begins to use a backup does so before he looks at its mark.
        let (snapshot, files, vault, anchor_snapshot, anchor_point) = join!(
            // A snapshot that lost its id is looked for by the name that it must have: it may be the other half.
            self.snapshot_of(doomed.snapshot.as_ref().or(Some(&doomed.id).filter(|_| !doomed.seed))),
            self.point_of(doomed.point.as_ref()),
            self.vault_of(doomed.point.as_ref()),
            self.snapshot_of(anchor.map(|(snapshot, _)| snapshot)),
            self.point_of(anchor.map(|(_, point)| point)),
        );
        // Runs before stacks: one that ends in between has made its stack by then.
        let runs = self.records(Some(&doomed.stack)).await.and_then(readable);
        let stacks = self.stack_values().await;
        Sight { snapshot, point: files, vault, anchor_snapshot, anchor_point, stacks: stacks.into(), runs: runs.into() }
    }

    async fn remove(&self, removal: &Removal) -> Result<(), Refusal> {
        match removal {
            Removal::Tag { arn, tag } => self.tag_snapshot(arn, std::slice::from_ref(tag)).await,
            Removal::Untag { arn, key } => self.untag_snapshot(arn, &[key]).await,
            Removal::Point(PointName { vault, arn }) => self.delete_point(vault, arn).await,
            Removal::Snapshot { id } => self.delete_snapshot(id).await,
            Removal::Manifest { stack, id } => {
                self.delete_parameter(&Place::ParameterStore.manifest_at(stack, id)).await
            }
        }
    }

    fn time(&self) -> Timestamp {
        self.now()
    }
}

impl Aws {
    async fn snapshot_of(&self, id: Option<&String>) -> Seen<Snapshot> {
        match id {
            Some(id) => self.snapshot(id).await.into(),
            None => Seen::Missing,
        }
    }

    async fn point_of(&self, name: Option<&PointName>) -> Seen<RecoveryPoint> {
        match name {
            Some(PointName { vault, arn }) => self.point(vault, arn).await.into(),
            None => Seen::Missing,
        }
    }

    async fn vault_of(&self, name: Option<&PointName>) -> Seen<Vault> {
        match name {
            Some(PointName { vault, .. }) => self.vault_alone(vault).await.into(),
            None => Seen::Missing,
        }
    }

    /// Both halves of a backup, looked at again.
    pub async fn halves_of(&self, backup: &Backup) -> (Seen<Snapshot>, Seen<RecoveryPoint>) {
        let point = backup.files.as_ref();
        let point = point.map(|half| PointName { vault: half.vault.to_string(), arn: half.recovery_point.to_string() });
        let snapshot = backup.database.as_ref().map(|half| half.snapshot.to_string());
        join!(self.snapshot_of(snapshot.as_ref()), self.point_of(point.as_ref()))
    }

    /// The parameters of every stack that is there, nested ones included.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn stack_values(&self) -> Result<Vec<StackValues>, Refusal> {
        Ok(self.stacks().await?.into_iter().map(into_values).collect())
    }

    /// The ARNs of recovery points under a legal hold, each with the hold's title.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn legal_holds(&self) -> Result<Vec<(String, String)>, Refusal> {
        let mut all = Vec::new();
        for (id, title) in self.active_holds().await? {
            let mut pages = Pages::of("backup", "ListRecoveryPointsByLegalHold");
            let mut token = None;
            loop {
                let list = self.backup().list_recovery_points_by_legal_hold().legal_hold_id(&id);
                let page = list.set_next_token(token).send().await;
                let page = page.map_err(refused("backup", "ListRecoveryPointsByLegalHold"))?;
                let points = page.recovery_points.unwrap_or_default().into_iter();
                all.extend(points.filter_map(|point| Some((point.recovery_point_arn?, title.clone()))));
                token = pages.next(page.next_token)?;
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(all)
    }

    async fn active_holds(&self) -> Result<Vec<(String, String)>, Refusal> {
        let mut all = Vec::new();
        let mut pages = Pages::of("backup", "ListLegalHolds");
        let mut token = None;
        loop {
            let page = self.backup().list_legal_holds().set_next_token(token).send().await;
            let page = page.map_err(refused("backup", "ListLegalHolds"))?;
            // One that is being cancelled still holds.
            let holds = page.legal_holds.unwrap_or_default().into_iter();
            let holds = holds.filter(|hold| hold.status.as_ref().is_none_or(|status| status.as_str() != "CANCELED"));
            all.extend(holds.filter_map(|hold| Some((hold.legal_hold_id?, hold.title.unwrap_or_default()))));
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    /// Writes tags on both halves of a backup: on the snapshot first, which is read first.
    ///
    /// # Errors
    /// AWS's refusal; the one half may be tagged then, and the other not.
    pub async fn tag_halves(&self, snapshot: Option<&str>, point: Option<&str>, tags: &[Tag]) -> Result<(), Refusal> {
        if let Some(arn) = snapshot {
            self.tag_snapshot(arn, tags).await?;
        }
        match point {
            Some(arn) => self.tag_point(arn, tags).await,
            None => Ok(()),
        }
    }

    /// Takes tags off both halves of a backup.
    ///
    /// # Errors
    /// AWS's refusal; they may be off the one half then, and not off the other.
    pub async fn untag_halves(
        &self,
        snapshot: Option<&str>,
        point: Option<&str>,
        keys: &[&'static str],
    ) -> Result<(), Refusal> {
        if let Some(arn) = snapshot {
            self.untag_snapshot(arn, keys).await?;
        }
        let Some(arn) = point else { return Ok(()) };
        let names: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let untag = self.backup().untag_resource().resource_arn(arn).set_tag_key_list(Some(names));
        untag.send().await.map(drop).map_err(refused("backup", "UntagResource"))
    }

    /// RemoveTagsFromResource. A snapshot that is gone has no tags.
    async fn untag_snapshot(&self, arn: &str, keys: &[&'static str]) -> Result<(), Refusal> {
        let names: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let untag = self.rds().remove_tags_from_resource().resource_name(arn).set_tag_keys(Some(names));
        match untag.send().await.map_err(refused("rds", "RemoveTagsFromResource")) {
            Err(refusal) if refusal.kind != RefusalKind::NotFound => Err(refusal),
            _ => Ok(()),
        }
    }
}

/// A run of a newer stacksnap may need the backup.
fn readable((runs, mut unreadable): (Vec<Run>, Vec<Refusal>)) -> Result<Vec<Run>, Refusal> {
    unreadable.pop().map_or(Ok(runs), Err)
}

fn into_values(stack: Stack) -> StackValues {
    let values = stack.parameters.into_iter().flat_map(|parameter| {
        let key = parameter.key;
        [Some(parameter.value), parameter.resolved].into_iter().flatten().map(move |value| (key.clone(), value))
    });
    StackValues { parameters: values.collect(), stack: stack.name, stack_id: stack.id }
}
