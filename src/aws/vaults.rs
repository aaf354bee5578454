//! Backup vaults.

use aws_sdk_backup::operation::describe_backup_vault::DescribeBackupVaultOutput;
use aws_sdk_backup::types::BackupVaultListMember;

use super::Aws;
use super::pages::Pages;
use super::refusal::refused;
use crate::model::survey::Vault;
use crate::model::{Refusal, Seen};

const SERVICE: &str = "backup";

impl Aws {
    /// One vault, with its access policy.
    pub(super) async fn vault(&self, name: &str) -> Result<Vault, Refusal> {
        let (vault, policy) = futures_util::join!(self.vault_alone(name), self.vault_policy(name));
        Ok(Vault { policy, ..vault? })
    }

    /// One vault; its access policy is not looked at.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn vault_alone(&self, name: &str) -> Result<Vault, Refusal> {
        let describe = self.backup().describe_backup_vault().backup_vault_name(name);
        let vault: Vault = describe.send().await.map_err(refused(SERVICE, "DescribeBackupVault"))?.into();
        Ok(if vault.name.is_empty() { Vault { name: name.to_owned(), ..vault } } else { vault })
    }

    /// A vault without a policy is refused as not found.
    pub(super) async fn vault_policy(&self, name: &str) -> Seen<String> {
        let get = self.backup().get_backup_vault_access_policy().backup_vault_name(name);
        match get.send().await.map_err(refused(SERVICE, "GetBackupVaultAccessPolicy")) {
            Ok(answer) => answer.policy.map_or(Seen::Missing, Seen::Here),
            Err(refusal) => Err(refusal).into(),
        }
    }

    /// The names of every vault in the region.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn vault_names(&self) -> Result<Vec<String>, Refusal> {
        Ok(self.vaults().await?.into_iter().map(|vault| vault.name).collect())
    }

    /// Every vault in the region; their access policies are not looked at.
    pub(super) async fn vaults(&self) -> Result<Vec<Vault>, Refusal> {
        let mut vaults = Vec::new();
        let mut pages = Pages::of(SERVICE, "ListBackupVaults");
        let mut token = None;
        loop {
            let list = self.backup().list_backup_vaults().set_next_token(token);
            let page = list.send().await.map_err(refused(SERVICE, "ListBackupVaults"))?;
            let rows = page.backup_vault_list.unwrap_or_default().into_iter().map(Vault::from);
            vaults.extend(rows.filter(|vault| !vault.name.is_empty()));
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(vaults);
            }
        }
    }
}

macro_rules! vaults {
    ($($shape:ty),+) => {
        $(impl From<$shape> for Vault {
            fn from(vault: $shape) -> Self {
                Self {
                    name: vault.backup_vault_name.unwrap_or_default(),
                    arn: vault.backup_vault_arn.unwrap_or_default(),
                    locked: vault.locked.unwrap_or_default(),
                    min_days: vault.min_retention_days,
                    max_days: vault.max_retention_days,
                    policy: Seen::NotLooked,
                    kms_key: vault.encryption_key_arn,
                }
            }
        })+
    };
}

// The description and the list's row say the same in types of their own.
vaults!(DescribeBackupVaultOutput, BackupVaultListMember);
