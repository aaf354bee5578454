//! The IAM policy that users are given is what the commands call: no less, and no more.
//!
//! The real binary runs every command against a served sandbox. Between the two stands a witness of
//! every byte, so that what must never be asked for, or answered, is known and not believed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use stacksnap_sandbox::seeds::{self, ParameterSeed, StackSeed};
use stacksnap_sandbox::{Durations, Fault, Sandbox, serve};

const STACK: &str = "my-hub";
const SPEED: u32 = 600;
/// What `backup` and its like are given.
const BACKUP: &str = include_str!("../templates/iam/backup-policy.json");
/// What `sentinel` is given.
const SENTINEL: &str = include_str!("../templates/iam/sentinel-policy.json");
/// What `restore` and its like are given besides.
const RESTORE: &str = include_str!("../templates/iam/restore-policy.json");
/// What `prune`, `keep` and `unkeep` are given besides.
const PRUNE: &str = include_str!("../templates/iam/prune-policy.json");

/// What else a request needs, beside the action of its own name.
const ALSO: [(&str, &str); 4] = [
    ("backup:StartBackupJob", "iam:PassRole"),
    ("cloudformation:CreateStack", "cloudformation:TagResource"),
    ("rds:CreateDBClusterSnapshot", "rds:AddTagsToResource"),
    // Without it S3 answers that what is not there is denied.
    ("s3:GetObject", "s3:ListBucket"),
];

/// What only a drill of a stack of another making has to clear away, and who says so.
const RARE: [(&str, &str); 4] = [
    ("elasticfilesystem:DeleteMountTarget", "where a file system that is retained has some that are, too"),
    ("rds:DeleteDBCluster", "where the template retains the cluster"),
    ("rds:DeleteDBInstance", "where the template retains the instance"),
    ("rds:DescribeDBInstances", "where the template retains the instance"),
];

/// Actions that AWS cannot scope: its service authorization reference names no resource type for them.
const UNSCOPED: [(&str, &str); 9] = [
    ("backup:DescribeBackupJob", "a job is no resource"),
    ("backup:DescribeRegionSettings", "they are the region's"),
    ("backup:ListBackupJobs", "a list"),
    ("backup:ListBackupVaults", "a list"),
    ("backup:ListCopyJobs", "a list"),
    ("backup:StopBackupJob", "a job is no resource"),
    ("rds:DescribeAccountAttributes", "they are the account's"),
    ("ssm:DescribeParameters", "a list, of names and versions"),
    ("sts:GetCallerIdentity", "needs no permission at all, but an explicit one is not denied by mistake"),
];

/// The same, of the sentinel policy.
const UNSCOPED_SENTINEL: [(&str, &str); 5] = [
    ("backup:DescribeBackupJob", "a job is no resource"),
    ("backup:ListBackupJobs", "a list"),
    ("backup:ListCopyJobs", "a list"),
    ("backup:StopBackupJob", "a job is no resource"),
    ("sts:GetCallerIdentity", "needs no permission at all, but an explicit one is not denied by mistake"),
];

/// The same, of the restore policy.
const UNSCOPED_RESTORE: [(&str, &str); 2] = [
    ("backup:ListRestoreJobs", "a list"),
    ("cloudformation:GetTemplateSummary", "of a template that is no stack's, by its URL"),
];

/// The same, of the prune policy.
const UNSCOPED_PRUNE: [(&str, &str); 3] = [
    ("backup:ListLegalHolds", "a list"),
    ("backup:ListRecoveryPointsByLegalHold", "a legal hold's points are a list"),
    ("cloudformation:DescribeStacks", "of every stack there is: one of them may use the backup"),
];

/// Everything that went to AWS and came back.
type Wire = Arc<Mutex<Vec<Vec<u8>>>>;

struct Aws {
    sandbox: Sandbox,
    witness: SocketAddr,
    sent: Wire,
    answered: Wire,
    home: tempfile::TempDir,
}

impl Aws {
    fn new() -> Self {
        Self::with(&seeds::hubs(STACK))
    }

