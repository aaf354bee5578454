use jiff::ToSpan;

use super::*;
use crate::model::backup::{Backup, DatabaseHalf, FilesHalf, State};
use crate::model::half::{RecoveryPoint, Snapshot, Tags};
use crate::model::manifest::{KeptVersion, Place, Source};
use crate::model::proof::{Found, Point, Secret, Shape, Template};
use crate::model::stack::Stack;
use crate::model::survey::Key;
use crate::model::{Refusal, RefusalKind, Seen, tags};
use crate::plan::fixture::{self, now};
use crate::plan::manifest::{Composed, compose, digest};

const ID: &str = "my-hub-20261120-020000";
const POINT: &str = "arn:aws:backup:eu-west-1:123456789012:recovery-point:1EB3B5E7";
const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:AppDbSecret-1a2b";
const TEMPLATE: &str = "Parameters: {}\n";

fn place() -> Place {
    "s3://my-bucket/prod".parse().unwrap()
}

fn manifest() -> crate::model::manifest::Manifest {
    let source = Source {
        template: TEMPLATE.to_owned(),
        declared: Vec::new(),
        versions: vec![KeptVersion { name: "/keymaster/my-hub/phoenix-key".to_owned(), version: Some(3) }],
    };
    let (topology, stack) = (fixture::survey().topology.unwrap().unwrap(), fixture::stack());
    let composed = Composed {
        id: ID,
        at: now(),
        stack: &stack,
        topology: &topology,
        source: &source,
        secret_version: Some("v-1"),
    };
    compose(&composed, &place())
}

fn marks() -> Tags {
    let tool = env!("CARGO_PKG_VERSION");
    [
        (tags::ID, ID),
        (tags::STACK, "my-hub"),
        (tags::STACK_ID, fixture::STACK_ID),
        (tags::VAULT, "my-hub-daily"),
        (tags::SECRET_ARN, SECRET),
        (tags::SECRET_VERSION, "v-1"),
        (tags::TOOL_VERSION, tool),
        (tags::COMPLETE, "2026-11-20T02:20:00Z"),
    ]
    .map(|(key, value)| (key.to_owned(), tags::encode(value)))
    .into()
}

fn snapshot() -> Snapshot {
    let mut tags = marks();
    tags.insert(tags::RECOVERY_POINT.to_owned(), POINT.to_owned());
    Snapshot {
        id: ID.to_owned(),
        arn: format!("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:{ID}"),
        cluster: "my-hub-app-db".to_owned(),
        status: "available".into(),
        manual: true,
        percent: 100,
        created: Some(now()),
        kms_key: None,
        allocated_gib: Some(10),
        tags,
    }
}

fn point() -> Point {
    let mut tags = marks();
    tags.insert(tags::SNAPSHOT.to_owned(), ID.to_owned());
    Point {
        point: RecoveryPoint {
            arn: POINT.to_owned(),
            vault: "my-hub-daily".to_owned(),
            resource: fixture::file_system().arn,
            status: "COMPLETED".into(),
            created: Some(now()),
            completed: Some(now()),
            bytes: None,
            by_plan: false,
            tags: Some(tags),
        },
        delete_at: None,
        cold: false,
        kms_key: None,
    }
}

fn backup() -> Backup {
    Backup {
        id: ID.into(),
        stack: "my-hub".into(),
        stack_id: Some(fixture::STACK_ID.into()),
        state: State::Complete,
        reason: None,
        mode: Some("offline".into()),
        began: Some(now()),
        completed: Some("2026-11-20T02:20:00Z".into()),
        skew_s: Some(7_260),
        database: Some(DatabaseHalf {
            snapshot: ID.into(),
            arn: snapshot().arn.into(),
            status: "available".into(),
            created: Some(now()),
            cluster: "my-hub-app-db".into(),
            allocated_gib: Some(10),
        }),
        files: Some(FilesHalf {
            recovery_point: POINT.into(),
            status: "COMPLETED".into(),
            vault: "my-hub-daily".into(),
            created: Some(now()),
            completed: Some(now()),
            bytes: None,
        }),
        secret_arn: Some(SECRET.into()),
        secret_version: Some("v-1".into()),
        note: None,
        hold: None,
        hold_until: None,
        drilled: None,
        manifest: Some(tags::manifest(&digest(&manifest()), &place()).into()),
        tool_version: Some(env!("CARGO_PKG_VERSION").into()),
    }
}

