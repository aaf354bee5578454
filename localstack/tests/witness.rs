//! boto3 and the AWS CLI as outside witnesses, over a socket.
#![expect(clippy::unwrap_used, reason = "in tests a surprise is a failure")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const BOTO3: &str = "boto3==1.43.11";
const CLI: &str = "awscli==1.45.11";

/// A virtual environment under `target/`, made once.
fn environment() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("witness-{BOTO3}-{CLI}"));
    let (python, ready) = (place.join("bin/python"), place.join("ready"));
    if ready.exists() {
        return python;
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place));
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", BOTO3, CLI]));
    std::fs::write(ready, "").unwrap();
    python
}

fn run(command: &mut Command) {
    let status = command.status();
    let good = status.as_ref().is_ok_and(std::process::ExitStatus::success);
    assert!(good, "the witness needs python3 with venv, {BOTO3} and {CLI}; {command:?}: {status:?}");
}

struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[test]
fn boto3_and_the_aws_cli_understand_every_operation() {
    let python = environment();
    let mut child = Command::new(env!("CARGO_BIN_EXE_stacksnap-sandbox"))
        .args(["serve", "--manual", "2026-01-01T00:00:00Z", "--stack", "my-hub", "--stack-tag", "team=blue"])
        .args(["--topic", "alerts", "--event-bus", "ours", "--rate", "events:PutEvents=4/2"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the sandbox starts");
    let mut line = String::new();
    let out = child.stdout.take().unwrap();
    let _served = Served(child);
    BufReader::new(out).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").expect("the first line is the address");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/witness.py");
    let done = Command::new(python).arg("-B").arg(script).arg(url).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}
