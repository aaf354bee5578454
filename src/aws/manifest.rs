//! Manifests and templates, where they are kept. Nothing is ever written over another: of two drivers that keep
//! the same backup's manifest, the first one's stays, and what is there then is what counts.

use futures_util::join;

use super::Aws;
use super::shared::Shared;
use crate::model::manifest::{KeptTemplate, KeptVersion, Manifest, Source};
use crate::model::stack::{Declared, Stack};
use crate::model::{Refusal, RefusalKind};
use crate::plan::manifest::{
    Fitted, Kept, LONGEST, Place, Read, TooLong, Unreadable, fit, pretty, read, sha256, template,
};

impl Aws {
    /// What a manifest is composed of besides the stack itself, and what its template declares.
    ///
    /// # Errors
    /// AWS's refusal. Versions that may not be read are left out.
    pub async fn source(
        &self,
        stack: &Stack,
        declared: Vec<Declared>,
        parameter_names: &[String],
        shared: &Shared,
    ) -> Result<Source, Refusal> {
        let (template, versions) = join!(shared.template_of(self, stack), self.parameter_versions(parameter_names));
        let versions = versions.unwrap_or_default();
        let version = |name: &String| KeptVersion { name: name.clone(), version: versions.get(name).copied() };
        Ok(Source { template: template?, declared, versions: parameter_names.iter().map(version).collect() })
    }

