//! Emulators from PyPI, in a process group of their own, gone when the test is over.

use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

const PINS: [&str; 3] = ["ministack==1.5.33", "moto[server]==5.2.1", "boto3==1.43.11"];
/// The AWS CLI wants other versions of what the emulators need, too.
const CLI_PINS: [&str; 2] = ["boto3==1.43.11", "awscli==1.45.11"];
/// The account that both emulators believe to be.
const ACCOUNT: &str = "000000000000";

/// The emulators' Python.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| environment("peers", &PINS))
}

/// The AWS CLI's Python.
pub(crate) fn cli() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| environment("peers-cli", &CLI_PINS))
}

/// The Python of a virtual environment under the target directory, made once for these pins.
fn environment(name: &str, pins: &[&str]) -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (python, ready) = (place.join("bin/python"), place.join("pins"));
    if std::fs::read_to_string(&ready).is_ok_and(|there| there == pins.join("\n")) {
        return python;
    }
    prepare(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place));
    prepare(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(pins));
    std::fs::write(&ready, pins.join("\n")).unwrap();
    python
}

fn prepare(command: &mut Command) {
    let status = command.status();
    let good = status.as_ref().is_ok_and(ExitStatus::success);
    assert!(good, "the peers need python3 with venv, and the network once; {command:?} came to {status:?}");
}

/// A script beside this file.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// One emulator.
pub(crate) struct Emulator {
    child: Child,
    port: u16,
    /// Its temporary files, which it leaves behind.
    _scratch: tempfile::TempDir,
}

impl Emulator {
    /// ministack as it is.
    pub(crate) fn ministack() -> Self {
        Self::start("ministack")
    }

    /// ministack with the gap mended at which every change of mode would stop.
    pub(crate) fn mended_ministack() -> Self {
        Self::start("mended")
    }

    /// moto, in ministack's account.
    pub(crate) fn moto() -> Self {
        Self::start("moto")
    }

    fn start(which: &str) -> Self {
        let (port, scratch) = (free_port(), tempfile::tempdir().unwrap());
        let mut command = Command::new(python());
        command.arg("-B").arg(script("start.py")).arg(which);
        if which == "moto" {
            command.arg(port.to_string()).env("MOTO_ACCOUNT_ID", ACCOUNT);
        }
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string()).env("IOT_MTLS_ENABLED", "0");
        command.env("TMPDIR", scratch.path());
        // Where this process is killed, the pipe closes, and the emulator ends itself.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut emulator = Self { child: command.spawn().unwrap(), port, _scratch: scratch };
        let patience = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = emulator.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < patience,
                "{command:?} does not answer; it ended with {ended:?}"
            );
            thread::sleep(Duration::from_millis(50));
        }
        emulator
    }

    /// Where it listens.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _killed = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _reaped = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
