//! What stands in the way of replacing a stack: found before anything is destroyed.

use crate::model::Arn;
use crate::model::backup::Backup;
use crate::model::new_stack::NewStack;
use crate::model::stack::Resource;
use crate::model::survey::{Key, Survey};

use super::template::{Clash, Needs, Scope, Template, outliving, perishing};

/// Everything that decides.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The stack's present template.
    pub old: &'a Template,
    /// The new stack's, where its text is known.
    pub new: Option<&'a Template>,
    /// The new stack.
    pub plan: &'a NewStack,
    /// The stack's resources.
    pub existing: &'a [Resource],
    /// The backup.
    pub backup: &'a Backup,
    /// The stack as it is.
    pub survey: &'a Survey,
    /// KMS keys that the backup needs.
    pub keys: &'a [Key],
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Obstacles {
    /// It must not be begun.
    pub errors: Vec<Obstacle>,
    /// Somebody should know.
    pub warnings: Vec<String>,
}

/// One thing that must be mended first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What.
    pub what: String,
    /// Why that matters.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

/// Names that would collide, and things that the deletion would take with it although the backup, or the safety
/// backup, needs them.
pub fn obstacles(of: &Around<'_>) -> Obstacles {
    let mut found = Obstacles::default();
    collisions(of, &mut found);
    losses(of, &mut found);
    found
}

fn collisions(of: &Around<'_>, found: &mut Obstacles) {
    let Some(new) = of.new else {
        found.warnings.push(
            "the new template's text is not known: whether a name would be taken twice is seen only when the stack is created"
                .to_owned(),
        );
        return;
    };
    let arn: Option<Arn> = of.survey.stack.here().and_then(|stack| stack.id.parse().ok());
    let parameters = of.plan.parameters.iter().map(|p| (p.key.as_str(), p.value.as_str()));
    let scope = Scope::new(new, &of.plan.name, parameters);
    let scope = match &arn {
        Some(arn) => scope.at(&arn.region, &arn.account),
        None => scope,
    };
    for one in outliving(of.old, &scope, of.existing) {
        let what = format!("{} {} ({}) outlives the stack", one.resource_type, one.physical_id, one.logical_id);
        match one.clash {
            Clash::No => {}
            Clash::Possible => {
                found.warnings.push(format!("{what}, and the new stack may want its name. {}", one.remedy));
            }
            Clash::Certain => found.errors.push(Obstacle {
                what,
                why: "the new stack makes something of this very name, so its creation would fail when the old stack is gone".to_owned(),
                remedy: one.remedy,
            }),
        }
    }
}

