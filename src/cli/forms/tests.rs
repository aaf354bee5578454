//! What goes in comes back out, in every form.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::model::new_stack::{NewParameter, OnFailure, StackTag, TemplateSource};

const PLACE: Place<'_> = Place { region: "eu-west-1", token: Some("ss-new-1") };
const URL: &str = "https://b.s3.eu-west-1.amazonaws.com/a b/t?v=1&x=2";

fn stack(values: &[(&str, &str)]) -> NewStack {
    let parameter = |(key, value): &(&str, &str)| NewParameter {
        key: (*key).to_owned(),
        value: (*value).to_owned(),
        secret: key.starts_with("Secret"),
    };
    NewStack {
        name: "hub-two".to_owned(),
        template: TemplateSource::Url(URL.to_owned()),
        parameters: values.iter().map(parameter).collect(),
        capabilities: vec!["CAPABILITY_AUTO_EXPAND".to_owned(), "CAPABILITY_IAM".to_owned()],
        tags: vec![StackTag { key: "stacksnap:backup".to_owned(), value: "my-hub-20261120-020000".to_owned() }],
        role_arn: None,
        notification_arns: Vec::new(),
        termination_protection: true,
        on_failure: OnFailure::Keep,
    }
}

const ODD: [(&str, &str); 11] = [
    ("Plain", "t3.micro"),
    ("Empty", ""),
    ("Commas", "a,b,,c"),
    ("Quotes", "it's \"quoted\" `here`"),
    ("Equals", "a=b==c"),
    ("Lines", "one\ntwo\r\n\nfour\n"),
    ("Korean", "오프라인 - 서버 중지"),
    ("Dash", "-leading"),
    ("Resolve", "{{resolve:ssm:x:1}}"),
    ("Dollar", "$HOME ${X} $(id) !! \\n %41 &amp; <<EOF"),
    ("SecretWord", "hunter2"),
];

fn text(form: Form, stack: &NewStack) -> String {
    render(form, stack, &PLACE).unwrap().text
}

fn object(value: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    value.as_object().unwrap().iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

fn listed(value: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pair = |one: &Value| (text(&one["ParameterKey"]), text(&one["ParameterValue"]));
    value.as_array().unwrap().iter().map(pair).collect()
}

fn equals(pairs: impl IntoIterator<Item = String>) -> BTreeMap<String, String> {
    pairs.into_iter().map(|pair| pair.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap()).collect()
}

/// As the console's form reads it: everything after the `?` of the fragment.
fn link(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let query = text.trim_end().split_once("review?").unwrap().1;
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    pairs.filter_map(|(key, value)| Some((decode(key.strip_prefix("param_")?), decode(value)))).collect()
}

/// As GitHub's runner reads the file.
fn github(text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap();
        rest = after;
        match (line.find('='), line.find("<<")) {
            (equals, Some(at)) if equals.is_none_or(|equals| at < equals) => {
                let end = format!("\n{}\n", &line[at + 2..]);
                let (value, after) = rest.split_once(&end).unwrap();
                all.insert(line[..at].to_owned(), value.to_owned());
                rest = after;
            }
            (Some(at), _) => drop(all.insert(line[..at].to_owned(), line[at + 1..].to_owned())),
            _ => panic!("neither form: {line}"),
        }
    }
    all
}

/// As SAM reads samconfig.toml, for values without backslashes.
fn sam(text: &str) -> BTreeMap<String, String> {
    let root: toml::Table = toml::from_str(text).unwrap();
    let list = root["default"]["deploy"]["parameters"]["parameter_overrides"].as_array().unwrap();
    let unquote = |value: String| value[1..value.len() - 1].replace("\\\"", "\"");
    equals(list.iter().map(|one| one.as_str().unwrap().to_owned())).into_iter().map(|(k, v)| (k, unquote(v))).collect()
}

