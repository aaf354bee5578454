//! The run record's and the lock's JSON, as they lie in Parameter Store.

use std::sync::Arc;

use serde::Deserialize;

use crate::model::run::{FORMAT, Lock, Run};
use crate::model::{Refusal, RefusalKind};
use crate::plan::packed;

/// A standard parameter's value holds this many bytes.
pub(super) const LONGEST: usize = 4096;
/// Before what did not fit otherwise.
const PACKED: &str = "z1:";
/// A packed record that unpacks to more than this is none, bytes.
const LARGEST: u64 = 64 << 10;
/// To what length explanations are shortened where the record would not fit.
const SHORT: usize = 160;

/// What every record says about itself, whatever its format.
#[derive(Deserialize)]
struct Header {
    format: u32,
    #[serde(default)]
    tool: String,
}

/// Reads a record.
///
/// # Errors
/// `NewerRecord`: a later stacksnap wrote it. `BadRecord`: it is no record.
pub(super) fn read(name: &str, text: &str) -> Result<Run, Refusal> {
    let unpacked = unpacked(text).map_err(|bad| bad_record(name, &bad.to_string()))?;
    let json = &String::from_utf8_lossy(&unpacked);
    let bad = |error: serde_json::Error| bad_record(name, &error.to_string());
    let header: Header = serde_json::from_str(json).map_err(bad)?;
    if header.format > FORMAT {
        let message = format!(
            "{name} was written by stacksnap {}, which is newer than this one: upgrade to at least that version",
            header.tool
        );
        return Err(wrong("GetParameter", "NewerRecord", message));
    }
    serde_json::from_str(json).map(whole).map_err(bad)
}

/// A parameter's text, packed.
pub(super) fn packed(text: &str) -> String {
    format!("{PACKED}{}", packed::pack(text.as_bytes()))
}

/// A parameter's text as it was before it may have been packed.
///
/// # Errors
/// It bears the mark of being packed, and was not packed here.
pub(super) fn unpacked(text: &str) -> Result<Vec<u8>, packed::Bad> {
    match text.strip_prefix(PACKED) {
        Some(packed) => packed::unpack(packed.as_bytes(), LARGEST),
        None => Ok(text.as_bytes().to_vec()),
    }
}

/// What a record says once, said again where it belongs.
fn whole(run: Run) -> Run {
    let mut run = run;
    let target = Arc::make_mut(&mut run.target);
    if let Some(aim) = &mut target.aim {
        for (twin, first) in [(&mut aim.source, &target.stack_id), (&mut aim.name, &target.stack)] {
            if twin.is_empty() {
                twin.clone_from(first);
            }
        }
    }
    run
}

/// The other way round: a replacement's new stack bears the name of the old one.
fn once(run: &mut Run) {
    let target = Arc::make_mut(&mut run.target);
    if let Some(aim) = &mut target.aim {
        for (twin, first) in [(&mut aim.source, &target.stack_id), (&mut aim.name, &target.stack)] {
            if twin == first {
                twin.clear();
            }
        }
    }
}

/// Writes a record, with its explanations shortened where it would not fit otherwise: what a run
/// needs in order to go on is never left out.
///
/// # Errors
/// `RecordTooLong`: it does not fit at all.
pub(super) fn write(run: &Run) -> Result<String, Refusal> {
    let mut run = run.clone();
    once(&mut run);
    let mut bytes = 0;
    for shorten in [keep, shorten_warnings, drop_warnings, shorten_note, shorten_reasons, drop_note] {
        shorten(&mut run);
        let json = json(&run)?;
        if json.len() <= LONGEST {
            return Ok(json);
        }
        bytes = json.len();
    }
    // Long names, several times: what is left is compressed. Only a record of format 2 gets so long.
    let packed = packed(&json(&run)?);
    if packed.len() <= LONGEST {
        return Ok(packed);
    }
    let message =
        format!("the record of {} has {bytes} bytes, and does not fit into the {LONGEST} of a parameter", run.id);
    Err(wrong("PutParameter", "RecordTooLong", message))
}

