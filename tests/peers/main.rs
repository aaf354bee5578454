//! The same scenario through the real binary against emulators of AWS that nobody here wrote.
//!
//! They do not know all of AWS. What they do not know is listed, and a test fails when it is known
//! after all: then the list gets shorter and the scenario longer.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

mod emulators;
mod restored;
mod unattended;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use emulators::{Emulator, python, script};
use serde_json::Value;

const STACK: &str = "hub";
const CONFIG: &str = "[stacks.hub]\nonline-value = \"Online\"\noffline-value = \"Offline\"\n";

/// Which peer does not do what AWS does, and what that is.
const GAPS: [(&str, &str); 10] = [
    // Rule 1 asks for a stack by its ARN, as AWS's model allows: every change of mode would stop here,
    // so the scenario runs against a ministack in which this alone is mended.
    ("ministack", "ListChangeSets knows a stack by its name only"),
    ("ministack", "CreateChangeSet on a stack's ARN takes a name twice"),
    ("ministack", "DescribeChangeSet lists no Remove"),
    ("ministack", "DescribeChangeSet shows NoEcho values"),
    ("ministack", "GetTemplateSummary tells no AllowedValues"),
    ("ministack", "a secret's physical id is not its ARN"),
    ("ministack alone", "SS091 rds DescribeAccountAttributes: Unknown RDS action"),
    ("ministack alone", "the recovery point is not there"),
    ("ministack and moto", "SS091 rds DescribeAccountAttributes: the endpoint answered HTTP 500"),
    ("ministack and moto", "the recovery point is not there"),
];

fn gaps(peer: &str) -> BTreeSet<&'static str> {
    GAPS.iter().filter(|(whose, _)| *whose == peer).map(|(_, what)| *what).collect()
}

