//! What a deleted stack left behind, looked for by the physical ids in its own list; and its deletion.
//! Facts only: what is deleted is decided in `plan::remains`.

use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::Aws;
use super::convert::at;
use super::rebuild::there;
use super::refusal::refused;
use crate::model::rebuild::{Remaining, Remains, Thing};
use crate::model::run::Run;
use crate::model::stack::Resource;
use crate::model::{Refusal, StackStatus, tags};

impl Aws {
    /// What is still there of what the run's stack was made of.
    pub(super) async fn remains(&self, run: &Run) -> Result<Remains, Refusal> {
        let Some((aim, id)) = run.target.aim.as_ref().zip(run.made().id.as_deref()) else {
            return Ok(Remains::default());
        };
        let (rows, source) = futures_util::join!(self.rows(id), self.rows(&aim.source));
        let rows = rows?;
        // A stack that is replaced is the source's own: nothing of it is touched either.
        let of_source = source?.into_iter().filter_map(|row| row.physical_id).collect();
        let left: Vec<&Resource> = rows.iter().filter(|row| stays(row)).collect();
        let found = try_join_all(left.iter().map(|row| self.remaining(row))).await?;
        let mut things: Vec<Remaining> = found.into_iter().flatten().flatten().collect();
        things.extend(self.named_parameters(&aim.name).await?);
        things.extend(self.final_snapshots(&rows).await?);
        let found = |row: &Resource| things.iter().any(|one| row.physical_id.as_deref() == Some(one.thing.id()));
        // A custom resource whose physical id is a parameter's name, and which is gone with it.
        let parameter = |row: &Resource| row.physical_id.as_deref().is_some_and(|id| id.starts_with('/'));
        let unknown = left.into_iter().filter(|row| !known(row) && !found(row) && !parameter(row)).cloned().collect();
        Ok(Remains { things, unknown, of_source })
    }

    /// One row's thing, if it is still there; a vault with what is in it.
    async fn remaining(&self, row: &Resource) -> Result<Option<Vec<Remaining>>, Refusal> {
        let Some(id) = row.physical_id.clone() else { return Ok(None) };
        let one = |thing, made, leaving| vec![Remaining { thing, place: row.place(), made, leaving, half: false }];
        Ok(match row.resource_type.as_str() {
            "AWS::EFS::FileSystem" | "Custom::EFS" if id.starts_with("fs-") => there(self.file_system_made(&id).await)?
                .map(|(made, leaving)| one(Thing::FileSystem(id), made, leaving)),
            "AWS::RDS::DBCluster" => {
                there(self.cluster_made(&id).await)?.map(|(made, leaving)| one(Thing::Cluster(id), made, leaving))
            }
            "AWS::RDS::DBInstance" => {
                there(self.instance_made(&id).await)?.map(|(made, leaving)| one(Thing::Instance(id), made, leaving))
            }
            "AWS::SecretsManager::Secret" => {
                there(self.secret_made(&id).await)?.map(|(made, leaving)| one(Thing::Secret(id), made, leaving))
            }
            "AWS::KMS::Key" => {
                there(self.key_made(&id).await)?.map(|(made, leaving)| one(Thing::Key(id), made, leaving))
            }
            "AWS::Backup::BackupVault" => self.vault_and_points(row, &id).await?,
            // Found by the new stack's name, with those that a function made.
            "AWS::SSM::Parameter" => None,
            _ => None,
        })
    }

    async fn vault_and_points(&self, row: &Resource, name: &str) -> Result<Option<Vec<Remaining>>, Refusal> {
        let describe = self.backup().describe_backup_vault().backup_vault_name(name);
        let Some(vault) = there(describe.send().await.map_err(refused("backup", "DescribeBackupVault")))? else {
            return Ok(None);
        };
        let made = at(vault.creation_date.as_ref());
        let mut all = vec![Remaining {
            thing: Thing::Vault(name.to_owned()),
            place: row.place(),
            made,
            leaving: false,
            half: false,
        }];
        let mut points = Vec::new();
        self.points(name, None, &mut |point| points.push(point)).await?;
        for point in points {
            let half = self.tags_of(&point.arn).await?.contains_key(tags::ID);
            let thing = Thing::Point { vault: name.to_owned(), arn: point.arn };
            let leaving = point.status.as_str() == "DELETING";
            all.push(Remaining { thing, place: row.place(), made: point.created, leaving, half });
        }
        Ok(Some(all))
    }

