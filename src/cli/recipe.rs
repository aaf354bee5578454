//! From a backup to the plan of a new stack: what `params`, `restore`, `replace` and `drill` have in common.
//!
//! backup → proof → findings → template → parameters → plan. Only reads; nothing is touched.

mod args;
mod refuse;
mod safety;
mod sources;
mod subject;
mod template;

use jiff::Timestamp;

use super::catalogue;
use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::selector::Selector;
use crate::aws::Aws;
use crate::model::backup::Backup;
use crate::model::finding::Finding;
use crate::model::manifest::Manifest;
use crate::model::new_stack::{NewStack, OnFailure};
use crate::model::profile::Profile;
use crate::model::proof::{Proof, Subject};
use crate::plan::discover::Overrides;
use crate::plan::params::{self, Around, Parameters, RestoreValues};
use crate::plan::verify;
use crate::world::World;

pub(crate) use args::{PairArgs, RecipeArgs, given};
pub(crate) use safety::safety;
pub(crate) use template::Chosen;

/// What is to be restored, as the user names it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named<'a> {
    /// A backup.
    Backup(&'a Selector),
    /// Two halves that stacksnap did not make.
    Pair(&'a PairArgs),
}

/// What the new stack is to be, besides its parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// Its name; `None`: the source's with `-restored` behind it.
    pub(crate) name: Option<&'a str>,
    /// `EnableTerminationProtection`
    pub(crate) termination_protection: bool,
    /// `OnFailure`
    pub(crate) on_failure: OnFailure,
    /// The source stack will be gone by then (`replace`), so that its values can be used again.
    pub(crate) source_goes: bool,
    /// A template that is too long for a request is put into the bucket for manifests.
    pub(crate) publish: bool,
}

impl Wanted<'_> {
    /// For looking only.
    pub(crate) fn look(name: Option<&str>) -> Wanted<'_> {
        Wanted { name, termination_protection: true, on_failure: OnFailure::Keep, source_goes: false, publish: false }
    }
}

/// Everything but the plan: parameters may still be wrong, or need the user's value.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The backup or pair.
    pub(crate) subject: Subject,
    /// What was seen.
    pub(crate) proof: Proof,
    /// What there is to say about the backup; no error among them.
    pub(crate) findings: Vec<Finding>,
    /// The profile: what to ask for, and what to tell afterwards.
    pub(crate) profile: Option<Profile>,
    /// The new stack's template.
    pub(crate) template: Chosen,
    /// Every parameter, with its origin.
    pub(crate) parameters: Parameters,
}

/// All that a new stack is made of.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// How it came about.
    pub(crate) draft: Draft,
    /// What CreateStack is called with.
    pub(crate) plan: NewStack,
}

impl Recipe {
    /// The backup, or the pair as if it were one.
    pub(crate) fn backup(&self) -> &Backup {
        &self.draft.subject.backup
    }

    /// The manifest, if there is one and nobody changed it.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        self.draft.proof.manifest()
    }
}

/// From the name of a backup to the plan of a new stack.
///
/// # Errors
/// There is no such backup (exit 8); it cannot be restored (7); the parameters are wrong, or some need the user's
/// value (4).
pub(crate) async fn load(
    cx: &Context,
    aws: &Aws,
    named: Named<'_>,
    args: &RecipeArgs,
    wanted: Wanted<'_>,
) -> Result<Recipe, Failure> {
    let subject = subject(cx, aws, named).await?;
    draft(cx, aws, subject, args, wanted).await?.plan(cx, wanted)
}

/// The backup or pair that is named.
///
/// # Errors
/// There is no such backup (exit 8).
pub(crate) async fn subject(cx: &Context, aws: &Aws, named: Named<'_>) -> Result<Subject, Failure> {
    match named {
        Named::Backup(selector) => Ok(Subject::backup(catalogue::one(cx, aws, selector).await?)),
        Named::Pair(pair) => subject::of_pair(cx, aws, pair).await,
    }
}

