use super::*;
use crate::model::stack::{Output, Parameter};
use crate::plan::profiles::built_in;

struct Story {
    stack: Stack,
    declared: Vec<Declared>,
    resources: Vec<Resource>,
    overrides: Overrides,
}

fn story() -> Story {
    Story {
        stack: Stack {
            id: "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/1".to_owned(),
            name: "my-hub".to_owned(),
            status: "UPDATE_COMPLETE".into(),
            status_reason: None,
            parameters: Vec::new(),
            capabilities: Vec::new(),
            outputs: Vec::new(),
            role_arn: None,
            parent_id: None,
            tags: Vec::new(),
            notification_arns: Vec::new(),
            termination_protection: false,
            created: None,
        },
        declared: Vec::new(),
        resources: Vec::new(),
        overrides: Overrides::default(),
    }
}

impl Story {
    fn resource(mut self, place: &str, kind: &str, physical: &str) -> Self {
        let mut path: Vec<String> = place.split('/').map(str::to_owned).collect();
        let logical_id = path.pop().unwrap();
        self.resources.push(Resource {
            path,
            logical_id,
            physical_id: Some(physical.to_owned()),
            resource_type: kind.to_owned(),
            status: "CREATE_COMPLETE".into(),
        });
        self
    }

    fn deleted(mut self, place: &str, kind: &str, physical: &str) -> Self {
        self = self.resource(place, kind, physical);
        self.resources.last_mut().unwrap().status = "DELETE_COMPLETE".into();
        self
    }

    fn parameter(mut self, key: &str, value: &str, allowed: &[&str]) -> Self {
        self.stack.parameters.push(Parameter { key: key.to_owned(), value: value.to_owned(), resolved: None });
        self.declared.push(Declared {
            key: key.to_owned(),
            kind: "String".to_owned(),
            allowed: allowed.iter().map(|&value| value.to_owned()).collect(),
            no_echo: false,
            default: None,
            limits: Default::default(),
        });
        self
    }

    fn output(mut self, key: &str, value: &str) -> Self {
        self.stack.outputs.push(Output { key: key.to_owned(), value: value.to_owned() });
        self
    }

    fn with(mut self, overrides: Overrides) -> Self {
        self.overrides = overrides;
        self
    }

    fn told(&self) -> Discovery {
        discover(&self.stack, &self.declared, &self.resources, &built_in(), &self.overrides)
    }

    fn found(&self) -> Topology {
        self.told().unwrap()
    }

    /// The one problem, as text.
    fn problem(&self) -> String {
        let problems = self.told().unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        format!("{} | {}", problems[0].what, problems[0].remedy)
    }
}

fn app() -> Story {
    story()
        .resource("Database", "AWS::RDS::DBCluster", "app-db")
        .resource("Files", "AWS::EFS::FileSystem", "fs-1")
        .resource("Vault", "AWS::Backup::BackupVault", "app-vault")
        .resource("BackupRole", "AWS::IAM::Role", "app-backup")
        .resource("ServerRole", "AWS::IAM::Role", "app-server")
        .resource("DbSecret", "AWS::SecretsManager::Secret", "arn:aws:secretsmanager:eu-west-1:1:secret:a-1")
        .parameter("OfflineMode", "online", &["online", "offline"])
}

fn hub() -> Story {
    story()
        .resource("AppDb", "AWS::RDS::DBCluster", "my-hub-app-db")
        .resource("StorageEFS", "Custom::EFS", "fs-0a1b2c3d")
        .resource("DailyBackupVault", "AWS::Backup::BackupVault", "my-hub-daily-backup-1a2b")
        .resource("DailyBackupRole", "AWS::IAM::Role", "my-hub-DailyBackupRole-1")
        .resource("AppDbSecret", "AWS::SecretsManager::Secret", "arn:aws:secretsmanager:eu-west-1:1:secret:h-1")
        .parameter("StackOffline", "Online", &["Online", "Offline - Temporarily shut off servers"])
}

#[test]
fn a_hub_is_known_by_its_resources_although_its_file_system_is_a_custom_resource() {
    let found = hub().found();
    assert_eq!(found.profile, "hubs-cloud");
    assert_eq!(found.file_system.value, "fs-0a1b2c3d");
    assert_eq!(found.file_system.from, "resource StorageEFS");
    assert_eq!(found.offline.unwrap().offline, "Offline - Temporarily shut off servers");
    assert_eq!(found.parameter_store, ["/keymaster/my-hub/postgrest-db-secret", "/keymaster/my-hub/phoenix-key"]);
}

