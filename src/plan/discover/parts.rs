//! The parts that are resources: by logical id, else by type, else by output.

use crate::model::profile::Rule;
use crate::model::stack::{Resource, Stack};
use crate::model::survey::Problem;
use crate::model::topology::Found;
use crate::model::{Arn, StackStatus};

use super::Overrides;

/// Resources that exist: neither deleted nor never made.
pub(super) fn live(resources: &[Resource]) -> impl Iterator<Item = &Resource> {
    resources.iter().filter(|resource| {
        let gone = matches!(resource.status.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED");
        !gone && resource.status != StackStatus::DeleteInProgress && physical(resource).is_some()
    })
}

fn physical(resource: &Resource) -> Option<&str> {
    resource.physical_id.as_deref().filter(|id| !id.is_empty())
}

/// Places of everything that holds data: what is protected where discovery could not decide.
pub fn data_bearing(resources: &[Resource]) -> Vec<String> {
    const TYPES: [&str; 5] = [
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::EFS::FileSystem",
        "Custom::EFS",
        "AWS::Backup::BackupVault",
    ];
    live(resources).filter(|resource| TYPES.contains(&resource.resource_type.as_str())).map(Resource::place).collect()
}

/// One part to look for.
struct Wanted<'a> {
    /// In words: `DB cluster`.
    noun: &'static str,
    /// Without dashes; the key in `stacksnap.toml`, too.
    flag: &'static str,
    given: Option<&'a str>,
    rule: &'a Rule,
}

/// What the parts are found in.
pub(super) struct Parts<'a> {
    stack: &'a Stack,
    resources: Vec<&'a Resource>,
    overrides: &'a Overrides,
}

impl<'a> Parts<'a> {
    pub(super) fn new(stack: &'a Stack, resources: &'a [Resource], overrides: &'a Overrides) -> Self {
        Self { stack, resources: live(resources).collect(), overrides }
    }

    pub(super) fn cluster(&self, rule: &Rule) -> Result<Found, Problem> {
        let wanted = Wanted { noun: "DB cluster", flag: "cluster", given: self.overrides.cluster.as_deref(), rule };
        self.find(&wanted)?.ok_or_else(|| match self.of_type("AWS::RDS::DBInstance").as_slice() {
            [] => none(&wanted),
            instances => only_an_instance(instances),
        })
    }

    pub(super) fn file_system(&self, rule: &Rule) -> Result<Found, Problem> {
        let given = self.overrides.file_system.as_deref();
        let wanted = Wanted { noun: "file system", flag: "file-system", given, rule };
        let found = self.find(&wanted)?.ok_or_else(|| none(&wanted))?;
        if found.value.starts_with("fs-") { Ok(found) } else { Err(not_a_file_system(&found)) }
    }

    pub(super) fn vault(&self, rule: &Rule) -> Result<Found, Problem> {
        let wanted = Wanted { noun: "backup vault", flag: "vault", given: self.overrides.vault.as_deref(), rule };
        self.find(&wanted)?.ok_or_else(|| none(&wanted))
    }

    pub(super) fn role(&self, rule: &Rule) -> Result<Found, Problem> {
        let wanted = Wanted { noun: "backup role", flag: "role", given: self.overrides.role.as_deref(), rule };
        self.find(&wanted)?.ok_or_else(|| none(&wanted))
    }

    /// None at all is preflight's business: a cluster may have a password that nobody keeps in a secret.
    pub(super) fn secret(&self, rule: &Rule) -> Result<Option<Found>, Problem> {
        let given = self.overrides.secret.as_deref();
        self.find(&Wanted { noun: "DB secret", flag: "secret", given, rule })
    }

    fn find(&self, wanted: &Wanted<'_>) -> Result<Option<Found>, Problem> {
        if let Some(value) = wanted.given {
            return Ok(Some(self.found(value, self.overrides.origin(wanted.flag))));
        }
        for id in &wanted.rule.logical_ids {
            let named: Vec<&Resource> =
                self.resources.iter().filter(|r| r.logical_id == *id && fits(r, wanted.rule)).copied().collect();
            if let Some(found) = one_of(&named, wanted)? {
                return Ok(Some(found));
            }
        }
        let typed: Vec<&Resource> = wanted.rule.types.iter().flat_map(|kind| self.of_type(kind)).collect();
        Ok(one_of(&typed, wanted)?.or_else(|| self.by_output(wanted.rule)))
    }