/// What each form brings back.
fn back(form: Form, stack: &NewStack) -> BTreeMap<String, String> {
    let text = text(form, stack);
    let json = || serde_json::from_str::<Value>(&text).unwrap();
    match form {
        Form::CreateStack => listed(&json()),
        Form::CliInput => listed(&json()["Parameters"]),
        Form::Deploy => equals(json().as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned())),
        Form::Rain => object(&json()["Parameters"]),
        Form::Terraform => {
            let mut all = object(&json()["stack_parameters"]);
            all.extend(json().get("stack_secret_parameters").map(object).unwrap_or_default());
            all
        }
        Form::Samconfig => sam(&text),
        Form::QuickCreate => link(&text),
        Form::Github => github(&text),
        // tests/forms.rs asks a real shell.
        Form::Env => stack.parameters.iter().map(|p| (p.key.clone(), p.value.clone())).collect(),
    }
}

fn given(stack: &NewStack, secrets: bool) -> BTreeMap<String, String> {
    let chosen = stack.parameters.iter().filter(|parameter| secrets || !parameter.secret);
    chosen.map(|parameter| (parameter.key.clone(), parameter.value.clone())).collect()
}

#[test]
fn odd_values_come_back_out_of_every_form() {
    let sam = |value: &(&str, &str)| !value.1.contains('\\');
    for form in Form::value_variants() {
        let values: Vec<(&str, &str)> = ODD.into_iter().filter(|v| *form != Form::Samconfig || sam(v)).collect();
        let stack = stack(&values);
        assert_eq!(back(*form, &stack), given(&stack, *form != Form::QuickCreate), "{form:?}");
    }
}

#[test]
fn every_form_ends_with_a_line_end_and_warns_of_secrets() {
    let stack = stack(&ODD[..10].iter().copied().chain([ODD[10]]).filter(|v| !v.1.contains('\\')).collect::<Vec<_>>());
    for form in Form::value_variants() {
        let rendered = render(*form, &stack, &PLACE).unwrap();
        assert!(rendered.text.ends_with('\n') && !rendered.text.ends_with("\n\n"), "{form:?}");
        assert!(rendered.warnings.iter().any(|warning| warning.contains("SecretWord")), "{form:?}");
        assert_eq!(rendered.text.contains("hunter2"), *form != Form::QuickCreate);
    }
}

