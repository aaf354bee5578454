//! The findings' ids. They are stable: scripts match them, so an id is never used for something else.

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $id;)+

        /// Every id with its situation, in order.
        pub const TABLE: &[(&str, &str)] = &[$(($id, concat!($($doc),+).trim_ascii())),+];
    };
}

ids! {
    /// The snapshot does not exist.
    NO_SNAPSHOT = "SS301";
    /// The snapshot is not available.
    SNAPSHOT_NOT_AVAILABLE = "SS302";
    /// The recovery point does not exist.
    NO_POINT = "SS303";
    /// The recovery point is not complete.
    POINT_NOT_COMPLETE = "SS304";
    /// The backup was never checked and marked as complete.
    NOT_MARKED = "SS305";
    /// The backup is not complete, or not consistent.
    NOT_COMPLETE = "SS306";
    /// A live backup: nothing proves that its halves belong to one instant.
    LIVE = "SS307";
    /// stacksnap did not make this pair: nothing proves that its halves belong together.
    PAIR = "SS308";
    /// AWS Backup was due to delete the recovery point.
    POINT_EXPIRED = "SS309";
    /// AWS Backup deletes the recovery point soon.
    POINT_EXPIRES = "SS310";
    /// The recovery point is in cold storage.
    POINT_COLD = "SS311";
    /// The vault's access policy denies a restore.
    VAULT_DENIES_RESTORE = "SS312";
    /// The vault's access policy may deny a restore, under conditions.
    VAULT_MAY_DENY_RESTORE = "SS313";
    /// The recovery point is not of an EFS file system.
    POINT_NOT_FILES = "SS314";
    /// A part is in another region.
    OTHER_REGION = "SS320";
    /// A part is in another account.
    OTHER_ACCOUNT = "SS321";
    /// Everybody may restore the snapshot.
    SNAPSHOT_PUBLIC = "SS322";
    /// Other accounts may restore the snapshot.
    SNAPSHOT_SHARED = "SS323";
    /// The backup does not say which secret opens its database.
    NO_SECRET_KNOWN = "SS330";
    /// The DB secret does not exist.
    NO_SECRET = "SS331";
    /// The DB secret is scheduled for deletion.
    SECRET_DELETED = "SS332";
    /// The DB secret was rotated since; the version that opens the backup is still stored.
    SECRET_ROTATED = "SS333";
    /// The DB secret was rotated since, and the version that opens the backup is gone.
    SECRET_VERSION_GONE = "SS334";
    /// It is not known which version of the DB secret opens the backup.
    SECRET_VERSION_UNKNOWN = "SS335";
    /// A Parameter Store secret that a restore needs is missing.
    NO_PARAMETER = "SS336";
    /// A Parameter Store secret was changed since.
    PARAMETER_CHANGED = "SS337";
    /// A KMS key is missing.
    NO_KEY = "SS340";
    /// A KMS key is not enabled.
    KEY_NOT_ENABLED = "SS341";
    /// No manifest was kept with the backup.
    NO_MANIFEST = "SS350";
    /// The manifest is gone.
    MANIFEST_GONE = "SS351";
    /// The manifest is not the one that was kept.
    MANIFEST_CHANGED = "SS352";
    /// The manifest was written by a newer version.
    MANIFEST_NEWER = "SS353";
    /// The manifest cannot be read.
    MANIFEST_DAMAGED = "SS354";
    /// The manifest had no room for everything.
    MANIFEST_LEFT_OUT = "SS355";
    /// The kept template is gone; CloudFormation still has the stack's.
    TEMPLATE_GONE = "SS356";
    /// The source stack's template is another one by now.
    TEMPLATE_CHANGED = "SS357";
    /// Nothing has the template any more.
    NO_TEMPLATE = "SS358";
    /// The source stack is gone.
    SOURCE_GONE = "SS360";
    /// The tags, the manifest and AWS do not say the same of what is restored.
    DIFFERENT = "SS370";
    /// The tags, the manifest and AWS do not say the same of something else.
    DIFFERENT_BESIDES = "SS371";
    /// AWS did not show something that must be known.
    NOT_SHOWN = "SS390";
    /// AWS did not show something that would be good to know.
    NOT_SHOWN_NICETY = "SS391";
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn ids_are_unique_and_in_order() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(TABLE[0], (super::NO_SNAPSHOT, "The snapshot does not exist."));
    }
}
