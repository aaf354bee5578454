//! A change set is a compare-and-swap on the server.

mod common;

use common::{Aws, OFF, ON};
use stacksnap_sandbox::{Fault, FaultKind, seeds};

#[test]
fn another_operation_makes_it_obsolete() {
    let aws = Aws::new();
    let arn = aws.set("ss-off", "StackOffline", OFF);
    aws.update("AppInstanceCount", "2").ok();
    aws.wait(300);
    let refused = aws.execute(&arn, "ss-off");
    assert_eq!((refused.status, refused.text("Code")), (400, "InvalidChangeSetStatus"));
    let wanted = format!("ChangeSet [{arn}] cannot be executed in its current execution status of [OBSOLETE]");
    assert_eq!(refused.text("Message"), wanted);
}

#[test]
fn executing_one_deletes_the_others() {
    let aws = Aws::new();
    let first = aws.set("first", "AppInstanceCount", "2");
    let second = aws.set("second", "StackOffline", OFF);
    aws.execute(&second, "t").ok();
    let gone = aws.execute(&first, "u");
    assert_eq!((gone.status, gone.text("Code")), (404, "ChangeSetNotFound"));
    let listed = aws.cfn("ListChangeSets", &[("StackName", "my-hub")]);
    assert_eq!(listed.texts("ChangeSetName"), ["second"]);
}

#[test]
fn the_same_token_again_does_nothing_and_for_another_set_is_refused() {
    let aws = Aws::new();
    let arn = aws.set("ss-off", "StackOffline", OFF);
    aws.execute(&arn, "t").ok();
    aws.wait(10);
    aws.execute(&arn, "t").ok();
    aws.wait(300);
    assert_eq!(aws.status(), "UPDATE_COMPLETE");
    let other = aws.set("ss-on", "StackOffline", ON);
    assert_eq!(aws.execute(&other, "t").text("Code"), "TokenAlreadyExistsException");
    let events = aws.cfn("DescribeStackEvents", &[("StackName", "my-hub")]);
    let initiated = events.texts("ResourceStatusReason");
    assert_eq!(initiated.iter().filter(|reason| **reason == "User Initiated").count(), 1);
}

#[test]
fn it_needs_seconds_to_become_available() {
    let aws = Aws::new();
    let arn = aws.create_set("ss-off", "StackOffline", OFF).ok().text("Id").to_owned();
    let seen = |wanted: &str| {
        let set = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &arn)]).ok();
        assert_eq!(set.text("Status"), wanted);
    };
    seen("CREATE_PENDING");
    aws.wait(3);
    seen("CREATE_IN_PROGRESS");
    assert_eq!(aws.execute(&arn, "t").text("Code"), "InvalidChangeSetStatus");
    aws.wait(6);
    seen("CREATE_COMPLETE");
}

#[test]
fn without_changes_it_fails() {
    let aws = Aws::new();
    let arn = aws.set("none", "StackOffline", ON);
    let set = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &arn)]).ok();
    assert_eq!((set.text("Status"), set.text("ExecutionStatus")), ("FAILED", "UNAVAILABLE"));
    assert!(set.text("StatusReason").starts_with("The submitted information didn't contain changes."));
}

#[test]
fn none_can_be_made_during_an_update() {
    let aws = Aws::new();
    aws.update("AppInstanceCount", "2").ok();
    let refused = aws.create_set("ss-off", "StackOffline", OFF);
    assert_eq!(refused.text("Code"), "ValidationError");
    assert!(refused.text("Message").ends_with("is in UPDATE_IN_PROGRESS state and can not be updated."));
}

#[test]
fn the_load_balancer_is_replaced_when_the_domain_is_not_on_route_53() {
    let aws = Aws::new();
    aws.update("IsDomainOnRoute53", "No").ok();
    aws.wait(300);
    let address = || {
        let stack = aws.cfn("DescribeStacks", &[("StackName", "my-hub")]).ok();
        let after = stack.body.split("<OutputKey>AddressForRootDomain</OutputKey>").nth(1);
        after.map(|rest| rest.split("<OutputValue>").nth(1).unwrap().split('<').next().unwrap().to_owned())
    };
    let before = address().unwrap();
    aws.switch("ss-off", OFF);
    assert_eq!(address(), None);
    aws.wait(20);
    aws.switch("ss-on", ON);
    let after = address().unwrap();
    assert!(after.ends_with(".elb.amazonaws.com") && after != before, "{before} {after}");
}

