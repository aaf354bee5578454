//! A client that speaks just enough of AWS's protocols, on a manual clock.
#![expect(dead_code, reason = "each test uses its part")]
#![expect(clippy::unwrap_used, reason = "in tests a surprise is a failure")]

use bytes::Bytes;
use http::Request;
use jiff::SignedDuration;
use serde_json::Value;
use stacksnap_sandbox::{Durations, Outcome, Sandbox, seeds};

pub(crate) const ON: &str = "Online";
pub(crate) const OFF: &str = "Offline - Temporarily shut off servers";
pub(crate) const CLUSTER: &str = "my-hub-app-db";

/// An answer, or status 0 when the connection was dropped.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Reply {
    /// The text of every XML element of a name.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let parts = self.body.split(open.as_str()).skip(1);
        parts.map(|part| part.split(close.as_str()).next().unwrap()).collect()
    }

    /// The text of the first one.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.texts(name).first().copied().unwrap_or("")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn get(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or("").to_owned()
    }

    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }
}

/// A sandbox with one Hubs stack and no jitter.
pub(crate) struct Aws(pub(crate) Sandbox);

impl Aws {
    pub(crate) fn new() -> Self {
        Self::seeded(&seeds::hubs("my-hub"))
    }

    pub(crate) fn seeded(seed: &seeds::StackSeed) -> Self {
        let sandbox = Sandbox::manual("2026-01-01T00:00:00Z".parse().unwrap())
            .with_durations(Durations { jitter: 0.0, ..Durations::default() });
        sandbox.seed_stack(seed);
        Self(sandbox)
    }

    pub(crate) fn wait(&self, seconds: i64) {
        assert!(self.0.advance(SignedDuration::from_secs(seconds)));
    }

    fn send(&self, service: &str, request: http::request::Builder, body: String) -> Reply {
        self.send_as("AKID", service, request, body)
    }

    /// A query of another caller.
    pub(crate) fn query_as(&self, key: &str, service: &str, body: &str) -> Reply {
        self.send_as(key, service, Request::post("/"), body.to_owned())
    }

    fn send_as(&self, key: &str, service: &str, request: http::request::Builder, body: String) -> Reply {
        let scope = format!("AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/{service}/aws4_request, Signature=0");
        let request: Request<Bytes> = request.header("authorization", scope).body(Bytes::from(body)).unwrap();
        match self.0.handle(&request) {
            Outcome::Dropped => Reply { status: 0, body: String::new() },
            Outcome::Response(response) => {
                Reply { status: response.status().as_u16(), body: String::from_utf8(response.body().to_vec()).unwrap() }
            }
        }
    }

