//! The manifest, and the template that it names.

use crate::model::finding::{Finding, Severity};
use crate::model::manifest::Place;
use crate::model::proof::Found;
use crate::model::{Refusal, Seen, tags};
use crate::plan::manifest::sha256;

use super::{Look, error, finding, ids, info, unseen, warning};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let mut all = match &look.proof.manifest {
        Seen::NotLooked => untold(look).into_iter().collect(),
        Seen::Missing => vec![gone(look)],
        Seen::Unknown(refusal) => vec![unreadable(look, refusal)],
        Seen::Here(found) => kept(look, found),
    };
    all.extend(template(look));
    all
}

/// Everything that only the manifest tells can still be had from CloudFormation.
fn replaceable(look: &Look<'_>) -> bool {
    look.proof.source.here().is_some()
}

fn place(look: &Look<'_>) -> String {
    let backup = &look.subject.backup;
    let place: Option<Place> = backup.manifest.as_deref().and_then(tags::read_manifest).map(|(_, place)| place);
    place.map(|place| place.manifest_at(&backup.stack, &backup.id)).unwrap_or_default()
}

fn untold(look: &Look<'_>) -> Option<Finding> {
    if look.subject.pair {
        return None;
    }
    if let Some(odd) = &look.subject.backup.manifest {
        let what = format!("the tag {} reads `{odd}`, which stacksnap did not write", tags::MANIFEST);
        let why = "It says where the manifest is, and what its checksum was.";
        return Some(error(
            ids::MANIFEST_CHANGED,
            what,
            why,
            "Put the tag back as it was; the run's record may have it.",
        ));
    }
    let (severity, remedy) = if replaceable(look) {
        (Severity::Info, "")
    } else {
        (Severity::Warning, "Give the template (--template-url or --template-file) and every parameter (--set).")
    };
    Some(finding(
        ids::NO_MANIFEST,
        severity,
        "no manifest was kept with the backup".to_owned(),
        "The parameters, the template and the topology are known only as long as CloudFormation tells of the source stack.",
        remedy,
    ))
}

fn gone(look: &Look<'_>) -> Finding {
    let what = format!("the manifest {} is gone", place(look));
    let why = "It has the source stack's parameters, topology and versions as they were.";
    if replaceable(look) {
        let remedy = "The source stack is asked instead: look at every parameter that was changed since the backup.";
        return warning(ids::MANIFEST_GONE, what, why, remedy);
    }
    let remedy = "Put it back (a bucket with versioning keeps deleted objects), or restore the halves by name: \
                  `stacksnap params --snapshot …`.";
    error(ids::MANIFEST_GONE, what, why, remedy)
}

fn unreadable(look: &Look<'_>, refusal: &Refusal) -> Finding {
    let what = refusal.message.clone();
    match refusal.code.as_str() {
        "NewerManifest" => error(
            ids::MANIFEST_NEWER,
            what,
            "What a newer version wrote may mean something else to this one.",
            "Upgrade stacksnap to at least that version.",
        ),
        "BadManifest" => error(
            ids::MANIFEST_DAMAGED,
            what,
            "It has the source stack's parameters, topology and versions as they were.",
            "Put it back as it was (a bucket with versioning keeps older ones).",
        ),
        _ => unseen::refused(&format!("the manifest {}", place(look)), refusal, Severity::Error),
    }
}

fn kept(look: &Look<'_>, found: &Found) -> Vec<Finding> {
    if !found.genuine() {
        let (wanted, digest) = (short(&found.wanted), short(&found.digest));
        return vec![error(
            ids::MANIFEST_CHANGED,
            format!(
                "the manifest {} was changed: its checksum is {digest}…, the snapshot's tag says {wanted}…",
                place(look)
            ),
            "Whoever changed it decides what the new stack is made of, so it is not used.",
            "Find out who changed it, and put back the version with that checksum.",
        )];
    }
    let left_out = &found.manifest.left_out;
    if left_out.is_empty() {
        return Vec::new();
    }
    vec![info(
        ids::MANIFEST_LEFT_OUT,
        format!("the manifest does not have: {}", left_out.join("; ")),
        "There was no room for it. As long as CloudFormation tells of the source stack, nothing is lost.",
    )]
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn template(look: &Look<'_>) -> Option<Finding> {
    let kept = look.proof.manifest().and_then(|manifest| manifest.template.as_ref());
    match &look.proof.template {
        Seen::Here(template) => {
            let lost = kept.and_then(|kept| kept.at.as_deref()).filter(|_| template.at.is_none());
            let other = kept.is_some_and(|kept| kept.sha256 != sha256(template.text.as_bytes()));
            if other {
                return Some(changed());
            }
            lost.map(|at| {
                warning(
                    ids::TEMPLATE_GONE,
                    format!("the kept template {at} is gone"),
                    "CloudFormation still has the same text, until 90 days after the source stack is deleted.",
                    "Put it back from there: `aws cloudformation get-template --template-stage Original`.",
                )
            })
        }
        Seen::Unknown(refusal) if refusal.code == "BadTemplate" => Some(error(
            ids::TEMPLATE_CHANGED,
            refusal.message.clone(),
            "Whoever changed it decides what the new stack is made of, so it is not used.",
            "Put it back as it was, or give another one with --template-url or --template-file.",
        )),
        Seen::Unknown(refusal) => Some(unseen::refused("the template", refusal, Severity::Warning)),
        Seen::Missing | Seen::NotLooked => Some(warning(
            ids::NO_TEMPLATE,
            "nothing has the source stack's template any more".to_owned(),
            "CloudFormation keeps a deleted stack's for 90 days, and none was kept with the backup.",
            "Give it with --template-url or --template-file.",
        )),
    }
}

fn changed() -> Finding {
    warning(
        ids::TEMPLATE_CHANGED,
        "the source stack's template is not the one that it had when the backup was made".to_owned(),
        "Only its checksum was kept. The parameters, and what becomes of the data, may be different now.",
        "Look at what changed, or give the old one with --template-url or --template-file.",
    )
}
