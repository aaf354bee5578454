//! What AWS did not show.

use crate::model::finding::{Finding, Severity};
use crate::model::{Refusal, RefusalKind, Seen};

use super::{finding, ids};

/// Something that must be known before anything is touched: anything but an answer is an error.
pub(super) fn essential<T>(noun: &str, seen: &Seen<T>) -> Option<Finding> {
    match seen {
        Seen::Here(_) | Seen::Missing => None,
        Seen::Unknown(refusal) => Some(refused(noun, refusal, Severity::Error)),
        Seen::NotLooked => Some(finding(
            ids::NOT_SHOWN,
            Severity::Error,
            format!("{noun}: not looked at"),
            "Nothing is concluded from silence.",
            "Run the check again; if it stays, report it.",
        )),
    }
}

/// Something that would be good to know. Not looked at is fine: the region may not have it.
pub(super) fn nicety<T>(noun: &str, seen: &Seen<T>) -> Option<Finding> {
    seen.refusal().map(|refusal| refused(noun, refusal, Severity::Warning))
}

pub(super) fn refused(noun: &str, refusal: &Refusal, severity: Severity) -> Finding {
    let (id, why) = match severity {
        Severity::Error => (ids::NOT_SHOWN, "It must be known before anything is touched."),
        _ => (ids::NOT_SHOWN_NICETY, "A backup can be taken without it, but a problem may go unnoticed."),
    };
    finding(id, severity, format!("{noun}: {refusal}"), why, remedy(refusal))
}

fn remedy(refusal: &Refusal) -> String {
    match refusal.kind {
        RefusalKind::Denied => {
            format!("Allow {} to whoever runs stacksnap (the README has the whole policy).", refusal.action())
        }
        RefusalKind::Credentials => {
            "Renew the credentials (with IAM Identity Center: `aws sso login --profile PROFILE`).".to_owned()
        }
        RefusalKind::Transient => "Try again; if it stays, check the network, the region and the endpoint.".to_owned(),
        _ => "See AWS's message; correct the name or the configuration and check again.".to_owned(),
    }
}
