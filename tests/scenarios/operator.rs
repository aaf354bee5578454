//! Somebody in the CloudFormation console, who knows nothing of stacksnap.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::io::{Read, Write};
use std::net::TcpStream;

use stacksnap_sandbox::seeds;

use super::stage::{REGION, STACK, Stage};

/// Sets the offline parameter by an ordinary update.
pub(crate) fn switches(stage: &Stage, to: &str) {
    let mut body = format!("Action=UpdateStack&Version=2010-05-15&StackName={STACK}&UsePreviousTemplate=true");
    for (number, parameter) in (1..).zip(seeds::hubs(STACK).parameters) {
        let value = if parameter.key == "StackOffline" {
            format!("ParameterValue={}", to.replace(' ', "%20"))
        } else {
            "UsePreviousValue=true".to_owned()
        };
        let member = format!("Parameters.member.{number}");
        body.push_str(&format!("&{member}.ParameterKey={}&{member}.{value}", parameter.key));
    }
    for (number, word) in (1..).zip(["IAM", "NAMED_IAM", "AUTO_EXPAND"]) {
        body.push_str(&format!("&Capabilities.member.{number}=CAPABILITY_{word}"));
    }
    let answer = post(stage, &body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn post(stage: &Stage, body: &str) -> String {
    let scope = format!("AKIAIOSFODNN7EXAMPLE/20260101/{REGION}/cloudformation/aws4_request");
    let mut stream = TcpStream::connect(stage.address()).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    drop(stream.read_to_string(&mut answer));
    answer
}