fn secret() -> Secret {
    Secret {
        arn: SECRET.to_owned(),
        deleted: None,
        kms_key: None,
        versions: vec![("v-1".to_owned(), vec!["AWSCURRENT".to_owned()])],
        partial: None,
    }
}

/// A backup in perfect order, for tests to spoil.
struct Scene {
    subject: Subject,
    proof: Proof,
}

fn scene() -> Scene {
    let found = Found { manifest: manifest(), digest: digest(&manifest()), wanted: digest(&manifest()) };
    let there = |name: &str, version| (name.to_owned(), Seen::Here(Some(version)));
    let proof = Proof {
        at: now(),
        caller: fixture::survey().caller,
        snapshot: Seen::Here(snapshot()),
        shared_with: Seen::Here(Vec::new()),
        point: Seen::Here(point()),
        point_tags: None,
        vault: Seen::Here(fixture::vault()),
        secret: Seen::Here(secret()),
        parameter_store: vec![
            there("/keymaster/my-hub/phoenix-key", 3),
            there("/keymaster/my-hub/postgrest-db-secret", 1),
        ],
        keys: vec![Key { of: "snapshot", id: "key-1".to_owned(), state: Seen::Here("Enabled".to_owned()) }],
        shape: Some(Shape::from(&found.manifest.topology)),
        manifest: Seen::Here(found),
        template: Seen::Here(Template { text: TEMPLATE.to_owned(), at: Some("s3://my-bucket/t".to_owned()) }),
        source: Seen::Here(fixture::stack()),
        declared: Seen::Here(Vec::new()),
        resources: Seen::Here(Vec::new()),
    };
    Scene { subject: Subject::backup(backup()), proof }
}

impl Scene {
    fn with(mut self, spoil: impl FnOnce(&mut Self)) -> Self {
        spoil(&mut self);
        self
    }

    fn findings(&self) -> Vec<Finding> {
        findings(&self.subject, &self.proof, now())
    }

    /// The one finding there is.
    #[track_caller]
    fn only(&self, id: &str, severity: Severity) -> Finding {
        let found = self.findings();
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!((found[0].id.as_str(), found[0].severity), (id, severity), "{found:#?}");
        found[0].clone()
    }

    #[track_caller]
    fn ids(&self, wanted: &[&str]) {
        let found: Vec<String> = self.findings().into_iter().map(|finding| finding.id).collect();
        assert_eq!(found, wanted);
    }
}

fn here<T>(seen: &mut Seen<T>) -> &mut T {
    match seen {
        Seen::Here(thing) => thing,
        _ => panic!("it is not there"),
    }
}

fn refusal(kind: RefusalKind, code: &str) -> Refusal {
    Refusal {
        kind,
        service: "s3".to_owned(),
        operation: "GetObject".to_owned(),
        code: code.to_owned(),
        message: format!("AWS says {code}"),
        request_id: None,
    }
}

#[test]
fn of_a_backup_in_order_there_is_nothing_to_say() {
    scene().ids(&[]);
}

#[test]
fn half_a_backup_is_refused() {
    scene().with(|it| it.proof.snapshot = Seen::Missing).ids(&[ids::NO_SNAPSHOT]);
    let alone = scene().with(|it| {
        it.proof.point = Seen::Missing;
        it.subject.backup.files = None;
        it.subject.backup.state = State::Orphan;
    });
    let finding = alone.only(ids::NO_POINT, Severity::Error);
    assert_eq!(finding.what, "the backup has no recovery point");
}

#[test]
fn a_half_that_is_not_complete_is_refused() {
    scene().with(|it| here(&mut it.proof.snapshot).status = "creating".into()).ids(&[ids::SNAPSHOT_NOT_AVAILABLE]);
    scene().with(|it| here(&mut it.proof.point).point.status = "PARTIAL".into()).ids(&[ids::POINT_NOT_COMPLETE]);
}

