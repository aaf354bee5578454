//! Parameters of a hub that is restored.

use super::*;
use crate::model::stack::Limits;
use crate::model::topology::RestoreParameters;
use crate::plan::template::declared as read;

const TEMPLATE: &str = include_str!("../template/hub.yaml");

struct Story {
    declared: Vec<Declared>,
    source: Vec<KeptParameter>,
    restore: Option<RestoreParameters>,
    values: RestoreValues,
    offline: Option<OfflineSwitch>,
    ask: Vec<String>,
    given: Vec<Given>,
    unset: Vec<String>,
    source_exists: bool,
}

fn kept(key: &str, value: Option<&str>) -> KeptParameter {
    KeptParameter { key: key.to_owned(), value: value.map(str::to_owned) }
}

impl Story {
    fn new() -> Self {
        let hubs = crate::plan::fixture::hubs();
        let source = [
            ("StackOffline", "Offline - Temporarily shut off servers"),
            ("DomainName", "hub.example.com"),
            ("IsDomainOnRoute53", "No"),
            ("StackOfflineRedirectUrl", ""),
            ("KeyPair", "mine"),
            ("AppInstances", "2"),
            ("LogGroup", "hub-logs"),
            ("RestoreStackName", ""),
            ("RestoreDbSnapshotIdentifier", ""),
            ("RestoreAppDbSecretArn", ""),
            ("RestoreBackupVaultName", ""),
            ("RestoreRecoveryPointArn", ""),
        ];
        let mut source: Vec<KeptParameter> = source.iter().map(|(key, value)| kept(key, Some(value))).collect();
        source.push(kept("AdminSecret", None));
        Self {
            declared: read(None, Some(TEMPLATE)).unwrap().declared,
            source,
            restore: hubs.restore,
            values: RestoreValues {
                source_stack: "my-hub".to_owned(),
                snapshot: "my-hub-20261120-020000".to_owned(),
                secret: Some("arn:aws:secretsmanager:eu-west-1:123456789012:secret:Db-1a2b3c".to_owned()),
                vault: "my-hub-daily".to_owned(),
                recovery_point: "arn:aws:backup:eu-west-1:123456789012:recovery-point:1EB3B5E7".to_owned(),
            },
            offline: Some(OfflineSwitch {
                parameter: "StackOffline".to_owned(),
                online: "Online".to_owned(),
                offline: "Offline - Temporarily shut off servers".to_owned(),
            }),
            ask: hubs.ask,
            given: Vec::new(),
            unset: Vec::new(),
            source_exists: true,
        }
    }

    fn set(mut self, key: &str, value: &str) -> Self {
        self.given.push(Given { key: key.to_owned(), value: value.to_owned(), file: false });
        self
    }

    fn unset(mut self, key: &str) -> Self {
        self.unset.push(key.to_owned());
        self
    }

    fn source(mut self, key: &str, value: Option<&str>) -> Self {
        self.source.retain(|kept| kept.key != key);
        self.source.push(kept(key, value));
        self
    }

    /// What has to be said, and nothing more.
    fn complete() -> Self {
        Self::new().set("DomainName", "two.example.com").set("AdminSecret", "hunter2")
    }

    fn ask(&self) -> Parameters {
        params(&Request {
            declared: &self.declared,
            source: &self.source,
            restore: self.restore.as_ref(),
            values: &self.values,
            offline: self.offline.as_ref(),
            ask: &self.ask,
            given: &self.given,
            unset: &self.unset,
            source_exists: self.source_exists,
        })
    }

    fn found(&self) -> Vec<(String, Severity)> {
        self.ask().findings.into_iter().map(|finding| (finding.id, finding.severity)).collect()
    }

    #[track_caller]
    fn finds(&self, id: &str, severity: Severity) {
        assert!(self.found().contains(&(id.to_owned(), severity)), "{id} is not in {:?}", self.ask().findings);
    }
}

fn declare(kind: &str, limits: Limits) -> Declared {
    Declared { key: "K".to_owned(), kind: kind.to_owned(), allowed: Vec::new(), no_echo: false, default: None, limits }
}