    fn with(stack: &StackSeed) -> Self {
        // Jobs that are still running when their run is given up.
        let durations = Durations { jitter: 0.0, incremental_job: 900.0, ..Durations::default() };
        let sandbox = Sandbox::real(f64::from(SPEED)).with_durations(durations);
        let _id = sandbox.seed_stack(stack);
        let (sent, answered) = (Wire::default(), Wire::default());
        let witness = watch(serve_on_a_thread(&sandbox), &sent, &answered);
        Self { sandbox, witness, sent, answered, home: tempfile::tempdir().unwrap() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stacksnap"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.home.path())
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.witness))
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("STACKSNAP_TIME_SCALE", SPEED.to_string())
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end, and sees to it that it told no secret.
    #[track_caller]
    fn run(&self, args: &[&str]) -> (i32, String) {
        quiet(self.command(args).spawn().unwrap())
    }

    /// Starts a command, and stops it by a signal when AWS has done `operation` for it.
    #[track_caller]
    fn stop(&self, args: &[&str], operation: &str, signal: &str) -> (i32, String) {
        let before = self.count(operation);
        let child = self.command(args).spawn().unwrap();
        let patience = Instant::now() + Duration::from_secs(20);
        while self.count(operation) == before {
            assert!(Instant::now() < patience, "{operation} was never called by {args:?}");
            thread::sleep(Duration::from_millis(2));
        }
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        quiet(child)
    }

    /// Only what these policies allow is done from now on; `None` lifts it.
    fn enforce(&self, policies: Option<&[Value]>) {
        self.sandbox.set(&serde_json::json!({ "policy": policies })).unwrap();
    }

    /// What was asked for and denied.
    fn denied(&self) -> BTreeSet<String> {
        let denied = |request: &&stacksnap_sandbox::LoggedRequest| {
            request
                .error
                .as_deref()
                .is_some_and(|error| error.contains("AccessDenied") || error == "AuthorizationError")
        };
        let requests = self.sandbox.requests();
        let name = |request: &stacksnap_sandbox::LoggedRequest| {
            format!("{}:{} {}", request.service, request.operation, request.target)
        };
        requests.iter().filter(denied).map(name).collect()
    }

    fn count(&self, operation: &str) -> usize {
        let done =
            |request: &&stacksnap_sandbox::LoggedRequest| request.operation == operation && request.status == 200;
        self.sandbox.requests().iter().filter(done).count()
    }

    /// The IAM actions asked for since the last time.
    fn actions(&self) -> BTreeSet<String> {
        let requests = self.sandbox.requests();
        self.sandbox.clear_requests();
        requests.iter().map(|request| format!("{}:{}", request.service, request.operation)).collect()
    }

    /// Lock and record of a run are lost, behind stacksnap's back.
    fn forget(&self, run: &str) {
        for name in [format!("/stacksnap/{STACK}/runs/{run}"), format!("/stacksnap/{STACK}/run")] {
            self.ssm("DeleteParameter", &serde_json::json!({ "Name": name }));
        }
    }

    /// A run was given up twenty minutes ago, and nobody has driven it since.
    fn give_up(&self, run: &str) {
        let name = format!("/stacksnap/{STACK}/runs/{run}");
        let answer = self.ssm("GetParameter", &serde_json::json!({ "Name": name }));
        let mut record: Value = serde_json::from_str(answer["Parameter"]["Value"].as_str().unwrap()).unwrap();
        record["abort"] = Value::Bool(true);
        let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(20);
        record["next_due"] = Value::String(long_ago.to_string());
        let value = record.to_string();
        self.ssm("PutParameter", &serde_json::json!({ "Name": name, "Value": value, "Overwrite": true }));
    }

