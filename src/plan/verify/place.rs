//! One region, one account: the caller's.

use crate::model::Arn;
use crate::model::finding::Finding;

use super::{Look, error, ids};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let Some(caller) = look.proof.caller.here() else {
        return super::unseen::essential("the caller", &look.proof.caller).into_iter().collect();
    };
    let mut all = Vec::new();
    for (noun, text) in arns(look) {
        let Ok(arn) = text.parse::<Arn>() else { continue };
        if !arn.region.is_empty() && arn.region != caller.region {
            all.push(error(
                ids::OTHER_REGION,
                format!("the {noun} is in {}, the calls go to {}: {arn}", arn.region, caller.region),
                "A new stack takes its halves and its secret from its own region.",
                format!("Use --region {}, or copy the {noun} first.", arn.region),
            ));
        }
        if !arn.account.is_empty() && arn.account != caller.account {
            all.push(error(
                ids::OTHER_ACCOUNT,
                format!("the {noun} belongs to account {}, the caller to {}: {arn}", arn.account, caller.account),
                "A new stack can only be made from what its own account has.",
                format!("Use a --profile of account {}, or copy the {noun} into this one.", arn.account),
            ));
        }
    }
    all
}

fn arns<'a>(look: &Look<'a>) -> Vec<(&'static str, &'a str)> {
    let backup = &look.subject.backup;
    let snapshot = look.proof.snapshot.here().map(|snapshot| snapshot.arn.as_str());
    let snapshot = snapshot.or(backup.database.as_ref().map(|half| &*half.arn));
    let secret = look.proof.secret.here().map(|secret| secret.arn.as_str()).or(backup.secret_arn.as_deref());
    [
        ("source stack", backup.stack_id.as_deref()),
        ("snapshot", snapshot),
        ("recovery point", backup.files.as_ref().map(|half| &*half.recovery_point)),
        ("DB secret", secret),
    ]
    .into_iter()
    .filter_map(|(noun, arn)| Some((noun, arn?)))
    .collect()
}
