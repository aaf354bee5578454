//! The secret that opens the database. Its value is never read: version ids are enough.

use jiff::Timestamp;

use crate::model::Seen;
use crate::model::finding::Finding;
use crate::model::proof::Secret;

use super::{Look, error, ids, info, unseen, warning};

const WHY: &str = "Without it the restored database cannot be opened.";

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    match &look.proof.secret {
        Seen::NotLooked => vec![warning(
            ids::NO_SECRET_KNOWN,
            "nothing says which secret opens the backup's database".to_owned(),
            "The new stack must be told the database's password by other means.",
            "Name it with --secret, if the stack has one.",
        )],
        Seen::Missing => {
            let arn = look.subject.backup.secret_arn.as_deref().unwrap_or("of the stack");
            vec![error(
                ids::NO_SECRET,
                format!("DB secret {arn} does not exist"),
                WHY,
                "If the password is known elsewhere, put it into a new secret of the same form and name that with --secret.",
            )]
        }
        Seen::Here(secret) => state(look, secret),
        unknown => unseen::essential("the DB secret", unknown).into_iter().collect(),
    }
}

fn state(look: &Look<'_>, secret: &Secret) -> Vec<Finding> {
    let mut all: Vec<Finding> = secret.deleted.map(|at| scheduled(secret, at)).into_iter().collect();
    all.extend(version(look, secret));
    all
}

fn scheduled(secret: &Secret, at: Timestamp) -> Finding {
    error(
        ids::SECRET_DELETED,
        format!("DB secret {} is scheduled for deletion (since {})", secret.arn, at.strftime("%Y-%m-%d")),
        "A secret that is on its way out cannot be read, and is gone 7 to 30 days after it was deleted.",
        format!("Keep it: `aws secretsmanager restore-secret --secret-id {}`.", secret.arn),
    )
}

fn version(look: &Look<'_>, secret: &Secret) -> Option<Finding> {
    let Some(then) = wanted(look) else {
        return Some(info(
            ids::SECRET_VERSION_UNKNOWN,
            format!("it is not known which version of {} was current when the backup was made", secret.arn),
            "If it was rotated since, its current value is not the database's password.",
        ));
    };
    let current = secret.current();
    if current == Some(then) {
        return None;
    }
    Some(match secret.stages(then) {
        Some(stages) => rotated(look, secret, then, stages),
        None => gone(secret, then),
    })
}

/// As the tags say, else as the manifest does.
fn wanted<'a>(look: &Look<'a>) -> Option<&'a str> {
    let kept = || look.proof.manifest()?.secret.as_ref()?.version.as_deref();
    look.subject.backup.secret_version.as_deref().or_else(kept)
}

fn rotated(look: &Look<'_>, secret: &Secret, then: &str, stages: &[String]) -> Finding {
    let stage = if stages.is_empty() { "no stage: it goes some day".to_owned() } else { stages.join(", ") };
    let current = secret.current().unwrap_or("none");
    warning(
        ids::SECRET_ROTATED,
        format!(
            "DB secret {} was rotated since: the database's password is version {then} ({stage}), the current one is \
             {current}",
            secret.arn
        ),
        "A new stack is given the secret's current value, which does not open the restored database.",
        way_back(look, secret, then, current),
    )
}

/// While the source stack lives, its own secret must stay as it is: the new stack gets a copy.
fn way_back(look: &Look<'_>, secret: &Secret, then: &str, current: &str) -> String {
    let Secret { arn, .. } = secret;
    if !look.proof.source_lives() {
        return format!(
            "Make it the current one again: `aws secretsmanager update-secret-version-stage --secret-id {arn} \
             --version-stage AWSCURRENT --move-to-version-id {then} --remove-from-version-id {current}`."
        );
    }
    let restore = look.proof.shape.as_ref().and_then(|shape| shape.restore.as_ref());
    let name = restore.map_or_else(
        || "and name that with --secret".to_owned(),
        |keys| format!("and `--set {}=` its ARN", keys.secret),
    );
    format!(
        "The source stack needs the current one, so give the new stack a copy of the old one: `aws secretsmanager \
         create-secret --name {}-db --secret-string \"$(aws secretsmanager get-secret-value --secret-id {arn} \
         --version-id {then} --query SecretString --output text)\"`, {name}.",
        look.subject.backup.id
    )
}

fn gone(secret: &Secret, then: &str) -> Finding {
    let unlisted = match &secret.partial {
        Some(_) => " among those with a stage (others may not be listed: allow secretsmanager:ListSecretVersionIds)",
        None => "",
    };
    warning(
        ids::SECRET_VERSION_GONE,
        format!("DB secret {} was rotated since, and version {then} is not stored any more{unlisted}", secret.arn),
        "It is the database's password: the restored database cannot be opened until it is given a new one.",
        "After the restore: `aws rds modify-db-cluster --db-cluster-identifier NEW --manage-master-user-password`, or set \
         --master-user-password to the current secret's.",
    )
}