#[test]
fn the_forms_are_those_of_the_contract() {
    let stack = stack(&[("DomainName", "two.example.com"), ("SecretWord", "it's")]);
    insta::assert_snapshot!(text(Form::CreateStack, &stack), @r#"
    [
      {
        "ParameterKey": "DomainName",
        "ParameterValue": "two.example.com"
      },
      {
        "ParameterKey": "SecretWord",
        "ParameterValue": "it's"
      }
    ]
    "#);
    insta::assert_snapshot!(text(Form::CliInput, &stack), @r#"
    {
      "StackName": "hub-two",
      "TemplateURL": "https://b.s3.eu-west-1.amazonaws.com/a b/t?v=1&x=2",
      "Parameters": [
        {
          "ParameterKey": "DomainName",
          "ParameterValue": "two.example.com"
        },
        {
          "ParameterKey": "SecretWord",
          "ParameterValue": "it's"
        }
      ],
      "Capabilities": [
        "CAPABILITY_AUTO_EXPAND",
        "CAPABILITY_IAM"
      ],
      "OnFailure": "DO_NOTHING",
      "Tags": [
        {
          "Key": "stacksnap:backup",
          "Value": "my-hub-20261120-020000"
        }
      ],
      "ClientRequestToken": "ss-new-1",
      "EnableTerminationProtection": true
    }
    "#);
    insta::assert_snapshot!(text(Form::Deploy, &stack), @r#"
    [
      "DomainName=two.example.com",
      "SecretWord=it's"
    ]
    "#);
    insta::assert_snapshot!(text(Form::Rain, &stack), @r#"
    {
      "Parameters": {
        "DomainName": "two.example.com",
        "SecretWord": "it's"
      },
      "Tags": {
        "stacksnap:backup": "my-hub-20261120-020000"
      }
    }
    "#);
    insta::assert_snapshot!(text(Form::Samconfig, &stack), @r#"
    version = 0.1

    [default.deploy.parameters]
    stack_name = "hub-two"
    region = "eu-west-1"
    capabilities = "CAPABILITY_AUTO_EXPAND CAPABILITY_IAM"
    parameter_overrides = [
      "DomainName=\"two.example.com\"",
      "SecretWord=\"it's\"",
    ]
    "#);
    insta::assert_snapshot!(text(Form::Terraform, &stack), @r#"
    {
      "stack_name": "hub-two",
      "stack_parameters": {
        "DomainName": "two.example.com"
      },
      "stack_secret_parameters": {
        "SecretWord": "it's"
      }
    }
    "#);
    insta::assert_snapshot!(text(Form::QuickCreate, &stack), @"https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/create/review?templateURL=https%3A%2F%2Fb.s3.eu-west-1.amazonaws.com%2Fa%20b%2Ft%3Fv%3D1%26x%3D2&stackName=hub-two&param_DomainName=two.example.com");
    insta::assert_snapshot!(text(Form::Github, &stack), @"
    DomainName=two.example.com
    SecretWord=it's
    ");
    insta::assert_snapshot!(text(Form::Env, &stack), @r"
    export DomainName=two.example.com
    export SecretWord='it'\''s'
    ");
}

#[test]
fn what_a_form_cannot_carry_is_an_error() {
    let body = NewStack { template: TemplateSource::Body("x".repeat(51_201)), ..stack(&[]) };
    let error = |form, stack: &NewStack| render(form, stack, &PLACE).unwrap_err();
    assert_eq!(error(Form::QuickCreate, &body), FormError::NoUrl);
    assert_eq!(error(Form::CliInput, &body), FormError::BodyTooLarge { bytes: 51_201, most: 51_200 });
    assert_eq!(error(Form::Env, &stack(&[("1st", "x")])), FormError::NoVariable { key: "1st".to_owned() });
    assert_eq!(error(Form::Env, &stack(&[("PATH", "x")])), FormError::ShellsOwn { key: "PATH".to_owned() });
    let unwritable = FormError::Unwritable { key: "A".to_owned(), tool: "sam" };
    assert_eq!(error(Form::Samconfig, &stack(&[("A", "ends\\")])), unwritable);
    for form in Form::value_variants() {
        assert_eq!(error(*form, &stack(&[("A", "****")])), FormError::Masked { key: "A".to_owned() });
    }
}

#[test]
fn a_form_error_tells_what_to_do() {
    let failure = super::super::failure::Failure::from(FormError::NoUrl);
    insta::assert_snapshot!(failure.text(super::super::output::Paint::NONE), @"
    error: a quick-create link needs the template's URL
    hint: give it with `--template-url`: the console fetches it from S3
    ");
}

#[test]
fn the_document_has_every_value_but_the_secrets() {
    use crate::plan::params::{Chosen, Origin, Parameters};
    let chosen = |key: &str, value: &str, secret| Chosen {
        key: key.to_owned(),
        value: Some(value.to_owned()),
        origin: Origin::Set,
        secret,
    };
    let parameters =
        Parameters { chosen: vec![chosen("A", "1", false), chosen("B", "canary", true)], ..Parameters::default() };
    let document = NewStackParameters::new("b-1", "my-hub", &parameters, Some(&stack(&[])), "the form\n".to_owned());
    let json = serde_json::to_string(&document).unwrap();
    assert!(!json.contains("canary") && json.contains("\"origin\":\"set\""), "{json}");
    assert_eq!(
        super::super::output::samples::page(|page| super::super::output::Document::text(&document, page)),
        "the form\n"
    );
}

fn odd_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-a-z=,'\"$`%&+#;<>{}\\[\\] \n\r\t!?*/:@|~^()]{0,40}",
        "\\PC{0,30}",
        "(STACKSNAP_EOF(_[0-9])?|\n|=|<<){0,6}",
    ]
}

proptest! {
    #[test]
    fn what_goes_in_comes_back_out(values in proptest::collection::vec(odd_text(), 1..5)) {
        let keys: Vec<String> = (0..values.len()).map(|n| format!("Key{n}")).collect();
        let pairs: Vec<(&str, &str)> = keys.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
        let stack = stack(&pairs);
        for form in Form::value_variants() {
            let unfit = values.iter().any(|value| crate::plan::params::is_mask(value))
                || (*form == Form::Samconfig && values.iter().any(|value| value.contains('\\')));
            if !unfit {
                prop_assert_eq!(back(*form, &stack), given(&stack, true), "{:?}", form);
            }
        }
    }
}
