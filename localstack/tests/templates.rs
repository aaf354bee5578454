//! What a template's text comes to, and what is refused before anything is made.

mod common;

use common::{Aws, Reply};
use serde_json::{Value, json};

fn create(aws: &Aws, name: &str, body: &str, values: &[(&str, &str)]) -> Reply {
    let keys: Vec<String> = (1..=values.len()).map(|place| format!("Parameters.member.{place}.ParameterKey")).collect();
    let texts: Vec<String> =
        (1..=values.len()).map(|place| format!("Parameters.member.{place}.ParameterValue")).collect();
    let mut members = vec![("StackName", name), ("TemplateBody", body), ("Capabilities.member.1", "CAPABILITY_IAM")];
    for (place, (key, value)) in values.iter().enumerate() {
        members.extend([(keys[place].as_str(), *key), (texts[place].as_str(), *value)]);
    }
    aws.cfn("CreateStack", &members)
}

fn output(aws: &Aws, stack: &str, key: &str) -> String {
    let stack = aws.cfn("DescribeStacks", &[("StackName", stack)]).ok();
    let pairs = stack.texts("OutputKey").into_iter().zip(stack.texts("OutputValue"));
    let value = pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value.to_owned());
    value.unwrap_or_default()
}

const FUNCTIONS: &str = r#"
Parameters:
  Names: { Type: CommaDelimitedList, Default: "a, b,c" }
  Stage: { Type: String, Default: prod }
Mappings:
  Sizes: { prod: { count: 3 }, test: { count: 1 } }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
  Both: !And [!Condition IsProd, !Not [!Condition IsTest]]
  Any: !Or [!Condition IsTest, !Equals [1, "1"]]
Resources:
  Topic: { Type: AWS::SNS::Topic }
  Never: { Type: AWS::SNS::Topic, Condition: IsTest }
  Held:
    Type: AWS::SSM::Parameter
    DependsOn: Topic
    Properties:
      Name: !Sub "/held/${AWS::StackName}"
      Type: String
      Value: !If [IsProd, yes it is, !Ref AWS::NoValue]
Outputs:
  Join: { Value: !Join ["-", !Ref Names] }
  Select: { Value: !Select [1, !Split [":", "x:y:z"]] }
  Map: { Value: !FindInMap [Sizes, !Ref Stage, count] }
  Base64: { Value: !Base64 hello }
  Cidr: { Value: !Select [1, !Cidr [10.0.0.0/16, 2, 8]] }
  Zone: { Value: !Select [0, !GetAZs ""] }
  Sub: { Value: !Sub ["${Own}-${AWS::Region}-${!literal}", { Own: !Ref Stage }] }
  Att: { Value: !GetAtt Held.Value }
  Dynamic: { Value: "{{resolve:ssm:/held/fun}}" }
  All: { Condition: Both, Value: both }
  One: { Condition: Any, Value: any }
  Absent: { Condition: IsTest, Value: !Ref Never }
  Shared: { Value: !Ref Stage, Export: { Name: !Sub "${AWS::StackName}-stage" } }
"#;

#[test]
fn every_function_comes_to_what_cloudformation_says() {
    let aws = Aws::new();
    create(&aws, "fun", FUNCTIONS, &[]).ok();
    aws.wait(60);
    for (key, value) in [
        ("Join", "a-b-c"),
        ("Select", "y"),
        ("Map", "3"),
        ("Base64", "aGVsbG8="),
        ("Cidr", "10.0.1.0/24"),
        ("Zone", "us-east-1a"),
        ("Sub", "prod-us-east-1-${literal}"),
        ("Att", "yes it is"),
        ("Dynamic", "yes it is"),
        ("All", "both"),
        ("One", "any"),
        ("Absent", ""),
    ] {
        assert_eq!(output(&aws, "fun", key), value, "{key}");
    }
    let importing = json!({
        "Resources": { "T": { "Type": "AWS::SNS::Topic" } },
        "Outputs": { "In": { "Value": { "Fn::ImportValue": "fun-stage" } } },
    });
    create(&aws, "in", &importing.to_string(), &[]).ok();
    aws.wait(60);
    assert_eq!(output(&aws, "in", "In"), "prod");
    let listed = aws.cfn("ListStackResources", &[("StackName", "fun")]).ok();
    assert_eq!(listed.texts("LogicalResourceId").len(), 2);
}

