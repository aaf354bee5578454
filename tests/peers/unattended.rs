//! templates/stacksnap.yaml, deployed on ministack: its schedules start its state machines, those invoke the real
//! function from its zip file, and the function drives stacks on an AWS that nobody here wrote.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::emulators::{Emulator, python, script};
use super::{Peer, Ran};

/// What ministack does not do as AWS does, and what is done about it here. Each but the first two is met by the test.
const GAPS: [(&str, &str); 8] = [
    ("RDS is moto's, and so are its tags", "AWS_ENDPOINT_URL_RDS in each function's environment"),
    ("AWS Backup keeps no recovery points", "points.py, in front of it, keeps them"),
    ("(metric math) is not supported", "unattended.py takes three alarms out, and BackupSchedule's DependsOn on them"),
    ("a Map reads no MaxConcurrencyPath", "unattended.py writes a number"),
    ("a Map reads no ToleratedFailurePercentagePath", "unattended.py writes a number"),
    ("<aws.scheduler.scheduled-time> is not filled in", "the slot is in what this test starts the machines with"),
    ("a log line in the embedded metric format makes no metric", "metrics are seen by tests of the function"),
    ("a custom runtime's process that dies is Runtime.Unknown", "none: the state machines catch States.ALL"),
];

const STACKS: [&str; 3] = ["hub", "east", "west"];
/// No state machine of this test takes longer.
const PATIENCE: Duration = Duration::from_secs(80);

/// A gap's first words tell which.
fn gap(words: &str) -> &'static str {
    let mut known = GAPS.iter().filter(|(what, _)| what.contains(words));
    let (Some((what, _)), None) = (known.next(), known.next()) else { panic!("`{words}` is not one gap") };
    what
}

/// AWS Backup with recovery points: a process that ends with this one.
struct Points {
    child: Child,
    endpoint: String,
}

impl Points {
    fn start(general: &Emulator, place: &Path) -> Self {
        let mut command = Command::new(python());
        command.arg("-B").arg(script("points.py")).env("AWS_ENDPOINT_URL", general.endpoint());
        command.env("UNATTENDED", place);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut endpoint = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
        Self { child, endpoint: endpoint.trim().to_owned() }
    }
}

impl Drop for Points {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

/// Emulators with three stacks to be backed up and the function's zip file.
struct Cloud {
    points: Points,
    peer: Peer,
}

impl Cloud {
    fn start() -> Self {
        let (general, rds) = (Emulator::mended_ministack(), Emulator::moto());
        let peer = Peer::new("unattended", general, Some(rds));
        let points = Points::start(&peer.general, peer.home.path());
        let cloud = Self { points, peer };
        let modes = "online-value = \"Online\"\noffline-value = \"Offline\"\n";
        let config: String = STACKS.map(|stack| format!("[stacks.{stack}]\n{modes}")).concat();
        fs::write(cloud.place("stacksnap.toml"), &config).unwrap();
        let binary = cloud.stripped();
        thread::scope(|scope| {
            for stack in STACKS {
                let peer = &cloud.peer;
                scope.spawn(move || peer.script(python(), "seed.py", stack));
            }
            cloud.ask(&["code", &binary, &config]);
        });
        cloud
    }

    fn place(&self, name: &str) -> PathBuf {
        self.peer.home.path().join(name)
    }

    /// The function without its debug information, which is most of it; as it is, where nothing can strip it.
    fn stripped(&self) -> String {
        let (binary, smaller) = (env!("CARGO_BIN_EXE_stacksnap-lambda"), self.place("stacksnap-lambda"));
        let strip = Command::new("strip").arg("-o").arg(&smaller).arg(binary).status();
        if strip.is_ok_and(|status| status.success()) { smaller.display().to_string() } else { binary.to_owned() }
    }

