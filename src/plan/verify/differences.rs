//! What the snapshot's tags, the recovery point's tags, the manifest and AWS say of the same thing.

use std::collections::BTreeMap;

use crate::model::finding::Finding;
use crate::model::half::Tags;
use crate::model::tags;

use super::{Look, error, ids, info, warning};

/// How much a difference matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// It is another backup, or another half.
    Identity,
    /// A restore would use one of them.
    Matter,
    /// Only good to know.
    Besides,
}

/// One thing, and what each of them says of it.
struct Fact<'a> {
    what: &'static str,
    weight: Weight,
    says: Vec<(&'static str, Option<String>)>,
    tag: &'a str,
}

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    if look.subject.pair {
        return Vec::new();
    }
    facts(look).into_iter().filter_map(|fact| different(look, &fact)).collect()
}

fn facts<'a>(look: &Look<'_>) -> Vec<Fact<'a>> {
    let backup = &look.subject.backup;
    let snapshot = look.proof.snapshot.here();
    let point = look.proof.point.here().map(|point| &point.point);
    let manifest = look.proof.manifest();
    let text = |text: &str| Some(text.to_owned());
    let kept = |of: fn(&crate::model::manifest::Manifest) -> Option<String>| manifest.and_then(of);
    use Weight::{Besides, Identity, Matter};
    vec![
        Fact {
            what: "backup",
            weight: Identity,
            tag: tags::ID,
            says: vec![("the manifest", kept(|m| Some(m.id.clone())))],
        },
        Fact {
            what: "stack",
            weight: Identity,
            tag: tags::STACK,
            says: vec![("the manifest", kept(|m| Some(m.stack.clone())))],
        },
        Fact {
            what: "stack id",
            weight: Identity,
            tag: tags::STACK_ID,
            says: vec![
                ("the manifest", kept(|m| Some(m.stack_id.clone()))),
                ("AWS", look.proof.source.here().filter(|_| backup.stack_id.is_some()).map(|stack| stack.id.clone())),
            ],
        },
        Fact {
            what: "snapshot",
            weight: Identity,
            tag: tags::SNAPSHOT,
            says: vec![("AWS", snapshot.map(|it| it.id.clone()))],
        },
        Fact {
            what: "recovery point",
            weight: Identity,
            tag: tags::RECOVERY_POINT,
            says: vec![("AWS", point.map(|point| point.arn.clone()))],
        },
        Fact {
            what: "vault",
            weight: Matter,
            tag: tags::VAULT,
            says: vec![
                ("the manifest", kept(|m| Some(m.topology.vault.value.clone()))),
                ("AWS", point.map(|point| point.vault.clone()).filter(|vault| !vault.is_empty())),
            ],
        },
        Fact {
            what: "DB cluster",
            weight: Matter,
            tag: "",
            says: vec![
                ("the manifest", kept(|m| Some(m.topology.cluster.value.clone()))),
                ("AWS", snapshot.map(|it| it.cluster.clone())),
            ],
        },
        Fact {
            what: "file system",
            weight: Matter,
            tag: "",
            says: vec![
                ("the manifest", kept(|m| Some(m.topology.file_system.value.clone()))),
                ("AWS", point.and_then(|point| text(point.resource.rsplit('/').next()?))),
            ],
        },
        Fact {
            what: "DB secret",
            weight: Matter,
            tag: tags::SECRET_ARN,
            says: vec![("the manifest", kept(|m| Some(m.secret.as_ref()?.arn.clone())))],
        },
        Fact {
            what: "version of the DB secret",
            weight: Matter,
            tag: tags::SECRET_VERSION,
            says: vec![("the manifest", kept(|m| m.secret.as_ref()?.version.clone()))],
        },
        Fact {
            what: "version of stacksnap",
            weight: Besides,
            tag: tags::TOOL_VERSION,
            says: vec![("the manifest", kept(|m| Some(m.tool.clone())))],
        },
    ]
}

fn different(look: &Look<'_>, fact: &Fact<'_>) -> Option<Finding> {
    let of = |tags: Option<&Tags>| tags.and_then(|all| all.get(fact.tag)).map(|value| tags::decode(value));
    let snapshot = of(look.proof.snapshot.here().map(|snapshot| &snapshot.tags));
    let point = of(look.proof.point.here().and_then(|point| point.point.tags.as_ref()));
    let mut says = vec![("the snapshot's tag", snapshot), ("the recovery point's tag", point)];
    says.extend(fact.says.iter().cloned());
    let says: Vec<(&str, String)> = says.into_iter().filter_map(|(who, text)| Some((who, text?))).collect();
    // By what is said, in the order in which it was first said.
    let mut voices: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (who, text) in &says {
        voices.entry(text.as_str()).or_default().push(who);
    }
    // A text too long for a tag is only a checksum there.
    if voices.len() < 2 || voices.keys().any(|text| text.starts_with("sha256:")) {
        return None;
    }
    let list: Vec<String> = voices
        .iter()
        .map(|(text, who)| format!("{} {} {text}", who.join(" and "), if who.len() == 1 { "says" } else { "say" }))
        .collect();
    let what = format!("{}: {}", fact.what, list.join("; "));
    Some(match fact.weight {
        Weight::Identity => error(
            ids::DIFFERENT,
            what,
            "The halves or the manifest may be another backup's (copied or edited tags).",
            "Find out which is right, and correct the tag; nothing is restored before.",
        ),
        Weight::Matter => warning(
            ids::DIFFERENT_BESIDES,
            what,
            "Somebody edited a tag, or moved or replaced the thing. What AWS has is used, else what the tags say.",
            "Find out which is right, and correct the tag.",
        ),
        Weight::Besides => {
            info(ids::DIFFERENT_BESIDES, what, "The halves and the manifest were written by different versions.")
        }
    })
}
