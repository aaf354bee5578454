//! Where a template's text comes from: the request, or this sandbox's own S3.

use super::Template;
use crate::error::AwsError;
use crate::input::Input;
use crate::operation::Cx;

/// AWS's refusal of both sources at once.
const GIVEN_TWICE: &str = "You must specify either Template URL or Template Body, but not both.";

/// The template of a request, if it brings one.
pub(crate) fn given(cx: &Cx<'_>, input: &Input) -> Result<Option<Template>, AwsError> {
    match body_of(cx, input)? {
        Some(text) => Template::parse(&text).map(Some),
        None => Ok(None),
    }
}

/// The text of a request's template.
fn body_of(cx: &Cx<'_>, input: &Input) -> Result<Option<String>, AwsError> {
    match (input.text("TemplateBody"), input.text("TemplateURL")) {
        (Some(_), Some(_)) => Err(AwsError::validation(GIVEN_TWICE)),
        (Some(body), None) if body.len() > 51_200 => Err(too_long(body)),
        (Some(body), None) => Ok(Some(body.to_owned())),
        (None, Some(url)) => fetched(cx, url).map(Some),
        (None, None) => Ok(None),
    }
}

/// AWS repeats the beginning of a value that is too long.
fn too_long(body: &str) -> AwsError {
    let start: String = body.chars().take(1000).collect();
    AwsError::validation(format!(
        "1 validation error detected: Value '{start}' at 'templateBody' failed to satisfy constraint: \
         Member must have length less than or equal to 51200"
    ))
}

fn fetched(cx: &Cx<'_>, url: &str) -> Result<String, AwsError> {
    if url.len() > 5120 {
        return Err(AwsError::validation(
            "1 validation error detected: Value at 'templateURL' failed to satisfy constraint: Member must have \
             length less than or equal to 5120",
        ));
    }
    let place = crate::s3::place_of(url);
    let (bucket, key) = place.ok_or_else(|| AwsError::validation("TemplateURL must be a supported URL."))?;
    let found = crate::s3::read(cx.account, &cx.realm.account, &bucket, &key);
    let bytes = found.map_err(|error| {
        AwsError::validation(format!(
            "S3 error: {}\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
            error.message
        ))
    })?;
    if bytes.len() > 1_048_576 {
        return Err(AwsError::validation("Template may not exceed 1048576 bytes in size."));
    }
    String::from_utf8(bytes.to_vec()).map_err(|_| AwsError::validation("Template format error: unsupported structure."))
}
