//! The real binary, a sandbox, and the witness between them.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use stacksnap_sandbox::seeds::{self, StackSeed};
use stacksnap_sandbox::{Durations, Sandbox, serve};

pub(crate) const STACK: &str = "my-hub";

pub(crate) const SPEED: u32 = 600;

/// Everything that went to AWS and came back.
pub(crate) type Wire = Arc<Mutex<Vec<Vec<u8>>>>;

pub(crate) struct Aws {
    pub(crate) sandbox: Sandbox,
    pub(crate) witness: SocketAddr,
    pub(crate) sent: Wire,
    pub(crate) answered: Wire,
    pub(crate) home: tempfile::TempDir,
}

impl Aws {
    pub(crate) fn new() -> Self {
        Self::with(&seeds::hubs(STACK))
    }

    pub(crate) fn with(stack: &StackSeed) -> Self {
        // Jobs that are still running when their run is given up.
        let durations = Durations { jitter: 0.0, incremental_job: 900.0, ..Durations::default() };
        let sandbox = Sandbox::real(f64::from(SPEED)).with_durations(durations);
        let _id = sandbox.seed_stack(stack);
        let (sent, answered) = (Wire::default(), Wire::default());
        let witness = watch(serve_on_a_thread(&sandbox), &sent, &answered);
        Self { sandbox, witness, sent, answered, home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
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
    pub(crate) fn run(&self, args: &[&str]) -> (i32, String) {
        quiet(self.command(args).spawn().unwrap())
    }

    /// Starts a command, and stops it by a signal when AWS has done `operation` for it.
    #[track_caller]
    pub(crate) fn stop(&self, args: &[&str], operation: &str, signal: &str) -> (i32, String) {
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
    pub(crate) fn enforce(&self, policies: Option<&[Value]>) {
        self.sandbox.set(&serde_json::json!({ "policy": policies })).unwrap();
    }

    /// What was asked for and denied.
    pub(crate) fn denied(&self) -> BTreeSet<String> {
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

    pub(crate) fn count(&self, operation: &str) -> usize {
        let done =
            |request: &&stacksnap_sandbox::LoggedRequest| request.operation == operation && request.status == 200;
        self.sandbox.requests().iter().filter(done).count()
    }

    /// The IAM actions asked for since the last time.
    pub(crate) fn actions(&self) -> BTreeSet<String> {
        let requests = self.sandbox.requests();
        self.sandbox.clear_requests();
        requests.iter().map(|request| format!("{}:{}", request.service, request.operation)).collect()
    }

    /// Lock and record of a run are lost, behind stacksnap's back.
    pub(crate) fn forget(&self, run: &str) {
        for name in [format!("/stacksnap/{STACK}/runs/{run}"), format!("/stacksnap/{STACK}/run")] {
            self.ssm("DeleteParameter", &serde_json::json!({ "Name": name }));
        }
    }

    /// A run was given up twenty minutes ago, and nobody has driven it since.
    pub(crate) fn give_up(&self, run: &str) {
        let name = format!("/stacksnap/{STACK}/runs/{run}");
        let answer = self.ssm("GetParameter", &serde_json::json!({ "Name": name }));
        let mut record: Value = serde_json::from_str(answer["Parameter"]["Value"].as_str().unwrap()).unwrap();
        record["abort"] = Value::Bool(true);
        let long_ago = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(20);
        record["next_due"] = Value::String(long_ago.to_string());
        let value = record.to_string();
        self.ssm("PutParameter", &serde_json::json!({ "Name": name, "Value": value, "Overwrite": true }));
    }

    pub(crate) fn ssm(&self, operation: &str, body: &Value) -> Value {
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

pub(crate) fn serve_on_a_thread(sandbox: &Sandbox) -> SocketAddr {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let (address, served) = (listener.local_addr().unwrap(), sandbox.clone());
    drop(thread::spawn(move || runtime.block_on(serve(served, listener))));
    address
}

/// Stands between a client and `upstream`, and keeps what passes, each connection and direction by itself.
pub(crate) fn watch(upstream: SocketAddr, sent: &Wire, answered: &Wire) -> SocketAddr {
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

pub(crate) fn pass(mut from: TcpStream, mut to: TcpStream, kept: Wire) {
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
pub(crate) fn quiet(child: Child) -> (i32, String) {
    let output = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(!out.contains("canary") && !err.contains("canary"), "a secret is told:\n{out}\n{err}");
    (output.status.code().unwrap_or(-1), out)
}

pub(crate) fn only_reads(calls: &BTreeSet<String>) {
    for action in calls {
        let verb = action.split_once(':').unwrap().1;
        let reads = ["Describe", "List", "Get", "Head"].iter().any(|read| verb.starts_with(read));
        assert!(reads, "a command that only reads called {action}");
    }
}

/// What two hubs cannot share.
pub(crate) const OWN: [&str; 6] = [
    "--set",
    "DomainName=new.example.com",
    "--set",
    "InternalZone=new-internal.com",
    "--set",
    "ShortlinkZone=new.link",
];

pub(crate) const DRILL_OWN: [&str; 6] = [
    "--drill-set",
    "DomainName=new.example.com",
    "--drill-set",
    "InternalZone=new-internal.com",
    "--drill-set",
    "ShortlinkZone=new.link",
];

pub(crate) fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(more).copied().collect()
}

pub(crate) fn no_secret_was_asked_for(aws: &Aws, calls: &BTreeSet<String>) {
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