    fn ssm(&self, operation: &str, body: &Value) -> Value {
        let (body, target) = (body.to_string(), format!("X-Amz-Target: AmazonSSM.{operation}"));
        let head = [
            "POST / HTTP/1.1",
            "Host: sandbox",
            &target,
            "Content-Type: application/x-amz-json-1.1",
            "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/ssm/aws4_request, SignedHeaders=host, Signature=0",
            "Connection: close",
        ]
        .join("\r\n");
        let mut stream = TcpStream::connect(self.witness).unwrap();
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        drop(stream.read_to_string(&mut answer));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
    }
}

fn serve_on_a_thread(sandbox: &Sandbox) -> SocketAddr {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let (address, served) = (listener.local_addr().unwrap(), sandbox.clone());
    drop(thread::spawn(move || runtime.block_on(serve(served, listener))));
    address
}

/// Stands between a client and `upstream`, and keeps what passes, each connection and direction by itself.
fn watch(upstream: SocketAddr, sent: &Wire, answered: &Wire) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sent, answered) = (Arc::clone(sent), Arc::clone(answered));
    drop(thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(upstream).unwrap());
            pass(client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&sent));
            pass(server, client, Arc::clone(&answered));
        }
    }));
    address
}

fn pass(mut from: TcpStream, mut to: TcpStream, kept: Wire) {
    let mut wire = kept.lock().unwrap();
    let line = wire.len();
    wire.push(Vec::new());
    drop(wire);
    drop(thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            kept.lock().unwrap()[line].extend_from_slice(&buffer[..count]);
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        drop((to.shutdown(Shutdown::Write), from.shutdown(Shutdown::Read)));
    }));
}

/// A command's end; nothing it said is a secret.
#[track_caller]
fn quiet(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(!out.contains("canary") && !err.contains("canary"), "a secret is told:\n{out}\n{err}");
    (output.status.code().unwrap_or(-1), out)
}

/// One statement of the policy.
struct Statement {
    actions: Vec<String>,
    resources: Vec<String>,
}

fn statements(policy: &str) -> Vec<Statement> {
    let policy: Value = serde_json::from_str(policy).unwrap();
    let list = |value: &Value| match value {
        Value::String(one) => vec![one.clone()],
        many => many.as_array().unwrap().iter().map(|each| each.as_str().unwrap().to_owned()).collect(),
    };
    let each = policy["Statement"].as_array().unwrap().iter();
    each.map(|one| {
        assert_eq!(one["Effect"], "Allow", "a denial hides what is allowed");
        Statement { actions: list(&one["Action"]), resources: list(&one["Resource"]) }
    })
    .collect()
}

/// What every action of `calls` needs.
fn needed(calls: &BTreeSet<String>) -> BTreeSet<String> {
    let also = ALSO.iter().filter(|(call, _)| calls.contains(*call)).map(|(_, action)| (*action).to_owned());
    calls.iter().cloned().chain(also).collect()
}

fn actions(policy: &str) -> BTreeSet<String> {
    statements(policy).into_iter().flat_map(|one| one.actions).collect()
}

/// `inspect`, `check`, `status`, `list`, `show`.
fn look(aws: &Aws) -> BTreeSet<String> {
    for args in [vec!["inspect", STACK], vec!["check", STACK], vec!["status", STACK], vec!["status"], vec!["list"]] {
        assert_eq!(aws.run(&args).0, 0, "{args:?}");
    }
    assert_eq!(aws.run(&["list", STACK, "--all"]).0, 0);
    assert_eq!(aws.run(&["show", "my-hub@latest"]).0, 0);
    aws.actions()
}