/// What is found about one value of one parameter, besides the restore.
fn judged(declared: Declared, value: &str) -> Vec<String> {
    let mut story = Story::complete().set("K", value);
    story.declared.push(declared);
    story.found().into_iter().map(|(id, _)| id).collect()
}

#[test]
fn a_backup_needs_what_nobody_else_knows_and_nothing_more() {
    let parameters = Story::new().ask();
    let needs: Vec<(&str, Cause)> = parameters.needs.iter().map(|need| (need.key.as_str(), need.cause)).collect();
    assert_eq!(needs, [("DomainName", Cause::MustDiffer), ("AdminSecret", Cause::Secret)]);
    assert_eq!(parameters.needs[0].description.as_deref(), Some("a domain name"));
    assert!(!parameters.ready() && !parameters.refused());
    assert_eq!(new_stack(&parameters, around()), Err(NotReady::Needs(vec!["DomainName".into(), "AdminSecret".into()])));
}

#[test]
fn every_value_has_its_origin() {
    let parameters = Story::complete().ask();
    let of = |key: &str| {
        parameters.get(key).map(|chosen| (chosen.value.clone().unwrap_or_default(), chosen.origin)).unwrap()
    };
    assert_eq!(of("StackOffline"), ("Online".to_owned(), Origin::OfflineSwitch));
    assert_eq!(of("DomainName"), ("two.example.com".to_owned(), Origin::Set));
    assert_eq!(of("AppInstances"), ("2".to_owned(), Origin::Source));
    assert_eq!(of("RestoreStackName"), ("my-hub".to_owned(), Origin::Restore));
    assert_eq!(of("RestoreBackupVaultName"), ("my-hub-daily".to_owned(), Origin::Restore));
    assert!(parameters.ready(), "{:?}", parameters.findings);
    assert_eq!(parameters.findings, []);
    let order: Vec<&str> = parameters.chosen.iter().map(|chosen| chosen.key.as_str()).collect();
    assert_eq!(&order[..2], ["StackOffline", "DomainName"]);
}

#[test]
fn a_source_that_is_gone_shares_nothing() {
    let mut story = Story::new().set("AdminSecret", "x");
    story.source_exists = false;
    assert!(story.ask().ready());
    assert_eq!(story.ask().get("DomainName").unwrap().origin, Origin::Source);
}

#[test]
fn a_blank_value_is_no_conflict_and_the_same_value_is_one() {
    assert!(Story::new().source("DomainName", Some("")).set("AdminSecret", "x").ask().needs.is_empty());
    Story::new().set("DomainName", "hub.example.com").finds(ids::SHARED, Severity::Warning);
}

#[test]
fn a_source_that_was_itself_restored_has_its_restore_parameters_replaced() {
    let story = Story::complete().source("RestoreDbSnapshotIdentifier", Some("older-1"));
    story.finds(ids::RESTORE_REPLACED, Severity::Info);
    assert_eq!(
        story.ask().get("RestoreDbSnapshotIdentifier").unwrap().value.as_deref(),
        Some("my-hub-20261120-020000")
    );
}

#[test]
fn the_users_own_restore_value_is_taken_and_warned_about() {
    let story = Story::complete().set("RestoreDbSnapshotIdentifier", "another");
    story.finds(ids::RESTORE_OVERRIDDEN, Severity::Warning);
    assert_eq!(story.ask().get("RestoreDbSnapshotIdentifier").unwrap().value.as_deref(), Some("another"));
    assert!(Story::complete().set("RestoreStackName", "my-hub").found().is_empty());
    Story::complete()
        .set("StackOffline", "Offline - Temporarily shut off servers")
        .finds(ids::OFFLINE_OVERRIDDEN, Severity::Warning);
    Story::complete().unset("StackOffline").finds(ids::OFFLINE_OVERRIDDEN, Severity::Warning);
}

#[test]
fn a_template_without_all_five_restore_parameters_is_refused() {
    let mut story = Story::complete();
    story.declared.retain(|declared| declared.key != "RestoreBackupVaultName");
    story.finds(ids::RESTORE_UNDECLARED, Severity::Error);
    story.finds(ids::DROPPED, Severity::Info);
    story.restore = None;
    story.finds(ids::NO_RESTORE_PARAMETERS, Severity::Error);
    story.source.clear();
    assert!(story.ask().refused());
}