#[test]
fn a_backup_that_was_never_marked_is_refused() {
    let unmarked = scene().with(|it| {
        here(&mut it.proof.snapshot).tags.remove(tags::COMPLETE);
        it.subject.backup.state = State::Incomplete;
    });
    assert_eq!(unmarked.only(ids::NOT_MARKED, Severity::Error).what, "the snapshot is not marked as complete");
}

#[test]
fn an_inconsistent_backup_is_refused_although_both_halves_are_marked() {
    let broken = scene().with(|it| {
        it.subject.backup.state = State::Incomplete;
        it.subject.backup.reason = Some("the stack was online meanwhile".into());
    });
    assert!(broken.only(ids::NOT_COMPLETE, Severity::Error).what.ends_with("the stack was online meanwhile"));
    scene().with(|it| it.subject.backup.state = State::Ambiguous).ids(&[ids::NOT_COMPLETE]);
}

#[test]
fn fm_61_a_recovery_point_that_expired_is_refused_and_one_that_soon_does_is_warned_of() {
    scene().with(|it| here(&mut it.proof.point).point.status = "EXPIRED".into()).ids(&[ids::POINT_EXPIRED]);
    scene().with(|it| here(&mut it.proof.point).delete_at = Some(now() - 1.hours())).ids(&[ids::POINT_EXPIRED]);
    let soon = scene().with(|it| here(&mut it.proof.point).delete_at = Some(now() + 100.hours()));
    let finding = soon.only(ids::POINT_EXPIRES, Severity::Warning);
    assert!(finding.what.contains("2026-11-24 06:00Z, in 4 days"), "{}", finding.what);
    scene().with(|it| here(&mut it.proof.point).delete_at = Some(now() + 200.hours())).ids(&[]);
}