fn keep(_: &mut Run) {}

fn shorten_warnings(run: &mut Run) {
    run.warnings.truncate(5);
    run.warnings.iter_mut().for_each(shorten);
}

fn drop_warnings(run: &mut Run) {
    run.warnings.clear();
}

fn shorten_note(run: &mut Run) {
    [&mut run.options.note, &mut run.options.hold].into_iter().flatten().for_each(shorten);
}

fn shorten_reasons(run: &mut Run) {
    if let Some(refused) = &mut run.refused {
        shorten(&mut refused.last.message);
    }
    if let Some(trouble) = &mut run.trouble {
        shorten(&mut trouble.what);
        trouble.hint.iter_mut().for_each(shorten);
    }
    if let Some(stranded) = &mut run.stranded {
        [&mut stranded.why, &mut stranded.hint].into_iter().for_each(shorten);
    }
    if let Some(ending) = &mut run.ending {
        [&mut ending.why, &mut ending.hint].into_iter().flatten().for_each(shorten);
    }
}

fn drop_note(run: &mut Run) {
    run.options.note = None;
}

fn shorten(text: &mut String) {
    if let Some((at, _)) = text.char_indices().nth(SHORT) {
        text.truncate(at);
        text.push('…');
    }
}

/// Parameter Store takes `{{…}}` in a value for a reference to another parameter. In JSON two
/// opening braces stand side by side only within a text, where one of them can be escaped.
fn json(run: &Run) -> Result<String, Refusal> {
    let json = serde_json::to_string(run).map_err(|error| bad_record(run.id.as_str(), &error.to_string()))?;
    Ok(json.replace("{{", "{\\u007b"))
}

/// Reads a lock.
///
/// # Errors
/// `BadRecord`: it is none.
pub(super) fn read_lock(name: &str, json: &str) -> Result<Lock, Refusal> {
    serde_json::from_str(json).map_err(|error| bad_record(name, &error.to_string()))
}

/// Writes a lock.
///
/// # Errors
/// None that is known of; serialisation could fail in theory.
pub(super) fn write_lock(lock: &Lock) -> Result<String, Refusal> {
    serde_json::to_string(lock).map_err(|error| bad_record(lock.run.as_str(), &error.to_string()))
}

fn bad_record(name: &str, why: &str) -> Refusal {
    wrong("GetParameter", "BadRecord", format!("{name} cannot be read as stacksnap's: {why}; look at it and delete it"))
}

