//! A local AWS with a stack in it, the function that is deployed there, and what both show.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stacksnap_sandbox::seeds::{self, StackSeed};
use stacksnap_sandbox::{Durations, Fault, Sandbox, serve};

use crate::runtime::{Function, Lines};

/// The stack of the tests.
pub(crate) const STACK: &str = "my-hub";
/// The sandbox's clock, and all waits with it.
const SPEED: u32 = 600;
/// Twenty seconds on that clock.
const BURST: Duration = Duration::from_millis(33);
/// Whom the function is, for AWS.
const KEY: &str = "ASIAEXAMPLELAMBDA";
/// The topic that is told.
pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:alerts";

/// A local AWS.
pub(crate) struct Cloud {
    pub(crate) sandbox: Sandbox,
    address: SocketAddr,
    home: tempfile::TempDir,
    /// The function's environment, beside what every function has.
    environment: Mutex<Vec<(String, String)>>,
    /// What every function of this cloud wrote.
    lines: Lines,
}

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A run's, a backup's or an answer's text at a pointer.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A slot so many minutes away from now.
pub(crate) fn slot(minutes: i64) -> String {
    let at = Timestamp::now() + SignedDuration::from_mins(minutes);
    Timestamp::from_second(at.as_second()).unwrap().to_string()
}

/// A backup's event, without any wait for files to settle: no late writes come.
pub(crate) fn backup() -> Value {
    json!({ "action": "backup", "stack": STACK, "settle": "0s" })
}