/// Every command that changes something, however it ends.
fn act(aws: &Aws) {
    let backup = ["backup", STACK, "--settle", "1s", "-o", "json"];
    let with = |flag| [backup.as_slice(), &[flag]].concat();
    assert_eq!(aws.run(&backup).0, 0);
    assert_eq!(aws.run(&with("--live")).0, 0);
    assert_eq!(aws.run(&with("--seed")).0, 0);
    assert_eq!(aws.run(&["offline", STACK, "--yes"]).0, 0);
    assert_eq!(aws.run(&["online", STACK]).0, 0);
    // Given up while the stack goes offline; while the halves are made; by another process; lost.
    assert_eq!(aws.stop(&backup, "ExecuteChangeSet", "INT").0, 130);
    assert_eq!(aws.stop(&backup, "StartBackupJob", "INT").0, 130);
    drop(aws.stop(&backup, "StartBackupJob", "KILL"));
    assert_eq!(aws.run(&["resume", STACK]).0, 0);
    drop(aws.stop(&backup, "CreateChangeSet", "KILL"));
    assert_eq!(aws.run(&["abort", STACK]).0, 0);
    drop(aws.stop(&backup, "StartBackupJob", "KILL"));
    let (_, run) = aws.run(&["status", STACK, "--query", "items[0].running[0].id"]);
    aws.forget(run.trim().trim_matches('"'));
    assert_eq!(aws.run(&["resume", STACK]).0, 0);
    assert_eq!(aws.run(&["sentinel", STACK]).0, 0);
    assert_eq!(aws.run(&["inspect", STACK, "--query", "mode"]).1.trim(), "online");
}

#[test]
fn the_policy_is_what_the_commands_call() {
    let aws = Aws::new();
    assert_eq!(aws.run(&["backup", STACK, "--live"]).0, 0, "something to look at");
    let first = aws.actions();
    let looked = look(&aws);
    only_reads(&looked);
    act(&aws);
    let calls: BTreeSet<String> = first.into_iter().chain(looked).chain(aws.actions()).collect();
    let (allowed, needed) = (actions(BACKUP), needed(&calls));
    let missing: Vec<_> = needed.difference(&allowed).collect();
    assert!(missing.is_empty(), "the commands need what the policy does not allow: {missing:?}");
    let idle: Vec<_> = allowed.difference(&needed).collect();
    assert!(idle.is_empty(), "the policy allows what no command calls: {idle:?}");
    no_secret_was_asked_for(&aws, &calls);
}

/// The policy as its reader fills it in.
fn filled(policy: &str) -> Value {
    let text = policy.replace("REGION", "us-east-1").replace("ACCOUNT", "123456789012").replace("STACK", STACK);
    serde_json::from_str(&text).unwrap()
}

/// The same, without one action.
fn without(policy: &str, action: &str) -> Value {
    let mut policy = filled(policy);
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let left = |value: &Value| match value {
            Value::Array(many) => many.iter().filter(|each| *each != action).cloned().collect(),
            one => vec![one.clone()].into_iter().filter(|each| each != action).collect::<Vec<_>>(),
        };
        statement["Action"] = Value::Array(left(&statement["Action"]));
    }
    let keep = |statement: &&Value| statement["Action"].as_array().is_some_and(|actions| !actions.is_empty());
    let statements: Vec<Value> = policy["Statement"].as_array().unwrap().iter().filter(keep).cloned().collect();
    policy["Statement"] = Value::Array(statements);
    policy
}

#[test]
fn under_the_policy_nothing_that_the_commands_do_is_denied() {
    let aws = Aws::new();
    aws.enforce(Some(&[filled(BACKUP)]));
    assert_eq!(aws.run(&["backup", STACK, "--live"]).0, 0, "something to look at");
    for args in [vec!["inspect", STACK], vec!["check", STACK], vec!["status", STACK], vec!["list", STACK]] {
        assert_eq!(aws.run(&args).0, 0, "{args:?}");
    }
    assert_eq!(aws.run(&["show", "my-hub@latest"]).0, 0);
    act(&aws);
    assert_eq!(aws.denied(), BTreeSet::new());
}