#[test]
fn a_backup_without_a_secret_asks_for_it() {
    let mut story = Story::complete();
    story.values.secret = None;
    story.finds(ids::NO_SECRET, Severity::Error);
    assert_eq!(story.ask().needs[0].key, "RestoreAppDbSecretArn");
    let given = Story { values: story.values.clone(), ..Story::complete() }.set("RestoreAppDbSecretArn", "arn:aws:x");
    assert!(given.ask().needs.is_empty() && !given.ask().refused());
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    let parameters = Story::complete().set("domainname", "x").unset("Nonsense").ask();
    let remedies: Vec<&str> = parameters.findings.iter().map(|finding| finding.remedy.as_str()).collect();
    assert_eq!(remedies, ["Did you mean DomainName?", "Compare it with the template's Parameters."]);
}

#[test]
fn a_mask_never_becomes_a_value() {
    for value in ["****", "*****"] {
        let story = Story::new().set("DomainName", "a.b").set("AdminSecret", value);
        story.finds(ids::MASKED, Severity::Error);
        assert_eq!(story.ask().needs[0].key, "AdminSecret");
    }
    let story = Story::complete().source("LogGroup", Some("****"));
    assert_eq!((story.ask().needs[0].key.as_str(), story.ask().needs[0].cause), ("LogGroup", Cause::Secret));
}

#[test]
fn a_parameter_is_given_once() {
    Story::complete().set("LogGroup", "a").set("LogGroup", "b").finds(ids::GIVEN_TWICE, Severity::Error);
    Story::complete().set("LogGroup", "a").unset("LogGroup").finds(ids::GIVEN_TWICE, Severity::Error);
}

#[test]
fn unset_takes_the_default_and_does_not_send_it() {
    let parameters = Story::complete().unset("AppInstances").ask();
    let chosen = parameters.get("AppInstances").unwrap();
    assert_eq!((chosen.value.as_deref(), chosen.origin), (Some("1"), Origin::Default));
    assert!(new_stack(&parameters, around()).unwrap().parameter("AppInstances").is_none());
    assert_eq!(Story::complete().unset("KeyPair").ask().needs[0].cause, Cause::Missing);
}

#[test]
fn a_parameter_that_is_new_in_the_template_takes_its_default() {
    let mut story = Story::complete();
    story.source.retain(|kept| kept.key != "LogGroup" && kept.key != "KeyPair");
    story.finds(ids::NEW_DEFAULT, Severity::Info);
    assert_eq!(story.ask().needs[0].key, "KeyPair");
}