/// Where the commands go.
struct Peer {
    name: &'static str,
    general: Emulator,
    rds: Option<Emulator>,
    home: tempfile::TempDir,
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Peer {
    fn new(name: &'static str, general: Emulator, rds: Option<Emulator>) -> Self {
        Self { name, general, rds, home: tempfile::tempdir().unwrap() }
    }

    fn ran(&self, command: &mut Command) -> Ran {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("AWS_ENDPOINT_URL", self.general.endpoint())
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("STACKSNAP_TIME_SCALE", "10")
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        if let Some(rds) = &self.rds {
            command.env("AWS_ENDPOINT_URL_RDS", rds.endpoint());
        }
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// A script of this test, which must end well.
    fn python(&self, name: &str) -> String {
        self.script(python(), name, STACK)
    }

    fn script(&self, python: &Path, name: &str, argument: &str) -> String {
        let ran = self.ran(Command::new(python).arg("-B").arg(script(name)).arg(argument));
        assert_eq!(ran.code, 0, "{name}\n{}\n{}", ran.out, ran.err);
        ran.out
    }

    /// A command, its exit code, and its JSON.
    #[track_caller]
    fn stacksnap(&self, args: &[&str], code: i32) -> (Value, String) {
        let ran = self.ran(Command::new(env!("CARGO_BIN_EXE_stacksnap")).args(args).args(["-o", "json"]));
        let Ran { out, err, .. } = &ran;
        assert_eq!(ran.code, code, "{}: {args:?}\n--- stdout\n{out}\n--- stderr\n{err}", self.name);
        assert!(!out.contains("canary") && !err.contains("canary"), "a secret is told\n{out}\n{err}");
        (serde_json::from_str(out).unwrap_or_default(), ran.err)
    }

    #[track_caller]
    fn mode_is(&self, mode: &str) {
        assert_eq!(self.stacksnap(&["inspect", STACK], 0).0["mode"], mode);
    }

    /// It is one of this peer's known gaps, and no other, that is told.
    #[track_caller]
    fn gap(&self, told: &str, id: &str) {
        let mut known = gaps(self.name).into_iter().filter(|gap| gap.starts_with(id));
        let gap = known.next().unwrap().trim_start_matches("SS091 ");
        assert!(told.contains(gap) && known.next().is_none(), "{}: `{gap}` is not in `{told}`", self.name);
    }

    /// Everything a user does with one stack, as far as it goes.
    fn scenario(&self) {
        let stack_id = self.python("seed.py");
        self.offline_values_are_not_guessed();
        let (seen, _) = self.stacksnap(&["inspect", STACK], 0);
        assert_eq!((&seen["stackId"], &seen["profile"]), (&stack_id.trim().into(), &"generic".into()));
        let parts: Vec<&str> =
            seen["parts"].as_array().unwrap().iter().filter_map(|part| part["from"].as_str()).collect();
        let found = ["Database", "Storage", "BackupVault", "BackupRole", "DbSecret"].map(|id| format!("resource {id}"));
        assert_eq!(parts, found);
        let (report, _) = self.stacksnap(&["check", STACK], 0);
        assert_eq!((report["findings"].as_array().unwrap().len(), &report["findings"][0]["id"]), (1, &"SS091".into()));
        self.gap(report["findings"][0]["what"].as_str().unwrap(), "SS091");
        self.the_operators_switch();
        self.backup();
    }

    /// Without AllowedValues nobody knows which value means what; told once, it is known.
    fn offline_values_are_not_guessed(&self) {
        let (report, _) = self.stacksnap(&["check", STACK], 4);
        assert_eq!(report["findings"][0]["id"], "SS007", "AllowedValues are told: CONFIG is not needed any more");
        std::fs::write(self.home.path().join("stacksnap.toml"), CONFIG).unwrap();
    }

    fn the_operators_switch(&self) {
        let (_, told) = self.stacksnap(&["offline", STACK, "--yes"], 0);
        assert!(told.contains("Pause UPDATE_IN_PROGRESS"), "the update was not seen on its way:\n{told}");
        self.mode_is("offline");
        self.stacksnap(&["resume", STACK], 0);
        self.mode_is("offline");
        self.stacksnap(&["online", STACK], 0);
        self.mode_is("online");
    }

    /// Both halves are asked for, the stack is back, and then there is no recovery point to be found.
    fn backup(&self) {
        let (run, told) = self.stacksnap(&["backup", STACK, "--settle", "1s"], 7);
        self.gap(&told, "the recovery point");
        assert_eq!((&run["outcome"], &run["stackMode"]), (&"incomplete".into(), &"online".into()));
        assert_eq!((&run["database"]["status"], &run["files"]["status"]), (&"available".into(), &"COMPLETED".into()));
        assert!(run["offline"]["seconds"].as_u64().unwrap() >= 2, "{run}");
        self.mode_is("online");
        let (status, _) = self.stacksnap(&["status", STACK], 0);
        assert_eq!(status["items"][0]["orphans"], Value::from(vec![run["id"].clone()]));
        let (list, _) = self.stacksnap(&["list"], 0);
        assert_eq!((&list["items"][0]["id"], list["items"].as_array().unwrap().len()), (&run["id"], 1));
        let (shown, _) = self.stacksnap(&["show", run["id"].as_str().unwrap()], 0);
        self.gap(shown["reason"].as_str().unwrap(), "the recovery point");
        assert_eq!(shown["database"]["snapshot"], run["id"]);
        self.stacksnap(&["show", "hub@latest"], 8);
        self.stacksnap(&["check", "no-such-stack"], 8);
        self.keeping(run["id"].as_str().unwrap());
    }

    /// Holds and verdicts. Without recovery points there is no complete backup, and without one nothing is deleted: so
    /// far they go, and no further.
    fn keeping(&self, id: &str) {
        let (held, _) = self.stacksnap(&["keep", id, "--reason", "before the upgrade"], 0);
        assert_eq!(held["held"], true);
        let prune = ["prune", STACK, "--keep-last", "1", "--grace", "0s", "--yes"];
        let (pruned, _) = self.stacksnap(&prune, 0);
        let row = &pruned["items"][0]["backups"][0];
        assert_eq!((&row["verdict"], &row["reasons"][0]), (&"keep".into(), &"on hold: before the upgrade".into()));
        // Its RDS answers that the tags are off, and leaves them on.
        if self.name == "ministack alone" {
            let (_, told) = self.stacksnap(&["unkeep", id], 7);
            return assert!(told.contains("the tag did not go"), "{told}");
        }
        self.stacksnap(&["unkeep", id], 0);
        let (pruned, _) = self.stacksnap(&prune, 0);
        let row = &pruned["items"][0]["backups"][0];
        let only = Value::from(vec!["not complete, but there is no complete backup"]);
        assert_eq!((&row["verdict"], &row["reasons"], &pruned["changed"]), (&"keep".into(), &only, &false.into()));
    }
}

#[test]
fn ministack_is_backed_up_as_far_as_it_goes() {
    Peer::new("ministack alone", Emulator::mended_ministack(), None).scenario();
}

#[test]
fn ministack_and_moto_are_backed_up_as_far_as_they_go() {
    Peer::new("ministack and moto", Emulator::mended_ministack(), Some(Emulator::moto())).scenario();
}

#[test]
fn ministack_witnesses_the_protocol() {
    let peer = Peer::new("ministack", Emulator::ministack(), None);
    peer.python("seed.py");
    let told = peer.python("protocol.py");
    let met: BTreeSet<&str> = told.lines().filter_map(|line| line.strip_prefix("gap: ")).collect();
    assert_eq!(met, gaps("ministack"));
}