#[test]
fn a_permission_that_is_missing_is_named_and_the_stack_is_home() {
    for (action, touched) in [
        ("cloudformation:DescribeStackEvents", false),
        ("cloudformation:CreateChangeSet", false),
        ("rds:CreateDBClusterSnapshot", true),
        ("rds:AddTagsToResource", true),
        ("backup:StartBackupJob", true),
        ("iam:PassRole", true),
        ("ssm:PutParameter", false),
    ] {
        let aws = Aws::new();
        aws.enforce(Some(&[without(BACKUP, action)]));
        let output = aws.command(&["backup", STACK, "--settle", "0s", "-o", "json"]).output().unwrap();
        // Findings are the result, and go to stdout.
        let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert_ne!(output.status.code(), Some(0), "{action}: {told}");
        assert!(told.contains(action), "{action} is not named: {told}");
        assert_eq!(aws.count("ExecuteChangeSet") > 0, touched, "{action}");
        aws.enforce(None);
        assert_eq!(aws.run(&["inspect", STACK, "--query", "mode"]).1.trim(), "online", "{action}");
    }
}

#[test]
fn a_parameter_that_cloudformation_may_not_resolve_is_named_and_nothing_goes_offline() {
    let mut seed = seeds::hubs(STACK);
    let version = ParameterSeed {
        key: "BootstrapVersion".to_owned(),
        kind: "AWS::SSM::Parameter::Value<String>".to_owned(),
        value: "/cdk-bootstrap/hnb659fds/version".to_owned(),
        resolved: Some("21".to_owned()),
        ..ParameterSeed::default()
    };
    seed.parameters.push(version);
    let aws = Aws::with(&seed);
    let backup = ["backup", STACK, "--settle", "1s"];
    aws.enforce(Some(&[filled(BACKUP)]));
    let (code, told) = aws.run(&backup);
    assert!(code != 0 && told.contains("ssm:GetParameters"), "{code}: {told}");
    assert_eq!(aws.count("ExecuteChangeSet"), 0);
    let arn = "arn:aws:ssm:us-east-1:123456789012:parameter/cdk-bootstrap/*";
    let more =
        serde_json::json!({ "Statement": [{ "Effect": "Allow", "Action": "ssm:GetParameters", "Resource": arn }] });
    aws.enforce(Some(&[filled(BACKUP), more]));
    assert_eq!(aws.run(&backup).0, 0);
}

/// Every kind of run that a sentinel finds, at its beginning and in its middle.
fn rescue(aws: &Aws, sentinel: &[&str]) -> BTreeSet<String> {
    let mut calls = BTreeSet::new();
    let mut look = |args: &[&str]| {
        aws.actions();
        assert_eq!(aws.run(args).0, 0, "{args:?}");
        calls.extend(aws.actions());
    };
    look(sentinel);
    for more in [["--settle", "1s"].as_slice(), &["--settle", "1s", "--seed"], &["--live"]] {
        assert_eq!(aws.run(&with(&["backup", STACK, "--no-wait"], more)).0, 0);
        look(sentinel);
    }
    let backup = ["backup", STACK, "--settle", "1s"];
    // Given up by somebody else, and left, on the way out and with its jobs under way.
    for operation in ["ExecuteChangeSet", "StartBackupJob"] {
        drop(aws.stop(&backup, operation, "KILL"));
        let (_, run) = aws.run(&["status", STACK, "--query", "items[0].running[0].id"]);
        aws.give_up(run.trim().trim_matches('"'));
        look(sentinel);
    }
    // Lost: its history tells. The job goes on, so this comes last.
    drop(aws.stop(&backup, "StartBackupJob", "KILL"));
    let (_, run) = aws.run(&["status", STACK, "--query", "items[0].running[0].id"]);
    aws.forget(run.trim().trim_matches('"'));
    // A debt is found by a look at everything, as `check` does it. Of that only the stack is needed: nothing else is allowed.
    aws.enforce(Some(&[filled(SENTINEL)]));
    aws.actions();
    assert_eq!(aws.run(sentinel).0, 0, "a debt is paid with the policy alone");
    aws.enforce(None);
    let denied: BTreeSet<String> =
        aws.denied().iter().filter_map(|call| call.split(' ').next().map(str::to_owned)).collect();
    calls.extend(aws.actions().difference(&denied).cloned());
    assert_eq!(aws.run(&["inspect", STACK, "--query", "mode"]).1.trim(), "online");
    calls
}