#[test]
fn what_is_no_template_is_refused_in_aws_words() {
    let aws = Aws::new();
    for (body, wanted) in [
        ("{", "Template format error: JSON not well-formed. (line 1, column 1)"),
        ("a: [", "Template format error: YAML not well-formed."),
        ("just text", "Template format error: unsupported structure."),
        ("{}", "Template format error: At least one Resources member must be defined."),
        (r#"{"Resources": {"A": {}}}"#, "Every Resources object must contain a Type member."),
        (r#"{"Resources": {"A": {"Type": "X"}}}"#, "Unrecognized resource types: [X]"),
        (r#"{"Ressources": {}}"#, "Invalid template property or properties [Ressources]"),
        (
            r#"{"Resources": {"A": {"Type": "AWS::SNS::Topic", "DependsOn": "B"}}}"#,
            "Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            r#"{"Resources": {"A": {"Type": "AWS::SNS::Topic", "DependsOn": "B"}, "B": {"Type": "AWS::SNS::Topic", "DependsOn": ["A"]}}}"#,
            "Circular dependency between resources: [A, B]",
        ),
        ("Resources:\n  A: {Type: AWS::SNS::Topic, Properties: {X: !Wrong y}}", "Unknown tag !Wrong"),
    ] {
        let refused = create(&aws, "bad", body, &[]);
        assert_eq!((refused.status, refused.text("Code")), (400, "ValidationError"), "{body}");
        assert!(refused.text("Message").contains(wanted), "{body}: {}", refused.text("Message"));
    }
    let unknown = r#"{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}, "Conditions": {"C": {"Fn::Transform": {}}}, "Outputs": {"O": {"Condition": "C", "Value": "x"}}}"#;
    create(&aws, "odd", unknown, &[]).ok();
}

const PARAMETERS: &str = r#"
Parameters:
  Count: { Type: Number, MinValue: 1, MaxValue: 10, Default: 1 }
  Short: { Type: String, MinLength: 2, MaxLength: 4, Default: abc }
  Mail: { Type: String, AllowedPattern: ".+@.+", ConstraintDescription: must be an address, Default: a@b }
  Plain: { Type: String, AllowedPattern: "[a-z]*", Default: "" }
  Mode: { Type: String, AllowedValues: [one thing, another thing], Default: one thing }
  Numbers: { Type: List<Number>, Default: "1,2" }
  Secret: { Type: String, NoEcho: true, Default: canary }
  Key: { Type: AWS::EC2::KeyPair::KeyName, Default: key }
  Image: { Type: AWS::SSM::Parameter::Value<String>, Default: /aws/service/image }
Resources:
  Topic: { Type: AWS::SNS::Topic }
"#;

#[test]
fn values_are_checked_against_what_the_template_declares() {
    let aws = Aws::new();
    let long = "x".repeat(4097);
    for (key, value, wanted) in [
        ("Count", "0", "Parameter 'Count' must be a number not less than 1"),
        ("Count", "11", "Parameter 'Count' must be a number not greater than 10"),
        ("Count", "many", "Parameter 'Count' must be a number"),
        ("Short", "a", "Parameter 'Short' must contain at least 2 characters"),
        ("Short", "abcde", "Parameter 'Short' must contain at most 4 characters"),
        ("Mail", "nobody", "Parameter Mail failed to satisfy constraint: must be an address"),
        ("Plain", "A", "Parameter Plain must match pattern [a-z]*"),
        ("Mode", "other", "Parameter 'Mode' must be one of AllowedValues [one thing, another thing]"),
        ("Numbers", "1,x", "Parameter 'Numbers' must be a number"),
        ("Secret", &long, "Parameter Secret is longer than 4096 bytes"),
        ("Key", "", "Parameter validation failed: parameter value  for parameter name Key does not exist"),
        ("Image", "/nobody", "Unable to fetch parameters [/nobody] from parameter store for this account."),
        ("Nothing", "", "Parameters: [Nothing] do not exist in the template"),
    ] {
        let refused = create(&aws, "bad", PARAMETERS, &[(key, value)]);
        assert_eq!((refused.status, refused.text("Message")), (400, wanted), "{key}={value}");
    }
    create(&aws, "good", PARAMETERS, &[("Count", "7")]).ok();
    let stack = aws.cfn("DescribeStacks", &[("StackName", "good")]).ok();
    assert!(stack.texts("ParameterValue").contains(&"****") && !stack.body.contains("canary"));
    let summary = aws.cfn("GetTemplateSummary", &[("StackName", "good")]).ok();
    assert_eq!(summary.texts("ParameterType").len(), 9);
}

#[test]
fn iam_resources_and_transforms_need_to_be_acknowledged() {
    let aws = Aws::new();
    let body = |named: Value, transform: Value| {
        json!({
            "Transform": transform,
            "Resources": { "R": { "Type": "AWS::IAM::Role", "Properties": named } },
        })
        .to_string()
    };
    let asked = |body: &str| aws.cfn("CreateStack", &[("StackName", "x"), ("TemplateBody", body)]);
    let plain = asked(&body(json!({}), Value::Null));
    assert_eq!(plain.text("Code"), "InsufficientCapabilitiesException");
    assert_eq!(plain.text("Message"), "Requires capabilities : [CAPABILITY_IAM]");
    let named = asked(&body(json!({ "RoleName": "x" }), json!("AWS::Serverless-2016-10-31")));
    assert_eq!(named.text("Message"), "Requires capabilities : [CAPABILITY_NAMED_IAM, CAPABILITY_AUTO_EXPAND]");
}

fn update(aws: &Aws, body: &Value) -> Reply {
    aws.cfn("UpdateStack", &[("StackName", "x"), ("TemplateBody", &body.to_string())])
}

fn buckets(aws: &Aws) -> Vec<u16> {
    ["one", "two"].map(|name| aws.s3("HEAD", &format!("/{name}"), "").status).to_vec()
}

#[test]
fn another_template_adds_and_removes_what_it_says_and_a_rollback_takes_that_back() {
    let aws = Aws::new();
    let bucket = |name: &str| json!({ "Type": "AWS::S3::Bucket", "Properties": { "BucketName": name } });
    let first = json!({ "Resources": { "One": bucket("one") } });
    create(&aws, "x", &first.to_string(), &[]).ok();
    aws.wait(60);
    assert_eq!(buckets(&aws), [200, 404]);
    let second = json!({ "Resources": { "Two": bucket("two") } });
    aws.0.add_fault(stacksnap_sandbox::Fault::parse("cloudformation:UpdateStack=rollback*1").unwrap());
    update(&aws, &second).ok();
    aws.wait(600);
    let status = |aws: &Aws| aws.cfn("DescribeStacks", &[("StackName", "x")]).ok().text("StackStatus").to_owned();
    assert_eq!((status(&aws).as_str(), buckets(&aws)), ("UPDATE_ROLLBACK_COMPLETE", vec![200, 404]));
    assert!(aws.cfn("GetTemplate", &[("StackName", "x")]).ok().text("TemplateBody").contains("One"));
    update(&aws, &second).ok();
    aws.wait(600);
    assert_eq!((status(&aws).as_str(), buckets(&aws)), ("UPDATE_COMPLETE", vec![404, 200]));
    assert_eq!(update(&aws, &second).text("Message"), "No updates are to be performed.");
    let third = json!({ "Resources": { "Two": bucket("one") } });
    update(&aws, &third).ok();
    aws.wait(600);
    assert_eq!((status(&aws).as_str(), buckets(&aws)), ("UPDATE_COMPLETE", vec![200, 404]));
}