    fn of_type(&self, kind: &str) -> Vec<&'a Resource> {
        self.resources.iter().filter(|resource| resource.resource_type == kind).copied().collect()
    }

    fn by_output(&self, rule: &Rule) -> Option<Found> {
        rule.outputs.iter().find_map(|key| {
            let output = self.stack.outputs.iter().find(|output| output.key == *key && !output.value.is_empty())?;
            Some(self.found(&output.value, format!("output {key}")))
        })
    }

    /// A value that did not come from a resource; if it is one of the stack's all the same, its place is kept,
    /// so that an update that would replace it is noticed.
    fn found(&self, value: &str, from: String) -> Found {
        let value = plain(value);
        let same = |resource: &&&Resource| physical(resource).is_some_and(|id| plain(id).eq_ignore_ascii_case(&value));
        let logical_id = self.resources.iter().find(same).map(|resource| resource.place());
        Found { value, from, logical_id }
    }
}

/// A logical id counts only for a resource of the right kind, where the rule names kinds.
fn fits(resource: &Resource, rule: &Rule) -> bool {
    rule.types.is_empty() || rule.types.contains(&resource.resource_type)
}

fn one_of(candidates: &[&Resource], wanted: &Wanted<'_>) -> Result<Option<Found>, Problem> {
    match candidates {
        [] => Ok(None),
        [resource] => Ok(physical(resource).map(|id| Found {
            value: plain(id),
            from: format!("resource {}", resource.place()),
            logical_id: Some(resource.place()),
        })),
        several => Err(two(several, wanted)),
    }
}

/// The bare name in the ARN of a cluster, file system or vault; other values as they are (roles and secrets are
/// named by their ARNs).
fn plain(value: &str) -> String {
    let Ok(arn) = value.parse::<Arn>() else { return value.to_owned() };
    let bare = match arn.service.as_str() {
        "rds" => arn.resource.strip_prefix("cluster:"),
        "elasticfilesystem" => arn.resource.strip_prefix("file-system/"),
        "backup" => arn.resource.strip_prefix("backup-vault:"),
        _ => None,
    };
    bare.unwrap_or(value).to_owned()
}

fn two(candidates: &[&Resource], wanted: &Wanted<'_>) -> Problem {
    let list: Vec<String> =
        candidates.iter().map(|r| format!("{} ({})", physical(r).unwrap_or_default(), r.place())).collect();
    let Wanted { noun, flag, .. } = wanted;
    Problem {
        what: format!("the stack has {} candidates for the {noun}: {}", list.len(), list.join(", ")),
        why: format!("A backup belongs to exactly one {noun}, and nobody should guess which."),
        remedy: format!("Choose one with --{flag}, or `{flag}` under [stacks.NAME] in stacksnap.toml."),
    }
}

fn none(wanted: &Wanted<'_>) -> Problem {
    let Wanted { noun, flag, rule, .. } = wanted;
    let mut looked = Vec::new();
    for (what, names) in [("logical id", &rule.logical_ids), ("type", &rule.types), ("output", &rule.outputs)] {
        if !names.is_empty() {
            looked.push(format!("{what} {}", names.join(" or ")));
        }
    }
    if looked.is_empty() {
        looked.push("nothing: the profile has no rule for it".to_owned());
    }
    Problem {
        what: format!("the stack has no {noun}: looked for {}", looked.join(", ")),
        why: format!("Without the {noun} there is no backup."),
        remedy: format!("Name it with --{flag}, or `{flag}` under [stacks.NAME] in stacksnap.toml."),
    }
}

fn only_an_instance(instances: &[&Resource]) -> Problem {
    let list: Vec<String> = instances.iter().map(|resource| resource.place()).collect();
    Problem {
        what: format!("the stack's database is a DB instance ({}), not a DB cluster", list.join(", ")),
        why: "stacksnap takes DB cluster snapshots (Aurora, Multi-AZ clusters); DB instances have snapshots of \
              another kind, which it cannot take yet."
            .to_owned(),
        remedy: "Back this stack up by other means for now; if it uses a cluster outside the stack, name that \
                 with --cluster."
            .to_owned(),
    }
}

fn not_a_file_system(found: &Found) -> Problem {
    Problem {
        what: format!("`{}` ({}) is not an EFS file system's id (fs-…)", found.value, found.from),
        why: "AWS Backup is told the file system by its id.".to_owned(),
        remedy: "Name the file system with --file-system fs-….".to_owned(),
    }
}