fn losses(of: &Around<'_>, found: &mut Obstacles) {
    let topology = of.survey.topology.as_ref().and_then(|topology| topology.as_ref().ok());
    let parameter_store = topology.map(|topology| topology.parameter_store.clone()).unwrap_or_default();
    let keys: Vec<String> = of.keys.iter().chain(&of.survey.keys).map(|key| key.id.clone()).collect();
    let own_secret = of.survey.secret.here().map(|secret| secret.arn.as_str());
    let vaults = [of.backup.files.as_ref().map(|files| &*files.vault), topology.map(|t| t.vault.value.as_str())];
    let needs = |secret, vault| Needs { secret, vault, parameter_store: &parameter_store, keys: &keys };
    let [backups, own] = vaults;
    let mut all = perishing(of.old, of.existing, needs(of.backup.secret_arn.as_deref(), backups));
    for one in perishing(of.old, of.existing, needs(own_secret, own)) {
        if !all.iter().any(|other| other.place == one.place) {
            all.push(one);
        }
    }
    for one in all {
        let what = format!("{} {} ({})", one.resource_type, one.physical_id, one.place);
        if one.needed {
            found.errors.push(Obstacle { what, why: one.why.to_owned(), remedy: one.remedy });
        } else {
            found.warnings.push(format!("{what}: {} {}", one.why, one.remedy));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::backup::{Backup, FilesHalf, State};
    use crate::model::new_stack::{NewParameter, OnFailure, TemplateSource};
    use crate::plan::fixture::survey;

    const TEMPLATE: &str = "
Parameters:
  LogGroup: { Type: String, Default: hub-logs }
Resources:
  AppDb: { Type: 'AWS::RDS::DBCluster' }
  Logs:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    Properties: { LogGroupName: !Ref LogGroup }
  AppDbSecret: { Type: 'AWS::SecretsManager::Secret', DeletionPolicy: Retain }
  DailyBackupVault:
    Type: AWS::Backup::BackupVault
    DeletionPolicy: Retain
    Properties: { BackupVaultName: !Sub '${AWS::StackName}-${LogGroup}' }
";
    const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:my-hub-AbCdEf";

    fn resource(logical_id: &str, kind: &str, physical: &str) -> Resource {
        Resource {
            path: Vec::new(),
            logical_id: logical_id.to_owned(),
            physical_id: Some(physical.to_owned()),
            resource_type: kind.to_owned(),
            status: "CREATE_COMPLETE".into(),
        }
    }

    fn found(template: &str, log_group: &str, known: bool) -> Obstacles {
        let old = Template::read(template).unwrap();
        let parameter = NewParameter { key: "LogGroup".into(), value: log_group.into(), secret: false };
        let plan = NewStack {
            name: "my-hub".into(),
            template: TemplateSource::Body(String::new()),
            parameters: vec![parameter],
            capabilities: Vec::new(),
            tags: Vec::new(),
            role_arn: None,
            notification_arns: Vec::new(),
            termination_protection: false,
            on_failure: OnFailure::Keep,
        };
        let existing = [
            resource("AppDb", "AWS::RDS::DBCluster", "my-hub-app-db"),
            resource("Logs", "AWS::Logs::LogGroup", "hub-logs"),
            resource("AppDbSecret", "AWS::SecretsManager::Secret", SECRET),
            resource("DailyBackupVault", "AWS::Backup::BackupVault", "my-hub-daily"),
        ];
        let files = FilesHalf {
            recovery_point: "arn:p".into(),
            status: "COMPLETED".into(),
            vault: "my-hub-daily".into(),
            created: None,
            completed: None,
            bytes: None,
        };
        let backup = Backup { files: Some(files), secret_arn: Some(SECRET.into()), ..blank() };
        let survey = survey();
        let new = known.then_some(&old);
        obstacles(&Around {
            old: &old,
            new,
            plan: &plan,
            existing: &existing,
            backup: &backup,
            survey: &survey,
            keys: &[],
        })
    }

    fn blank() -> Backup {
        Backup {
            id: "my-hub-20261120-020000".into(),
            stack: "my-hub".into(),
            stack_id: None,
            state: State::Complete,
            reason: None,
            mode: None,
            began: None,
            completed: None,
            skew_s: None,
            database: None,
            files: None,
            secret_arn: None,
            secret_version: None,
            note: None,
            hold: None,
            hold_until: None,
            tool_version: None,
            manifest: None,
            drilled: None,
        }
    }

    #[test]
    fn a_retained_log_group_of_a_fixed_name_is_found_before_anything_is_destroyed() {
        let errors = found(TEMPLATE, "hub-logs", true).errors;
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].what.contains("hub-logs") && !errors[0].remedy.is_empty(), "{errors:?}");
        assert_eq!(found(TEMPLATE, "other-logs", true), Obstacles::default());
    }

    #[test]
    fn a_secret_that_goes_with_the_stack_is_found_before_anything_is_destroyed() {
        let careless =
            TEMPLATE.replace("'AWS::SecretsManager::Secret', DeletionPolicy: Retain", "'AWS::SecretsManager::Secret'");
        let errors = found(&careless, "other-logs", true).errors;
        assert!(errors.iter().any(|error| error.what.contains(SECRET)), "{errors:?}");
    }

    #[test]
    fn a_vault_that_goes_with_the_stack_would_stop_its_deletion_half_way() {
        let careless = TEMPLATE
            .replace("Type: AWS::Backup::BackupVault\n    DeletionPolicy: Retain", "Type: AWS::Backup::BackupVault");
        let errors = found(&careless, "other-logs", true).errors;
        assert!(errors.iter().any(|error| error.what.contains("my-hub-daily")), "{errors:?}");
    }

    #[test]
    fn where_the_new_template_is_not_known_that_is_said() {
        let found = found(TEMPLATE, "hub-logs", false);
        assert!(found.errors.is_empty() && found.warnings.len() == 1, "{found:?}");
    }
}
