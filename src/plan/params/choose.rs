//! One parameter: whose value it takes. The order is the user's, the restore's, the offline switch's, the
//! source stack's, the template's.

use super::{Cause, Chosen, Need, Origin, Request, is_mask, restore};
use crate::model::manifest::KeptParameter;
use crate::model::stack::Declared;

pub(super) fn choose(request: &Request<'_>, declared: &Declared) -> Result<Chosen, Need> {
    let key = declared.key.as_str();
    let take = |value: &str, origin| {
        Ok(Chosen { key: key.to_owned(), value: Some(value.to_owned()), origin, secret: declared.no_echo })
    };
    if request.unset.iter().any(|unset| unset == key) {
        return default(declared);
    }
    // A mask is refused elsewhere; it never becomes a value.
    if let Some(given) = request.given.iter().rfind(|given| given.key == key && !is_mask(&given.value)) {
        return take(&given.value, if given.file { Origin::SetFile } else { Origin::Set });
    }
    if let Some((_, value)) = restore::pairs(request).into_iter().find(|(restore, _)| *restore == key) {
        return value.map_or_else(|| Err(need(declared, Cause::Missing, None)), |value| take(value, Origin::Restore));
    }
    if let Some(switch) = request.offline.filter(|switch| switch.parameter == key) {
        return take(&switch.online, Origin::OfflineSwitch);
    }
    match request.source.iter().find(|kept| kept.key == key) {
        Some(kept) => source(request, declared, kept).and_then(|value| take(value, Origin::Source)),
        None => default(declared),
    }
}

fn source<'a>(request: &Request<'_>, declared: &Declared, kept: &'a KeptParameter) -> Result<&'a str, Need> {
    let Some(value) = kept.value.as_deref().filter(|value| !declared.no_echo && !is_mask(value)) else {
        // A manifest without room for a value keeps its key.
        let left_out = kept.value.is_none() && !declared.no_echo;
        return Err(need(declared, if left_out { Cause::Missing } else { Cause::Secret }, None));
    };
    // A blank value claims nothing.
    let shared = request.source_exists && !value.is_empty() && request.ask.contains(&declared.key);
    if shared { Err(need(declared, Cause::MustDiffer, Some(value))) } else { Ok(value) }
}

fn default(declared: &Declared) -> Result<Chosen, Need> {
    let Some(default) = &declared.default else {
        return Err(need(declared, if declared.no_echo { Cause::Secret } else { Cause::Missing }, None));
    };
    Ok(Chosen {
        key: declared.key.clone(),
        value: (!declared.no_echo).then(|| default.clone()),
        origin: Origin::Default,
        secret: declared.no_echo,
    })
}

fn need(declared: &Declared, cause: Cause, source: Option<&str>) -> Need {
    let why = match cause {
        Cause::Secret => "It is a secret (NoEcho): CloudFormation tells its value to nobody, so it is in no backup.",
        Cause::MustDiffer => "The source stack still uses its value, and two stacks cannot share it.",
        Cause::Missing if declared.default.is_some() => "The source stack's value is not known any more.",
        Cause::Missing => "The template has no default for it, and no value is known.",
    };
    Need {
        key: declared.key.clone(),
        cause,
        why: why.to_owned(),
        source: source.map(str::to_owned),
        default: declared.default.clone().filter(|_| !declared.no_echo),
        description: declared.limits.description.clone(),
        allowed: declared.allowed.clone(),
    }
}
