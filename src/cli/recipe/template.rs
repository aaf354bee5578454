//! The new stack's template: the user's, else the source stack's as it was kept, else as CloudFormation has it.

use std::path::Path;

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::RecipeArgs;
use crate::aws::Aws;
use crate::model::manifest::Place;
use crate::model::new_stack::TemplateSource;
use crate::model::proof::{self, Proof, Subject};
use crate::model::stack::Declared;
use crate::model::{Arn, Seen};
use crate::plan::manifest::url;
use crate::plan::template::{Merged, Template, declared};

/// What CreateStack takes as TemplateBody, bytes.
const LONGEST_BODY: usize = 51_200;
/// What CloudFormation takes at all, bytes.
const LARGEST: u64 = 1_000_000;

/// A template and what it declares.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// Where CreateStack finds it.
    pub(crate) source: TemplateSource,
    /// Its parameters.
    pub(crate) declared: Vec<Declared>,
    /// What its text says, where that is known and can be read.
    pub(crate) template: Option<Template>,
}

/// # Errors
/// There is none, it cannot be read, or it is no template.
pub(super) async fn choose(
    cx: &Context,
    aws: &Aws,
    subject: &Subject,
    proof: &Proof,
    args: &RecipeArgs,
    publish: bool,
) -> Result<Chosen, Failure> {
    if let Some(url) = &args.template_url {
        let summary =
            aws.declared_at(url).await.map_err(|refusal| cx.refused("the template cannot be read", &refusal))?;
        return merged(cx, TemplateSource::Url(url.clone()), Some(&summary), None);
    }
    let (text, at, summary) = match (&args.template_file, &proof.template) {
        (Some(path), _) => (read(path)?, None, None),
        // CloudFormation's own text is the present one, and so is its summary.
        (None, Seen::Here(proof::Template { text, at: None })) => (text.clone(), None, proof.declared.here()),
        (None, Seen::Here(proof::Template { text, at })) => (text.clone(), at.as_deref(), None),
        (None, Seen::Unknown(refusal)) => return Err(cx.refused("the source's template cannot be read", refusal)),
        (None, Seen::Missing | Seen::NotLooked) => return Err(none(subject)),
    };
    let source = source(cx, aws, (subject, proof), &text, at, publish).await?;
    merged(cx, source, summary.map(Vec::as_slice), Some(&text))
}

fn merged(
    cx: &Context,
    source: TemplateSource,
    summary: Option<&[Declared]>,
    text: Option<&str>,
) -> Result<Chosen, Failure> {
    let Merged { declared, template, unreadable } = declared(summary, text).map_err(|error| {
        Failure::new(Exit::Refused, "template", "the template cannot be used").why(error.to_string())
    })?;
    if let Some(error) = unreadable {
        cx.warn(&format!("the limits of the parameters' values are not checked: {error}"));
    }
    Ok(Chosen { source, declared, template })
}

/// Where CreateStack finds it.
async fn source(
    cx: &Context,
    aws: &Aws,
    (subject, proof): (&Subject, &Proof),
    text: &str,
    at: Option<&str>,
    publish: bool,
) -> Result<TemplateSource, Failure> {
    let backup = &subject.backup;
    let arn = proof.caller.here().map(|caller| caller.arn.as_str()).unwrap_or_default();
    if let Some(url) = at.and_then(|at| address(aws, arn, at)) {
        return Ok(TemplateSource::Url(url));
    }
    if !publish {
        return Ok(TemplateSource::Body(text.to_owned()));
    }
    send(cx, aws, &Around { stack: &backup.stack, id: &backup.id, arn }, text).await
}

/// What a template belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    /// The stack whose configuration names the bucket.
    pub(super) stack: &'a str,
    /// The backup's id.
    pub(super) id: &'a str,
    /// Any ARN of the partition.
    pub(super) arn: &'a str,
}

/// A template as CreateStack takes it: its text, or, where that is too long, its place in the bucket.
///
/// # Errors
/// It is too long, and there is no bucket.
pub(super) async fn send(cx: &Context, aws: &Aws, of: &Around<'_>, text: &str) -> Result<TemplateSource, Failure> {
    if text.len() <= LONGEST_BODY {
        return Ok(TemplateSource::Body(text.to_owned()));
    }
    let place = cx.settings.stack(of.stack).manifest.unwrap_or_default();
    if place == Place::ParameterStore {
        return Err(Failure::new(Exit::Refused, "template-too-long", "the template is too long for a request")
            .why(format!(
                "it has {} bytes, CreateStack takes {LONGEST_BODY}; longer ones it fetches from S3",
                text.len()
            ))
            .hint(format!("name a bucket in stacksnap.toml: [stacks.{}] manifest = \"s3://bucket/prefix\"", of.stack))
            .hint("or put the template into a bucket yourself, and give its --template-url"));
    }
    let at = aws.keep_template(text, &place, of.id).await;
    let at = at.map_err(|refusal| cx.refused("the template cannot be put into the bucket", &refusal))?;
    let url = address(aws, of.arn, &at);
    url.map(TemplateSource::Url).ok_or_else(|| Failure::new(Exit::Failed, "template", format!("{at} has no URL")))
}

/// In the caller's partition and region.
fn address(aws: &Aws, arn: &str, at: &str) -> Option<String> {
    let arn: Arn = arn.parse().ok()?;
    url(at, &arn.partition, aws.region())
}

fn read(path: &Path) -> Result<String, Failure> {
    let bad = |why: String| Failure::usage(format!("the template {} cannot be read", path.display())).why(why);
    let size = std::fs::metadata(path).map_err(|error| bad(error.to_string()))?.len();
    if size > LARGEST {
        return Err(bad(format!("it has {size} bytes, and CloudFormation takes no template over 1 MB")));
    }
    std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))
}

fn none(subject: &Subject) -> Failure {
    let what = format!("nothing has the template of {} any more", subject.backup.stack);
    Failure::new(Exit::Refused, "no-template", what)
        .why("none was kept with the backup, and CloudFormation keeps a deleted stack's for 90 days")
        .hint("give it with `--template-file` or `--template-url`")
}