/// `event`, with `more` besides.
pub(crate) fn with(event: &Value, more: &Value) -> Value {
    let mut event = event.clone();
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

impl Cloud {
    /// With a hub.
    pub(crate) fn new() -> Self {
        Self::with(&[seeds::hubs(STACK)])
    }

    /// With these stacks, whose updates and backups are short.
    pub(crate) fn with(stacks: &[StackSeed]) -> Self {
        let durations = Durations {
            jitter: 0.0,
            update: 100.0,
            snapshot: 60.0,
            incremental_job: 90.0,
            late_writes: 0.0,
            ..Durations::default()
        };
        let sandbox = Sandbox::real(f64::from(SPEED)).with_durations(durations);
        for stack in stacks {
            sandbox.seed_stack(stack);
        }
        sandbox.set(&json!({ "topic": "alerts" })).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let (address, served) = (listener.local_addr().unwrap(), sandbox.clone());
        drop(thread::spawn(move || runtime.block_on(serve(served, listener))));
        let cloud = Self {
            sandbox,
            address,
            home: tempfile::tempdir().unwrap(),
            environment: Mutex::default(),
            lines: Lines::default(),
        };
        cloud.set("STACKSNAP_STACKS", STACK);
        cloud.set("STACKSNAP_DEPLOYMENT", "nightly");
        cloud.set("STACKSNAP_TOPIC_ARN", TOPIC);
        cloud.set("STACKSNAP_EVENT_BUS", "default");
        cloud.set("STACKSNAP_TIME_SCALE", &SPEED.to_string());
        cloud.set("AWS_ACCESS_KEY_ID", KEY);
        cloud.set("AWS_SECRET_ACCESS_KEY", "canary-key");
        cloud.set("AWS_REGION", "us-east-1");
        cloud.set("AWS_EC2_METADATA_DISABLED", "true");
        cloud.set("AWS_ENDPOINT_URL", &format!("http://{address}"));
        cloud
    }

    /// A variable of the function's environment, from its next process on; empty is unset.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let mut environment = self.environment.lock().unwrap();
        environment.retain(|(known, _)| known != name);
        if !value.is_empty() {
            environment.push((name.to_owned(), value.to_owned()));
        }
    }

    /// A process of the function.
    pub(crate) fn function(&self) -> Function {
        self.function_for(BURST)
    }

    /// One that ticks for so long at a time.
    pub(crate) fn function_for(&self, burst: Duration) -> Function {
        Function::start(&self.environment.lock().unwrap(), burst, &self.lines)
    }

    /// A process of the function, and a sentinel that has looked.
    pub(crate) fn watched(&self) -> Function {
        let mut function = self.function();
        let answer = function.invoke(&json!({ "action": "sentinel" })).unwrap();
        assert_eq!(answer["next"], "done", "{answer:#}");
        self.sandbox.clear_requests();
        function
    }

    /// Only the function is limited to these policies; `null` lifts it.
    pub(crate) fn limit(&self, policies: &Value) {
        self.sandbox.set(&json!({ "policy": policies, "access_key": KEY })).unwrap();
    }

    /// Something goes wrong, as `service:Operation=kind*count`.
    pub(crate) fn fault(&self, text: &str) {
        self.sandbox.add_fault(Fault::parse(text).unwrap());
    }

    /// A command that is yet to be run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stacksnap"));
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
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

    /// Runs a command.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().unwrap())
    }

    /// The stack's mode, as the real `inspect` sees it.
    pub(crate) fn mode(&self) -> String {
        self.run(&["inspect", STACK, "--query", "mode"]).out.trim().to_owned()
    }

    /// How often AWS was asked for it, and did it.
    pub(crate) fn times(&self, operation: &str) -> usize {
        let requests = self.sandbox.requests();
        requests.iter().filter(|request| request.operation == operation && request.status == 200).count()
    }

    /// Nothing that changes a stack or a half was asked for, and no run holds anything.
    #[track_caller]
    pub(crate) fn untouched(&self) {
        for operation in
            ["CreateChangeSet", "ExecuteChangeSet", "CreateDBClusterSnapshot", "StartBackupJob", "UpdateStack"]
        {
            assert_eq!(self.times(operation), 0, "{operation} was called");
        }
        assert_eq!(self.mode(), "online");
        assert!(self.parameters().iter().all(|name| !name.ends_with("/run")), "{:?}", self.parameters());
    }

    /// The stack is online, nobody holds it, and every run is over.
    #[track_caller]
    pub(crate) fn home(&self, when: &str) {
        assert_eq!(self.mode(), "online", "{when}");
        let names = self.parameters();
        assert!(names.iter().all(|name| !name.ends_with("/run")), "{when}: {names:?}");
        for (name, run) in self.records() {
            assert_eq!(run["phase"], "Done", "{when}: {name}");
        }
    }

    /// The states of the backups that are listed, the newest first.
    pub(crate) fn states(&self) -> Vec<String> {
        let list = self.run(&["list", "-o", "json"]).ends(0).json();
        list["items"].as_array().unwrap().iter().map(|row| text(row, "/state")).collect()
    }

    /// Files without their rows, or the other way round, in a backup.
    pub(crate) fn broken(&self, id: &str) -> usize {
        let shown = self.run(&["show", id, "-o", "json"]).ends(0).json();
        let (snapshot, point) = (text(&shown, "/database/snapshot"), text(&shown, "/files/recoveryPoint"));
        self.sandbox.consistency(&snapshot, &point).unwrap().broken
    }

    /// Who was told what, by the topic: state, subject, and the whole document.
    pub(crate) fn told(&self) -> Vec<(String, String, Value)> {
        let parse = |message: &stacksnap_sandbox::PublishedMessage| {
            let document: Value = serde_json::from_str(&message.message).unwrap();
            (text(&document, "/state"), message.subject.clone().unwrap_or_default(), document)
        };
        self.sandbox.messages().iter().map(parse).collect()
    }

    /// The states alone.
    pub(crate) fn told_states(&self) -> Vec<String> {
        self.told().into_iter().map(|(state, ..)| state).collect()
    }

    /// Everything that was logged so far.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
    }

    /// What CloudWatch would make of the log: the values of one metric, in order.
    pub(crate) fn metric(&self, name: &str) -> Vec<f64> {
        let lines = self.lines();
        let measured = lines.iter().filter(|line| line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "stacksnap");
        measured.filter_map(|line| line[name].as_f64()).collect()
    }

    /// The sandbox's parameters, by name.
    pub(crate) fn parameters(&self) -> BTreeSet<String> {
        let all = self.sandbox.summary();
        let realms = all["realms"].as_array().unwrap().iter();
        let rows = realms.flat_map(|realm| realm["ssm"].as_array().unwrap().clone());
        rows.map(|row| text(&row, "/name")).filter(|name| name.starts_with("/stacksnap/")).collect()
    }

    /// Every run on record.
    pub(crate) fn records(&self) -> Vec<(String, Value)> {
        let names = self.parameters().into_iter().filter(|name| name.contains("/runs/"));
        names.map(|name| (name.clone(), self.parameter(&name))).collect()
    }

    /// A parameter's value.
    pub(crate) fn parameter(&self, name: &str) -> Value {
        let answer = self.ssm("GetParameter", &json!({ "Name": name }));
        let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        serde_json::from_str(body["Parameter"]["Value"].as_str().unwrap()).unwrap()
    }

    /// Writes a parameter behind stacksnap's back.
    pub(crate) fn put(&self, name: &str, value: &Value) {
        let put = json!({ "Name": name, "Value": value.to_string(), "Type": "String", "Overwrite": true });
        self.ssm("PutParameter", &put);
    }

    /// Nobody has driven the runs on for twenty minutes.
    pub(crate) fn forsake(&self) {
        let long_ago = (Timestamp::now() - SignedDuration::from_mins(20)).to_string();
        for (name, run) in self.records() {
            if run["phase"] != "Done" {
                self.put(&name, &with(&run, &json!({ "next_due": long_ago })));
            }
        }
    }

    /// Locks and records are lost.
    pub(crate) fn forget(&self) {
        for name in self.parameters() {
            if !name.contains("/.sentinels/") {
                self.ssm("DeleteParameter", &json!({ "Name": name }));
            }
        }
    }

    /// The stack's lock is taken away.
    pub(crate) fn unlock(&self) {
        for name in self.parameters().into_iter().filter(|name| name.ends_with("/run")) {
            self.ssm("DeleteParameter", &json!({ "Name": name }));
        }
    }

    fn ssm(&self, operation: &str, body: &Value) -> String {
        let head = format!("X-Amz-Target: AmazonSSM.{operation}\r\nContent-Type: application/x-amz-json-1.1");
        self.raw("ssm", &head, &body.to_string())
    }

    /// The operator updates the stack by other means, each parameter as it is, and waits.
    pub(crate) fn operator(&self) {
        let seed = seeds::hubs(STACK);
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
        while self.run(&["inspect", STACK, "--query", "status"]).out.contains("PROGRESS") {
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn raw(&self, service: &str, head: &str, body: &str) -> String {
        let head = [
            "POST / HTTP/1.1",
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
        answer
    }
}

/// Whatever a test is about: logs are JSON, and no secret is in them, nor in what was told.
impl Drop for Cloud {
    fn drop(&mut self) {
        if thread::panicking() {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.iter().for_each(|line| eprintln!("{line}"));
            return;
        }
        let lines = self.lines();
        let told = (self.sandbox.messages(), self.sandbox.events());
        for text in lines.iter().map(Value::to_string).chain([format!("{told:?}")]) {
            assert!(!text.contains("canary"), "a secret is told: {text}");
        }
    }
}

impl Ran {
    /// What a process came to.
    pub(crate) fn of(output: &std::process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
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
}
