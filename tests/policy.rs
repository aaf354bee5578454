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
use stacksnap_sandbox::{Durations, Sandbox, seeds, serve};

const STACK: &str = "my-hub";
const SPEED: u32 = 600;
const POLICY: &str = include_str!("../templates/iam/backup-policy.json");

/// Actions that no request names: AWS asks for them on the way.
const IMPLIED: [(&str, &str); 1] =
    [("iam:PassRole", "StartBackupJob hands AWS Backup the role that reads the file system")];

/// What else a request needs, beside the action of its own name.
const ALSO: [(&str, &str); 2] =
    [("backup:StartBackupJob", "iam:PassRole"), ("rds:CreateDBClusterSnapshot", "rds:AddTagsToResource")];

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
        // Jobs that are still running when their run is given up.
        let durations = Durations { jitter: 0.0, incremental_job: 900.0, ..Durations::default() };
        let sandbox = Sandbox::real(f64::from(SPEED)).with_durations(durations);
        let _id = sandbox.seed_stack(&seeds::hubs(STACK));
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
            assert!(Instant::now() < patience, "{operation} was never called");
            thread::sleep(Duration::from_millis(2));
        }
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        quiet(child)
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
            let body = format!("{{\"Name\":\"{name}\"}}");
            let head = [
                "POST / HTTP/1.1",
                "Host: sandbox",
                "X-Amz-Target: AmazonSSM.DeleteParameter",
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
        }
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

fn statements() -> Vec<Statement> {
    let policy: Value = serde_json::from_str(POLICY).unwrap();
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
    assert_eq!(aws.run(&["inspect", STACK, "--query", "mode"]).1.trim(), "online");
}

#[test]
fn the_policy_is_what_the_commands_call() {
    let aws = Aws::new();
    assert_eq!(aws.run(&["backup", STACK, "--live"]).0, 0, "something to look at");
    let first = aws.actions();
    let looked = look(&aws);
    for action in &looked {
        let verb = action.split_once(':').unwrap().1;
        let reads = ["Describe", "List", "Get"].iter().any(|read| verb.starts_with(read));
        assert!(reads, "a command that only reads called {action}");
    }
    act(&aws);
    let calls: BTreeSet<String> = first.into_iter().chain(looked).chain(aws.actions()).collect();
    let allowed: BTreeSet<String> = statements().into_iter().flat_map(|one| one.actions).collect();
    let needed = needed(&calls);
    let missing: Vec<_> = needed.difference(&allowed).collect();
    assert!(missing.is_empty(), "the commands need what the policy does not allow: {missing:?}");
    let implied = |action: &&String| IMPLIED.iter().any(|(known, _)| known == action);
    let idle: Vec<_> = allowed.difference(&calls).filter(|action| !implied(action)).collect();
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

#[test]
fn the_policy_names_every_action_and_scopes_what_aws_can_scope() {
    let unscoped: BTreeSet<&str> = UNSCOPED.iter().map(|(action, _)| *action).collect();
    let mut open = BTreeSet::new();
    for statement in statements() {
        for action in &statement.actions {
            assert!(!action.contains(['*', '?']), "{action} is more than one action");
            for never in ["Delete", "Decrypt", "GetSecretValue", "UpdateStack"] {
                let ours =
                    ["cloudformation:DeleteChangeSet", "cloudformation:CancelUpdateStack", "ssm:DeleteParameter"];
                assert!(!action.contains(never) || ours.contains(&action.as_str()), "{action} is not ours to do");
            }
        }
        if statement.resources.iter().any(|resource| resource == "*") {
            open.extend(statement.actions);
        }
    }
    let open: BTreeSet<&str> = open.iter().map(String::as_str).collect();
    assert_eq!(open, unscoped, "`\"Resource\": \"*\"` is for what AWS cannot scope");
}

#[test]
fn a_change_set_can_be_executed_whatever_iam_calls_it() {
    let policy: Value = serde_json::from_str(POLICY).unwrap();
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
