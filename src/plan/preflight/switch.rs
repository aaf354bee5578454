//! The mode change: the offline parameter, and what an update does besides.

use crate::model::finding::Finding;
use crate::model::profile::LoadBalancerTrap;
use crate::model::run::Mode;
use crate::model::stack::{Resource, Stack};
use crate::model::topology::OfflineSwitch;

use super::{Look, error, ids, info, switch_of, unseen, warning};

pub(super) fn findings(look: &Look<'_>) -> Vec<Finding> {
    let Some(stack) = look.survey.stack.here() else { return Vec::new() };
    if look.ask.live {
        return vec![live()];
    }
    let mut all: Vec<Finding> = parameter(look, stack).into_iter().collect();
    if look.changes_mode() {
        all.extend(change_sets(look));
        all.extend(ssm_typed(look, stack));
        all.extend(load_balancer(look, stack));
    }
    all
}

fn live() -> Finding {
    info(
        ids::LIVE,
        "a live backup: the stack stays online, the database is taken first, the files after it".to_owned(),
        "Writes go on meanwhile, so nothing proves that the halves belong to one instant; files that are deleted in \
         between may be missed by the database's rows.",
    )
}

fn parameter(look: &Look<'_>, stack: &Stack) -> Option<Finding> {
    // Where discovery stumbled over this very parameter, its problem has said it.
    let Some(switch) = switch_of(look.survey, look.profile) else {
        return look.topology().map(|_| no_parameter(look));
    };
    match look.mode() {
        None => Some(unknown_mode(stack, &switch)),
        Some(Mode::Offline) if !look.ask.switch_only => Some(info(
            ids::ALREADY_OFFLINE,
            format!("the stack is offline already ({} = {})", switch.parameter, switch.offline),
            "It is backed up as it is, and stays offline.",
        )),
        Some(_) => None,
    }
}

fn no_parameter(look: &Look<'_>) -> Finding {
    let looked = look.profile.map(|profile| profile.offline.parameters.join(", ")).unwrap_or_default();
    error(
        ids::NO_OFFLINE_PARAMETER,
        format!("the stack has no offline parameter (looked for {looked})"),
        "Writes during a backup make its halves disagree, so the stack is taken offline by such a parameter.",
        "Name it with --offline-parameter, --online-value and --offline-value; or take a backup with --live.",
    )
}

fn unknown_mode(stack: &Stack, switch: &OfflineSwitch) -> Finding {
    let OfflineSwitch { parameter, online, offline } = switch;
    let value = stack.parameter(parameter).unwrap_or_default();
    error(
        ids::MODE_UNKNOWN,
        format!("parameter {parameter} is `{value}`: neither `{online}` nor `{offline}`"),
        "The stack is brought back to the mode it had before, so that must be one of the two.",
        "Set the parameter to one of them, or say with --online-value and --offline-value which values mean what.",
    )
}

/// Executing a change set deletes all the others of the stack.
fn change_sets(look: &Look<'_>) -> Vec<Finding> {
    let seen = &look.survey.change_sets;
    let foreign: Vec<&str> =
        seen.here().into_iter().flatten().filter(|set| set.own().is_none()).map(|set| set.name.as_str()).collect();
    let mut all: Vec<Finding> = unseen::nicety("the stack's change sets", seen).into_iter().collect();
    if !foreign.is_empty() {
        let say = if look.ask.strict { error } else { warning };
        all.push(say(
            ids::CHANGE_SETS,
            format!("change sets of somebody else are waiting: {}", foreign.join(", ")),
            "Changing the stack's mode executes a change set, and CloudFormation then deletes all the others.",
            "Execute or delete them first, or make them again afterwards.",
        ));
    }
    all
}

fn ssm_typed(look: &Look<'_>, stack: &Stack) -> Option<Finding> {
    let declared = look.survey.declared.here()?;
    let keys: Vec<String> = declared
        .iter()
        .filter(|parameter| parameter.ssm_typed())
        .map(|parameter| resolved(stack, &parameter.key))
        .collect();
    (!keys.is_empty()).then(|| {
        warning(
            ids::SSM_TYPED,
            format!("parameters are read from Parameter Store: {}", keys.join(", ")),
            "Every update resolves them anew, so a mode change may bring in, for example, a newer machine image.",
            "If a value has changed meanwhile, update the stack on purpose first; an update that would replace the \
             DB cluster, the file system or the vault is refused in any case. CloudFormation resolves them with the \
             caller's rights: `ssm:GetParameters` on each.",
        )
    })
}

fn resolved(stack: &Stack, key: &str) -> String {
    let parameter = stack.parameters.iter().find(|parameter| parameter.key == key);
    match parameter.and_then(|parameter| parameter.resolved.as_deref()) {
        Some(value) => format!("{key} (now {value})"),
        None => key.to_owned(),
    }
}

fn load_balancer(look: &Look<'_>, stack: &Stack) -> Option<Finding> {
    let trap = look.profile?.load_balancer.as_ref()?;
    (sprung(trap, stack) && there(trap, look)).then(|| {
        let output = stack.outputs.iter().find(|output| output.key == trap.output);
        let now = output.map(|output| format!(" (now {})", output.value)).unwrap_or_default();
        warning(
            ids::LOAD_BALANCER,
            format!("every mode change replaces the load balancer, so output {}{now} will change", trap.output),
            "DNS records outside Route 53 that point at it stop working after the backup.",
            trap.remedy.clone(),
        )
    })
}

/// A parameter that the template does not have counts as blank.
fn sprung(trap: &LoadBalancerTrap, stack: &Stack) -> bool {
    trap.when.iter().all(|(key, value)| stack.parameter(key).unwrap_or_default().trim() == value)
}

fn there(trap: &LoadBalancerTrap, look: &Look<'_>) -> bool {
    let Some(id) = &trap.resource else { return true };
    let is = |resource: &Resource| resource.logical_id == *id && resource.status.as_str() != "DELETE_COMPLETE";
    look.survey.resources.here().is_some_and(|resources| resources.iter().any(is))
}