    /// Keeps a manifest, and where there is a bucket the template before it: the manifest is what makes the
    /// template count. One that is there already stays, and is what is answered.
    ///
    /// # Errors
    /// AWS's refusal; `ManifestTooLong`: what must be kept does not fit into a parameter.
    pub async fn keep_manifest(&self, manifest: &Manifest, template: &str, place: &Place) -> Result<Fitted, Refusal> {
        let (stack, id) = (&manifest.stack, &manifest.id);
        let (fitted, written) = match place {
            Place::ParameterStore => {
                let fitted = fit(manifest.clone(), LONGEST).map_err(|error| too_long(&error))?;
                let written = self.put_new_parameter(&place.manifest_at(stack, id), fitted.text.clone()).await;
                (fitted, written)
            }
            Place::S3 { bucket, .. } => {
                let text = manifest.template.as_ref().and_then(|template| template.at.as_deref());
                if let Some((bucket, key)) = text.and_then(object) {
                    there(self.put_object(bucket, key, template).await)?;
                }
                let fitted = pretty(manifest.clone());
                let written = self.put_object(bucket, &place.key(id, "manifest.json"), &fitted.text).await;
                (fitted, written)
            }
        };
        match written {
            Ok(()) => Ok(fitted),
            Err(refusal) if refusal.kind == RefusalKind::AlreadyExists => {
                let Read { manifest, digest } = self.manifest(place, stack, id).await?;
                Ok(Fitted { manifest, digest, ..fitted })
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Whether what is kept at `place` could be read: asked for what is not there.
    ///
    /// # Errors
    /// AWS's refusal: there is no such bucket, or it may not be read.
    pub async fn manifest_place(&self, place: &Place) -> Result<(), Refusal> {
        let Place::S3 { bucket, .. } = place else { return Ok(()) };
        match self.object(bucket, &place.key("check", "manifest.json")).await {
            Err(refusal) if refusal.code == "NoSuchKey" => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// Keeps a template that is too long for a request, named by its checksum; answers `s3://bucket/key`. One that is
    /// there already is the same.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn keep_template(&self, text: &str, place: &Place, id: &str) -> Result<String, Refusal> {
        let kept = template(text, id, place);
        let at = kept.at.as_deref().and_then(object);
        let (bucket, key) = at.ok_or_else(|| wrong("s3", "PutObject", "NoBucket", "there is no bucket".to_owned()))?;
        there(self.put_object(bucket, key, text).await)?;
        Ok(format!("s3://{bucket}/{key}"))
    }

    /// The checksum of the manifest that is there.
    ///
    /// # Errors
    /// `NotFound`: there is none. See [`Self::manifest`].
    pub async fn kept_manifest(&self, place: &Place, stack: &str, id: &str) -> Result<Kept, Refusal> {
        self.manifest(place, stack, id).await.map(|read| Kept { digest: read.digest })
    }

    /// A backup's manifest.
    ///
    /// # Errors
    /// `NotFound`: there is none. `NewerManifest`, `BadManifest`: it cannot be used. Otherwise AWS's refusal.
    pub async fn manifest(&self, place: &Place, stack: &str, id: &str) -> Result<Read, Refusal> {
        let bytes = match place {
            Place::ParameterStore => self.parameter(&place.manifest_at(stack, id)).await?.into_bytes(),
            Place::S3 { bucket, .. } => self.object(bucket, &place.key(id, "manifest.json")).await?,
        };
        read_at(place, stack, id, &bytes)
    }

    /// The template's text, from the bucket it was kept in.
    ///
    /// # Errors
    /// `NotFound`: it is not there. `BadTemplate`: it is not the one that was kept. Otherwise AWS's refusal.
    pub async fn kept_template(&self, kept: &KeptTemplate, at: &str) -> Result<String, Refusal> {
        let bad = |why: &str| wrong("s3", "GetObject", "BadTemplate", format!("{at}: {why}"));
        let (bucket, key) = object(at).ok_or_else(|| bad("this names no object"))?;
        let bytes = self.object(bucket, key).await?;
        if sha256(&bytes) != kept.sha256 {
            return Err(bad("its checksum is not the manifest's: somebody changed the template"));
        }
        String::from_utf8(bytes).map_err(|_| bad("it is not text"))
    }
}

/// Reads what lies at `place`.
///
/// # Errors
/// `NewerManifest`, `BadManifest`: it cannot be used.
pub(super) fn read_at(place: &Place, stack: &str, id: &str, bytes: &[u8]) -> Result<Read, Refusal> {
    read(bytes).map_err(|error| {
        let code = if matches!(error, Unreadable::Newer { .. }) { "NewerManifest" } else { "BadManifest" };
        let (service, operation) = match place {
            Place::ParameterStore => ("ssm", "GetParameter"),
            Place::S3 { .. } => ("s3", "GetObject"),
        };
        wrong(service, operation, code, format!("{}: {error}", place.manifest_at(stack, id)))
    })
}

fn there(written: Result<(), Refusal>) -> Result<(), Refusal> {
    match written {
        Err(refusal) if refusal.kind == RefusalKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// `s3://bucket/key`, taken apart.
fn object(at: &str) -> Option<(&str, &str)> {
    at.strip_prefix("s3://")?.split_once('/')
}

fn too_long(error: &TooLong) -> Refusal {
    let message = format!("{error}: configure a bucket for manifests (`manifest = \"s3://bucket/prefix\"`)");
    wrong("ssm", "PutParameter", "ManifestTooLong", message)
}

fn wrong(service: &str, operation: &str, code: &str, message: String) -> Refusal {
    Refusal {
        kind: RefusalKind::Invalid,
        service: service.to_owned(),
        operation: operation.to_owned(),
        code: code.to_owned(),
        message,
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stacksnap_sandbox::{Sandbox, seeds};

    use super::*;
    use crate::model::stack::Stack;
    use crate::plan::discover::{Overrides, discover};
    use crate::plan::manifest::{Composed, compose};
    use crate::plan::profiles::built_in;

    const ID: &str = "my-hub-20261120-020000";

    struct Scene {
        sandbox: Sandbox,
        aws: Aws,
        stack: Stack,
        source: Source,
    }

    async fn scene() -> Scene {
        let sandbox = Sandbox::manual("2026-11-20T02:00:00Z".parse().unwrap());
        let _id = sandbox.seed_stack(&seeds::hubs("my-hub"));
        sandbox.set(&json!({ "bucket": "my-bucket" })).unwrap();
        let aws = Aws::with_http_client(sandbox.http_client(), "us-east-1", "AKIDEXAMPLE");
        let stack = aws.stack("my-hub").await.unwrap();
        let names = ["/keymaster/my-hub/phoenix-key".to_owned(), "/not/there".to_owned()];
        let declared = aws.declared("my-hub").await.unwrap();
        let source = aws.source(&stack, declared, &names, &Shared::default()).await.unwrap();
        Scene { sandbox, aws, stack, source }
    }

    impl Scene {
        async fn manifest(&self, place: &Place) -> Manifest {
            let (declared, resources) =
                (self.aws.declared("my-hub").await.unwrap(), self.aws.resources("my-hub").await.unwrap());
            let topology = discover(&self.stack, &declared, &resources, &built_in(), &Overrides::default()).unwrap();
            let composed = Composed {
                id: ID,
                at: "2026-11-20T02:00:00Z".parse().unwrap(),
                stack: &self.stack,
                topology: &topology,
                source: &self.source,
                secret_version: Some("v-1"),
            };
            compose(&composed, place)
        }
    }

    #[tokio::test]
    async fn versions_are_read_and_no_value_is() {
        let scene = scene().await;
        let version = |at: usize| scene.source.versions[at].version;
        assert_eq!((version(0), version(1)), (Some(1), None));
        assert!(scene.sandbox.requests().iter().all(|request| !request.operation.starts_with("GetParameter")));
    }

    #[tokio::test]
    async fn in_both_places_it_comes_back_as_it_was_and_the_first_one_stays() {
        let scene = scene().await;
        for text in ["ssm", "s3://my-bucket/prod", "s3://my-bucket"] {
            let place: Place = text.parse().unwrap();
            let refusal = scene.aws.manifest(&place, "my-hub", ID).await.unwrap_err();
            assert_eq!(refusal.kind, RefusalKind::NotFound, "{refusal}");
            let manifest = scene.manifest(&place).await;
            let kept = scene.aws.keep_manifest(&manifest, &scene.source.template, &place).await.unwrap();
            let back = scene.aws.manifest(&place, "my-hub", ID).await.unwrap();
            assert_eq!((&back.manifest, &back.digest), (&kept.manifest, &kept.digest), "{text}");
            let other = Manifest { tool: "9.9.9".to_owned(), ..manifest.clone() };
            let again = scene.aws.keep_manifest(&other, &scene.source.template, &place).await.unwrap();
            assert_eq!(again.digest, kept.digest, "{text}: nothing is written over it");
        }
    }

    #[tokio::test]
    async fn a_kept_template_is_checked_against_its_checksum() {
        let scene = scene().await;
        let place: Place = "s3://my-bucket/prod".parse().unwrap();
        let manifest = scene.manifest(&place).await;
        let _kept = scene.aws.keep_manifest(&manifest, &scene.source.template, &place).await.unwrap();
        let template = manifest.template.unwrap();
        let at = template.at.clone().unwrap();
        assert_eq!(scene.aws.kept_template(&template, &at).await.unwrap(), scene.source.template);
        let other = KeptTemplate { sha256: "0".repeat(64), ..template.clone() };
        assert_eq!(scene.aws.kept_template(&other, &at).await.unwrap_err().code, "BadTemplate");
        let gone = scene.aws.kept_template(&template, "s3://my-bucket/nothing").await.unwrap_err();
        assert_eq!((gone.kind, gone.code.as_str()), (RefusalKind::NotFound, "NoSuchKey"));
    }

    #[tokio::test]
    async fn a_bucket_that_is_denied_another_accounts_or_not_there_is_told_apart() {
        let scene = scene().await;
        let put = async |bucket: &str| scene.aws.put_object(bucket, "key", "text").await.unwrap_err();
        assert_eq!(put("no-such-bucket").await.kind, RefusalKind::Invalid);
        scene.sandbox.set(&json!({ "bucket": "theirs", "owner": "999999999999" })).unwrap();
        assert_eq!(put("theirs").await.kind, RefusalKind::Denied);
        scene.sandbox.set(&json!({ "bucket": "my-bucket", "denied": true })).unwrap();
        assert_eq!(put("my-bucket").await.kind, RefusalKind::Denied);
    }

    #[tokio::test]
    async fn what_must_be_kept_and_does_not_fit_into_a_parameter_names_the_way_out() {
        let scene = scene().await;
        let mut manifest = scene.manifest(&Place::ParameterStore).await;
        manifest.parameters = (0..3_000)
            .map(|n| crate::model::manifest::KeptParameter { key: format!("K{}", n * n), value: None })
            .collect();
        let refusal = scene.aws.keep_manifest(&manifest, "{}", &Place::ParameterStore).await.unwrap_err();
        assert_eq!(refusal.code, "ManifestTooLong");
        assert!(refusal.message.contains("manifest = \"s3://bucket/prefix\""), "{refusal}");
    }
}
