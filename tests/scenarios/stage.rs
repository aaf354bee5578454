//! Where a story is played: the real binary, and a local AWS whose clock moves only while nobody asks
//! it anything.
//!
//! On a wall clock, what a run sees depends on how busy the machine is. Here each pause between two
//! looks is one step of AWS's time, however long it really was: the same story is told each time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::io::{Read, Seek};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use stacksnap_sandbox::seeds::StackSeed;
use stacksnap_sandbox::{Durations, LoggedRequest, Sandbox, serve};

/// The stack of the stories.
pub(crate) const STACK: &str = "my-hub";
/// Its region.
pub(crate) const REGION: &str = "eu-west-1";
/// A pause of the binary is one step of AWS's clock, seconds.
const STEP: i64 = 10;
/// Nobody has asked for so long: it is a pause. Waits of 2 s, as long as they get here, are 100 ms of
/// real time; shorter ones are no pause.
const PAUSE: Duration = Duration::from_millis(65);
/// The waits of the binary are divided by it.
const SCALE: u32 = 20;
/// Nothing takes longer than that in any story.
const PATIENCE: Duration = Duration::from_secs(30);
/// The sandbox knows when the last writes have landed: nothing is gained by waiting for them.
const CONFIG: &str = "[defaults]\nsettle = \"0s\"\n";

/// What is done at the moment when AWS was asked for something: it has happened, and nobody was told.
type Cue = (String, usize, Box<dyn FnOnce() + Send>);

#[derive(Default)]
struct Clockwork {
    /// When AWS was asked last, unless its clock has moved on since.
    asked: Option<Instant>,
    /// The clock stands, whatever happens.
    held: bool,
    /// The processes that may be asking.
    pids: Vec<u32>,
    cue: Option<Cue>,
}

/// A local AWS, and a folder for the commands to run in.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    address: SocketAddr,
    clockwork: Arc<Mutex<Clockwork>>,
    home: tempfile::TempDir,
}

/// What a command came to, as it stood on the screen.
pub(crate) struct Ran {
    /// The exit code; `None`: it was killed.
    pub(crate) code: Option<i32>,
    /// Both outputs, in the order in which they were written.
    pub(crate) screen: String,
}

/// A command that is under way.
pub(crate) struct Running {
    child: Child,
    screen: std::fs::File,
}

