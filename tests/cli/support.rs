//! The real binary against a sandbox that lives in the test's own process.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stacksnap_sandbox::seeds::{self, StackSeed};
use stacksnap_sandbox::{Durations, Fault, Sandbox, serve};

/// The stack of the tests.
pub(crate) const STACK: &str = "my-hub";
/// The sandbox's clock, and the waits of the command line with it.
const SPEED: u32 = 300;

/// A local AWS on a port of its own, and a folder for the commands to run in.
pub(crate) struct Aws {
    pub(crate) sandbox: Sandbox,
    address: SocketAddr,
    speed: u32,
    home: tempfile::TempDir,
}

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Aws {
    /// With one stack.
    pub(crate) fn with_hub() -> Self {
        Self::with(&seeds::hubs(STACK))
    }

    /// With a stack of one's own making.
    pub(crate) fn with(seed: &StackSeed) -> Self {
        let aws = Self::empty();
        aws.sandbox.seed_stack(seed);
        aws
    }

    /// With one stack, and a clock that runs faster still.
    pub(crate) fn fast() -> Self {
        let aws = Self::at_speed(5 * SPEED);
        aws.sandbox.seed_stack(&seeds::hubs(STACK));
        aws
    }

    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        Self::at_speed(SPEED)
    }

    fn at_speed(speed: u32) -> Self {
        let sandbox = Sandbox::real(f64::from(speed)).with_durations(Durations { jitter: 0.0, ..Durations::default() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let served = sandbox.clone();
        drop(thread::spawn(move || runtime.block_on(serve(served, listener))));
        Self { sandbox, address, speed, home: tempfile::tempdir().unwrap() }
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A file beside which the commands run.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A command that is yet to be run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stacksnap"));
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("STACKSNAP_TIME_SCALE", self.speed.to_string())
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// Starts a command.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts a backup and waits until AWS was asked for `operation`.
    pub(crate) fn start_until(&self, args: &[&str], operation: &str) -> Child {
        let child = self.start(args);
        self.wait_for(operation, 1);
        child
    }

    /// Waits until AWS has done `operation` so often.
    pub(crate) fn wait_for(&self, operation: &str, times: usize) {
        let patience = Instant::now() + Duration::from_secs(20);
        while self.times(operation) < times {
            assert!(Instant::now() < patience, "{operation} was not called {times} times");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// AWS was asked for it, and did it.
    pub(crate) fn asked(&self, operation: &str) -> bool {
        self.sandbox.requests().iter().any(|request| request.operation == operation && request.status == 200)
    }

    /// The stack's mode, as the real `inspect` sees it.
    pub(crate) fn mode(&self) -> String {
        self.run(&["inspect", STACK, "--query", "mode"]).out.trim().to_owned()
    }

    /// Something goes wrong, as `service:Operation=kind*count`.
    pub(crate) fn fault(&self, text: &str) {
        self.sandbox.add_fault(Fault::parse(text).unwrap());
    }

    /// Deletes a parameter behind stacksnap's back.
    pub(crate) fn lose(&self, parameter: &str) {
        self.ssm("DeleteParameter", &json!({ "Name": parameter }));
    }

    /// Writes a parameter behind stacksnap's back.
    pub(crate) fn put(&self, parameter: &str, value: &Value) {
        let put = json!({ "Name": parameter, "Value": value.to_string(), "Type": "String", "Overwrite": true });
        self.ssm("PutParameter", &put);
    }

    fn ssm(&self, operation: &str, body: &Value) {
        let head = format!("X-Amz-Target: AmazonSSM.{operation}\r\nContent-Type: application/x-amz-json-1.1");
        self.raw("ssm", &head, &body.to_string());
    }

    /// The operator updates the stack by other means, each parameter as it is, and waits.
    pub(crate) fn operator(&self, seed: &StackSeed) {
        let mut body = format!("Action=UpdateStack&Version=2010-05-15&StackName={STACK}&UsePreviousTemplate=true");
        for (at, parameter) in seed.parameters.iter().enumerate() {
            let (member, key) = (format!("Parameters.member.{}", at + 1), &parameter.key);
            let value = if key == "DomainName" {
                format!("ParameterValue=example-{}.org", self.sandbox.requests().len())
            } else {
                "UsePreviousValue=true".to_owned()
            };
            body.push_str(&format!("&{member}.ParameterKey={key}&{member}.{value}"));
        }
        for (at, capability) in seed.capabilities.iter().enumerate() {
            body.push_str(&format!("&Capabilities.member.{}={capability}", at + 1));
        }
        self.raw("cloudformation", "Content-Type: application/x-www-form-urlencoded", &body);
        let patience = Instant::now() + Duration::from_secs(20);
        while self.run(&["inspect", STACK, "--query", "status"]).out.contains("PROGRESS") {
            assert!(Instant::now() < patience, "the operator's update never ends");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn raw(&self, service: &str, head: &str, body: &str) {
        self.raw_to("/", service, head, body);
    }

    fn raw_to(&self, path: &str, service: &str, head: &str, body: &str) {
        let head = [
            &format!("POST {path} HTTP/1.1"),
            "Host: sandbox",
            head,
            &format!(
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
            ),
            "Connection: close",
        ]
        .join("\r\n");
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        drop(stream.read_to_string(&mut answer));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// The stack's ARN.
    pub(crate) fn stack_id(&self) -> String {
        self.run(&["inspect", STACK, "--query", "stackId"]).out.trim().to_owned()
    }

    /// Something is as nobody but AWS or an operator could make it.
    pub(crate) fn set(&self, change: &Value) {
        self.sandbox.set(change).unwrap();
    }

    /// The states of the backups that are listed.
    pub(crate) fn states(&self) -> Vec<String> {
        let list = self.run(&["list", "-o", "json"]).ends(0).json();
        let rows = list["items"].as_array().unwrap();
        rows.iter().filter_map(|row| row["state"].as_str().map(str::to_owned)).collect()
    }
}

impl Aws {
    /// A backup with its manifest in `place`.
    pub(crate) fn backed_up(&self, place: &str) -> String {
        self.file("stacksnap.toml", &format!("[defaults]\nmanifest = \"{place}\"\n"));
        self.run(&["backup", STACK, "--live"]).ends(0);
        self.newest()
    }

    /// The newest backup's id.
    pub(crate) fn newest(&self) -> String {
        let list = self.run(&["list", STACK, "-o", "json"]).ends(0).json();
        list.pointer("/items/0/id").and_then(Value::as_str).unwrap().to_owned()
    }

    /// One more tag on a snapshot, or another value.
    pub(crate) fn tag(&self, snapshot: &str, key: &str, value: &str) {
        let arn = format!("arn:aws:rds:us-east-1:123456789012:cluster-snapshot:{snapshot}");
        let tag = format!("Tags.Tag.1.Key={}&Tags.Tag.1.Value={}", escaped(key), escaped(value));
        let body = format!("Action=AddTagsToResource&Version=2014-10-31&ResourceName={}&{tag}", escaped(&arn));
        self.raw("rds", "Content-Type: application/x-www-form-urlencoded", &body);
    }

    /// The stack is deleted behind stacksnap's back, and gone.
    pub(crate) fn delete_stack(&self) {
        let body = format!("Action=DeleteStack&Version=2010-05-15&StackName={STACK}");
        self.raw("cloudformation", "Content-Type: application/x-www-form-urlencoded", &body);
        let patience = Instant::now() + Duration::from_secs(30);
        while self.run(&["inspect", STACK]).code != 8 {
            assert!(Instant::now() < patience, "the stack is never gone");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// What two hubs cannot share, of a second one.
pub(crate) const OWN: [&str; 6] = [
    "--set",
    "DomainName=new.example.com",
    "--set",
    "InternalZone=new-internal.com",
    "--set",
    "ShortlinkZone=new.link",
];
/// The same, of the one that a replacement's drill makes.
pub(crate) const DRILL_OWN: [&str; 6] = [
    "--drill-set",
    "DomainName=drill.example.com",
    "--drill-set",
    "InternalZone=drill-internal.com",
    "--drill-set",
    "ShortlinkZone=drill.link",
];

/// Words, and more words.
pub(crate) fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(more).copied().collect()
}

/// Text at a pointer, or none.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// New stacks of backups.
impl Aws {
    /// With a stack of one's own making, and a clock that runs faster still.
    pub(crate) fn fast_with(seed: &StackSeed) -> Self {
        let aws = Self::at_speed(5 * SPEED);
        aws.sandbox.seed_stack(seed);
        aws
    }

    /// A hub with a complete backup that nobody wrote into, its id, and files that settle at once.
    pub(crate) fn hub_with_backup() -> (Self, String) {
        let aws = Self::fast();
        aws.file("stacksnap.toml", "[defaults]\nsettle = \"0s\"\n");
        let id = text(&aws.run(&["backup", STACK, "--quiet", "-o", "json"]).ends(0).json(), "/id");
        aws.sandbox.clear_requests();
        (aws, id)
    }

    /// A stack as AWS has it now; the newest of its name. `null`: there is none, nor was there ever.
    pub(crate) fn stack(&self, name: &str) -> Value {
        let all = self.of_region("stacks");
        let gone = |stack: &&Value| stack["status"] == "DELETE_COMPLETE";
        let mut named: Vec<&Value> = all.iter().filter(|stack| stack["name"] == name).collect();
        named.sort_by_key(|stack| !gone(stack));
        named.last().map_or(Value::Null, |stack| (*stack).clone())
    }

    /// Rows of one kind of the sandbox's summary.
    pub(crate) fn of_region(&self, kind: &str) -> Vec<Value> {
        let all = self.sandbox.summary();
        all["realms"].as_array().unwrap().iter().flat_map(|realm| realm[kind].as_array().unwrap().clone()).collect()
    }

    /// Everything that exists and costs money or stands in somebody's way; keys and secrets on their way
    /// out, deleted stacks and our own records do not.
    pub(crate) fn inventory(&self) -> BTreeSet<String> {
        let named = |kind: &str, keep: &dyn Fn(&Value) -> bool| {
            let rows = self.of_region(kind).into_iter().filter(|row| keep(row));
            rows.map(|row| {
                let names = ["arn", "id", "name"].map(|key| row[key].as_str().map(str::to_owned));
                let name = names.into_iter().flatten().next();
                format!("{kind} {}", name.unwrap_or_else(|| row.to_string()))
            })
            .collect::<Vec<_>>()
        };
        let all = [
            named("stacks", &|row| row["status"] != "DELETE_COMPLETE"),
            named("clusters", &|_| true),
            named("snapshots", &|_| true),
            named("recovery_points", &|_| true),
            named("file_systems", &|row| row["state"] != "deleted"),
            named("vaults", &|_| true),
            named("log_groups", &|_| true),
            named("keys", &|row| row["state"] != "PendingDeletion"),
            named("secrets", &|row| row["deleted"] == false),
            named("ssm", &|row| !row["name"].as_str().unwrap_or_default().starts_with("/stacksnap/")),
        ];
        all.into_iter().flatten().collect()
    }

    /// Nothing was made and left, and nothing is gone.
    #[track_caller]
    pub(crate) fn is_as(&self, before: &BTreeSet<String>, when: &str) {
        let now = self.inventory();
        let (left, gone): (Vec<_>, Vec<_>) = (now.difference(before).collect(), before.difference(&now).collect());
        assert!(left.is_empty() && gone.is_empty(), "{when}: left {left:#?}, gone {gone:#?}");
        assert!(self.open_runs().is_empty(), "{when}: {:?}", self.open_runs());
    }

    /// Locks and plans of ours: what a run leaves only while it is under way.
    pub(crate) fn open_runs(&self) -> Vec<String> {
        let names: BTreeSet<String> = self.of_region("ssm").into_iter().map(|row| text(&row, "/name")).collect();
        // A plan that was kept for a run that never began is nobody's, and holds nobody up.
        let begun = |name: &str| {
            let run = name.rsplit_once('/').map(|(run, _)| run.replace("/plans/", "/runs/"));
            run.is_some_and(|run| names.contains(&run))
        };
        let open = |name: &&String| name.ends_with("/run") || (name.contains("/plans/") && begun(name));
        names.iter().filter(|name| name.starts_with("/stacksnap/")).filter(open).cloned().collect()
    }

    /// Locks: who holds a stack.
    pub(crate) fn locks(&self) -> Vec<String> {
        let names = self.of_region("ssm").into_iter().map(|row| text(&row, "/name"));
        names.filter(|name| name.starts_with("/stacksnap/") && name.ends_with("/run")).collect()
    }

    /// Both halves of a backup.
    pub(crate) fn halves(&self, id: &str) -> (String, String) {
        let shown = self.run(&["show", id, "-o", "json"]).ends(0).json();
        (text(&shown, "/database/snapshot"), text(&shown, "/files/recoveryPoint"))
    }

    /// How often AWS was asked for it, and did it.
    pub(crate) fn times(&self, operation: &str) -> usize {
        let did = |request: &&stacksnap_sandbox::LoggedRequest| request.operation == operation && request.status == 200;
        self.sandbox.requests().iter().filter(did).count()
    }

    /// One more tag on a recovery point, or another value.
    pub(crate) fn tag_point(&self, point: &str, key: &str, value: &str) {
        let path = format!("/tags/{}", escaped(point));
        self.raw_to(&path, "backup", "Content-Type: application/json", &json!({ "Tags": { key: value } }).to_string());
    }

    /// The stack is deleted behind stacksnap's back, whatever is in its way.
    pub(crate) fn delete(&self, name: &str) {
        let body = format!("Action=DeleteStack&Version=2010-05-15&StackName={name}");
        self.raw("cloudformation", "Content-Type: application/x-www-form-urlencoded", &body);
    }
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Ran {
    /// What a process came to.
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It ended with `code`.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Its result, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// Its error, as JSON: the last line of stderr.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let last = self.err.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {}", self.err))
    }

    /// Stdout shows it.
    #[track_caller]
    pub(crate) fn shows(self, text: &str) -> Self {
        assert!(self.out.contains(text), "`{text}` is not in\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    /// Stderr says it.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "`{text}` is not in\n{}", self.err);
        self
    }
}

/// Sends a signal, by its name.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}
