//! The parameters of stacksnap's own template: what was asked for, what was found, what stays.

use std::collections::BTreeMap;

use crate::model::stack::{Declared, Parameter};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The operator said so.
    Given,
    /// It was found out about the stack that is to be backed up.
    Found,
    /// The deployment has it already: UsePreviousValue.
    Kept,
    /// The template's own default.
    Default,
}

/// A value, and where it comes from.
#[derive(Clone, PartialEq, Eq)]
pub struct Wished {
    /// The value.
    pub value: String,
    /// `Given` or `Found`.
    pub origin: Origin,
}

/// The value may be a secret.
impl std::fmt::Debug for Wished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wished({:?})", self.origin)
    }
}

/// What is wished for, by the parameter's key.
pub type Wish = BTreeMap<String, Wished>;

/// A parameter of the deployment as it will be.
#[derive(Clone, PartialEq, Eq)]
pub struct Chosen {
    /// `ParameterKey`
    pub key: String,
    /// The value that holds then; of a secret that stays, AWS's mask.
    pub value: String,
    /// The value that holds now, where that is another one.
    pub before: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
    /// The template says NoEcho: the value is not to be shown.
    pub secret: bool,
}

/// The value may be a secret.
impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chosen({}, {:?})", self.key, self.origin)
    }
}

/// A parameter whose value does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The template has no such parameter.
    Unknown {
        /// The key.
        key: String,
    },
    /// There is no default, and nobody has said anything.
    Missing {
        /// The key.
        key: String,
    },
    /// CloudFormation would refuse the value.
    Refused {
        /// The key.
        key: String,
        /// What it must be.
        why: String,
    },
}

/// Chooses every parameter's value; `now`: the deployment's parameters, where there is one already.
///
/// # Errors
/// All that does not fit.
pub fn choose(declared: &[Declared], wish: &Wish, now: Option<&[Parameter]>) -> Result<Vec<Chosen>, Vec<Unfit>> {
    let known = |key: &String| declared.iter().any(|one| one.key == *key);
    let mut unfit: Vec<Unfit> =
        wish.keys().filter(|key| !known(key)).map(|key| Unfit::Unknown { key: key.clone() }).collect();
    let mut all = Vec::new();
    for one in declared {
        match chosen(one, wish, now) {
            Ok(chosen) => all.push(chosen),
            Err(why) => unfit.push(why),
        }
    }
    if unfit.is_empty() { Ok(all) } else { Err(unfit) }
}

fn chosen(declared: &Declared, wish: &Wish, now: Option<&[Parameter]>) -> Result<Chosen, Unfit> {
    let key = declared.key.clone();
    let before = now.into_iter().flatten().find(|parameter| parameter.key == key).map(|one| one.value.clone());
    let (value, origin) = match (wish.get(&key), &before, &declared.default) {
        (Some(wished), _, _) => (wished.value.clone(), wished.origin),
        (None, Some(before), _) => (before.clone(), Origin::Kept),
        (None, None, Some(default)) => (default.clone(), Origin::Default),
        (None, None, None) => return Err(Unfit::Missing { key }),
    };
    let secret = declared.no_echo;
    if matches!(origin, Origin::Given | Origin::Found) {
        fits(declared, &value).map_err(|why| Unfit::Refused { key: key.clone(), why })?;
    }
    let before = before.filter(|before| *before != value);
    Ok(Chosen { key, value, before, origin, secret })
}

/// What CloudFormation would say of a value; patterns are left to it.
fn fits(declared: &Declared, value: &str) -> Result<(), String> {
    if !declared.allowed.is_empty() && !declared.allowed.iter().any(|one| one == value) {
        return Err(format!("it is one of {}", declared.allowed.join(", ")));
    }
    if declared.kind != "Number" {
        return Ok(());
    }
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let limit = |text: &Option<String>| text.as_deref().and_then(number);
    let (least, most) = (limit(&declared.limits.min_value), limit(&declared.limits.max_value));
    match number(value) {
        None => Err("it is a number".to_owned()),
        Some(value) if least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most) => {
            Err(within(declared))
        }
        Some(_) => Ok(()),
    }
}

fn within(declared: &Declared) -> String {
    match (&declared.limits.min_value, &declared.limits.max_value) {
        (Some(least), Some(most)) => format!("it is {least} to {most}"),
        (Some(least), None) => format!("it is {least} or more"),
        (None, Some(most)) => format!("it is at most {most}"),
        (None, None) => "it is a number".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stack::Limits;

    fn declared(key: &str, default: Option<&str>) -> Declared {
        Declared {
            key: key.to_owned(),
            kind: "String".to_owned(),
            allowed: Vec::new(),
            no_echo: false,
            default: default.map(str::to_owned),
            limits: Limits::default(),
        }
    }

    fn wish(key: &str, value: &str) -> Wish {
        Wish::from([(key.to_owned(), Wished { value: value.to_owned(), origin: Origin::Given })])
    }

    fn now(key: &str, value: &str) -> Vec<Parameter> {
        vec![Parameter { key: key.to_owned(), value: value.to_owned(), resolved: None }]
    }

    #[test]
    fn what_is_given_goes_before_what_is_there_and_that_before_the_default() {
        let all = [declared("A", Some("default"))];
        let of = |wish: &Wish, now: Option<&[Parameter]>| {
            let one = choose(&all, wish, now).unwrap().remove(0);
            (one.value, one.origin, one.before)
        };
        let there = now("A", "there");
        assert_eq!(of(&Wish::new(), None), ("default".to_owned(), Origin::Default, None));
        assert_eq!(of(&Wish::new(), Some(&there)), ("there".to_owned(), Origin::Kept, None));
        let before = Some("there".to_owned());
        assert_eq!(of(&wish("A", "given"), Some(&there)), ("given".to_owned(), Origin::Given, before));
        assert_eq!(of(&wish("A", "there"), Some(&there)), ("there".to_owned(), Origin::Given, None));
    }

    #[test]
    fn a_parameter_that_the_new_template_lacks_is_not_sent() {
        assert_eq!(choose(&[], &Wish::new(), Some(&now("Old", "x"))), Ok(Vec::new()));
    }

    #[test]
    fn everything_that_does_not_fit_is_told_at_once() {
        let number = Declared {
            kind: "Number".to_owned(),
            limits: Limits { min_value: Some("1".to_owned()), max_value: Some("9".to_owned()), ..Limits::default() },
            ..declared("N", None)
        };
        let word = Declared { allowed: vec!["true".to_owned(), "false".to_owned()], ..declared("W", None) };
        let mut asked = wish("N", "10");
        asked.extend(wish("W", "yes"));
        asked.extend(wish("X", "1"));
        let refused = |key: &str, why: &str| Unfit::Refused { key: key.to_owned(), why: why.to_owned() };
        let unfit = choose(&[number, word, declared("M", None)], &asked, None).unwrap_err();
        assert_eq!(
            unfit,
            [
                Unfit::Unknown { key: "X".to_owned() },
                refused("N", "it is 1 to 9"),
                refused("W", "it is one of true, false"),
                Unfit::Missing { key: "M".to_owned() },
            ]
        );
    }

    #[test]
    fn a_value_is_never_in_a_debug_output() {
        let all = choose(&[declared("A", None)], &wish("A", "hunter2"), None).unwrap();
        assert!(!format!("{all:?} {:?}", wish("A", "hunter2")).contains("hunter2"));
    }
}
