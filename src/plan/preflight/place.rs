//! One region, one account: the caller's.

use crate::model::finding::Finding;
use crate::model::survey::Survey;
use crate::model::{Arn, Seen};

use super::{Look, error, ids};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let Some(caller) = look.survey.caller.here() else { return Vec::new() };
    let mut all = Vec::new();
    for (noun, text) in arns(look.survey).into_iter().chain(named(look)) {
        let Ok(arn) = text.parse::<Arn>() else { continue };
        if !arn.region.is_empty() && arn.region != caller.region {
            all.push(other_region(noun, &arn, &caller.region));
        }
        if !arn.account.is_empty() && arn.account != caller.account {
            all.push(other_account(noun, &arn, &caller.account));
        }
    }
    all
}

fn arns(survey: &Survey) -> Vec<(&'static str, &str)> {
    let seen = [
        ("stack", survey.stack.here().map(|stack| &stack.id)),
        ("DB cluster", survey.cluster.here().map(|cluster| &cluster.arn)),
        ("file system", survey.file_system.here().map(|file_system| &file_system.arn)),
        ("backup vault", survey.vault.here().map(|vault| &vault.arn)),
        ("backup role", survey.role.here().map(|role| &role.arn)),
        ("DB secret", survey.secret.here().map(|secret| &secret.arn)),
    ];
    seen.into_iter().filter_map(|(noun, arn)| Some((noun, arn?.as_str()))).collect()
}

/// Parts that were named by an ARN and are not there: the ARN may say why.
fn named<'a>(look: &Look<'a>) -> Vec<(&'static str, &'a str)> {
    let Some(topology) = look.topology() else { return Vec::new() };
    let role = (look.survey.role == Seen::Missing).then_some(("backup role", topology.role.value.as_str()));
    let secret = topology.secret.as_ref().filter(|_| look.survey.secret == Seen::Missing);
    role.into_iter().chain(secret.map(|secret| ("DB secret", secret.value.as_str()))).collect()
}

fn other_region(noun: &str, arn: &Arn, region: &str) -> Finding {
    error(
        ids::OTHER_REGION,
        format!("the {noun} is in {}, the calls go to {region}: {arn}", arn.region),
        "Both halves, the secret and the stack must be in one region: a restore looks for them there.",
        format!("Use --region {}, or choose another {noun}.", arn.region),
    )
}

fn other_account(noun: &str, arn: &Arn, account: &str) -> Finding {
    error(
        ids::OTHER_ACCOUNT,
        format!("the {noun} belongs to account {}, the caller to {account}: {arn}", arn.account),
        "Only the one account that was meant is ever touched.",
        format!("Use a --profile of account {}, or choose another {noun}.", arn.account),
    )
}
