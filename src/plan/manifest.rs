//! A backup's manifest: composed, checked, packed and read back.

mod digest;
mod pack;

use jiff::Timestamp;

use crate::model::Arn;
use crate::model::manifest::{FORMAT, KeptParameter, KeptSecret, KeptTemplate, KeptVersion, Manifest, Source};
use crate::model::new_stack::StackTag;
use crate::model::stack::Stack;
use crate::model::topology::Topology;

pub use crate::model::manifest::{Kept, Place};
pub use digest::{digest, hex, sha256};
pub use pack::{Fitted, LONGEST, Read, TooLong, Unreadable, fit, pretty, read};

/// What a NoEcho parameter reads as.
const MASKED: &str = "****";

/// What a manifest is composed of.
#[derive(Clone, Copy, Debug)]
pub struct Composed<'a> {
    /// The backup's id.
    pub id: &'a str,
    /// The backup's instant. Not the clock's: two drivers compose the same.
    pub at: Timestamp,
    /// The stack.
    pub stack: &'a Stack,
    /// Its parts.
    pub topology: &'a Topology,
    /// Its template, and what belongs to it.
    pub source: &'a Source,
    /// The DB secret's version id.
    pub secret_version: Option<&'a str>,
}

/// Puts a manifest together: no secret value is in it, of a NoEcho parameter only the key.
pub fn compose(of: &Composed<'_>, place: &Place) -> Manifest {
    let Composed { stack, topology, source, .. } = of;
    Manifest {
        format: FORMAT,
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        id: of.id.to_owned(),
        at: of.at,
        stack: stack.name.clone(),
        stack_id: stack.id.clone(),
        topology: Topology::clone(topology),
        parameters: parameters(stack, source),
        outputs: stack.outputs.clone(),
        capabilities: stack.capabilities.clone(),
        tags: own_tags(&stack.tags),
        role_arn: stack.role_arn.clone(),
        notification_arns: stack.notification_arns.clone(),
        template: Some(template(&source.template, of.id, place)),
        secret: topology
            .secret
            .as_ref()
            .map(|found| KeptSecret { arn: found.value.clone(), version: of.secret_version.map(str::to_owned) }),
        parameter_store: versions(topology, source),
        left_out: match place {
            Place::S3 { .. } => Vec::new(),
            Place::ParameterStore => vec![TEMPLATE_LEFT_OUT.to_owned()],
        },
    }
}

const TEMPLATE_LEFT_OUT: &str =
    "the template's text: CloudFormation keeps it while the stack exists and 90 days after its deletion";

fn parameters(stack: &Stack, source: &Source) -> Vec<KeptParameter> {
    let masked = |key: &str, value: &str| {
        value == MASKED || source.declared.iter().any(|declared| declared.key == key && declared.no_echo)
    };
    let keep = |parameter: &crate::model::stack::Parameter| KeptParameter {
        key: parameter.key.clone(),
        value: (!masked(&parameter.key, &parameter.value)).then(|| parameter.value.clone()),
    };
    stack.parameters.iter().map(keep).collect()
}

/// CloudFormation's own tags cannot be given to another stack.
fn own_tags(tags: &[StackTag]) -> Vec<StackTag> {
    tags.iter().filter(|tag| !tag.key.to_ascii_lowercase().starts_with("aws:")).cloned().collect()
}

/// What is kept of a template. The text's object is named by its checksum: a driver that slept cannot put another text in its place.
pub fn template(text: &str, id: &str, place: &Place) -> KeptTemplate {
    let sha256 = sha256(text.as_bytes());
    let kind = if text.trim_start().starts_with('{') { "json" } else { "yaml" };
    let object = format!("template-{}.{kind}", sha256.get(..12).unwrap_or(&sha256));
    let at = match place {
        Place::S3 { bucket, .. } => Some(format!("s3://{bucket}/{}", place.key(id, &object))),
        Place::ParameterStore => None,
    };
    KeptTemplate { bytes: text.len().try_into().unwrap_or(u64::MAX), at, sha256 }
}

fn versions(topology: &Topology, source: &Source) -> Vec<KeptVersion> {
    let of = |name: &String| source.versions.iter().find(|known| known.name == *name).and_then(|known| known.version);
    topology.parameter_store.iter().map(|name| KeptVersion { name: name.clone(), version: of(name) }).collect()
}

/// The `https` URL of an `s3://bucket/key` for CreateStack's TemplateURL, in the region and partition of
/// `stack_id`.
pub fn template_url(at: &str, stack_id: &str) -> Option<String> {
    let Arn { partition, region, .. } = stack_id.parse().ok()?;
    url(at, &partition, &region)
}

/// The same, in a partition and region.
pub fn url(at: &str, partition: &str, region: &str) -> Option<String> {
    let (bucket, key) = at.strip_prefix("s3://")?.split_once('/')?;
    let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    // A dot in the bucket's name does not fit S3's certificate for names of one label.
    Some(if bucket.contains('.') {
        format!("https://s3.{region}.{domain}/{bucket}/{key}")
    } else {
        format!("https://{bucket}.s3.{region}.{domain}/{key}")
    })
}

#[cfg(test)]
mod tests;