/// Everything but the plan.
///
/// # Errors
/// It cannot be restored (exit 7), or there is no template (4).
pub(crate) async fn draft(
    cx: &Context,
    aws: &Aws,
    subject: Subject,
    args: &RecipeArgs,
    wanted: Wanted<'_>,
) -> Result<Draft, Failure> {
    let given = args.given()?;
    let mut subject = subject;
    args.amend(&mut subject.backup);
    let proof = proof(cx, aws, &subject, args.stack_profile.as_deref()).await?;
    subject::apart(&mut subject, &proof);
    let findings = verify::findings(&subject, &proof, aws.now());
    if !verify::restorable(&findings) {
        return Err(refuse::not_restorable(cx, &subject, &findings));
    }
    refuse::warn(cx, &findings);
    let template = template::choose(cx, aws, &subject, &proof, args, wanted.publish).await?;
    let profile = sources::profile(cx, &proof, args.stack_profile.as_deref(), &template.declared);
    let restore = sources::restore(&proof, profile.as_ref(), args.stack_profile.is_some());
    let parameters = params::params(&params::Request {
        declared: &template.declared,
        source: &sources::parameters(cx, &proof),
        restore: restore.as_ref(),
        values: &values(&subject.backup),
        offline: proof.shape.as_ref().and_then(|shape| shape.offline.as_ref()),
        ask: profile.as_ref().map(|profile| profile.ask.as_slice()).unwrap_or_default(),
        given: &given,
        unset: &args.unset,
        source_exists: proof.source_lives() && !wanted.source_goes,
    });
    Ok(Draft { subject, proof, findings, profile, template, parameters })
}

impl Draft {
    /// The plan.
    ///
    /// # Errors
    /// The parameters are wrong, or some need the user's value (exit 4).
    pub(crate) fn plan(self, cx: &Context, wanted: Wanted<'_>) -> Result<Recipe, Failure> {
        if !self.parameters.ready() {
            return Err(refuse::not_ready(cx, &self.subject, &self.parameters));
        }
        refuse::warn(cx, &self.parameters.findings);
        let backup = &self.subject.backup;
        let source = sources::around(&self.proof);
        let restored = format!("{}-restored", backup.stack);
        let around = Around {
            name: wanted.name.unwrap_or(&restored),
            template: self.template.source.clone(),
            backup: &backup.id,
            source_stack: &backup.stack,
            capabilities: &source.capabilities,
            tags: &source.tags,
            role_arn: source.role_arn.as_deref(),
            notification_arns: &source.notification_arns,
            termination_protection: wanted.termination_protection,
            on_failure: wanted.on_failure,
        };
        let plan = params::new_stack(&self.parameters, around);
        let plan = plan.map_err(|error| Failure::new(Exit::Refused, "parameters", error.to_string()))?;
        Ok(Recipe { draft: self, plan })
    }
}

/// Looks at everything that a restore of `subject` needs.
///
/// # Errors
/// stacksnap.toml, or the user, names a stack profile that there is not.
pub(crate) async fn proof(
    cx: &Context,
    aws: &Aws,
    subject: &Subject,
    stack_profile: Option<&str>,
) -> Result<Proof, Failure> {
    let stack = &subject.backup.stack;
    let said = Overrides { profile: stack_profile.map(str::to_owned), ..Overrides::default() };
    let overrides = cx.overridden(stack, said)?;
    let profiles = cx.settings.profiles();
    let shaped =
        |stack: &_, declared: &[_], resources: &[_]| verify::shape(stack, declared, resources, &profiles, &overrides);
    Ok(aws.proof(subject, &shaped).await)
}

fn values(backup: &Backup) -> RestoreValues {
    let files = backup.files.as_ref();
    RestoreValues {
        source_stack: backup.stack.to_string(),
        snapshot: backup.database.as_ref().map(|half| half.snapshot.to_string()).unwrap_or_default(),
        secret: backup.secret_arn.as_deref().map(str::to_owned),
        vault: files.map(|half| half.vault.to_string()).unwrap_or_default(),
        recovery_point: files.map(|half| half.recovery_point.to_string()).unwrap_or_default(),
    }
}

/// A token for CreateStack that no other call has had.
pub(crate) fn token(name: &str, now: Timestamp) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(plain).take(100).collect();
    format!("ss-{name}-{}", now.strftime("%Y%m%d%H%M%S"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_that_cloudformation_takes() {
        let at = "2026-11-20T02:00:00Z".parse().unwrap();
        assert_eq!(token("my-hub:2", at), "ss-my-hub-2-20261120020000");
        assert!(token(&"x".repeat(128), at).len() <= 128);
    }
}
