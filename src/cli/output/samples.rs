//! Values for the tests of what is shown.

use crate::model::backup::{Backup, DatabaseHalf, FilesHalf, State};

/// A backup of the stack that its id names.
pub(crate) fn backup(id: &str, state: State) -> Backup {
    let stack = &id[..id.len() - 16];
    let began = id.parse::<crate::model::BackupId>().ok().and_then(|id| id.at());
    let created = began;
    Backup {
        id: id.into(),
        stack: stack.into(),
        stack_id: None,
        state,
        reason: (state != State::Complete).then(|| "the recovery point is missing".into()),
        mode: Some("offline".into()),
        began,
        completed: None,
        skew_s: Some(2),
        database: Some(DatabaseHalf {
            snapshot: id.into(),
            arn: format!("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:{id}").into(),
            status: "available".into(),
            created,
            cluster: "my-hub-app-db".into(),
            allocated_gib: Some(12),
        }),
        files: (state != State::Orphan).then(|| FilesHalf {
            recovery_point: "arn:aws:backup:eu-west-1:123456789012:recovery-point:1EB3B5E7".into(),
            status: "COMPLETED".into(),
            vault: "my-hub-daily-backup-1a2b".into(),
            created,
            completed: created.map(|at| at + jiff::SignedDuration::from_secs(900)),
            bytes: Some(5 << 30),
        }),
        secret_arn: None,
        secret_version: None,
        note: None,
        hold: None,
        hold_until: None,
        drilled: None,
        manifest: None,
        tool_version: Some("0.1.0".into()),
    }
}

/// Shortly after the samples.
pub(crate) fn now() -> jiff::Timestamp {
    "2026-11-20T06:00:00Z".parse().unwrap()
}

/// What `write` puts on a page without colour.
pub(crate) fn page(write: impl FnOnce(&mut super::Page<'_>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut super::Page { out: &mut out, paint: super::Paint::NONE, now: now() }).unwrap();
    String::from_utf8(out).unwrap()
}

/// A finished backup's record; `with` is laid over it.
pub(crate) fn run(with: serde_json::Value) -> crate::model::run::Run {
    let mut record = serde_json::json!({
        "format": 1, "tool": "0.1.0", "id": "my-hub-20261120-020000",
        "kind": { "do": "backup", "live": false, "seed": false },
        "target": {
            "stack": "my-hub",
            "stack_id": "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/1",
            "switch": { "parameter": "StackOffline", "online": "Online", "offline": "Offline" },
            "cluster": "my-hub-app-db",
            "file_system": "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-1",
            "vault": "my-hub-daily-backup-1a2b", "role": "arn:aws:iam::123456789012:role/Backup",
            "protected": ["AppDb"]
        },
        "options": { "max_offline": 3600, "settle": 30 },
        "phase": "Done", "since": "2026-11-20T02:25:00Z", "started": "2026-11-20T02:00:00Z",
        "next_due": "2026-11-20T02:25:00Z", "prior": "online",
        "took": { "off": 240, "snapshot": 180, "job": 900, "on": 240 },
        "window": { "from": "2026-11-20T02:00:10Z", "to": "2026-11-20T02:24:10Z" },
        "skew": 1,
        "ending": { "outcome": "complete", "at": "2026-11-20T02:25:00Z" }
    });
    if let (Some(record), serde_json::Value::Object(with)) = (record.as_object_mut(), with) {
        record.extend(with);
    }
    serde_json::from_value(record).unwrap()
}
