//! Every form of a new stack's parameters, read back by the tool that it is for: the AWS CLI and boto3
//! against the sandbox, Python's parsers, a POSIX shell, Terraform where it is installed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use proptest::prelude::*;
use stacksnap::cli::forms::{Form, Place, render};
use stacksnap::model::new_stack::{NewParameter, NewStack, OnFailure, StackTag, TemplateSource};
use stacksnap_sandbox::{Sandbox, serve};

const BOTO3: &str = "boto3==1.43.11";
const CLI: &str = "awscli==1.45.11";
const PLACE: Place<'_> = Place { region: "us-east-1", token: Some("ss-new-1") };

const ODD: [(&str, &str); 11] = [
    ("Plain", "t3.micro"),
    ("Empty", ""),
    ("Commas", "a,b,,c"),
    ("Quotes", "it's \"quoted\" `here`"),
    ("Equals", "a=b==c"),
    ("Lines", "one\ntwo\r\n\nfour\n"),
    ("Korean", "오프라인 - 서버 중지 +1"),
    ("Dash", "-leading"),
    ("Resolve", "{{resolve:ssm:x:1}}"),
    ("Dollar", "$HOME ${X} %{if true} $(id) !! %41 &amp; <<EOF file://x"),
    ("SecretWord", "hunter2"),
];

fn stack(values: &[(&str, &str)], template: TemplateSource) -> NewStack {
    let parameter = |(key, value): &(&str, &str)| NewParameter {
        key: (*key).to_owned(),
        value: (*value).to_owned(),
        secret: key.starts_with("Secret"),
    };
    NewStack {
        name: "hub-two".to_owned(),
        template,
        parameters: values.iter().map(parameter).collect(),
        capabilities: vec!["CAPABILITY_IAM".to_owned()],
        tags: vec![StackTag { key: "stacksnap:backup".to_owned(), value: "my-hub-20261120-020000".to_owned() }],
        role_arn: None,
        notification_arns: Vec::new(),
        termination_protection: true,
        on_failure: OnFailure::Keep,
    }
}

fn url() -> TemplateSource {
    TemplateSource::Url("https://bucket.s3.amazonaws.com/a b/t.yaml".to_owned())
}

fn template() -> String {
    let echo = |key: &str| if key.starts_with("Secret") { ", NoEcho: true" } else { "" };
    let each = ODD.map(|(key, _)| format!("  {key}: {{ Type: String{} }}\n", echo(key)));
    format!("Parameters:\n{}Resources:\n  Topic: {{ Type: AWS::SNS::Topic }}\n", each.concat())
}

fn sandbox() -> String {
    let sandbox = Sandbox::real(100.0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    drop(thread::spawn(move || runtime.block_on(serve(sandbox, listener))));
    format!("http://{address}")
}

/// The sandbox's own witness has the same virtual environment: whoever comes first makes it.
fn python() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("witness-{BOTO3}-{CLI}"));
    let (python, ready) = (place.join("bin/python"), place.join("ready"));
    if !ready.exists() {
        prepare(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place));
        prepare(Command::new(&python).args(["-m", "pip", "install", "--quiet", BOTO3, CLI]));
        std::fs::write(ready, "").unwrap();
    }
    python
}

fn prepare(command: &mut Command) {
    let status = command.status();
    let good = status.as_ref().is_ok_and(std::process::ExitStatus::success);
    assert!(good, "the test needs python3 with venv, {BOTO3} and {CLI}; {command:?}: {status:?}");
}

fn ran(command: &mut Command) -> String {
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}\n{said}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_aws_cli_boto3_and_pythons_parsers_read_what_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("template.yaml", &template());
    write("wanted.json", &serde_json::to_string(&ODD.into_iter().collect::<BTreeMap<_, _>>()).unwrap());
    let body = TemplateSource::Body(template());
    for (form, name, source) in [
        (Form::CreateStack, "create-stack", url()),
        (Form::CliInput, "cli-input", body),
        (Form::Deploy, "deploy", url()),
        (Form::Rain, "rain", url()),
        (Form::Samconfig, "samconfig", url()),
        (Form::QuickCreate, "quick-create", url()),
    ] {
        write(name, &render(form, &stack(&ODD, source), &PLACE).unwrap().text);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forms/consumers.py");
    let said = ran(Command::new(python()).arg("-B").arg(script).arg(sandbox()).arg(folder.path()));
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["create-stack", "cli-input", "deploy", "rain", "samconfig", "quick-create"]
    );
}

/// What a shell makes of the `export` lines.
fn shell(name: &str, values: &[(&str, &str)]) -> Option<Vec<String>> {
    let mut script = render(Form::Env, &stack(values, url()), &PLACE).unwrap().text;
    for (key, _) in values {
        script.push_str(&format!("printf '%s\\0' \"${key}\"\n"));
    }
    let spawned = Command::new(name).arg("-s").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = spawned.ok()?;
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let out = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    Some(out.split_terminator('\0').map(str::to_owned).collect())
}

#[test]
fn shells_read_the_export_lines() {
    let wanted: Vec<&str> = ODD.iter().map(|(_, value)| *value).collect();
    assert_eq!(shell("sh", &ODD).unwrap(), wanted);
    for other in ["bash", "zsh", "dash"] {
        assert!(shell(other, &ODD).is_none_or(|read| read == wanted), "{other}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_the_value_a_shell_reads_it_back(values in proptest::collection::vec("[^\0]{0,40}", 1..12)) {
        let keys: Vec<String> = (0..values.len()).map(|n| format!("Key{n}")).collect();
        let pairs: Vec<(&str, &str)> = keys.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
        prop_assert_eq!(shell("sh", &pairs).unwrap(), values);
    }
}

const TERRAFORM: &str = r#"
variable "stack_name" { type = string }
variable "stack_parameters" { type = map(string) }
variable "stack_secret_parameters" {
  type      = map(string)
  sensitive = true
}
"#;

#[test]
fn terraform_reads_its_variables_where_it_is_installed() {
    if Command::new("terraform").arg("version").output().is_err() {
        println!("terraform is not installed: not checked");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = render(Form::Terraform, &stack(&ODD, url()), &PLACE).unwrap().text;
    std::fs::write(folder.path().join("terraform.tfvars.json"), text).unwrap();
    std::fs::write(folder.path().join("main.tf"), TERRAFORM).unwrap();
    let mut console = Command::new("terraform");
    console.arg("console").current_dir(&folder).env("CHECKPOINT_DISABLE", "1");
    let spawned = console.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.unwrap();
    let ask = "jsonencode(merge(var.stack_parameters, nonsensitive(var.stack_secret_parameters)))\n";
    child.stdin.take().unwrap().write_all(ask.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let shown: String = serde_json::from_str(said.trim()).unwrap_or_else(|_| panic!("{done:?}"));
    let read: BTreeMap<String, String> = serde_json::from_str(&shown).unwrap();
    let wanted: BTreeMap<String, String> = ODD.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    assert_eq!(read, wanted);
}