fn wrong(operation: &str, code: &str, message: String) -> Refusal {
    Refusal {
        kind: RefusalKind::Invalid,
        service: "ssm".to_owned(),
        operation: operation.to_owned(),
        code: code.to_owned(),
        message,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::model::BackupId;
    use crate::model::rebuild::{Aim, Made, Rebuilt, Undo};
    use crate::model::run::{
        Ending, Kind, Mode, Options, Outcome, Phase, Refused, StartedJob, Target, Trouble, Window,
    };
    use crate::model::topology::OfflineSwitch;

    const NAME: &str = "/stacksnap/my-hub/runs/x";

    fn when() -> Timestamp {
        "2026-11-20T02:00:00.123456789Z".parse().unwrap()
    }

    /// The smallest record, written as an older version would.
    fn plain() -> Run {
        let id = BackupId::new("my-hub", when());
        read(
            NAME,
            &serde_json::json!({
                "format": FORMAT, "tool": "0.1.0", "id": id, "kind": {"do": "backup", "live": false, "seed": false},
                "target": {"stack": "my-hub", "stack_id": "arn", "cluster": "c", "file_system": "f", "vault": "v",
                    "role": "r", "protected": ["AppDb"]},
                "options": {"max_offline": 3600, "settle": 30}, "phase": "Capturing",
                "since": when(), "started": when(), "next_due": when(),
            })
            .to_string(),
        )
        .unwrap()
    }

    /// Every text as long as AWS lets it be.
    fn longest() -> Run {
        let stack = "A".repeat(128);
        let id = BackupId::new(&stack, when());
        let long = |n| "w".repeat(n);
        let arn = |service: &str, rest: String| format!("arn:aws-us-gov:{service}:us-gov-west-1:123456789012:{rest}");
        let point = arn("backup", format!("recovery-point:{}", long(36)));
        let job = StartedJob { id: long(36), point: Some(point) };
        let refusal = Refusal {
            kind: RefusalKind::Denied,
            service: "cloudformation".to_owned(),
            operation: "CreateDBClusterSnapshot".to_owned(),
            code: "DBClusterSnapshotAlreadyExistsFault".to_owned(),
            message: long(2_000),
            request_id: Some(long(36)),
        };
        let run = plain();
        Run {
            id,
            kind: Kind::Backup { live: true, seed: true },
            target: Target {
                stack_id: arn("cloudformation", format!("stack/{stack}/{}", long(36))),
                stack,
                switch: Some(OfflineSwitch {
                    parameter: "StackOffline".to_owned(),
                    online: "Online".to_owned(),
                    offline: "Offline - Temporarily shut off servers".to_owned(),
                }),
                cluster: long(63),
                file_system: arn("elasticfilesystem", format!("file-system/fs-{}", long(17))),
                vault: long(50),
                role: arn("iam", format!("role/{}", long(64 + 64))),
                secret: Some(arn("secretsmanager", format!("secret:{}", long(128)))),
                secret_version: Some(long(36)),
                protected: vec!["Vault".to_owned(), "AppDb".to_owned(), "StorageEFS".to_owned()],
                aim: None,
            }
            .into(),
            options: Options { note: Some(long(256)), hold: Some(long(256)), ..Options::default() },
            phase: Phase::Resuming,
            prior: Some(Mode::Online),
            base: Some(long(80)),
            base_at: Some(when()),
            trouble: Some(Trouble { outcome: Outcome::Incomplete, what: long(1_500), hint: Some(long(500)) }),
            abort: true,
            asked: Some(when()),
            files: Some(job.clone()),
            seed: Some(job),
            left: Some(when()),
            quiet_from: Some(when()),
            halves_done: Some(when()),
            snapshot_seen: Some(when()),
            refused: Some(Refused { times: 99, last: refusal }),
            window: Some(Window { from: when(), to: Some(when()) }),
            skew: Some(9_999),
            warnings: vec![long(300); 10],
            ending: Some(Ending {
                outcome: Outcome::Incomplete,
                at: when(),
                why: Some(long(1_500)),
                hint: Some(long(500)),
                left_offline: true,
            }),
            ..run
        }
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let run = plain();
        assert_eq!(read(NAME, &write(&run).unwrap()).unwrap(), run);
    }

    #[test]
    fn the_longest_record_still_fits() {
        let json = write(&longest()).unwrap();
        assert!(json.len() <= LONGEST);
        let back = read(NAME, &json).unwrap();
        assert_eq!((back.target, back.files, back.seed), (longest().target, longest().files, longest().seed));
    }

    /// A replacement knows of a backup, of the stack it replaces, and of two new ones.
    fn longest_replacement() -> Run {
        let run = longest();
        let long = |n| "w".repeat(n);
        let arn = |service: &str, rest: String| format!("arn:aws-us-gov:{service}:us-gov-west-1:123456789012:{rest}");
        let stack_id = || Some(arn("cloudformation", format!("stack/{}/{}", run.target.stack, long(36))));
        let aim = Aim {
            backup: run.id.to_string(),
            point: arn("backup", format!("recovery-point:{}", long(36))),
            vault: long(50),
            source: run.target.stack_id.clone(),
            name: run.target.stack.clone(),
            plan: long(64),
            cluster: Some("AppDb".to_owned()),
            file_system: Some("StorageEFS".to_owned()),
            probe: None,
            proof_age: Some(604_800),
            undo: Some(Undo::Rollback),
            profile: Some("hubs-cloud".to_owned()),
            backup_at: Some(when()),
        };
        let made = |id| Made { asked: Some(when()), id, proven: Some(when()) };
        let rebuilt = Rebuilt {
            deleting: Some(when()),
            first: made(stack_id()),
            second: made(stack_id()),
            drilled: Some(when()),
            roll_back: true,
        };
        let target = Target { aim: Some(aim), ..Target::clone(&run.target) };
        let manifest = Some(format!("{} s3://{}", long(64), long(180)));
        let seed = None;
        Run { kind: Kind::Replace, format: FORMAT, target: target.into(), rebuilt, manifest, seed, ..run }
    }

    #[test]
    fn the_longest_record_of_a_replacement_still_fits() {
        let json = write(&longest_replacement()).unwrap();
        assert!(json.len() <= LONGEST, "{}", json.len());
        let back = read(NAME, &json).unwrap();
        let run = longest_replacement();
        assert_eq!((back.target, back.rebuilt, back.manifest), (run.target, run.rebuilt, run.manifest));
    }

    #[test]
    fn a_record_of_format_1_is_still_read() {
        let old = r#"{"format":1,"tool":"0.1.0","id":"my-hub-20261120-020000","kind":{"do":"backup","live":false,"seed":false},
            "target":{"stack":"my-hub","stack_id":"arn","cluster":"c","file_system":"f","vault":"v","role":"r","protected":[]},
            "options":{"max_offline":3600,"settle":30},"phase":"Verifying","since":"2026-11-20T02:00:00Z",
            "started":"2026-11-20T02:00:00Z","next_due":"2026-11-20T02:00:00Z"}"#;
        let run = read(NAME, old).unwrap();
        assert_eq!((run.manifest, run.rebuilt, &run.target.aim), (None, Rebuilt::default(), &None));
    }

    #[test]
    fn warnings_go_before_the_note() {
        let run = Run { warnings: vec!["w".repeat(5_000)], ..plain() };
        let run = Run { options: Options { note: Some("nightly".to_owned()), ..run.options.clone() }, ..run };
        let back = read(NAME, &write(&run).unwrap()).unwrap();
        assert_eq!(back.warnings[0].chars().count(), SHORT + 1);
        assert_eq!(back.options.note.as_deref(), Some("nightly"));
    }

    fn noise(length: usize) -> String {
        let mut random = fastrand::Rng::with_seed(7);
        std::iter::repeat_with(|| random.alphanumeric()).take(length).collect()
    }

    #[test]
    fn a_record_that_cannot_fit_says_so() {
        let run = plain();
        let target = Target { protected: vec![noise(8_000)], ..Target::clone(&run.target) };
        let run = Run { target: target.into(), ..run };
        assert_eq!(write(&run).unwrap_err().code, "RecordTooLong");
    }

    #[test]
    fn a_newer_record_names_the_version_to_upgrade_to() {
        let refusal = read(NAME, r#"{"format":3,"tool":"9.1.0","odd":true}"#).unwrap_err();
        assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Invalid, "NewerRecord"));
        assert!(refusal.message.contains("9.1.0"), "{refusal}");
    }

    #[test]
    fn anything_else_is_a_bad_record() {
        for text in ["", "{}", "hello", r#"{"format":1}"#] {
            assert_eq!(read(NAME, text).unwrap_err().code, "BadRecord", "{text}");
        }
        assert_eq!(read_lock(NAME, "{}").unwrap_err().code, "BadRecord");
    }

    #[test]
    fn a_lock_comes_back_as_it_was() {
        let lock = Lock { run: BackupId::new("my-hub", when()), stack_id: "arn".to_owned(), holder: None, since: None };
        assert_eq!(read_lock(NAME, &write_lock(&lock).unwrap()).unwrap(), lock);
    }

    proptest! {
        #[test]
        fn no_note_makes_a_reference_to_another_parameter(note in "[{}\\\\\"a ]{0,40}") {
            let run = plain();
            let run = Run { options: Options { note: Some(note), ..run.options.clone() }, ..run };
            let json = write(&run).unwrap();
            prop_assert!(!json.contains("{{"));
            prop_assert_eq!(read(NAME, &json).unwrap(), run);
        }
    }
}