    fn ran(&self, command: &Command) -> Ran {
        // `Peer::ran` begins with an empty environment.
        let mut wrapped = Command::new("env");
        wrapped.arg(format!("AWS_ENDPOINT_URL_BACKUP={}", self.points.endpoint));
        wrapped.arg(format!("UNATTENDED={}", self.peer.home.path().display()));
        wrapped.arg(command.get_program()).args(command.get_args());
        self.peer.ran(&mut wrapped)
    }

    /// A question to unattended.py.
    #[track_caller]
    fn ask(&self, words: &[&str]) -> Value {
        let ran = self.ran(Command::new(python()).arg("-B").arg(script("unattended.py")).args(words));
        assert_eq!(ran.code, 0, "{words:?}\n{}\n{}", ran.out, ran.err);
        assert!(!ran.out.contains("canary"), "a secret is told\n{}", ran.out);
        serde_json::from_str(&ran.out).unwrap()
    }

    #[track_caller]
    fn stacksnap(&self, args: &[&str]) -> Value {
        let ran = self.ran(Command::new(env!("CARGO_BIN_EXE_stacksnap")).args(args).args(["-o", "json"]));
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.out, ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }

    fn mode(&self, stack: &str) -> Value {
        self.stacksnap(&["inspect", stack])["mode"].clone()
    }

    /// The template as a stack of this name.
    #[track_caller]
    fn deploy(&self, name: &str, edits: &str, parameters: &Value) -> Deployed<'_> {
        let outputs = self.ask(&["deploy", edits, name, &parameters.to_string()]);
        assert_eq!(outputs["status"], "CREATE_COMPLETE", "{outputs}");
        Deployed { cloud: self, name: name.to_owned(), outputs }
    }
}

/// stacksnap, deployed.
struct Deployed<'a> {
    cloud: &'a Cloud,
    name: String,
    outputs: Value,
}

impl Deployed<'_> {
    fn output(&self, name: &str) -> &str {
        self.outputs[name].as_str().unwrap()
    }

    fn begin(&self, machine: &str, input: &Value) -> String {
        self.cloud.ask(&["begin", self.output(machine), &input.to_string()]).as_str().unwrap().to_owned()
    }

    /// An execution from its beginning to its end.
    #[track_caller]
    fn execute(&self, machine: &str, input: &Value) -> Value {
        self.cloud.ask(&["start", self.output(machine), &input.to_string()])
    }

    fn sentinel_looks(&self) {
        let ended = self.execute("SentinelMachineArn", &json!({ "action": "sentinel" }));
        assert_eq!((&ended["status"], &ended["output"]["next"]), (&"SUCCEEDED".into(), &"done".into()), "{ended}");
        let status = self.cloud.stacksnap(&["status", "hub"]);
        let mark = status["sentinels"].as_array().unwrap().iter().find(|mark| mark["by"] == *self.name).cloned();
        assert_eq!(mark.unwrap()["watching"], true, "{status}");
    }

    /// Every process of its functions dies, and every new one, until the file is gone.
    fn breaks(&self) -> PathBuf {
        let broken = self.cloud.place(&format!("{}.broken", self.name));
        fs::write(&broken, "").unwrap();
        let processes = fs::read_to_string(self.cloud.place(&format!("{}.pids", self.name))).unwrap();
        drop(Command::new("kill").arg("-KILL").args(processes.lines()).stderr(Stdio::null()).status());
        broken
    }
}

/// The time of a schedule so many seconds ago.
fn slot(ago: i64) -> String {
    let then = Timestamp::from_second(Timestamp::now().as_second()).unwrap() - SignedDuration::from_secs(ago);
    then.to_string()
}

fn backup(ago: i64) -> Value {
    json!({ "action": "backup", "stack": "hub", "slot": slot(ago), "settle": "1s" })
}