#[test]
fn a_rolled_back_update_gives_the_old_values_back() {
    let aws = Aws::new();
    let mut fault = Fault::times("cloudformation:ExecuteChangeSet", FaultKind::Rollback, 1);
    fault.mode = Some("offline".to_owned());
    aws.0.add_fault(fault);
    let arn = aws.set("ss-off", "StackOffline", OFF);
    aws.execute(&arn, "ss-off").ok();
    assert_eq!(aws.parameter("StackOffline"), OFF);
    aws.wait(150);
    assert_eq!(aws.status(), "UPDATE_ROLLBACK_IN_PROGRESS");
    aws.wait(130);
    assert_eq!(aws.status(), "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(aws.parameter("StackOffline"), ON);
    let events = aws.cfn("DescribeStackEvents", &[("StackName", "my-hub")]).ok();
    assert!(events.texts("ResourceStatusReason").contains(&"Resource update cancelled"));
    let mine = events.texts("ClientRequestToken");
    assert!(mine.iter().all(|token| *token == "ss-off"));
    aws.wait(20);
    aws.switch("again", OFF);
}

/// A parent with a nested stack of the same parameters, about to go offline.
fn nested() -> (Aws, String) {
    let aws = Aws::new();
    let mut parent = seeds::sample("parent");
    let mut child = seeds::sample("child");
    child.name = "Inner".to_owned();
    parent.nested.push(child);
    aws.0.seed_stack(&parent);
    let members = [
        ("StackName", "parent"),
        ("ChangeSetName", "off"),
        ("UsePreviousTemplate", "true"),
        ("IncludeNestedStacks", "true"),
        ("Capabilities.member.1", "CAPABILITY_IAM"),
        ("Parameters.member.1.ParameterKey", "OfflineMode"),
        ("Parameters.member.1.ParameterValue", "offline"),
        ("Parameters.member.2.ParameterKey", "ApiKey"),
        ("Parameters.member.2.UsePreviousValue", "true"),
        ("Parameters.member.3.ParameterKey", "DomainName"),
        ("Parameters.member.3.UsePreviousValue", "true"),
    ];
    let arn = aws.cfn("CreateChangeSet", &members).ok().text("Id").to_owned();
    aws.wait(9);
    (aws, arn)
}

#[test]
fn a_nested_stack_has_a_change_set_and_events_of_its_own() {
    let (aws, arn) = nested();
    let seen = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &arn)]).ok();
    let child_set = seen.texts("ChangeSetId").into_iter().find(|id| **id != arn).unwrap().to_owned();
    let child = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &child_set)]).ok();
    assert_eq!(child.text("ParentChangeSetId"), arn);
    let child_stack = child.text("StackId").to_owned();
    aws.execute(&arn, "off-token").ok();
    aws.wait(300);
    let events = aws.cfn("DescribeStackEvents", &[("StackName", &child_stack)]).ok();
    assert!(events.texts("ResourceStatus").contains(&"UPDATE_COMPLETE"));
    assert!(events.texts("StackId").iter().all(|id| *id == child_stack));
    let rows = aws.cfn("DescribeStackEvents", &[("StackName", "parent")]).ok();
    assert!(rows.texts("LogicalResourceId").contains(&"Inner"));
}

#[test]
fn nested_stacks_go_back_with_their_parent_and_their_parent_with_them() {
    for busy in ["parent-db", "child-db"] {
        let (aws, arn) = nested();
        aws.0.set(&serde_json::json!({ "cluster": busy, "status": "maintenance" })).unwrap();
        aws.execute(&arn, "off").ok();
        aws.wait(900);
        let all = aws.cfn("DescribeStacks", &[]).ok();
        let back = all.texts("StackStatus").iter().filter(|status| **status == "UPDATE_ROLLBACK_COMPLETE").count();
        assert_eq!(back, 2, "{busy}: {:?}", all.texts("StackStatus"));
        assert!(!all.body.contains(">offline<"));
    }
}

#[test]
fn a_template_without_resources_is_refused_rather_than_ignored() {
    let aws = Aws::new();
    let members = [("StackName", "my-hub"), ("ChangeSetName", "x"), ("TemplateBody", "{}")];
    let refused = aws.cfn("CreateChangeSet", &members);
    assert_eq!((refused.status, refused.text("Code")), (400, "ValidationError"));
    assert!(refused.text("Message").contains("At least one Resources member must be defined."));
}

#[test]
fn a_replacement_of_the_cluster_is_announced_and_is_one() {
    let aws = Aws::new();
    let arn = aws.set("restore", "RestoreDbSnapshotIdentifier", "some-snapshot");
    let seen = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &arn)]).ok();
    assert_eq!(seen.text("LogicalResourceId"), "AppDb");
    assert_eq!((seen.text("Replacement"), seen.text("PolicyAction")), ("True", "ReplaceAndSnapshot"));
    aws.execute(&arn, "t").ok();
    aws.wait(600);
    let clusters = aws.rds("DescribeDBClusters", &[]).ok();
    assert_eq!(clusters.texts("DBClusterIdentifier").len(), 1);
    assert_eq!(clusters.texts("Status"), ["available"]);
    assert!(clusters.text("DBClusterIdentifier").starts_with("my-hub-appdb-"));
    let left = aws.rds("DescribeDBClusterSnapshots", &[("SnapshotType", "manual")]).ok();
    assert!(left.text("DBClusterSnapshotIdentifier").starts_with("my-hub-snapshot-appdb-"));
}

#[test]
fn an_ssm_typed_parameter_resolves_anew_with_each_change_set() {
    let mut seed = seeds::hubs("my-hub");
    seed.parameters.push(seeds::ParameterSeed {
        key: "Image".to_owned(),
        value: "/images/app".to_owned(),
        kind: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>".to_owned(),
        resolved: Some("ami-1".to_owned()),
        ..seeds::ParameterSeed::default()
    });
    let aws = Aws::seeded(&seed);
    let image = serde_json::json!({ "Name": "/images/app", "Value": "ami-2", "Type": "String" });
    aws.target("ssm", "PutParameter", &image).ok();
    let arn = aws.set("ss-off", "StackOffline", OFF);
    let seen = aws.cfn("DescribeChangeSet", &[("ChangeSetName", &arn)]).ok();
    assert_eq!(seen.text("ResolvedValue"), "ami-2");
    let stack = aws.cfn("DescribeStacks", &[("StackName", "my-hub")]).ok();
    assert_eq!(stack.text("ResolvedValue"), "ami-1");
}
