//! The findings' ids. They are stable: scripts match them, so an id is never used for something else.

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $id;)+

        /// Every id with its situation, in order.
        pub const TABLE: &[(&str, &str)] = &[$(($id, concat!($($doc),+).trim_ascii())),+];
    };
}

ids! {
    /// There is no such stack.
    NO_STACK = "SS001";
    /// The stack is deleted, or being deleted.
    STACK_GONE = "SS002";
    /// An operation on the stack is under way.
    STACK_BUSY = "SS003";
    /// The stack is stuck: a person has to repair it.
    STACK_STUCK = "SS004";
    /// The stack's status allows no update.
    STACK_NOT_UPDATABLE = "SS005";
    /// The stack is a nested one: its parent must be updated.
    STACK_NESTED = "SS006";
    /// It could not be decided which parts belong together.
    TOPOLOGY = "SS007";
    /// Another run holds the stack.
    RUN_HOLDS = "SS010";
    /// A run holds the stack, and nobody drives it.
    RUN_STALE = "SS011";
    /// A run's record cannot be read by this version.
    RUN_UNREADABLE = "SS012";
    /// An earlier run left the stack offline.
    LEFT_OFFLINE = "SS013";
    /// A run took the stack offline and never brought it back.
    DEBT = "SS014";
    /// The stack has no offline parameter.
    NO_OFFLINE_PARAMETER = "SS020";
    /// The offline parameter has neither the online nor the offline value.
    MODE_UNKNOWN = "SS021";
    /// The stack is offline already, and stays so.
    ALREADY_OFFLINE = "SS022";
    /// A live backup: nothing proves that its halves belong to one instant.
    LIVE = "SS023";
    /// Somebody else's change sets are waiting, and would be deleted.
    CHANGE_SETS = "SS024";
    /// Parameters of SSM types are resolved anew by every update.
    SSM_TYPED = "SS025";
    /// A mode change replaces the load balancer, and its DNS name.
    LOAD_BALANCER = "SS026";
    /// A part is in another region.
    OTHER_REGION = "SS027";
    /// A part is in another account.
    OTHER_ACCOUNT = "SS028";
    /// The offline budget leaves no time for the halves.
    BUDGET = "SS029";
    /// The DB cluster does not exist.
    NO_CLUSTER = "SS030";
    /// The DB cluster is busy.
    CLUSTER_BUSY = "SS031";
    /// The DB cluster is in a status that does not pass by itself.
    CLUSTER_UNUSABLE = "SS032";
    /// No manual DB cluster snapshot is left in the account's quota.
    QUOTA_USED_UP = "SS033";
    /// Few manual DB cluster snapshots are left in the account's quota.
    QUOTA_LOW = "SS034";
    /// How many manual DB cluster snapshots are left.
    QUOTA_LEFT = "SS035";
    /// At this rate the quota of manual DB cluster snapshots is used up soon.
    QUOTA_AHEAD = "SS036";
    /// The file system does not exist.
    NO_FILE_SYSTEM = "SS040";
    /// The file system is not available.
    FILE_SYSTEM_NOT_AVAILABLE = "SS041";
    /// A backup or copy job of the file system is under way.
    FILE_SYSTEM_JOB = "SS042";
    /// EFS is not opted in for AWS Backup in this region.
    EFS_NOT_OPTED_IN = "SS043";
    /// The backup vault does not exist.
    NO_VAULT = "SS050";
    /// The vault's lock refuses a recovery point that never expires.
    VAULT_MAX_RETENTION = "SS051";
    /// The vault's lock keeps recovery points from being deleted early.
    VAULT_MIN_RETENTION = "SS052";
    /// The vault's access policy denies a backup.
    VAULT_DENIES_BACKUP = "SS053";
    /// The vault's access policy may deny a backup, under conditions.
    VAULT_MAY_DENY_BACKUP = "SS054";
    /// The vault's access policy denies deleting, copying or restoring.
    VAULT_DENIES_LATER = "SS055";
    /// The vault's access policy cannot be read.
    VAULT_POLICY_UNREADABLE = "SS056";
    /// The bucket for manifests does not exist, or cannot be read.
    MANIFEST_PLACE = "SS057";
    /// The backup role does not exist.
    NO_ROLE = "SS060";
    /// The backup role does not trust AWS Backup.
    ROLE_TRUST = "SS061";
    /// The backup role trusts AWS Backup only under conditions.
    ROLE_TRUST_CONDITIONAL = "SS062";
    /// No DB secret was found.
    NO_SECRET_FOUND = "SS070";
    /// The DB secret does not exist.
    NO_SECRET = "SS071";
    /// The DB secret is scheduled for deletion.
    SECRET_DELETED = "SS072";
    /// The DB secret has no current version.
    SECRET_NO_VERSION = "SS073";
    /// A Parameter Store secret that a restore needs is missing.
    NO_PARAMETER = "SS074";
    /// A KMS key is missing.
    NO_KEY = "SS080";
    /// A KMS key is not enabled.
    KEY_NOT_ENABLED = "SS081";
    /// AWS did not show something that must be known.
    NOT_SHOWN = "SS090";
    /// AWS did not show something that would be good to know.
    NOT_SHOWN_NICETY = "SS091";
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn ids_are_unique_and_in_order() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(TABLE[0], (super::NO_STACK, "There is no such stack."));
    }
}