/// One slot is one backup, however often it is delivered; and whoever listens hears of it.
fn one_night(nightly: &Deployed<'_>) {
    let ears = nightly.cloud.ask(&["ears", nightly.output("TopicArn"), &nightly.name]);
    let event = backup(60);
    let ended = nightly.execute("RunMachineArn", &event);
    assert_eq!((&ended["status"], &ended["output"]["next"]), (&"SUCCEEDED".into(), &"done".into()), "{ended}");
    assert_eq!(nightly.cloud.mode("hub"), "online");
    let again = nightly.execute("RunMachineArn", &event);
    assert_eq!((&again["status"], &again["states"]), (&"SUCCEEDED".into(), &json!(["Begin", "Tick", "Done?", "Done"])));
    let status = nightly.cloud.stacksnap(&["status", "hub"]);
    let good = &status["items"][0];
    assert_eq!((&good["complete"], &good["orphans"]), (&json!([good["lastGood"]["id"]]), &json!([])), "{status}");
    let heard = nightly.cloud.ask(&["heard", ears.as_str().unwrap()]);
    let (heard, id) = (heard.as_array().unwrap(), good["lastGood"]["id"].as_str().unwrap());
    let subject = format!("stacksnap: backup {id} of hub: complete");
    assert_eq!(heard.iter().filter(|sent| sent["Subject"] == subject).count(), 1, "{heard:?}");
    let put: Vec<&Value> = heard.iter().filter(|put| put["detail"]["state"] == "COMPLETE").collect();
    let [put] = put.as_slice() else { panic!("one event for one run: {heard:?}") };
    assert_eq!((&put["source"], &put["detail-type"]), (&"stacksnap".into(), &"stacksnap Run State Change".into()));
    assert_eq!((&put["resources"], &put["detail"]["detail"]["id"]), (&json!(["hub"]), &id.into()));
}

/// The function's process is killed while it asks for the second half, and does not start again for a while.
fn given_up(nightly: &Deployed<'_>) {
    let (hold, held) = (nightly.cloud.place("hub-vault.hold"), nightly.cloud.place("hub-vault.held"));
    fs::write(&hold, "").unwrap();
    let execution = nightly.begin("RunMachineArn", &backup(30));
    let patience = Instant::now() + PATIENCE;
    while !held.exists() {
        assert!(Instant::now() < patience, "{}", nightly.cloud.ask(&["ended", &execution]));
        thread::sleep(Duration::from_millis(50));
    }
    let broken = nightly.breaks();
    fs::remove_file(hold).unwrap();
    nightly.cloud.ask(&["reached", &execution, "BringBack"]);
    assert_eq!(nightly.cloud.mode("hub"), "offline");
    fs::remove_file(broken).unwrap();
    let ended = nightly.cloud.ask(&["ended", &execution]);
    assert_eq!(ended["status"], "FAILED", "{ended}");
    assert!(gap("a custom runtime's").ends_with(ended["error"].as_str().unwrap()), "{ended}");
    assert_eq!(ended["states"].as_array().unwrap().last().unwrap(), "GaveUp");
    assert!(ended["cause"].as_str().unwrap().ends_with("Bringing the stack back: done."), "{ended}");
    assert_eq!(nightly.cloud.mode("hub"), "online");
}

/// What two of the template's schedules say is done now.
fn schedules_are_due(nightly: &Deployed<'_>) {
    let group = nightly.output("ScheduleGroupName");
    assert_eq!(nightly.cloud.ask(&["soon", group, "SentinelSchedule"]), "rate(5 minutes)");
    assert_eq!(nightly.cloud.ask(&["soon", group, "BackupSchedule"]), "cron(0 3 * * ? *)");
}

/// After one look of the sentinel and two runs of this test's own.
fn schedules_have_fired(nightly: &Deployed<'_>) {
    let looks = nightly.cloud.ask(&["executions", nightly.output("SentinelMachineArn"), "2"]);
    assert!(looks.as_array().unwrap().iter().all(|look| look["status"] == "SUCCEEDED"), "{looks}");
    let runs = nightly.cloud.ask(&["executions", nightly.output("RunMachineArn"), "3"]);
    let input = |run: &Value| serde_json::from_str::<Value>(run["input"].as_str().unwrap()).unwrap();
    // The slot is what Scheduler is to fill in. Until then the event is refused by its name, and nothing is touched.
    let slot = gap("scheduled-time").split_once(' ').unwrap().0;
    let run = runs.as_array().unwrap().iter().find(|run| input(run)["slot"] == slot).unwrap();
    let input = input(run);
    assert_eq!(
        (&input["stack"], &input["ifLate"], &input["lateAfter"]),
        (&"hub".into(), &"skip".into(), &"60m".into())
    );
    assert_eq!((&run["status"], &run["error"]), (&"FAILED".into(), &"bad-event".into()));
    assert!(run["cause"].as_str().unwrap().contains("`slot`"), "{run}");
}

