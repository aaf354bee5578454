//! Why there is no recipe, said so that it can be mended.

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use crate::model::finding::{Finding, Severity};
use crate::model::proof::Subject;
use crate::plan::params::{Need, Parameters};

/// Warnings go to stderr: the result is the plan.
pub(super) fn warn(cx: &Context, findings: &[Finding]) {
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Warning) {
        let remedy = if finding.remedy.is_empty() { String::new() } else { format!(" {}", finding.remedy) };
        cx.warn(&format!("{} {}. {}{remedy}", finding.id, finding.what, finding.why));
    }
}

/// The backup cannot be restored.
pub(super) fn not_restorable(cx: &Context, subject: &Subject, findings: &[Finding]) -> Failure {
    let name = &subject.backup.id;
    let failure = Failure::new(Exit::NotGood, "not-restorable", format!("{name} cannot be restored"));
    let failure = because(failure, findings);
    if subject.pair { failure } else { failure.hint(format!("`{}` shows all", cx.command(&["verify", name], None))) }
}

/// Parameters are wrong, or some need the user's value.
pub(super) fn not_ready(cx: &Context, subject: &Subject, of: &Parameters) -> Failure {
    parameters(cx, &subject.backup.id, of)
}

/// The same, of whatever they are for.
pub(super) fn parameters(cx: &Context, name: &str, parameters: &Parameters) -> Failure {
    for need in &parameters.needs {
        cx.say(&line(need));
    }
    if parameters.refused() {
        let what = format!("the parameters for a new stack of {name} are refused");
        return because(Failure::new(Exit::Refused, "parameters", what), &parameters.findings);
    }
    let keys: Vec<&str> = parameters.needs.iter().map(|need| need.key.as_str()).collect();
    let failure = Failure::new(Exit::Refused, "needs-your-value", format!("{} need your value", keys.join(", ")));
    parameters.needs.iter().fold(failure, |failure, need| failure.hint(need.finding().remedy))
}

/// The errors: the first is why, their remedies are what to do.
fn because(failure: Failure, findings: &[Finding]) -> Failure {
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let texts: Vec<String> = errors.iter().map(|finding| format!("{} {}", finding.id, finding.what)).collect();
    let failure = failure.why(texts.join("; "));
    let mut remedies: Vec<&str> =
        errors.iter().map(|finding| finding.remedy.as_str()).filter(|it| !it.is_empty()).collect();
    remedies.dedup();
    remedies.into_iter().fold(failure, Failure::hint)
}

/// `needs your value: DomainName - …`
fn line(need: &Need) -> String {
    let source = need.source.as_ref().map(|value| format!(" The source's is `{value}`.")).unwrap_or_default();
    let allowed =
        if need.allowed.is_empty() { String::new() } else { format!(" Allowed: {}.", need.allowed.join(", ")) };
    let description = need.description.as_ref().map(|text| format!(" {text}")).unwrap_or_default();
    format!("needs your value: {}. {}{source}{allowed}{description}", need.key, need.why)
}