    /// Parameters that bear the new stack's name as a whole part of theirs.
    async fn named_parameters(&self, stack: &str) -> Result<Vec<Remaining>, Refusal> {
        let names = self.parameters_named(stack).await?;
        let remaining = |name: String| Remaining {
            thing: Thing::Parameter(name),
            place: "Parameter Store".to_owned(),
            made: None,
            leaving: false,
            half: false,
        };
        // Our own bookkeeping bears the stack's name, too, and is tidied with the run.
        Ok(names.into_iter().filter(|name| !name.starts_with("/stacksnap/")).map(remaining).collect())
    }

    /// Manual snapshots of a cluster that is gone: CloudFormation took them when it deleted the cluster.
    async fn final_snapshots(&self, rows: &[Resource]) -> Result<Vec<Remaining>, Refusal> {
        let mut all = Vec::new();
        for row in rows.iter().filter(|row| row.resource_type == "AWS::RDS::DBCluster") {
            let Some(cluster) = &row.physical_id else { continue };
            for snapshot in self.manual_snapshots_of(cluster).await? {
                let leaving = snapshot.status == crate::model::SnapshotStatus::Deleting;
                let thing = Thing::FinalSnapshot(snapshot.id);
                let half = snapshot.tags.contains_key(tags::ID);
                all.push(Remaining { thing, place: row.place(), made: snapshot.created, leaving, half });
            }
        }
        Ok(all)
    }

    /// Deletes one thing.
    pub(super) async fn clear(&self, thing: &Thing) -> Result<(), Refusal> {
        match thing {
            Thing::Instance(id) => self.delete_instance(id).await,
            Thing::Cluster(id) => self.delete_cluster(id).await,
            Thing::FinalSnapshot(id) => self.delete_snapshot(id).await,
            Thing::FileSystem(id) => self.delete_file_system(id).await,
            Thing::Point { vault, arn } => self.delete_point(vault, arn).await,
            Thing::Vault(name) => {
                let delete = self.backup().delete_backup_vault().backup_vault_name(name);
                delete.send().await.map(drop).map_err(refused("backup", "DeleteBackupVault"))
            }
            Thing::Secret(arn) => {
                // The drill's own copy; no recovery window, so that nothing of a drill is left.
                let delete = self.secrets().delete_secret().secret_id(arn).force_delete_without_recovery(true);
                delete.send().await.map(drop).map_err(refused("secretsmanager", "DeleteSecret"))
            }
            Thing::Parameter(name) => self.delete_parameter(name).await,
            Thing::Key(id) => self.delete_key(id).await,
        }
    }

    async fn secret_made(&self, arn: &str) -> Result<(Option<Timestamp>, bool), Refusal> {
        let describe = self.secrets().describe_secret().secret_id(arn);
        let secret = describe.send().await.map_err(refused("secretsmanager", "DescribeSecret"))?;
        Ok((at(secret.created_date.as_ref()), secret.deleted_date.is_some()))
    }

    /// DeleteRecoveryPoint. With too few rights it answers 200 and leaves the point EXPIRED.
    pub(super) async fn delete_point(&self, vault: &str, arn: &str) -> Result<(), Refusal> {
        let delete = self.backup().delete_recovery_point().backup_vault_name(vault).recovery_point_arn(arn);
        delete.send().await.map(drop).map_err(refused("backup", "DeleteRecoveryPoint"))
    }
}

/// Not deleted with its stack: DELETE_SKIPPED, or never reached.
fn stays(row: &Resource) -> bool {
    row.status != StackStatus::DeleteComplete && row.physical_id.is_some()
}

/// It can be looked for, or goes with something that can.
fn known(row: &Resource) -> bool {
    matches!(
        row.resource_type.as_str(),
        "AWS::EFS::FileSystem"
            | "Custom::EFS"
            | "AWS::RDS::DBCluster"
            | "AWS::RDS::DBInstance"
            | "AWS::SecretsManager::Secret"
            | "AWS::KMS::Key"
            | "AWS::Backup::BackupVault"
            | "AWS::SSM::Parameter"
            // Has no life of its own.
            | "AWS::CloudFormation::Stack"
    )
}