/// Every stack with the tag has a backup of the slot, each in an execution of its own.
fn a_fleet(fleet: &Deployed<'_>) {
    fleet.sentinel_looks();
    let list = json!({ "action": "list-stacks", "slot": slot(60), "settle": "1s" });
    let ended = fleet
        .execute("FleetMachineArn", &json!({ "list": list, "maxConcurrency": 2, "toleratedFailurePercentage": 100 }));
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    let report = &ended["output"]["reported"]["answer"]["report"];
    assert_eq!((&report["complete"], &report["failed"]), (&2.into(), &json!([])), "{ended}");
    assert_eq!(
        report["items"].as_array().unwrap().iter().map(|item| &item["stack"]).collect::<Vec<_>>(),
        ["east", "west"]
    );
    assert_eq!([fleet.cloud.mode("east"), fleet.cloud.mode("west")], ["online", "online"]);
    assert_eq!(ended["limits"], json!([[2, 100.0]]));
}

/// A fleet of which no backup can begin reports it, whether the Map fails or not. Returns how it ended.
fn nothing_begins(fleet: &Deployed<'_>) -> Value {
    // A slot that no other fleet of this test can have, however long that took.
    let list = json!({ "action": "list-stacks", "slot": slot(1_800), "settle": "soon" });
    let ended = fleet
        .execute("FleetMachineArn", &json!({ "list": list, "maxConcurrency": 2, "toleratedFailurePercentage": 100 }));
    assert_eq!((&ended["status"], &ended["states"][4]), (&"FAILED".into(), &"Report".into()), "{ended}");
    ended
}

#[test]
fn the_template_works_on_ministack() {
    let cloud = Cloud::start();
    let (one, tag) = (json!({ "Stack": "hub" }), json!({ "FleetTag": "backup=nightly" }));
    let refused = cloud.ask(&["deploy", "", "as-it-is", &one.to_string()]);
    assert!(refused["why"][0].as_str().unwrap().contains(gap("metric math")), "{refused}");
    let nightly = cloud.deploy("nightly", "metric-math", &one);
    let fleet = cloud.deploy("fleet", "metric-math,limits", &tag);
    let paths = cloud.deploy("paths", "metric-math", &tag);
    for stack in ["east", "west"] {
        cloud.ask(&["tag", stack, "backup", "nightly"]);
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            nightly.sentinel_looks();
            schedules_are_due(&nightly);
            one_night(&nightly);
            schedules_have_fired(&nightly);
            given_up(&nightly);
        });
        scope.spawn(|| a_fleet(&fleet));
        scope.spawn(|| {
            let ended = nothing_begins(&paths);
            // Both are 0 where nobody reads the paths.
            assert_eq!(
                ended["limits"],
                json!([[0, 0.0]]),
                "{} and {}",
                gap("MaxConcurrencyPath"),
                gap("PercentagePath")
            );
            assert_eq!(ended["error"], "States.ExceedToleratedFailureThreshold");
        });
    });
    let ended = nothing_begins(&fleet);
    assert_eq!((&ended["error"], &ended["states"][6]), (&"some-failed".into(), &"NotAllWell".into()), "{ended}");
    let measured = cloud.ask(&["measured", "/aws/cloudformation/nightly/Logs"]);
    assert!(measured["lines"].as_u64().unwrap() > 0, "the functions' log group has their lines: {measured}");
    assert_eq!(measured["metrics"], 0, "{}", gap("embedded metric format"));
}
