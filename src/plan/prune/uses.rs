//! Which live stacks name a backup in their parameters: what CloudFormation would need again at their next update.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A live stack's parameters, as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackValues {
    /// The stack's name.
    pub stack: String,
    /// Its ARN.
    pub stack_id: String,
    /// Each parameter and its value, and the value it resolves to where it is kept elsewhere.
    pub parameters: Vec<(String, String)>,
}

/// One place where a backup is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Use {
    /// The stack's name.
    pub stack: String,
    /// The parameter.
    pub parameter: String,
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stack {} names it in {}", self.stack, self.parameter)
    }
}

/// Where one of `names` (a snapshot's identifier or ARN, a recovery point's ARN or id) stands in a parameter's value,
/// alone, or anywhere in a list, an ARN, a path or a document: any parameter, whatever it is called. One too many is
/// kept rather than one too few.
pub fn uses(stacks: &[StackValues], names: &[&str]) -> Vec<Use> {
    let names: Vec<&str> = names.iter().map(|name| last(name)).filter(|name| !name.is_empty()).collect();
    // AWS compares identifiers of snapshots without regard to case.
    let is = |word: &str| names.iter().any(|name| word.eq_ignore_ascii_case(name));
    let named = |value: &str| is(last(value.trim())) || words(value).any(is);
    let of = |stack: &StackValues| {
        let hit = |(parameter, value): &(String, String)| {
            named(value).then(|| Use { stack: stack.stack.clone(), parameter: parameter.clone() })
        };
        stack.parameters.iter().filter_map(hit).collect::<Vec<_>>()
    };
    let mut all: Vec<Use> = stacks.iter().flat_map(of).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The name itself, or the last part of an ARN.
fn last(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or_default()
}

/// Letters, digits and hyphens: what both kinds of identifiers are made of.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split(|c: char| !c.is_alphanumeric() && c != '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: &str = "arn:aws:backup:eu-west-1:123456789012:recovery-point:1EB3B5E7-9EB0-435A-A80B-108B488B0D45";

    fn values(stack: &str, parameters: &[(&str, &str)]) -> StackValues {
        let parameters = parameters.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        StackValues { stack: stack.into(), stack_id: String::new(), parameters }
    }

    fn used(value: &str) -> bool {
        !uses(&[values("hub2", &[("P", value)])], &["my-hub-20261120-020000", POINT]).is_empty()
    }

    #[test]
    fn a_parameter_that_names_a_half_uses_it() {
        assert!(used("my-hub-20261120-020000"));
        assert!(used("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:my-hub-20261120-020000"));
        assert!(used("My-Hub-20261120-020000"));
        assert!(used(POINT) && used("1eb3b5e7-9eb0-435a-a80b-108b488b0d45"));
    }

    #[test]
    fn wherever_in_a_value_the_name_stands() {
        for value in [
            "a, my-hub-20261120-020000",
            "a\tmy-hub-20261120-020000\n",
            "[my-hub-20261120-020000]",
            "{\"snapshot\":\"my-hub-20261120-020000\"}",
            "from=my-hub-20261120-020000|to=x",
            "s3://bucket/my-hub-20261120-020000.json",
            "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:my-hub-20261120-020000,other",
        ] {
            assert!(used(value), "{value}");
        }
    }

    #[test]
    fn a_name_that_is_empty_is_nowhere() {
        assert!(uses(&[values("hub2", &[("P", ", :")])], &["", "arn:aws:rds:"]).is_empty());
    }

    #[test]
    fn each_place_is_told_once_and_in_order() {
        let value = "my-hub-20261120-020000,arn:aws:rds:x:y:cluster-snapshot:my-hub-20261120-020000";
        let stack = |name: &str| values(name, &[("B", value), ("A", value), ("A", value)]);
        let all = uses(&[stack("hub3"), stack("hub2")], &["my-hub-20261120-020000"]);
        let told: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "stack hub2 names it in A",
                "stack hub2 names it in B",
                "stack hub3 names it in A",
                "stack hub3 names it in B",
            ]
        );
    }

    #[test]
    fn other_values_do_not() {
        let longer = ["my-hub-20261120-020000-copy", "a-my-hub-20261120-020000", "my-hub-20261120-0200001"];
        for value in ["", "****", "my-hub", "my-hub-20261120-02000", "arn:aws:rds:x"].into_iter().chain(longer) {
            assert!(!used(value), "{value}");
        }
    }
}