#[test]
fn a_vault_that_denies_restores_refuses_one() {
    let policy = |principal: &str, condition: &str| {
        format!(
            r#"{{"Statement":[{{"Effect":"Deny","Principal":{principal},"Action":"backup:StartRestoreJob","Resource":"*"{condition}}}]}}"#
        )
    };
    let with = |text: String| scene().with(|it| here(&mut it.proof.vault).policy = Seen::Here(text));
    with(policy(r#""*""#, "")).ids(&[ids::VAULT_DENIES_RESTORE]);
    with(policy(r#"{"AWS":"arn:aws:iam::1:role/x"}"#, "")).ids(&[ids::VAULT_MAY_DENY_RESTORE]);
}

#[test]
fn a_part_of_another_region_or_account_is_refused() {
    let other = scene().with(|it| here(&mut it.proof.caller).region = "eu-north-1".to_owned());
    assert!(other.findings().iter().all(|finding| finding.id == ids::OTHER_REGION));
    assert_eq!(other.findings().len(), 4);
    scene().with(|it| here(&mut it.proof.caller).account = "1".to_owned()).ids(&[ids::OTHER_ACCOUNT; 4]);
}

#[test]
fn fm_54_a_public_snapshot_is_warned_of() {
    let shared = |with: &[&str]| {
        let with = with.iter().map(|&account| account.to_owned()).collect();
        scene().with(|it| it.proof.shared_with = Seen::Here(with))
    };
    let finding = shared(&["all"]).only(ids::SNAPSHOT_PUBLIC, Severity::Warning);
    assert!(finding.remedy.contains("--values-to-remove all"));
    shared(&["111122223333"]).only(ids::SNAPSHOT_SHARED, Severity::Info);
}

#[test]
fn fm_68_a_secret_that_is_gone_or_going_is_refused() {
    scene().with(|it| it.proof.secret = Seen::Missing).ids(&[ids::NO_SECRET]);
    let going = scene().with(|it| here(&mut it.proof.secret).deleted = Some(now()));
    assert!(going.only(ids::SECRET_DELETED, Severity::Error).remedy.contains("restore-secret --secret-id"));
}

fn rotated(versions: &[(&str, &[&str])]) -> Scene {
    let stages = |stages: &[&str]| stages.iter().map(|&stage| stage.to_owned()).collect();
    let versions = versions.iter().map(|(id, all)| ((*id).to_owned(), stages(all))).collect();
    scene().with(|it| here(&mut it.proof.secret).versions = versions)
}

#[test]
fn fm_69_a_rotated_secret_names_the_version_that_is_the_databases_password_and_the_way_back() {
    let both: &[(&str, &[&str])] = &[("v-1", &["AWSPREVIOUS"]), ("v-2", &["AWSCURRENT"])];
    let finding = rotated(both).only(ids::SECRET_ROTATED, Severity::Warning);
    assert!(finding.what.contains("the database's password is version v-1 (AWSPREVIOUS), the current one is v-2"));
    assert!(finding.remedy.contains("create-secret --name my-hub-20261120-020000-db"), "{}", finding.remedy);
    let deleted = rotated(both).with(|it| {
        it.proof.source = Seen::Here(Stack { status: "DELETE_COMPLETE".into(), ..fixture::stack() });
    });
    let found = deleted.findings();
    let rotated = found.iter().find(|finding| finding.id == ids::SECRET_ROTATED).unwrap();
    let command = "--version-stage AWSCURRENT --move-to-version-id v-1 --remove-from-version-id v-2";
    assert!(rotated.remedy.contains(command), "{}", rotated.remedy);
}

#[test]
fn fm_69_a_version_that_is_not_stored_any_more_is_said_so() {
    let finding = rotated(&[("v-9", &["AWSCURRENT"])]).only(ids::SECRET_VERSION_GONE, Severity::Warning);
    assert!(finding.remedy.contains("modify-db-cluster"), "{}", finding.remedy);
}

#[test]
fn fm_71_parameter_store_secrets_that_are_gone_refuse_and_changed_ones_warn() {
    let gone = scene().with(|it| it.proof.parameter_store[0].1 = Seen::Missing);
    assert!(gone.only(ids::NO_PARAMETER, Severity::Error).what.contains("phoenix-key"));
    let changed = scene().with(|it| it.proof.parameter_store[0].1 = Seen::Here(Some(4)));
    assert!(changed.only(ids::PARAMETER_CHANGED, Severity::Warning).what.contains("version 3 when"));
    scene().with(|it| it.proof.parameter_store[0].1 = Seen::Here(None)).ids(&[]);
}

#[test]
fn fm_50_a_key_that_cannot_be_used_is_refused() {
    let key = |state| scene().with(|it| it.proof.keys[0].state = state);
    let pending = key(Seen::Here("PendingDeletion".to_owned())).only(ids::KEY_NOT_ENABLED, Severity::Error);
    assert!(pending.remedy.contains("cancel-key-deletion"));
    key(Seen::Missing).ids(&[ids::NO_KEY]);
    key(Seen::Unknown(refusal(RefusalKind::Denied, "AccessDenied"))).ids(&[ids::NOT_SHOWN_NICETY]);
}

#[test]
fn a_manifest_that_was_changed_is_not_used() {
    let tampered = scene().with(|it| here(&mut it.proof.manifest).digest = "0".repeat(64));
    let found = tampered.findings();
    assert_eq!(found[0].id, ids::MANIFEST_CHANGED);
    assert!(tampered.proof.manifest().is_none());
    let edited = scene().with(|it| {
        it.subject.backup.manifest = Some("somewhere".into());
        it.proof.manifest = Seen::NotLooked;
    });
    edited.only(ids::MANIFEST_CHANGED, Severity::Error);
}

#[test]
fn a_manifest_that_cannot_be_had_says_why() {
    let with = |seen| scene().with(|it| it.proof.manifest = seen);
    with(Seen::Unknown(refusal(RefusalKind::Invalid, "NewerManifest"))).only(ids::MANIFEST_NEWER, Severity::Error);
    with(Seen::Unknown(refusal(RefusalKind::Invalid, "BadManifest"))).only(ids::MANIFEST_DAMAGED, Severity::Error);
    let denied =
        with(Seen::Unknown(refusal(RefusalKind::Denied, "AccessDenied"))).only(ids::NOT_SHOWN, Severity::Error);
    assert!(denied.remedy.contains("s3:GetObject (and s3:ListBucket"), "{}", denied.remedy);
    assert!(denied.what.contains("s3://my-bucket/prod/my-hub-20261120-020000/manifest.json"), "{}", denied.what);
}

#[test]
fn without_a_manifest_the_source_stack_tells_as_long_as_it_is_known() {
    with_source(Seen::Missing, fixture_source()).only(ids::MANIFEST_GONE, Severity::Warning);
    with_source(Seen::Missing, Seen::Missing).ids(&[ids::MANIFEST_GONE, ids::SOURCE_GONE]);
    let none = with_source(Seen::NotLooked, fixture_source()).with(|it| it.subject.backup.manifest = None);
    none.only(ids::NO_MANIFEST, Severity::Info);
}

fn fixture_source() -> Seen<Stack> {
    Seen::Here(fixture::stack())
}

fn with_source(manifest: Seen<Found>, source: Seen<Stack>) -> Scene {
    scene().with(|it| {
        it.proof.manifest = manifest;
        it.proof.source = source;
    })
}

#[test]
fn a_template_that_is_another_one_by_now_is_warned_of() {
    let text = |text: &str, at: Option<&str>| {
        let template = Template { text: text.to_owned(), at: at.map(str::to_owned) };
        scene().with(|it| it.proof.template = Seen::Here(template))
    };
    text("Parameters: {A: {}}", None).only(ids::TEMPLATE_CHANGED, Severity::Warning);
    text(TEMPLATE, None).only(ids::TEMPLATE_GONE, Severity::Warning);
    scene().with(|it| it.proof.template = Seen::Missing).only(ids::NO_TEMPLATE, Severity::Warning);
}

#[test]
fn every_difference_between_tags_manifest_and_aws_is_told() {
    let vault = scene().with(|it| {
        let tags = &mut here(&mut it.proof.snapshot).tags;
        tags.insert(tags::VAULT.to_owned(), "another".to_owned());
    });
    let finding = vault.only(ids::DIFFERENT_BESIDES, Severity::Warning);
    assert_eq!(
        finding.what,
        "vault: the snapshot's tag says another; the recovery point's tag and the manifest and AWS say my-hub-daily"
    );
    let stack = scene().with(|it| {
        let tags = here(&mut it.proof.point).point.tags.as_mut().unwrap();
        tags.insert(tags::STACK_ID.to_owned(), "arn:other".to_owned());
    });
    stack.only(ids::DIFFERENT, Severity::Error);
    let tool = scene().with(|it| {
        let tags = &mut here(&mut it.proof.snapshot).tags;
        tags.insert(tags::TOOL_VERSION.to_owned(), "0.0.9".to_owned());
    });
    tool.only(ids::DIFFERENT_BESIDES, Severity::Info);
}

#[test]
fn a_pair_that_others_made_is_not_proven() {
    let pair = scene().with(|it| {
        it.subject.pair = true;
        it.subject.backup.manifest = None;
        it.subject.backup.state = State::Incomplete;
        it.proof.manifest = Seen::NotLooked;
        here(&mut it.proof.snapshot).tags.clear();
        here(&mut it.proof.point).point.tags = Some(Tags::new());
    });
    let finding = pair.only(ids::PAIR, Severity::Warning);
    assert!(finding.what.contains("2h 1m apart: consistency not proven"), "{}", finding.what);
    assert!(restorable(&pair.findings()));
}

#[test]
fn a_live_backup_says_how_far_its_halves_are_apart() {
    let live = scene().with(|it| it.subject.backup.mode = Some("live".into()));
    assert!(live.only(ids::LIVE, Severity::Info).what.contains("7260s apart"));
}

#[test]
fn what_aws_did_not_show_is_no_proof() {
    let unknown = scene().with(|it| it.proof.point = Seen::Unknown(refusal(RefusalKind::Transient, "Timeout")));
    assert!(!restorable(&unknown.findings()));
    unknown.only(ids::NOT_SHOWN, Severity::Error);
}
