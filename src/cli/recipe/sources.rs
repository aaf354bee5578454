//! What is known of the source stack: from the manifest, else from CloudFormation.

use super::super::context::Context;
use crate::model::manifest::KeptParameter;
use crate::model::new_stack::StackTag;
use crate::model::profile::Profile;
use crate::model::proof::Proof;
use crate::model::stack::{Declared, Stack};
use crate::model::topology::RestoreParameters;

/// The profile: the one named, else the source's, else the first whose restore parameters the template declares.
pub(super) fn profile(cx: &Context, proof: &Proof, named: Option<&str>, declared: &[Declared]) -> Option<Profile> {
    let profiles = cx.settings.profiles();
    if let Some(name) = named.or(proof.shape.as_ref().map(|shape| shape.profile.as_str())) {
        // A manifest may name a profile that stacksnap.toml here does not have: it kept what matters.
        return profiles.into_iter().find(|profile| profile.name == name);
    }
    let all = |keys: &RestoreParameters| restore_keys(keys).iter().all(|key| declared.iter().any(|it| it.key == **key));
    profiles.into_iter().find(|profile| profile.restore.as_ref().is_some_and(all))
}

fn restore_keys(keys: &RestoreParameters) -> [&String; 5] {
    [&keys.source_stack, &keys.snapshot, &keys.secret, &keys.vault, &keys.recovery_point]
}

/// The restore parameters: as the profile says where the user chose it, else as the source's template had them.
pub(super) fn restore(proof: &Proof, profile: Option<&Profile>, chosen: bool) -> Option<RestoreParameters> {
    let own = proof.shape.as_ref().and_then(|shape| shape.restore.clone());
    let profiles = profile.and_then(|profile| profile.restore.clone());
    if chosen { profiles.or(own) } else { own.or(profiles) }
}

/// The source's parameters when the backup was made. What the manifest had no room for is taken from the stack as it
/// is, as long as CloudFormation tells of it.
pub(super) fn parameters(cx: &Context, proof: &Proof) -> Vec<KeptParameter> {
    let now = proof.source.here();
    let Some(manifest) = proof.manifest() else { return now.map(|stack| of_stack(stack, proof)).unwrap_or_default() };
    let mut kept = manifest.parameters.clone();
    for parameter in &mut kept {
        let left_out = manifest.left_out.contains(&format!("the value of parameter {}", parameter.key));
        if let Some(value) = now.filter(|_| left_out).and_then(|stack| stack.parameter(&parameter.key)) {
            cx.warn(&format!(
                "the manifest had no room for the value of {}: the source stack's present one is used",
                parameter.key
            ));
            parameter.value = Some(value.to_owned());
        }
    }
    kept
}

fn of_stack(stack: &Stack, proof: &Proof) -> Vec<KeptParameter> {
    let declared = proof.declared.here().map(Vec::as_slice).unwrap_or_default();
    let secret = |key: &str| declared.iter().any(|declared| declared.key == key && declared.no_echo);
    let kept = stack.parameters.iter().map(|parameter| KeptParameter {
        key: parameter.key.clone(),
        value: (parameter.value != "****" && !secret(&parameter.key)).then(|| parameter.value.clone()),
    });
    kept.collect()
}

/// What a stack has besides its parameters.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) capabilities: Vec<String>,
    pub(super) tags: Vec<StackTag>,
    pub(super) role_arn: Option<String>,
    pub(super) notification_arns: Vec<String>,
}

/// Of the source stack. Where the manifest had no room, as it is now.
pub(super) fn around(proof: &Proof) -> Around {
    let now = proof.source.here().map(|stack| Around {
        capabilities: stack.capabilities.clone(),
        tags: stack.tags.clone(),
        role_arn: stack.role_arn.clone(),
        notification_arns: stack.notification_arns.clone(),
    });
    let now = now.unwrap_or_default();
    let Some(manifest) = proof.manifest() else { return now };
    let left_out = |what: &str| manifest.left_out.iter().any(|left| left == what);
    let (tags, topics) = (left_out("the stack's own tags"), left_out("the stack's notification topics"));
    Around {
        capabilities: manifest.capabilities.clone(),
        tags: if tags { now.tags } else { manifest.tags.clone() },
        role_arn: manifest.role_arn.clone(),
        notification_arns: if topics { now.notification_arns } else { manifest.notification_arns.clone() },
    }
}