#[test]
fn a_restored_hub_keeps_its_parameter_store_secrets_under_its_own_name() {
    let mut restored = hub();
    for key in [
        "RestoreStackName",
        "RestoreDbSnapshotIdentifier",
        "RestoreAppDbSecretArn",
        "RestoreBackupVaultName",
        "RestoreRecoveryPointArn",
    ] {
        restored = restored.parameter(key, "older-hub", &[]);
    }
    let found = restored.found();
    assert!(found.parameter_store.iter().all(|name| name.starts_with("/keymaster/my-hub/")));
    assert_eq!(found.restore.unwrap().source_stack, "RestoreStackName");
}

#[test]
fn any_other_stack_is_found_by_type_and_convention() {
    let found = app().found();
    assert_eq!(found.profile, "generic");
    assert_eq!(found.role.value, "app-backup");
    let offline = found.offline.unwrap();
    assert_eq!((offline.online.as_str(), offline.offline.as_str()), ("online", "offline"));
}

#[test]
fn nested_stacks_count_and_their_parts_are_protected_by_their_full_place() {
    let mut nested = app();
    nested.resources.remove(0);
    let nested = nested.resource("Data/Nested/Database", "AWS::RDS::DBCluster", "nested-db");
    let found = nested.found();
    assert_eq!(found.cluster.from, "resource Data/Nested/Database");
    assert!(found.protected().any(|place| place == "Data/Nested/Database"));
}

#[test]
fn two_clusters_are_both_listed_with_the_flag_that_chooses() {
    let two = app().resource("Nested/Other", "AWS::RDS::DBCluster", "other-db");
    let problem = two.problem();
    assert!(problem.contains("app-db (Database)") && problem.contains("other-db (Nested/Other)"), "{problem}");
    assert!(problem.contains("--cluster"));
    let chosen = two.with(Overrides { cluster: Some("other-db".to_owned()), ..Overrides::default() }).found();
    assert_eq!(chosen.cluster.from, "--cluster");
    assert_eq!(chosen.cluster.logical_id.as_deref(), Some("Nested/Other"));
}

#[test]
fn every_ambiguous_part_names_its_own_flag() {
    for (kind, flag) in [("AWS::EFS::FileSystem", "--file-system"), ("AWS::Backup::BackupVault", "--vault")] {
        assert!(app().resource("Second", kind, "fs-2").problem().contains(flag), "{flag}");
    }
    let no_convention = |from: &str, kind: &str| {
        let mut story = app();
        story.resources.retain(|resource| resource.logical_id != from);
        story.resource("One", kind, "one").resource("Two", kind, "two")
    };
    assert!(no_convention("BackupRole", "AWS::IAM::Role").problem().contains("--role"));
    assert!(no_convention("DbSecret", "AWS::SecretsManager::Secret").problem().contains("--secret"));
}

#[test]
fn a_deleted_or_never_made_resource_is_no_candidate() {
    let mut story = app().deleted("OldDatabase", "AWS::RDS::DBCluster", "old-db");
    story.resources.push(Resource { physical_id: None, logical_id: "Never".to_owned(), ..story.resources[0].clone() });
    assert_eq!(story.found().cluster.value, "app-db");
}

#[test]
fn an_output_is_the_fallback_for_what_is_made_elsewhere() {
    let mut story = app();
    story.resources.retain(|resource| resource.logical_id != "Files");
    let found =
        story.output("FileSystemId", "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-9").found();
    assert_eq!((found.file_system.value.as_str(), found.file_system.from.as_str()), ("fs-9", "output FileSystemId"));
    assert_eq!(found.file_system.logical_id, None);
}

#[test]
fn nothing_at_all_says_what_was_looked_for() {
    let mut story = app();
    story.resources.retain(|resource| resource.logical_id != "Vault");
    let problem = story.problem();
    assert!(problem.contains("no backup vault") && problem.contains("AWS::Backup::BackupVault"), "{problem}");
}

#[test]
fn several_problems_are_all_told_at_once() {
    assert_eq!(story().told().unwrap_err().len(), 4);
}

#[test]
fn a_db_instance_is_recognised_and_refused() {
    let mut story = app();
    story.resources.remove(0);
    let problem = story.resource("Db", "AWS::RDS::DBInstance", "my-db").problem();
    assert!(problem.contains("DB instance (Db), not a DB cluster"), "{problem}");
}

