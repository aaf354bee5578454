//! What the user and the source stack name: is there such a parameter?

use std::collections::BTreeSet;

use super::{Request, error, ids, info, is_mask};
use crate::model::finding::Finding;
use crate::model::stack::Declared;

pub(super) fn findings(request: &Request<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    let named: Vec<&str> = request.given.iter().map(|given| given.key.as_str()).chain(unset(request)).collect();
    let mut seen = BTreeSet::new();
    for key in named {
        if !seen.insert(key) {
            all.push(twice(key));
        } else if !declares(request.declared, key) {
            all.push(unknown(request.declared, key));
        }
    }
    all.extend(request.given.iter().filter(|given| is_mask(&given.value)).map(|given| masked(&given.key)));
    all.extend(
        request.source.iter().filter(|kept| !declares(request.declared, &kept.key)).map(|kept| dropped(&kept.key)),
    );
    all
}

fn unset<'a>(request: &Request<'a>) -> impl Iterator<Item = &'a str> {
    request.unset.iter().map(String::as_str)
}

fn declares(declared: &[Declared], key: &str) -> bool {
    declared.iter().any(|declared| declared.key == key)
}

fn unknown(declared: &[Declared], key: &str) -> Finding {
    let near = nearest(declared, key).map_or_else(
        || "Compare it with the template's Parameters.".to_owned(),
        |near| format!("Did you mean {near}?"),
    );
    error(
        ids::UNKNOWN_KEY,
        format!("the template has no parameter {key}"),
        "CloudFormation refuses a stack that is given a parameter its template does not declare.",
        near,
    )
}

fn nearest<'a>(declared: &'a [Declared], key: &str) -> Option<&'a str> {
    let plain = key.to_lowercase();
    let near = |declared: &Declared| strsim::normalized_damerau_levenshtein(&declared.key.to_lowercase(), &plain);
    let best = declared.iter().map(|declared| (near(declared), &declared.key)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.5).then_some(best.1)
}

fn twice(key: &str) -> Finding {
    error(
        ids::GIVEN_TWICE,
        format!("{key} is given twice"),
        "One parameter has one value: which one was meant cannot be told.",
        "Use one of --set, --set-file and --unset, once for each parameter.",
    )
}

fn masked(key: &str) -> Finding {
    error(
        ids::MASKED,
        format!("the value given for {key} is the mask that AWS shows in place of a secret"),
        "It would become the secret itself, and nobody could log in any more.",
        format!("Give the real value: `--set-file {key}=FILE`."),
    )
}

fn dropped(key: &str) -> Finding {
    info(ids::DROPPED, format!("the source stack's parameter {key} is left out"), "The template does not declare it.")
}