#[test]
fn values_are_measured_against_the_template() {
    let length = |min, max| Limits { min_length: min, max_length: max, ..Limits::default() };
    let range = Limits { min_value: Some("1".into()), max_value: Some("2.5".into()), ..Limits::default() };
    let pattern = |text: &str| Limits { pattern: Some(text.into()), ..Limits::default() };
    let allowed = |kind: &str| Declared { allowed: vec!["1".into(), "two".into()], ..declare(kind, Limits::default()) };
    let cases: &[(Declared, &str, Option<&str>)] = &[
        (declare("String", length(Some(2), Some(3))), "한글", None),
        (declare("String", length(Some(2), None)), "a", Some(ids::LENGTH)),
        (declare("String", length(None, Some(3))), "abcd", Some(ids::LENGTH)),
        (declare("Number", range.clone()), "2.5", None),
        (declare("Number", range.clone()), "0", Some(ids::RANGE)),
        (declare("Number", range), "3", Some(ids::RANGE)),
        (declare("Number", Limits::default()), "-1e3", None),
        (declare("Number", Limits::default()), "inf", Some(ids::NOT_A_NUMBER)),
        (declare("Number", Limits::default()), "", Some(ids::NOT_A_NUMBER)),
        (declare("List<Number>", Limits::default()), "1, 2,3.5", None),
        (declare("List<Number>", Limits::default()), "1,x", Some(ids::NOT_A_NUMBER)),
        (allowed("String"), "two", None),
        (allowed("String"), "Two", Some(ids::NOT_ALLOWED)),
        (allowed("Number"), "1.0", None),
        (allowed("CommaDelimitedList"), "1, two", None),
        (allowed("CommaDelimitedList"), "1,three", Some(ids::NOT_ALLOWED)),
        (declare("String", pattern("[a-z]+")), "abc", None),
        (declare("String", pattern("[a-z]+")), "abc1", Some(ids::PATTERN)),
        (declare("CommaDelimitedList", pattern("[a-z]+")), "a, b", None),
        (declare("CommaDelimitedList", pattern("[a-z]+")), "a,1", Some(ids::PATTERN)),
        (declare("String", pattern("(?i)x")), "y", Some(ids::PATTERN_UNCHECKED)),
        (declare("String", Limits::default()), &"x".repeat(4_096), None),
        (declare("String", Limits::default()), &"é".repeat(2_049), Some(ids::TOO_LARGE)),
        (declare("AWS::SSM::Parameter::Value<String>", Limits::default()), "/a/b", Some(ids::RESOLVED_ANEW)),
        (declare("AWS::SSM::Parameter::Value<String>", pattern("x")), "/a/b", Some(ids::RESOLVED_ANEW)),
        (declare("AWS::SSM::Parameter::Name", Limits::default()), "a b", Some(ids::NOT_A_NAME)),
        (declare("AWS::EC2::KeyPair::KeyName", Limits::default()), "", Some(ids::BLANK)),
        (declare("String", Limits::default()), "{{resolve:ssm:x:1}}", None),
    ];
    for (declared, value, expected) in cases {
        let found = judged(declared.clone(), value);
        assert_eq!(found, expected.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{declared:?} {value:.20}");
    }
}

#[test]
fn more_than_two_hundred_parameters_are_too_many() {
    let mut story = Story::complete();
    let extra =
        |n| Declared { key: format!("P{n}"), default: Some(String::new()), ..declare("String", Limits::default()) };
    story.declared.extend((0..200).map(extra));
    let count = story.found().iter().filter(|(id, _)| id == ids::TOO_MANY).count();
    assert_eq!(count, 1);
}

#[test]
fn a_secret_is_in_no_message() {
    let secret = Declared {
        no_echo: true,
        allowed: vec!["a".into()],
        ..declare("String", Limits { max_length: Some(1), ..Limits::default() })
    };
    let mut story = Story::complete().set("K", "hunter3-canary");
    story.declared.push(secret);
    let told = format!("{:?}{:?}", story.ask(), story.given);
    assert!(!told.contains("canary") && !told.contains("hunter2"), "{told}");
    assert!(story.ask().refused());
}

fn around() -> Around<'static> {
    Around {
        name: "hub-two",
        template: crate::model::new_stack::TemplateSource::Url("https://b.s3.amazonaws.com/t".to_owned()),
        backup: "my-hub-20261120-020000",
        source_stack: "my-hub",
        capabilities: &[],
        tags: &[],
        role_arn: None,
        notification_arns: &[],
        termination_protection: true,
        on_failure: crate::model::new_stack::OnFailure::Keep,
    }
}

#[test]
fn a_new_stack_says_what_it_was_made_of() {
    use crate::model::new_stack::StackTag;
    let tag = |key: &str, value: &str| StackTag { key: key.to_owned(), value: value.to_owned() };
    let own = [tag("team", "hubs"), tag("aws:cloudformation:x", "y"), tag("stacksnap:backup", "older")];
    let capabilities = ["CAPABILITY_IAM".to_owned()];
    let around = Around { tags: &own, capabilities: &capabilities, ..around() };
    let stack = new_stack(&Story::complete().ask(), around).unwrap();
    let tags = [
        tag("team", "hubs"),
        tag("stacksnap:backup", "my-hub-20261120-020000"),
        tag("stacksnap:restored-from", "my-hub"),
    ];
    assert_eq!(stack.tags, tags);
    assert_eq!(stack.capabilities, ["CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]);
    assert_eq!(stack.parameters.len(), 13);
    assert!(stack.parameters.iter().any(|parameter| parameter.key == "AdminSecret" && parameter.secret));
    let many: Vec<StackTag> = (0..49).map(|n| tag(&format!("t{n}"), "")).collect();
    let around = Around { tags: &many, ..self::around() };
    assert_eq!(new_stack(&Story::complete().ask(), around), Err(NotReady::TooManyTags(51)));
}