    pub(crate) fn query(&self, service: &str, action: &str, members: &[(&str, &str)]) -> Reply {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).extend_pairs(members);
        self.send(service, Request::post("/"), form.finish())
    }

    pub(crate) fn target(&self, service: &str, operation: &str, body: &Value) -> Reply {
        let request = Request::post("/").header("x-amz-target", format!("X.{operation}"));
        self.send(service, request, body.to_string())
    }

    pub(crate) fn rest(&self, service: &str, method: &str, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(service, Request::builder().method(method).uri(path), body)
    }

    /// `POST /_sandbox/…`
    pub(crate) fn admin(&self, path: &str, body: &Value) -> Reply {
        self.send("sandbox", Request::post(format!("/_sandbox/{path}")), body.to_string())
    }

    pub(crate) fn s3(&self, method: &str, path: &str, body: &str) -> Reply {
        self.send("s3", Request::builder().method(method).uri(path), body.to_owned())
    }

    pub(crate) fn cfn(&self, action: &str, members: &[(&str, &str)]) -> Reply {
        self.query("cloudformation", action, members)
    }

    pub(crate) fn rds(&self, action: &str, members: &[(&str, &str)]) -> Reply {
        self.query("rds", action, members)
    }

    pub(crate) fn status(&self) -> String {
        self.cfn("DescribeStacks", &[("StackName", "my-hub")]).ok().text("StackStatus").to_owned()
    }

    pub(crate) fn parameter(&self, key: &str) -> String {
        let stack = self.cfn("DescribeStacks", &[("StackName", "my-hub")]).ok();
        let rows = stack.body.split("<ParameterKey>").skip(1);
        let mut rows = rows.filter(|row| row.starts_with(&format!("{key}</")));
        let row = rows.next().unwrap().split("</member>").next().unwrap().to_owned();
        Reply { status: 200, body: row }.text("ParameterValue").to_owned()
    }

    pub(crate) fn cluster(&self) -> String {
        let found = self.rds("DescribeDBClusters", &[("DBClusterIdentifier", CLUSTER)]).ok();
        found.texts("Status").last().unwrap().to_string()
    }

    /// `UsePreviousValue` for every parameter but one.
    fn members(&self, key: &str, value: &str) -> Vec<(String, String)> {
        let stack = self.cfn("DescribeStacks", &[("StackName", "my-hub")]).ok();
        let mut members = Vec::new();
        for (place, each) in stack.texts("ParameterKey").iter().enumerate() {
            let stem = format!("Parameters.member.{}", place + 1);
            members.push((format!("{stem}.ParameterKey"), (*each).to_owned()));
            let given = if *each == key { ("ParameterValue", value) } else { ("UsePreviousValue", "true") };
            members.push((format!("{stem}.{}", given.0), given.1.to_owned()));
        }
        for (place, each) in ["IAM", "NAMED_IAM", "AUTO_EXPAND"].iter().enumerate() {
            let name = format!("Capabilities.member.{}", place + 1);
            members.push((name, format!("CAPABILITY_{each}")));
        }
        members
    }

    fn change(&self, action: &str, more: &[(&str, &str)], key: &str, value: &str) -> Reply {
        let members = self.members(key, value);
        let mut all: Vec<(&str, &str)> = members.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend([("StackName", "my-hub"), ("UsePreviousTemplate", "true")]);
        all.extend(more);
        self.cfn(action, &all)
    }

    pub(crate) fn create_set(&self, name: &str, key: &str, value: &str) -> Reply {
        let more = [("ChangeSetName", name), ("ClientToken", name), ("IncludeNestedStacks", "true")];
        self.change("CreateChangeSet", &more, key, value)
    }

    pub(crate) fn update(&self, key: &str, value: &str) -> Reply {
        self.change("UpdateStack", &[], key, value)
    }

    /// Makes a change set and waits until it is there; returns its ARN.
    pub(crate) fn set(&self, name: &str, key: &str, value: &str) -> String {
        let arn = self.create_set(name, key, value).ok().text("Id").to_owned();
        self.wait(9);
        arn
    }

    pub(crate) fn execute(&self, arn: &str, token: &str) -> Reply {
        self.cfn("ExecuteChangeSet", &[("ChangeSetName", arn), ("ClientRequestToken", token)])
    }

    pub(crate) fn switch(&self, name: &str, value: &str) {
        let arn = self.set(name, "StackOffline", value);
        self.execute(&arn, name).ok();
        self.wait(245);
        assert_eq!(self.status(), "UPDATE_COMPLETE");
    }

    pub(crate) fn snapshot(&self, id: &str) -> Reply {
        let members = [
            ("DBClusterSnapshotIdentifier", id),
            ("DBClusterIdentifier", CLUSTER),
            ("Tags.Tag.1.Key", "stacksnap:id"),
            ("Tags.Tag.1.Value", id),
        ];
        self.rds("CreateDBClusterSnapshot", &members)
    }

    pub(crate) fn snapshot_status(&self, id: &str) -> String {
        let found = self.rds("DescribeDBClusterSnapshots", &[("DBClusterSnapshotIdentifier", id)]);
        found.ok().text("Status").to_owned()
    }

    fn physical(&self, logical: &str) -> String {
        let members = [("StackName", "my-hub"), ("LogicalResourceId", logical)];
        self.cfn("DescribeStackResources", &members).ok().text("PhysicalResourceId").to_owned()
    }

    pub(crate) fn vault(&self) -> String {
        self.physical("DailyBackupVault")
    }

    /// The input of `StartBackupJob`.
    pub(crate) fn order(&self, token: &str) -> Value {
        let role = self.query("iam", "GetRole", &[("RoleName", &self.physical("DailyBackupRole"))]);
        let file_system = self.physical("StorageEFS");
        serde_json::json!({
            "BackupVaultName": self.vault(),
            "ResourceArn": format!("arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/{file_system}"),
            "IamRoleArn": role.ok().text("Arn"),
            "IdempotencyToken": token,
            "RecoveryPointTags": { "stacksnap:id": token },
        })
    }

    pub(crate) fn start_job(&self, token: &str) -> Reply {
        self.rest("backup", "PUT", "/backup-jobs", &self.order(token))
    }

    pub(crate) fn job(&self, id: &str) -> Value {
        self.rest("backup", "GET", &format!("/backup-jobs/{id}"), &Value::Null).ok().json()
    }
}