impl Stage {
    /// With these stacks.
    pub(crate) fn with(seeds: &[StackSeed]) -> Self {
        // AWS's services round their times differently; whole seconds are the same to all of them.
        let start = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap();
        let sandbox = Sandbox::manual(start).with_durations(durations());
        for seed in seeds {
            sandbox.seed_stack(&StackSeed { region: REGION.to_owned(), ..seed.clone() });
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let served = sandbox.clone();
        drop(thread::spawn(move || runtime.block_on(serve(served, listener))));
        let stage = Self { sandbox, address, clockwork: Arc::default(), home: tempfile::tempdir().unwrap() };
        stage.wind();
        std::fs::write(stage.home.path().join("stacksnap.toml"), CONFIG).unwrap();
        stage
    }

    /// Lets the clock go: one step a pause.
    fn wind(&self) {
        let asked = Arc::clone(&self.clockwork);
        self.sandbox.on_request(move |_, request| ask(&asked, request));
        let (clockwork, sandbox) = (Arc::downgrade(&self.clockwork), self.sandbox.clone());
        drop(thread::spawn(move || {
            while let Some(clockwork) = clockwork.upgrade() {
                let mut it = lock(&clockwork);
                if !it.held && it.asked.is_some_and(|at| at.elapsed() >= PAUSE) && !it.pids.iter().any(busy) {
                    it.asked = None;
                    sandbox.advance(jiff::SignedDuration::from_secs(STEP));
                }
                drop(it);
                thread::sleep(Duration::from_millis(2));
            }
        }));
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder where the commands run.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// What the commands find in their environment.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let home = self.home().display().to_string();
        [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", home),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("STACKSNAP_TIME_SCALE", SCALE.to_string()),
            ("STACKSNAP_POLL_INTERVAL", "2s".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Begins a command.
    pub(crate) fn begin(&self, words: &[&str]) -> Running {
        let screen = tempfile::tempfile().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_stacksnap"))
            .args(words)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.home())
            .stdin(Stdio::null())
            .stdout(screen.try_clone().unwrap())
            .stderr(screen.try_clone().unwrap())
            .spawn()
            .unwrap();
        lock(&self.clockwork).pids.push(child.id());
        Running { child, screen }
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.begin(words).ended()
    }

    /// Runs a command that is killed when AWS is asked for `operation` for the `nth` time.
    pub(crate) fn run_killed_at(&self, words: &[&str], operation: &str, nth: usize) -> Ran {
        let victim = Arc::new(Mutex::new(0));
        let pid = Arc::clone(&victim);
        self.cue(operation, nth, move || {
            let killed = Command::new("kill").args(["-9", &pid.lock().unwrap().to_string()]).status();
            assert!(killed.unwrap().success());
        });
        let mut pid = victim.lock().unwrap();
        let running = self.begin(words);
        *pid = running.child.id();
        drop(pid);
        running.ended()
    }

    /// Begins a command, and comes back when AWS was asked for `operation` for the `nth` time. From
    /// then on the clock stands until it is let go.
    pub(crate) fn begin_until(&self, words: &[&str], operation: &str, nth: usize) -> Running {
        let clockwork = Arc::clone(&self.clockwork);
        self.cue(operation, nth, move || lock(&clockwork).held = true);
        let running = self.begin(words);
        let patience = Instant::now() + PATIENCE;
        while !lock(&self.clockwork).held {
            assert!(Instant::now() < patience, "{operation} was not asked for {nth} times");
            thread::sleep(Duration::from_millis(2));
        }
        running
    }

    /// Time passes.
    pub(crate) fn passes(&self, seconds: i64) {
        self.sandbox.advance(jiff::SignedDuration::from_secs(seconds));
    }

    /// Lets the clock go again.
    pub(crate) fn go_on(&self) {
        lock(&self.clockwork).held = false;
    }

    fn cue(&self, operation: &str, nth: usize, then: impl FnOnce() + Send + 'static) {
        lock(&self.clockwork).cue = Some((operation.to_owned(), nth, Box::new(then)));
    }
}

impl Running {
    /// Waits until it has ended.
    pub(crate) fn ended(mut self) -> Ran {
        let code = self.child.wait().unwrap().code();
        self.screen.rewind().unwrap();
        let mut screen = String::new();
        self.screen.read_to_string(&mut screen).unwrap();
        Ran { code, screen }
    }
}

fn lock(clockwork: &Mutex<Clockwork>) -> MutexGuard<'_, Clockwork> {
    clockwork.lock().unwrap_or_else(PoisonError::into_inner)
}

/// It works, or would, had this machine a processor for it: no pause, however long. Where there is no
/// `/proc` nobody can tell.
fn busy(pid: &u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['R', 'D']))
}

fn ask(clockwork: &Mutex<Clockwork>, request: &LoggedRequest) {
    let mut it = lock(clockwork);
    it.asked = Some(Instant::now());
    let cue = it.cue.as_mut().filter(|cue| cue.0 == request.operation);
    let now = cue.is_some_and(|cue| {
        cue.1 -= 1;
        cue.1 == 0
    });
    let cue = if now { it.cue.take() } else { None };
    drop(it);
    if let Some((.., then)) = cue {
        then();
    }
}

/// Multiples of a step, none of them by chance.
fn durations() -> Durations {
    Durations {
        create: 60.0,
        cluster_restore: 60.0,
        restore_job: 60.0,
        delete: 30.0,
        update: 40.0,
        cleanup: 10.0,
        change_set: 10.0,
        cluster_settles: 10.0,
        snapshot: 30.0,
        job_start: 10.0,
        job: 60.0,
        incremental_job: 60.0,
        abort: 10.0,
        late_writes: 0.0,
        jitter: 0.0,
        ..Durations::default()
    }
}
