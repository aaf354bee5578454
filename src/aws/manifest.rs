//! Manifests and templates, where they are kept. Nothing is ever written over another: of two drivers that keep
//! the same backup's manifest, the first one's stays, and what is there then is what counts.

use futures_util::join;

use super::Aws;
use crate::model::manifest::{KeptTemplate, KeptVersion, Manifest, Source};
use crate::model::{Refusal, RefusalKind};
use crate::plan::manifest::{Fitted, Kept, LONGEST, Place, Read, TooLong, Unreadable, fit, pretty, read, sha256, template};

impl Aws {
    /// What a manifest is composed of besides the stack itself.
    ///
    /// # Errors
    /// AWS's refusal. Versions that may not be read are left out.
    pub async fn source(&self, stack_id: &str, parameter_names: &[String]) -> Result<Source, Refusal> {
        let (template, declared, versions) =
            join!(self.template(stack_id), self.declared(stack_id), self.parameter_versions(parameter_names));
        let versions = versions.unwrap_or_default();
        let version = |name: &String| KeptVersion { name: name.clone(), version: versions.get(name).copied() };
        Ok(Source {
            template: template?,
            declared: declared?,
            versions: parameter_names.iter().map(version).collect(),
        })
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
        read(&bytes).map_err(|error| {
            let code = if matches!(error, Unreadable::Newer { .. }) { "NewerManifest" } else { "BadManifest" };
            let (service, operation) = match place {
                Place::ParameterStore => ("ssm", "GetParameter"),
                Place::S3 { .. } => ("s3", "GetObject"),
            };
            wrong(service, operation, code, format!("{}: {error}", place.manifest_at(stack, id)))
        })
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