#[test]
fn the_sentinel_policy_is_what_a_sentinel_calls() {
    let aws = Aws::new();
    let calls = rescue(&aws, &["sentinel", STACK, "--quiet"]);
    let (allowed, needed) = (actions(SENTINEL), needed(&calls));
    let missing: Vec<_> = needed.difference(&allowed).collect();
    assert!(missing.is_empty(), "the sentinel needs what its policy does not allow: {missing:?}");
    // An update that hangs is cancelled; on a hurried clock none does for long enough.
    let idle: Vec<_> =
        allowed.difference(&needed).filter(|action| *action != "cloudformation:CancelUpdateStack").collect();
    assert!(idle.is_empty(), "the policy allows what no sentinel calls: {idle:?}");
    let backup = actions(BACKUP);
    assert!(allowed.is_subset(&backup), "{:?}", allowed.difference(&backup));
}

fn only_reads(calls: &BTreeSet<String>) {
    for action in calls {
        let verb = action.split_once(':').unwrap().1;
        let reads = ["Describe", "List", "Get", "Head"].iter().any(|read| verb.starts_with(read));
        assert!(reads, "a command that only reads called {action}");
    }
}

/// What two hubs cannot share.
const OWN: [&str; 6] = [
    "--set",
    "DomainName=new.example.com",
    "--set",
    "InternalZone=new-internal.com",
    "--set",
    "ShortlinkZone=new.link",
];
const DRILL_OWN: [&str; 6] = [
    "--drill-set",
    "DomainName=new.example.com",
    "--drill-set",
    "InternalZone=new-internal.com",
    "--drill-set",
    "ShortlinkZone=new.link",
];

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(more).copied().collect()
}

