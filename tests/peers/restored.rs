//! What `params` prints of a backup in our sandbox is deployed with the AWS CLI on ministack: nobody here
//! wrote either of the two readers.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;

use serde_json::Value;
use stacksnap_sandbox::{Durations, Sandbox, seeds, serve};

use super::emulators::{Emulator, cli, script};
use super::{Peer, gaps};

/// A value that every form has to quote in its own way.
const ODD: &str = "a,b=\"c\" 'd' 한국어 \\e -f %20 $g";

/// The forms, as files in the peer's folder; and the parameters that they are of.
fn printed(peer: &Peer) -> BTreeMap<String, String> {
    let sandbox = Sandbox::real(1_500.0).with_durations(Durations { jitter: 0.0, ..Durations::default() });
    sandbox.seed_stack(&seeds::sample("shop"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(thread::spawn(move || runtime.block_on(serve(sandbox, listener))));
    let stacksnap = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stacksnap"));
        let output = command
            .args(args)
            .env_clear()
            .env("HOME", peer.home.path())
            .env("AWS_ENDPOINT_URL", &endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", "us-east-1")
            .env("STACKSNAP_TIME_SCALE", "1500")
            .current_dir(peer.home.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    stacksnap(&["backup", "shop", "--live", "--quiet"]);
    std::fs::write(peer.home.path().join("key"), "canary-given\n").unwrap();
    let template = script("restored.yaml").display().to_string();
    let (odd, own) = (format!("InstanceType={ODD}"), "DomainName=new.example.org");
    let set = ["--set", &odd, "--set", own, "--set-file", "ApiKey=key", "--template-file", &template];
    for form in ["create-stack", "deploy"] {
        let out = format!("{form}.json");
        stacksnap(&[["params", "shop@latest", "--format", form, "--out", &out].as_slice(), &set].concat());
    }
    let form = std::fs::read_to_string(peer.home.path().join("create-stack.json")).unwrap();
    let rows: Vec<BTreeMap<String, String>> = serde_json::from_str(&form).unwrap();
    rows.into_iter().map(|row| (row["ParameterKey"].clone(), row["ParameterValue"].clone())).collect()
}

#[test]
fn params_are_deployed_with_the_aws_cli_on_ministack() {
    let peer = Peer::new("ministack deployed", Emulator::ministack(), None);
    let wanted = printed(&peer);
    assert_eq!((wanted["InstanceType"].as_str(), wanted["RestoreStackName"].as_str()), (ODD, "shop"));
    let folder = peer.home.path().display().to_string();
    let told: Value = serde_json::from_str(&peer.script(cli(), "deploy.py", &folder)).unwrap();
    for stack in ["created", "deployed"] {
        assert_eq!(told[stack]["status"], "CREATE_COMPLETE");
        for (key, value) in &wanted {
            let there = told[stack]["parameters"][key].as_str().unwrap_or_default();
            match key.as_str() {
                "ApiKey" => assert_eq!(there, "****"),
                _ => assert_eq!(there, value, "{stack}: {key}"),
            }
        }
        let kept = [&wanted["DomainName"], "online", "shop", &wanted["RestoreDbSnapshotIdentifier"]].join("|");
        assert_eq!(told[stack]["kept"], kept);
    }
    // Nothing of it is a gap of ministack's.
    assert!(gaps("ministack deployed").is_empty());
}
