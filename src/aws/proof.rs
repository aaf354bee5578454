//! Everything that a restore of one backup needs, looked at concurrently. Read-only calls alone.

use futures_util::future::join_all;
use futures_util::join;
use jiff::Timestamp;

use super::Aws;
use super::convert::seen;
use crate::model::half::Snapshot;
use crate::model::manifest::Manifest;
use crate::model::proof::{Found, Point, Proof, Shape, Subject, Template};
use crate::model::stack::{Declared, Resource, Stack};
use crate::model::survey::Key;
use crate::model::{Refusal, Seen, tags};
use crate::plan::manifest::Read;

/// Makes of a stack, even of a deleted one, how it is restored.
pub type Shaped<'a> = dyn Fn(&Stack, &[Declared], &[Resource]) -> Option<Shape> + 'a;

/// What CloudFormation still tells of the source stack.
struct Source {
    stack: Seen<Stack>,
    declared: Seen<Vec<Declared>>,
    resources: Seen<Vec<Resource>>,
    template: Seen<String>,
}

/// The manifest, and the template that it names.
type Kept = (Seen<Found>, Seen<Template>);

impl Aws {
    /// Looks at all that a restore of `subject` needs. Where no manifest tells how the source is
    /// restored, `shaped` finds it out from what CloudFormation tells.
    pub async fn proof(&self, subject: &Subject, shaped: &Shaped<'_>) -> Proof {
        let at = Timestamp::now();
        let backup = &subject.backup;
        let (caller, (snapshot, shared_with), (point, point_tags), vault, (manifest, kept), source) = join!(
            self.caller(),
            Box::pin(self.database_half(subject)),
            Box::pin(self.files_half(subject)),
            async {
                match backup.files.as_ref() {
                    Some(half) => self.vault(&half.vault).await.into(),
                    None => Seen::NotLooked,
                }
            },
            Box::pin(self.kept(subject)),
            Box::pin(self.source_of(subject)),
        );
        let template = template(kept, source.template);
        let mut proof = Proof {
            at,
            caller: caller.into(),
            snapshot,
            shared_with,
            point,
            point_tags,
            vault,
            secret: Seen::NotLooked,
            parameter_store: Vec::new(),
            keys: Vec::new(),
            manifest,
            template,
            source: source.stack,
            declared: source.declared,
            resources: source.resources,
            shape: None,
        };
        proof.shape = shape(&proof, shaped);
        Box::pin(self.secrets_of(&mut proof, backup.secret_arn.as_deref())).await;
        proof.keys = self.keys_of(&proof).await;
        proof
    }

    async fn database_half(&self, subject: &Subject) -> (Seen<Snapshot>, Seen<Vec<String>>) {
        let Some(half) = &subject.backup.database else { return (Seen::Missing, Seen::NotLooked) };
        let (snapshot, shared) = join!(self.snapshot(&half.snapshot), self.shared_with(&half.snapshot));
        (snapshot.into(), shared.into())
    }

    async fn files_half(&self, subject: &Subject) -> (Seen<Point>, Option<Refusal>) {
        match &subject.backup.files {
            Some(half) => self.restorable_point(&half.vault, &half.recovery_point).await,
            None => (Seen::Missing, None),
        }
    }

    /// The manifest that the tag names, and the template that the manifest names.
    async fn kept(&self, subject: &Subject) -> Kept {
        let backup = &subject.backup;
        let Some((wanted, place)) = backup.manifest.as_deref().and_then(tags::read_manifest) else {
            return (Seen::NotLooked, Seen::NotLooked);
        };
        let found: Seen<Read> = self.manifest(&place, &backup.stack, &backup.id).await.into();
        let found = found.map(|Read { manifest, digest }| Found { manifest, digest, wanted });
        let template = match found.here().filter(|found| found.genuine()).and_then(|found| located(&found.manifest)) {
            Some((kept, at)) => {
                let text: Seen<String> = self.kept_template(kept, at).await.into();
                text.map(|text| Template { text, at: Some(at.to_owned()) })
            }
            None => Seen::NotLooked,
        };
        (found, template)
    }

    /// By its ARN: a stack of the same name that was made since is another one.
    async fn source_of(&self, subject: &Subject) -> Source {
        let backup = &subject.backup;
        let id = backup.stack_id.as_deref().unwrap_or(&backup.stack);
        let (stack, declared, resources, template) =
            join!(self.stack(id), self.declared(id), self.resources(id), self.template(id));
        Source {
            stack: stack.into(),
            declared: declared.into(),
            resources: resources.into(),
            template: template.into(),
        }
    }

    /// The second wave: what the first one names.
    async fn secrets_of(&self, proof: &mut Proof, secret: Option<&str>) {
        let names = proof.shape.as_ref().map(|shape| shape.parameter_store.clone()).unwrap_or_default();
        let arn = secret.or(proof.shape.as_ref().and_then(|shape| shape.secret.as_deref()));
        let secret = async {
            match arn {
                Some(arn) => self.secret_with_versions(arn).await.into(),
                None => Seen::NotLooked,
            }
        };
        let (secret, parameters) = join!(secret, self.versions_of(&names));
        proof.secret = secret;
        proof.parameter_store = parameters;
    }

    /// Who may not describe parameters is told whether they are there.
    async fn versions_of(&self, names: &[String]) -> Vec<(String, Seen<Option<i64>>)> {
        match self.parameter_versions(names).await {
            Ok(versions) => {
                let of = |name: &String| versions.get(name).map_or(Seen::Missing, |version| Seen::Here(Some(*version)));
                names.iter().map(|name| (name.clone(), of(name))).collect()
            }
            Err(_) => {
                let there = |seen| match seen {
                    Seen::Here(false) => Seen::Missing,
                    other => other.map(|_| None),
                };
                self.parameters(names).await.into_iter().map(|(name, seen)| (name, there(seen))).collect()
            }
        }
    }

    async fn keys_of(&self, proof: &Proof) -> Vec<Key> {
        let keys = [
            ("snapshot", proof.snapshot.here().and_then(|part| part.kms_key.clone())),
            ("recovery point", proof.point.here().and_then(|part| part.kms_key.clone())),
            ("secret", proof.secret.here().and_then(|part| part.kms_key.clone())),
        ];
        let looks = keys.into_iter().filter_map(|(of, id)| Some((of, id.filter(|id| !id.is_empty())?)));
        join_all(looks.map(|(of, id)| async move { Key { of, state: seen(self.key_state(&id).await), id } })).await
    }
}

fn located(manifest: &Manifest) -> Option<(&crate::model::manifest::KeptTemplate, &str)> {
    let kept = manifest.template.as_ref()?;
    Some((kept, kept.at.as_deref()?))
}

/// The one that was kept; where none was, CloudFormation's.
fn template(kept: Seen<Template>, source: Seen<String>) -> Seen<Template> {
    match (kept, source) {
        (Seen::NotLooked | Seen::Missing, source) => source.map(|text| Template { text, at: None }),
        (kept, _) => kept,
    }
}

fn shape(proof: &Proof, shaped: &Shaped<'_>) -> Option<Shape> {
    if let Some(manifest) = proof.manifest() {
        return Some(Shape::from(&manifest.topology));
    }
    let of = |rows: Option<&Vec<Resource>>| rows.cloned().unwrap_or_default();
    let declared = proof.declared.here().cloned().unwrap_or_default();
    shaped(proof.source.here()?, &declared, &of(proof.resources.here()))
}