/// `verify`, `params`, `guard`, and dry runs.
fn look_at_backups(aws: &Aws) -> BTreeSet<String> {
    std::fs::write(aws.home.path().join("p.json"), r#"["AppInstanceCount=1"]"#).unwrap();
    assert_eq!(aws.run(&["verify", "my-hub@latest"]).0, 0);
    assert_eq!(aws.run(&with(&["params", "my-hub@latest"], &OWN)).0, 0);
    assert_eq!(aws.run(&with(&["restore", "my-hub@latest", "--new-stack", "hub2", "--dry-run"], &OWN)).0, 0);
    drop(aws.run(&["guard", STACK, "--parameters", "p.json"]));
    aws.actions()
}

/// A new stack, a rehearsal, a replacement; one that fails and is undone; a template that is too long.
fn rebuild(aws: &Aws) {
    let quiet = ["--quiet"];
    assert_eq!(aws.run(&with(&with(&["restore", "my-hub@latest", "--new-stack", "hub2"], &OWN), &quiet)).0, 0);
    assert_eq!(aws.run(&with(&with(&["drill", "my-hub@latest"], &OWN), &quiet)).0, 0);
    let replace = ["replace", STACK, "--with", "my-hub@latest-drilled", "--yes-destroy", STACK, "--quiet"];
    aws.sandbox.add_fault(Fault::parse("cloudformation:CreateStack=create-failed/AppDb*1").unwrap());
    assert_eq!(aws.run(&with(&replace, &DRILL_OWN)).0, 1);
    let line = ["restore", "my-hub@latest", "--new-stack", "hub3", "--quiet"];
    drop(aws.stop(&with(&line, &OWN), "CreateStack", "KILL"));
    assert_eq!(aws.run(&["resume", "hub3", "--quiet"]).0, 0);
    // A template in a bucket is described by its URL.
    let url = url_of_the_template(aws);
    assert_eq!(aws.run(&with(&["params", "my-hub@latest", "--template-url", &url], &OWN)).0, 0);
}

fn url_of_the_template(aws: &Aws) -> String {
    let cli = aws.run(&with(&["params", "my-hub@latest", "--format", "cli-input"], &OWN));
    let input: Value = serde_json::from_str(&cli.1).unwrap();
    input["TemplateURL"].as_str().unwrap().to_owned()
}

#[test]
fn the_restore_policy_is_what_the_other_commands_call_besides() {
    let aws = Aws::new();
    aws.sandbox.set(&serde_json::json!({ "bucket": "my-manifests" })).unwrap();
    let config = "[defaults]\nsettle = \"0s\"\nmanifest = \"s3://my-manifests/prod\"\n";
    std::fs::write(aws.home.path().join("stacksnap.toml"), config).unwrap();
    assert_eq!(aws.run(&["backup", STACK, "--quiet"]).0, 0);
    let mut calls = aws.actions();
    let looked = look_at_backups(&aws);
    only_reads(&looked);
    rebuild(&aws);
    calls.extend(looked);
    calls.extend(aws.actions());
    let (allowed, needed) = (actions(RESTORE), needed(&calls));
    let both: BTreeSet<String> = actions(BACKUP).union(&allowed).cloned().collect();
    let missing: Vec<_> = needed.difference(&both).collect();
    assert!(missing.is_empty(), "the commands need what neither policy allows: {missing:?}");
    let rare = |action: &&String| RARE.iter().any(|(known, _)| known == action);
    let idle: Vec<_> = allowed.difference(&needed).filter(|action| !rare(action)).collect();
    assert!(idle.is_empty(), "the policy allows what no command calls: {idle:?}");
    no_secret_was_asked_for(&aws, &calls);
}

#[test]
fn the_prune_policy_is_what_keeping_and_pruning_call_besides() {
    let aws = Aws::new();
    for _ in 0..3 {
        assert_eq!(aws.run(&["backup", STACK, "--live", "--quiet"]).0, 0);
    }
    let (_, point) = aws.run(&["show", "my-hub@oldest", "--query", "files.recoveryPoint"]);
    let hold = serde_json::json!({ "legal_hold": { "title": "case 17", "points": [point.trim().trim_matches('"')] } });
    aws.sandbox.set(&hold).unwrap();
    aws.actions();
    assert_eq!(aws.run(&["prune", STACK, "--keep-last", "1", "--dry-run"]).0, 0);
    let mut calls = aws.actions();
    only_reads(&calls);
    assert_eq!(aws.run(&["prune", STACK, "--keep-last", "1", "--yes"]).0, 0);
    assert_eq!(aws.run(&["keep", "my-hub@latest", "--until", "7d"]).0, 0);
    assert_eq!(aws.run(&["keep", "my-hub@latest"]).0, 0);
    assert_eq!(aws.run(&["unkeep", "my-hub@latest"]).0, 0);
    calls.extend(aws.actions());
    let allowed = actions(PRUNE);
    let both: BTreeSet<String> = actions(BACKUP).union(&allowed).cloned().collect();
    let missing: Vec<_> = calls.difference(&both).collect();
    assert!(missing.is_empty(), "the commands need what neither policy allows: {missing:?}");
    let idle: Vec<_> = allowed.difference(&calls).collect();
    assert!(idle.is_empty(), "the policy allows what no command calls: {idle:?}");
    no_secret_was_asked_for(&aws, &calls);
}

fn no_secret_was_asked_for(aws: &Aws, calls: &BTreeSet<String>) {
    for never in ["secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue", "kms:Decrypt"] {
        assert!(!calls.contains(never), "{never} was called");
    }
    let sent = aws.sent.lock().unwrap();
    let text: Vec<_> = sent.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
    assert!(text.iter().any(|text| text.contains("\"WithDecryption\":false")), "the witness saw nothing");
    assert!(!text.iter().any(|text| text.contains("\"WithDecryption\":true")), "a parameter was to be decrypted");
    let answered = aws.answered.lock().unwrap();
    let told = answered.iter().any(|bytes| String::from_utf8_lossy(bytes).contains("canary-"));
    assert!(!told, "a secret value went over the wire");
}

/// What a policy may never allow; and what of it is ours to do all the same.
const NEVER: [&str; 5] = ["Delete", "Decrypt", "GetSecretValue", "UpdateStack", "ScheduleKeyDeletion"];
const OURS: [&str; 3] = ["cloudformation:DeleteChangeSet", "cloudformation:CancelUpdateStack", "ssm:DeleteParameter"];
/// What a drill clears away, and a replacement destroys.
const OURS_RESTORE: [&str; 10] = [
    "backup:DeleteBackupVault",
    "cloudformation:DeleteStack",
    "elasticfilesystem:DeleteFileSystem",
    "elasticfilesystem:DeleteMountTarget",
    "kms:ScheduleKeyDeletion",
    "rds:DeleteDBCluster",
    "rds:DeleteDBClusterSnapshot",
    "rds:DeleteDBInstance",
    "secretsmanager:DeleteSecret",
    "ssm:DeleteParameter",
];

/// Old backups, by their tags.
const OURS_PRUNE: [&str; 2] = ["backup:DeleteRecoveryPoint", "rds:DeleteDBClusterSnapshot"];

#[test]
fn the_policies_name_every_action_and_scope_what_aws_can_scope() {
    for (policy, ours, unscoped) in [
        (BACKUP, OURS.as_slice(), UNSCOPED.as_slice()),
        (SENTINEL, OURS.as_slice(), UNSCOPED_SENTINEL.as_slice()),
        (RESTORE, OURS_RESTORE.as_slice(), UNSCOPED_RESTORE.as_slice()),
        (PRUNE, OURS_PRUNE.as_slice(), UNSCOPED_PRUNE.as_slice()),
    ] {
        let unscoped: BTreeSet<&str> = unscoped.iter().map(|(action, _)| *action).collect();
        let mut open = BTreeSet::new();
        for statement in statements(policy) {
            for action in &statement.actions {
                assert!(!action.contains(['*', '?']), "{action} is more than one action");
                let never = NEVER.iter().any(|never| action.contains(never));
                assert!(!never || ours.contains(&action.as_str()), "{action} is not ours to do");
            }
            if statement.resources.iter().any(|resource| resource == "*") {
                open.extend(statement.actions);
            }
        }
        let open: BTreeSet<&str> = open.iter().map(String::as_str).collect();
        assert_eq!(open, unscoped, "`\"Resource\": \"*\"` is for what AWS cannot scope");
    }
}

/// Whatever a drill deletes is deleted under the name of a drill only: never what the source's name begins.
#[test]
fn what_the_restore_policy_lets_be_deleted_is_a_drills_or_a_replaced_stacks() {
    for statement in statements(RESTORE) {
        let deletes = |action: &&String| action.contains("Delete") || action.contains("ScheduleKeyDeletion");
        for action in statement.actions.iter().filter(deletes) {
            for resource in &statement.resources {
                let named = resource.contains("STACK-drill-") || resource.contains("parameter/stacksnap/");
                // Things whose names nobody can choose; the policy asks for the tag of the drill's stack.
                let tagged = resource.ends_with('*') && action != "cloudformation:DeleteStack";
                let replaced = action == "cloudformation:DeleteStack" && resource.contains(":stack/STACK/");
                assert!(named || tagged || replaced, "{action} on {resource}");
            }
        }
    }
}

#[test]
fn a_change_set_can_be_executed_whatever_iam_calls_it() {
    let policy: Value = serde_json::from_str(BACKUP).unwrap();
    for action in
        ["cloudformation:DescribeChangeSet", "cloudformation:ExecuteChangeSet", "cloudformation:DeleteChangeSet"]
    {
        let statements = policy["Statement"].as_array().unwrap().iter();
        let about = statements.filter(|one| one["Action"].as_array().is_some_and(|all| all.contains(&action.into())));
        let free: Vec<_> = about.filter(|one| one.get("Condition").is_none()).collect();
        let text = serde_json::to_string(&free).unwrap();
        assert!(text.contains(":stack/STACK/*") && text.contains(":changeSet/ss-*"), "{action}: {text}");
    }
}