#[test]
fn a_file_system_that_is_none_is_refused() {
    let mut story = app();
    story.resources.retain(|resource| resource.logical_id != "Files");
    let problem = story.resource("Files", "Custom::EFS", "2026/11/20/[$LATEST]abc").problem();
    assert!(problem.contains("is not an EFS file system's id"), "{problem}");
}

#[test]
fn a_stack_without_a_secret_is_found_without_one() {
    let mut story = app();
    story.resources.retain(|resource| resource.logical_id != "DbSecret");
    assert_eq!(story.found().secret, None);
}

#[test]
fn a_stack_without_an_offline_parameter_can_only_be_backed_up_live() {
    let mut story = app();
    story.stack.parameters.clear();
    assert_eq!(story.found().offline, None);
}

#[test]
fn a_parameter_named_offline_with_other_values_is_refused_with_its_values() {
    for allowed in [&["yes", "no"][..], &["true", "false"], &[], &["offline", "offline-for-good", "online"]] {
        let mut story = app();
        story.stack.parameters.clear();
        story.declared.clear();
        let story = story.parameter("MaintenanceMode", "x", allowed);
        let problem = story.problem();
        assert!(problem.contains("MaintenanceMode") && problem.contains("--online-value"), "{problem}");
        assert!(allowed.iter().all(|value| problem.contains(value)), "{problem}");
    }
}

#[test]
fn the_user_can_say_which_values_mean_what() {
    let mut story = app();
    story.stack.parameters.clear();
    story.declared.clear();
    let story = story.parameter("Power", "1", &["1", "0"]).with(Overrides {
        offline_parameter: Some("Power".to_owned()),
        online_value: Some("1".to_owned()),
        offline_value: Some("0".to_owned()),
        ..Overrides::default()
    });
    assert_eq!(story.found().offline.unwrap().offline, "0");
}

#[test]
fn a_value_that_is_not_allowed_is_refused_even_if_the_user_says_it() {
    let story = app().with(Overrides { offline_value: Some("Off".to_owned()), ..Overrides::default() });
    assert!(story.problem().contains("`online`, `offline`"));
}

#[test]
fn a_named_parameter_that_is_not_there_is_refused_with_those_that_are() {
    let story = app().with(Overrides { offline_parameter: Some("Oflline".to_owned()), ..Overrides::default() });
    assert!(story.problem().contains("it has OfflineMode"));
}

#[test]
fn an_unknown_profile_is_refused_with_the_known_ones() {
    let story = app().with(Overrides { profile: Some("hub".to_owned()), ..Overrides::default() });
    assert!(story.problem().contains("hubs-cloud, generic"));
}

#[test]
fn allowed_values_that_are_sentences_are_told_apart_by_their_first_word() {
    let mut story = app();
    story.stack.parameters.clear();
    story.declared.clear();
    let found = story.parameter("SiteMode", "Live", &["Live - serving", "Maintenance (page only)"]).found();
    assert_eq!(found.offline.unwrap().offline, "Maintenance (page only)");
}

#[test]
fn the_sample_application_is_one_that_the_generic_profile_finds() {
    let template = include_str!("../../../templates/sample-app.yaml");
    let generic = built_in().pop().unwrap();
    let restore = generic.restore.unwrap();
    for line in [
        "  BackupVault:\n    Type: AWS::Backup::BackupVault",
        "  BackupRole:\n    Type: AWS::IAM::Role",
        "  DbSecret:\n    Type: AWS::SecretsManager::Secret",
        "  OfflineMode:\n    Type: String\n    AllowedValues: [online, offline]",
    ] {
        assert!(template.contains(line), "{line}");
    }
    for kind in ["AWS::RDS::DBCluster", "AWS::EFS::FileSystem", "AWS::Backup::BackupVault"] {
        assert_eq!(template.matches(&format!("Type: {kind}\n")).count(), 1, "{kind}");
    }
    let keys = [restore.source_stack, restore.snapshot, restore.secret, restore.vault, restore.recovery_point];
    assert!(keys.iter().all(|key| template.contains(&format!("\n  {key}:\n    Type: String"))));
    for output in ["DBClusterIdentifier", "FileSystemId", "BackupVaultName", "BackupRoleArn", "DbSecretArn"] {
        assert!(template.contains(&format!("\n  {output}:\n    Description")), "{output}");
    }
}
