//! A plan as text that fits into parameters of 4,096 bytes. No value of a NoEcho parameter is in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::new_stack::NewStack;
use crate::model::rebuild::Plan;
use crate::plan::manifest::sha256;
use crate::plan::packed;

/// At most so many parameters for one plan.
pub const PARTS: usize = 16;
/// What a standard parameter holds, less the header, bytes.
const ROOM: usize = 4_000;
/// A plan that unpacks to more than this is none, bytes.
const LARGEST: u64 = 4 << 20;
const HEADER: &str = "p1";

/// A packed plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// The text of each parameter.
    pub parts: Vec<String>,
    /// SHA-256 of the plan as it is kept, hex.
    pub digest: String,
}

/// Packs a plan; NoEcho values are left out.
///
/// # Errors
/// It does not fit, and what to do about it.
pub fn pack(plan: &Plan) -> Result<Packed, String> {
    let json = serde_json::to_vec(&silent(plan)).map_err(|error| error.to_string())?;
    let text = packed::pack(&json);
    let chunks: Vec<&str> = text.as_bytes().chunks(ROOM).filter_map(|chunk| std::str::from_utf8(chunk).ok()).collect();
    if chunks.len() > PARTS {
        return Err(format!(
            "the plan has {} KiB, compressed, and {} fit into Parameter Store: give the template as an URL (--template-url, or `manifest = \"s3://…\"` in stacksnap.toml)",
            text.len() / 1024,
            PARTS * ROOM / 1024
        ));
    }
    let count = chunks.len();
    let parts = chunks.into_iter().map(|chunk| format!("{HEADER}:{count}:{chunk}")).collect();
    Ok(Packed { parts, digest: sha256(&json) })
}

/// How many parts a plan has, as its first one says.
///
/// # Errors
/// It is no plan.
pub fn count(first: &str) -> Result<usize, String> {
    let count = first.split(':').nth(1).filter(|_| first.starts_with(HEADER)).and_then(|count| count.parse().ok());
    count.filter(|count| (1..=PARTS).contains(count)).ok_or_else(|| "it was not written by this stacksnap".to_owned())
}

/// The plan that was packed.
///
/// # Errors
/// It is not the one with this digest, or no plan at all.
pub fn unpack(parts: &[String], digest: &str) -> Result<Plan, String> {
    let bodies = parts.iter().filter_map(|part| part.splitn(3, ':').nth(2));
    let text: String = bodies.collect();
    let json = packed::unpack(text.as_bytes(), LARGEST).map_err(|bad| bad.to_string())?;
    if sha256(&json) != digest {
        return Err("it is not the plan that the run was begun with".to_owned());
    }
    serde_json::from_slice(&json).map_err(|error| error.to_string())
}

/// The plan with the NoEcho values that the user gave to this process.
///
/// # Errors
/// A value is missing: how to give it.
pub fn with_secrets(plan: &Plan, given: &BTreeMap<String, String>, stack: &str) -> Result<Plan, String> {
    let first = filled(&plan.first, given, stack)?;
    let second = plan.second.as_deref().map(|second| filled(second, given, stack)).transpose()?;
    Ok(Plan { first: Arc::new(first), second: second.map(Arc::new) })
}

fn filled(stack: &NewStack, given: &BTreeMap<String, String>, name: &str) -> Result<NewStack, String> {
    let mut stack = stack.clone();
    for parameter in stack.parameters.iter_mut().filter(|parameter| parameter.secret) {
        let value = given.get(&parameter.key).ok_or_else(|| {
            format!(
                "the value of NoEcho parameter {0} is kept nowhere: `stacksnap resume {name} --set {0}=…`",
                parameter.key
            )
        })?;
        parameter.value.clone_from(value);
    }
    Ok(stack)
}

fn silent(plan: &Plan) -> Plan {
    let silent = |stack: &Arc<NewStack>| {
        let mut stack = NewStack::clone(stack);
        for parameter in stack.parameters.iter_mut().filter(|parameter| parameter.secret) {
            parameter.value.clear();
        }
        Arc::new(stack)
    };
    Plan { first: silent(&plan.first), second: plan.second.as_ref().map(silent) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::new_stack::{NewParameter, OnFailure, TemplateSource};

    fn plan(template: String) -> Plan {
        let parameter = |key: &str, value: &str, secret| NewParameter { key: key.into(), value: value.into(), secret };
        let stack = NewStack {
            name: "my-hub-2".into(),
            template: TemplateSource::Body(template),
            parameters: vec![parameter("DomainName", "가나다.org", false), parameter("AdminPassword", "hunter2", true)],
            capabilities: Vec::new(),
            tags: Vec::new(),
            role_arn: None,
            notification_arns: Vec::new(),
            termination_protection: true,
            on_failure: OnFailure::Keep,
        };
        Plan { first: Arc::new(stack), second: None }
    }

    fn noise(bytes: usize) -> String {
        let mut random = fastrand::Rng::with_seed(7);
        std::iter::repeat_with(|| random.alphanumeric()).take(bytes).collect()
    }

    #[test]
    fn a_plan_comes_back_without_its_secrets_which_are_given_again() {
        let whole = plan(noise(20_000));
        let packed = pack(&whole).unwrap();
        assert!(packed.parts.len() > 1 && packed.parts.iter().all(|part| part.len() <= 4_096));
        assert_eq!(count(&packed.parts[0]), Ok(packed.parts.len()));
        let kept = unpack(&packed.parts, &packed.digest).unwrap();
        assert_eq!(kept.first.parameter("AdminPassword"), Some(""));
        assert!(with_secrets(&kept, &BTreeMap::new(), "my-hub-2").unwrap_err().contains("--set AdminPassword"));
        let given = BTreeMap::from([("AdminPassword".to_owned(), "hunter2".to_owned())]);
        assert_eq!(with_secrets(&kept, &given, "my-hub-2"), Ok(whole));
    }

    #[test]
    fn a_plan_that_was_changed_or_cut_off_is_not_carried_out() {
        let packed = pack(&plan(noise(9_000))).unwrap();
        let other = pack(&plan(noise(9_001))).unwrap();
        assert!(unpack(&other.parts, &packed.digest).is_err());
        assert!(unpack(&packed.parts[..1], &packed.digest).is_err());
        assert!(count("{}").is_err() && count("p1:99:x").is_err());
    }

    #[test]
    fn a_plan_that_does_not_fit_says_how_it_would() {
        assert!(pack(&plan(noise(120_000))).unwrap_err().contains("--template-url"));
    }
}
