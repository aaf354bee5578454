//! `stacksnap-sandbox serve`: a local AWS to point a client at.

use clap::{Parser, Subcommand, ValueEnum};
use stacksnap_sandbox::seeds::{self, SnapshotSeed, StackSeed};
use stacksnap_sandbox::{Fault, Rate, Sandbox, serve};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::TcpListener;

/// A local AWS whose heart is a clock.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Listen for AWS requests
    Serve(Serve),
}

#[derive(clap::Args)]
struct Serve {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Allow an address that is not a loopback one
    #[arg(long)]
    allow_remote: bool,
    /// Seconds of AWS work in one real second
    #[arg(long, default_value_t = 120.0)]
    speed: f64,
    /// Start with a clock that is turned by `POST /_sandbox/clock`, at this instant
    #[arg(long, value_name = "TIME", conflicts_with = "speed")]
    manual: Option<jiff::Timestamp>,
    /// A stack to start with (repeatable)
    #[arg(long, value_name = "NAME")]
    stack: Vec<String>,
    /// So many numbered stacks to start with
    #[arg(long, value_name = "N", default_value_t = 0)]
    stacks: u32,
    /// What kind of stacks
    #[arg(long, value_enum, default_value_t = Kind::Hubs)]
    kind: Kind,
    /// Make the templates of these stacks longer than so many bytes
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    padding: usize,
    /// An S3 bucket to start with (repeatable)
    #[arg(long, value_name = "NAME")]
    bucket: Vec<String>,
    /// A tag of these stacks, `key=value` (repeatable)
    #[arg(long, value_name = "K=V", value_parser = tag)]
    stack_tag: Vec<(String, String)>,
    /// An SNS topic to start with (repeatable)
    #[arg(long, value_name = "NAME")]
    topic: Vec<String>,
    /// An event bus to start with, beside the default one (repeatable)
    #[arg(long, value_name = "NAME")]
    event_bus: Vec<String>,
    /// How many calls are taken, burst and per second of AWS time, e.g. `rds:*=300/12` (repeatable)
    #[arg(long, value_name = "CALLS=BURST/PER-SECOND", value_parser = Rate::parse)]
    rate: Vec<(String, Rate)>,
    /// Rates that are known; `--rate` goes before
    #[arg(long, value_name = "WHICH")]
    rates: Option<Rates>,
    /// A fault, e.g. `rds:CreateDBClusterSnapshot=throttle*2` (repeatable)
    #[arg(long, value_parser = Fault::parse)]
    fault: Vec<Fault>,
    /// Where randomness begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Manual snapshots to seed for the first stack's cluster
    #[arg(long, value_name = "N", default_value_t = 0)]
    snapshots: u32,
    /// A tag of those, `key=value`; `{time}` is filled in, and for the letter n in braces the number (repeatable)
    #[arg(long, value_name = "K=V", value_parser = tag)]
    snapshot_tag: Vec<(String, String)>,
    /// Append every request to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    requests_log: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Like Hubs Cloud: 180 resources, 36 parameters
    Hubs,
    /// Small and ordinary
    Sample,
}

#[derive(Clone, Copy, ValueEnum)]
enum Rates {
    /// What AWS publishes of RDS, AWS Backup and Parameter Store; CloudFormation's are a guess
    Published,
}

impl Kind {
    fn seed(self, name: &str) -> StackSeed {
        match self {
            Self::Hubs => seeds::hubs(name),
            Self::Sample => seeds::sample(name),
        }
    }
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a tag is key=value")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// The rates that were asked for; a single one replaces the known one of the same calls.
fn rates(arguments: &Serve) -> BTreeMap<String, Rate> {
    let known = match arguments.rates {
        Some(Rates::Published) => Rate::published(),
        None => BTreeMap::new(),
    };
    known.into_iter().chain(arguments.rate.iter().cloned()).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let Command::Serve(arguments) = Arguments::parse().command;
    if !arguments.listen.ip().is_loopback() && !arguments.allow_remote {
        return Err(io::Error::other("refusing to listen on a public address without --allow-remote"));
    }
    let sandbox = build(&arguments);
    if let Some(path) = &arguments.requests_log {
        log_to(&sandbox, path)?;
    }
    let listener = TcpListener::bind(arguments.listen).await?;
    let mut out = io::stdout();
    writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    out.flush()?;
    tokio::select! {
        ended = serve(sandbox, listener) => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

fn build(arguments: &Serve) -> Sandbox {
    let sandbox = match arguments.manual {
        Some(start) => Sandbox::manual(start),
        None => Sandbox::real(arguments.speed),
    };
    let sandbox = sandbox.with_seed(arguments.seed);
    let numbered = (1..=arguments.stacks).map(|number| format!("stack-{number:03}"));
    let seeds = arguments.stack.iter().cloned().chain(numbered).map(|name| arguments.kind.seed(&name));
    let tags: BTreeMap<String, String> = arguments.stack_tag.iter().cloned().collect();
    let shaped = |seed| StackSeed { padding: arguments.padding, tags: tags.clone(), ..seed };
    let seeds: Vec<StackSeed> = seeds.map(shaped).collect();
    for seed in &seeds {
        let _id = sandbox.seed_stack(seed);
    }
    if let Some(cluster) = seeds.first().and_then(|seed| seed.cluster.as_ref()) {
        let _planted = sandbox.seed_snapshots(&SnapshotSeed {
            cluster: cluster.id.clone(),
            count: arguments.snapshots,
            tags: arguments.snapshot_tag.iter().cloned().collect(),
            ..SnapshotSeed::default()
        });
    }
    let things = [("bucket", &arguments.bucket), ("topic", &arguments.topic), ("event_bus", &arguments.event_bus)];
    for (kind, name) in things.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| (kind, name))) {
        // A new thing that is only a name is always understood.
        let _made = sandbox.set(&serde_json::json!({ kind: name }));
    }
    // What was parsed lets calls through.
    let _set = sandbox.set_rates(rates(arguments));
    for fault in &arguments.fault {
        sandbox.add_fault(fault.clone());
    }
    sandbox
}

fn log_to(sandbox: &Sandbox, path: &PathBuf) -> io::Result<()> {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
    sandbox.on_request(move |_, row| {
        let line = serde_json::to_string(row).unwrap_or_default();
        // A full disk must not stop the sandbox.
        let _written = writeln!(&file, "{line}");
    });
    Ok(())
}
