//! Planting past backups: what they are of, what they hold, what they are called.

use super::snapshots::stamp;
use super::{BackupSeed, PlantedBackup, PointHalf, SnapshotHalf};
use crate::backup::state::{Lifecycle, Point};
use crate::clock::{later, seconds};
use crate::contents::Copy;
use crate::input::Tags;
use crate::rds::state::{Cluster, Snapshot, SnapshotFate};
use crate::realm::{Account, Realm};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// More backups than this at once hold nothing: they would fill the memory.
const WITH_CONTENTS: u32 = 1000;

/// What the backups are of.
struct Subject {
    stack: String,
    stack_id: String,
    cluster: String,
    file_system: String,
    vault: String,
    role: String,
}

/// One backup of the many.
struct Place<'a> {
    subject: &'a Subject,
    number: u32,
    at: Timestamp,
    uuid: String,
}

impl Place<'_> {
    fn filled(&self, text: &str, snapshot: &str, point: &str) -> String {
        let Subject { stack, stack_id, cluster, file_system, vault, .. } = self.subject;
        let mut text = text.to_owned();
        for (mark, value) in [
            ("{n}", &self.number.to_string()),
            ("{hex}", &format!("{:012x}", self.number)),
            ("{time}", &self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("{stamp}", &stamp(self.at)),
            ("{uuid}", &self.uuid),
            ("{stack}", stack),
            ("{stack_id}", stack_id),
            ("{cluster}", cluster),
            ("{file_system}", file_system),
            ("{vault}", vault),
            ("{snapshot}", &snapshot.to_owned()),
            ("{recovery_point}", &point.to_owned()),
        ] {
            text = text.replace(mark, value);
        }
        text
    }

    fn tags(&self, tags: &BTreeMap<String, String>, snapshot: &str, point: &str) -> Tags {
        tags.iter().map(|(key, value)| (key.clone(), self.filled(value, snapshot, point))).collect()
    }
}

impl BackupSeed {
    /// Plants them; the quota is raised to what there is, if need be.
    ///
    /// # Errors
    /// A sentence that says what is not there.
    pub(crate) fn plant(
        &self,
        realm: &mut Realm,
        account: &Account,
        now: Timestamp,
    ) -> Result<Vec<PlantedBackup>, String> {
        let subject = self.subject(realm, account)?;
        let first = self.at.unwrap_or_else(|| later(now, seconds(-f64::from(self.count) * self.every)));
        let mut planted = Vec::new();
        for number in 0..self.count {
            let at = later(first, seconds(f64::from(number) * self.every));
            let uuid = realm.uuid().to_uppercase();
            planted.push(self.one(realm, &Place { subject: &subject, number, at, uuid })?);
        }
        let manual = realm.databases.manual();
        realm.databases.quota = realm.databases.quota.max(manual);
        Ok(planted)
    }

    /// Both halves hold what the application had written at that instant, so that they fit.
    fn one(&self, realm: &mut Realm, place: &Place<'_>) -> Result<PlantedBackup, String> {
        let subject = place.subject;
        let id = self.snapshot.as_ref().map(|half| place.filled(&half.id, "", "").to_ascii_lowercase());
        let point = self.recovery_point.as_ref().map(|half| {
            let name = place.filled(&half.id, "", "");
            if name.starts_with("arn:") { name } else { realm.arn("backup", &format!("recovery-point:{name}")) }
        });
        let (id_text, point_text) = (id.clone().unwrap_or_default(), point.clone().unwrap_or_default());
        let some = self.count <= WITH_CONTENTS;
        let copy = realm.rows_of(&subject.cluster, place.at).filter(|_| some);
        if let (Some(half), Some(id)) = (&self.snapshot, &id) {
            let cluster = realm.databases.clusters.get(&subject.cluster).cloned();
            let cluster = cluster.ok_or_else(|| missing("cluster", &subject.cluster))?;
            let tags = place.tags(&half.tags, &id_text, &point_text);
            let snapshot = half.made(&cluster, (id, place.at), copy.clone(), tags)?;
            realm.databases.snapshots.insert(id.clone(), snapshot);
        }
        if let (Some(half), Some(arn)) = (&self.recovery_point, &point) {
            let tags = place.tags(&half.tags, &id_text, &point_text);
            let made = half.made(realm, place, arn, copy, tags);
            realm.backup.points.insert(arn.clone(), made);
        }
        Ok(PlantedBackup { snapshot: id, recovery_point: point, created: place.at })
    }

    fn subject(&self, realm: &Realm, account: &Account) -> Result<Subject, String> {
        let id = realm.cloud.id_of(&self.stack).ok_or_else(|| missing("stack", &self.stack))?;
        let stack = realm.cloud.stacks.get(id).ok_or_else(|| missing("stack", &self.stack))?;
        let or_else = |given: &str, kinds: &[&str]| {
            let found = stack.resources.iter().find(|each| kinds.contains(&each.kind.as_str()));
            let found = found.map(|each| each.physical.clone()).filter(|_| given.is_empty());
            found.unwrap_or_else(|| given.to_owned())
        };
        let role = stack.seed.role.as_ref().and_then(|role| account.roles.get(&role.name));
        let subject = Subject {
            stack: stack.name.clone(),
            stack_id: stack.id.clone(),
            cluster: or_else(&self.cluster, &["AWS::RDS::DBCluster"]),
            file_system: or_else(&self.file_system, &["AWS::EFS::FileSystem", "Custom::EFS"]),
            vault: or_else(&self.vault, &["AWS::Backup::BackupVault"]),
            role: role.map(|role| role.arn.clone()).unwrap_or_default(),
        };
        if self.recovery_point.is_some() && !realm.backup.vaults.contains_key(&subject.vault) {
            return Err(missing("vault", &subject.vault));
        }
        Ok(subject)
    }
}

impl SnapshotHalf {
    fn made(
        &self,
        cluster: &Cluster,
        (id, at): (&str, Timestamp),
        copy: Option<Copy>,
        tags: Tags,
    ) -> Result<Snapshot, String> {
        let fate = match self.status.as_str() {
            "available" | "deleting" => SnapshotFate::Available,
            "failed" => SnapshotFate::Failed,
            "creating" => SnapshotFate::Stuck,
            other => return Err(format!("a planted snapshot cannot be {other}")),
        };
        let deleting = self.status == "deleting";
        Ok(Snapshot { copy, tags, fate, deleting, ..Snapshot::blank(cluster, id, "manual", at, at) })
    }
}

impl PointHalf {
    fn made(&self, realm: &Realm, place: &Place<'_>, arn: &str, copy: Option<Copy>, tags: Tags) -> Point {
        let subject = place.subject;
        let begun = later(place.at, seconds(self.delay));
        let ended = later(begun, seconds(600.0));
        let bytes = realm.file_systems.get(&subject.file_system).map_or(0, |each| each.bytes / 50);
        Point {
            arn: arn.to_owned(),
            vault: subject.vault.clone(),
            resource: realm.arn("elasticfilesystem", &format!("file-system/{}", subject.file_system)),
            role: subject.role.clone(),
            status: self.state.clone(),
            created: begun,
            run: Some((begun, ended)),
            completed: (self.state != "CREATING").then_some(ended),
            bytes,
            lifecycle: Lifecycle { cold: None, delete: self.delete_after_days },
            tags,
            copy,
            planned: self.planned,
            copying: false,
        }
    }
}

fn missing(what: &str, name: &str) -> String {
    format!("there is no {what} {name}")
}
