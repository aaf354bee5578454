//! RDS's rules for identifiers and tags.

use crate::error::AwsError;
use crate::input::Tags;

/// A snapshot identifier as it is stored, or RDS's refusal.
pub(crate) fn identifier(given: &str) -> Result<String, AwsError> {
    checked("DBClusterSnapshotIdentifier", given)
}

/// A cluster identifier as it is stored, or RDS's refusal.
pub(crate) fn cluster(given: &str) -> Result<String, AwsError> {
    checked("DBClusterIdentifier", given)
}

fn checked(member: &str, given: &str) -> Result<String, AwsError> {
    let plain = |each: char| each.is_ascii_alphanumeric() || each == '-';
    let good = given.len() <= 63
        && given.starts_with(|first: char| first.is_ascii_alphabetic())
        && given.chars().all(plain)
        && !given.ends_with('-')
        && !given.contains("--");
    if good {
        return Ok(given.to_ascii_lowercase());
    }
    Err(invalid(format!(
        "The parameter {member} is not a valid identifier. Identifiers must \
         begin with a letter; must contain only ASCII letters, digits, and hyphens; and must \
         not end with a hyphen or contain two consecutive hyphens."
    )))
}

/// RDS's generic refusal of a value.
pub(crate) fn invalid(text: impl Into<String>) -> AwsError {
    AwsError::bad("InvalidParameterValue", text)
}

/// Checks the alphabet, the lengths and the number of tags.
pub(crate) fn tags(tags: &Tags, already: usize) -> Result<(), AwsError> {
    if tags.len() + already > 50 {
        return Err(invalid("You can specify up to 50 tags for a resource."));
    }
    for (key, value) in tags {
        let reserved = key.starts_with("aws:") || key.starts_with("rds:");
        if key.is_empty() || key.chars().count() > 128 || reserved || !key.chars().all(allowed) {
            return Err(invalid(format!("Invalid tag key: {key}")));
        }
        if value.chars().count() > 256 || !value.chars().all(allowed) {
            return Err(invalid(format!("Invalid tag value for key {key}: {value}")));
        }
    }
    Ok(())
}

fn allowed(each: char) -> bool {
    each.is_alphanumeric() || each == ' ' || "_.:/=+-@".contains(each)
}
