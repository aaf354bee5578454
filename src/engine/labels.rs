//! The tags of the two halves. Written in the creating call what is known then; the recovery point's
//! ARN on the snapshot when StartBackupJob has answered; the mark of completeness last of all.

use super::action::Tag;
use crate::model::half::Tags;
use crate::model::run::Run;
use crate::model::tags;

/// On both halves, from the creating call on.
pub(super) fn half(run: &Run) -> Vec<Tag> {
    let mode = if run.live() { "live" } else { "offline" };
    let mut all = vec![
        tag(tags::ID, run.id.as_str()),
        tag(tags::STACK, &run.target.stack),
        tag(tags::STACK_ID, &run.target.stack_id),
        tag(tags::SNAPSHOT, run.id.as_str()),
        tag(tags::VAULT, &run.target.vault),
        tag(tags::MODE, mode),
        tag(tags::TOOL_VERSION, &run.tool),
    ];
    let optional = [
        (tags::NOTE, &run.options.note),
        (tags::HOLD, &run.options.hold),
        (tags::SECRET_ARN, &run.target.secret),
        (tags::SECRET_VERSION, &run.target.secret_version),
    ];
    all.extend(
        optional
            .into_iter()
            .filter_map(|(key, value)| Some(tag(key, value.as_deref().filter(|value| !value.is_empty())?))),
    );
    all
}

/// On a seed: no id, so that it is never taken for a half.
pub(super) fn seed(run: &Run) -> Vec<Tag> {
    vec![
        tag(tags::SEED, run.id.as_str()),
        tag(tags::STACK, &run.target.stack),
        tag(tags::STACK_ID, &run.target.stack_id),
        tag(tags::TOOL_VERSION, &run.tool),
    ]
}

/// On the snapshot: where its other half is.
pub(super) fn partner(point: &str) -> Tag {
    tag(tags::RECOVERY_POINT, point)
}

/// On the snapshot: where the manifest is kept, and its digest.
pub(super) fn manifest(run: &Run) -> Option<Tag> {
    run.manifest.as_deref().map(|kept| tag(tags::MANIFEST, kept))
}

/// The mark of completeness.
pub(super) fn complete(at: jiff::Timestamp) -> Tag {
    stamped(tags::COMPLETE, at)
}

/// On both halves of a backup that was restored with success.
pub(super) fn drilled(at: jiff::Timestamp) -> Tag {
    stamped(tags::DRILLED, at)
}

fn stamped(key: &str, at: jiff::Timestamp) -> Tag {
    tag(key, &at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn tag(key: &str, value: &str) -> Tag {
    (key.to_owned(), tags::encode(value))
}

/// The wanted tags that are not there as wanted.
pub(super) fn missing(wanted: &[Tag], there: &Tags) -> Vec<Tag> {
    wanted.iter().filter(|(key, value)| there.get(key) != Some(value)).cloned().collect()
}

/// The tags say that this run, on this very stack, made it.
pub(super) fn is_own(run: &Run, there: &Tags) -> bool {
    let same = |key: &str, value: &str| there.get(key).is_some_and(|seen| *seen == tags::encode(value));
    same(tags::ID, run.id.as_str()) && same(tags::STACK_ID, &run.target.stack_id)
}
