//! `cargo demo`: one backup from beginning to end, against a local AWS that runs in this process.
//!
//! The commands are the real ones: each runs in a process of its own, which is this program again,
//! told by its environment to be stacksnap.

use std::error::Error;
use std::net::SocketAddr;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Instant;

use stacksnap_sandbox::{Sandbox, seeds, serve};

/// Told to the child: be stacksnap.
const AS_STACKSNAP: &str = "STACKSNAP_DEMO_CHILD";
/// Hours become half minutes: the sandbox's clock, and the waits of the command line with it.
const SPEED: u32 = 120;
const STACK: &str = "my-hub";

fn main() -> ExitCode {
    if std::env::var_os(AS_STACKSNAP).is_some() {
        return stacksnap::cli::main_from(std::iter::once("stacksnap".into()).chain(std::env::args_os().skip(1)));
    }
    match demo() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let endpoint = sandbox()?;
    println!("# A local AWS listens on {endpoint}; its clock runs {SPEED} times as fast.");
    println!("# It has one stack, {STACK}: an Aurora cluster, an EFS file system, a backup vault.\n");
    let run = |line: &str| step(&endpoint, line);
    run(&format!("stacksnap inspect {STACK}"))?;
    run(&format!("stacksnap check {STACK}"))?;
    // The settle time is real time, and half a minute of the sandbox's is a quarter of a second.
    run(&format!("stacksnap backup {STACK} --settle 1s --note demo"))?;
    run(&format!("stacksnap status {STACK}"))?;
    run("stacksnap list")?;
    run(&format!("stacksnap show {STACK}@latest"))?;
    println!("# Done in {} s. Nothing is left running, and no AWS account was used.", began.elapsed().as_secs());
    Ok(())
}

/// Starts the sandbox on a free port of this machine. It ends with this process.
fn sandbox() -> Result<String, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))))?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let sandbox = Sandbox::real(f64::from(SPEED));
    sandbox.seed_stack(&seeds::hubs(STACK));
    let _thread = thread::spawn(move || runtime.block_on(serve(sandbox, listener)));
    Ok(endpoint)
}

/// Shows the command line as a user would type it, and runs it.
fn step(endpoint: &str, line: &str) -> Result<(), Box<dyn Error>> {
    println!("$ {line}");
    let words = line.split_whitespace().skip(1);
    let status = Command::new(std::env::current_exe()?)
        .args(words)
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| kept(&name.to_string_lossy())))
        .env(AS_STACKSNAP, "1")
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "demo")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("STACKSNAP_CONFIG", "")
        .env("STACKSNAP_TIME_SCALE", SPEED.to_string())
        .stdin(Stdio::null())
        .status()?;
    println!();
    if status.success() { Ok(()) } else { Err(format!("`{line}` ended with {status}").into()) }
}

/// The user's own AWS settings stay out of the demo.
fn kept(name: &str) -> bool {
    !name.starts_with("AWS_") && !name.starts_with("STACKSNAP_")
}
