//! What of a stack survives its deletion, and would be in the way of a new stack of the same name.

use super::names::{existing_name, one_name};
use super::{Fate, Name, Scope, Template, TemplateResource};
use crate::model::StackStatus;
use crate::model::stack::Resource;

/// Something that is still there when its stack is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outliving {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Its physical id.
    pub physical_id: String,
    /// What is left: itself, or a final snapshot with a generated name.
    pub fate: Fate,
    /// Whether the new stack would want its name.
    pub clash: Clash,
    /// What to do before; empty where nothing clashes.
    pub remedy: String,
}

/// Whether a name would be taken twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clash {
    /// The names differ.
    No,
    /// It cannot be told before the new stack is made.
    Possible,
    /// The new stack makes something of this name: its creation would fail.
    Certain,
}

/// What of the existing stack (its current template is `old`) outlives it, and whether the stack that is
/// created under the same name (`new` has its template, name and parameters) would clash with it.
///
/// A nested stack's resources are not looked at: their template is another one. A resource that `old` does
/// not declare (a transform made it) is taken to go with the stack; where there are transforms, give the
/// text of GetTemplate's stage Processed.
pub fn outliving(old: &Template, new: &Scope<'_>, existing: &[Resource]) -> Vec<Outliving> {
    let there = existing.iter().filter(|resource| resource.path.is_empty() && resource.status != gone());
    there.filter_map(|resource| judge(old.resource(&resource.logical_id)?, resource, new)).collect()
}

fn gone() -> StackStatus {
    "DELETE_COMPLETE".into()
}

fn judge(declared: &TemplateResource, existing: &Resource, new: &Scope<'_>) -> Option<Outliving> {
    let physical_id = existing.physical_id.clone().filter(|id| !id.is_empty())?;
    let fate = declared.fate();
    let clash = match fate {
        Fate::Gone => return None,
        // Its name is made up anew each time.
        Fate::Snapshot => Clash::No,
        Fate::Stays => clash(existing, &physical_id, new),
        // It may be gone: at most possible.
        Fate::Unknown => clash(existing, &physical_id, new).min(Clash::Possible),
    };
    let remedy = if clash == Clash::No { String::new() } else { remedy(&existing.resource_type, &physical_id) };
    Some(Outliving {
        logical_id: existing.logical_id.clone(),
        resource_type: existing.resource_type.clone(),
        physical_id,
        fate,
        clash,
        remedy,
    })
}

/// Any resource of the type may want the name, whatever its logical id is.
fn clash(existing: &Resource, physical_id: &str, new: &Scope<'_>) -> Clash {
    let kind = existing.resource_type.as_str();
    let taken = existing_name(kind, physical_id);
    let rivals = new.template().resources.iter().filter(|resource| resource.resource_type == kind);
    rivals.map(|rival| wants(rival, taken, new)).max().unwrap_or(Clash::No)
}

fn wants(rival: &TemplateResource, taken: &str, new: &Scope<'_>) -> Clash {
    let made = new.makes(rival);
    match new.name(rival) {
        _ if made == Some(false) => Clash::No,
        Name::Generated | Name::Fresh => Clash::No,
        Name::Fixed(name) if !one_name(&rival.resource_type, &name, taken) => Clash::No,
        Name::Fixed(_) if made == Some(true) => Clash::Certain,
        Name::Fixed(_) | Name::Unknown => Clash::Possible,
    }
}

fn remedy(kind: &str, id: &str) -> String {
    let rename = "give the new one another name (a parameter, or `AWS::StackId` in the template)";
    let what = match kind {
        "AWS::Backup::BackupVault" => {
            return format!("The vault {id} holds recovery points and must stay: {rename}.");
        }
        "AWS::SecretsManager::Secret" => {
            return format!("A restore reads the secret {id}, so it must stay: {rename}.");
        }
        "AWS::KMS::Alias" => "the alias is only a name, its key stays",
        "AWS::Logs::LogGroup" => "its log events are lost, so export what you want to keep first",
        "AWS::S3::Bucket" => "it must be emptied first, and its name may stay reserved for a while",
        "AWS::DynamoDB::Table" | "AWS::RDS::DBCluster" | "AWS::RDS::DBInstance" => "its data is lost",
        "AWS::SSM::Parameter" => "its value is lost, so note it first",
        _ => "what it holds is lost",
    };
    format!(
        "Either {rename}; or update the stack first so that {id} has `DeletionPolicy: Delete` and goes with it \
         ({what})."
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HUB, hub};
    use super::*;

    pub(in super::super) fn resource(logical_id: &str, kind: &str, physical: &str) -> Resource {
        Resource {
            path: Vec::new(),
            logical_id: logical_id.to_owned(),
            physical_id: Some(physical.to_owned()),
            resource_type: kind.to_owned(),
            status: "CREATE_COMPLETE".into(),
        }
    }

    fn existing() -> Vec<Resource> {
        vec![
            resource("AppDb", "AWS::RDS::DBCluster", "my-hub-app-db"),
            resource("StorageEFS", "Custom::EFS", "fs-1"),
            resource("DailyBackupVault", "AWS::Backup::BackupVault", "my-hub-daily-backup-1a2b"),
            resource("Logs", "AWS::Logs::LogGroup", "hub-logs"),
            resource("AppALB", "AWS::ElasticLoadBalancingV2::LoadBalancer", "lb"),
        ]
    }

    fn clashes(new: &Template, parameters: &[(&'static str, &'static str)]) -> Vec<(String, Clash)> {
        let scope = Scope::new(new, "my-hub", parameters.iter().copied());
        outliving(&hub(), &scope, &existing()).into_iter().map(|one| (one.logical_id, one.clash)).collect()
    }

    #[test]
    fn a_retained_fixed_name_is_in_the_way_and_a_fresh_one_is_not() {
        let expected = [
            ("AppDb", Clash::No),
            ("StorageEFS", Clash::No),
            ("DailyBackupVault", Clash::No),
            ("Logs", Clash::Certain),
        ];
        assert_eq!(clashes(&hub(), &[]), expected.map(|(id, clash)| (id.to_owned(), clash)));
    }

    #[test]
    fn another_value_of_the_parameter_gets_out_of_the_way() {
        assert!(clashes(&hub(), &[("LogGroup", "other")]).iter().all(|(_, clash)| *clash == Clash::No));
    }

    #[test]
    fn a_renamed_logical_id_still_clashes_and_a_condition_that_does_not_hold_does_not() {
        let renamed = HUB.replace("  Logs:\n", "  HubLogs:\n");
        assert_eq!(clashes(&Template::read(&renamed).unwrap(), &[])[3].1, Clash::Certain);
        let offline = HUB.replace("  Logs:\n", "  Logs:\n    Condition: IsOffline\n");
        assert_eq!(clashes(&Template::read(&offline).unwrap(), &[])[3].1, Clash::No);
        let unknown = HUB.replace("  Logs:\n", "  Logs:\n    Condition: IsRestore\n");
        assert_eq!(clashes(&Template::read(&unknown).unwrap(), &[])[3].1, Clash::Possible);
    }

    #[test]
    fn a_final_snapshot_is_told_and_clashes_with_nothing() {
        let hub = hub();
        let scope = Scope::new(&hub, "my-hub", []);
        let all = outliving(&hub, &scope, &existing());
        assert_eq!((all[0].fate, all[0].clash), (Fate::Snapshot, Clash::No));
        assert!(all[3].remedy.contains("hub-logs"), "{}", all[3].remedy);
    }
}
