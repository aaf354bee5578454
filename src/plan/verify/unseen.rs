//! What AWS did not show.

use crate::model::finding::{Finding, Severity};
use crate::model::{Refusal, RefusalKind, Seen};

use super::{finding, ids};

/// Something without which no restore should begin: anything but an answer is an error.
pub(super) fn essential<T>(noun: &str, seen: &Seen<T>) -> Option<Finding> {
    seen.refusal().map(|refusal| refused(noun, refusal, Severity::Error))
}

/// Something that would be good to know.
pub(super) fn nicety<T>(noun: &str, seen: &Seen<T>) -> Option<Finding> {
    seen.refusal().map(|refusal| refused(noun, refusal, Severity::Warning))
}

pub(super) fn refused(noun: &str, refusal: &Refusal, severity: Severity) -> Finding {
    let (id, why) = match severity {
        Severity::Error => (ids::NOT_SHOWN, "Without knowing it nobody can say whether the backup can be restored."),
        _ => (ids::NOT_SHOWN_NICETY, "A restore can do without it, but a problem may go unnoticed."),
    };
    finding(id, severity, format!("{noun}: {refusal}"), why, remedy(refusal))
}

fn remedy(refusal: &Refusal) -> String {
    match refusal.kind {
        RefusalKind::Denied => format!("Allow {} to whoever runs stacksnap.", action(refusal)),
        RefusalKind::Credentials => {
            "Renew the credentials (with IAM Identity Center: `aws sso login --profile PROFILE`).".to_owned()
        }
        RefusalKind::Transient => "Try again; if it stays, check the network, the region and the endpoint.".to_owned(),
        _ => "See AWS's message; correct the name or the configuration and verify again.".to_owned(),
    }
}

/// IAM's names are not always the API's.
fn action(refusal: &Refusal) -> String {
    match (refusal.service.as_str(), refusal.operation.as_str()) {
        // Without the second, S3 denies what is not there, too.
        ("s3", "GetObject") => "s3:GetObject (and s3:ListBucket on the bucket)".to_owned(),
        _ => refusal.action(),
    }
}
