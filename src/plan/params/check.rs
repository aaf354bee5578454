//! Will CloudFormation take this value?

use super::pattern::{Match, matches};
use super::{Chosen, MOST_BYTES, MOST_PARAMETERS, Origin, Request, error, ids, info, warning};
use crate::model::finding::Finding;
use crate::model::stack::Declared;

const SSM_NAME: &str = "AWS::SSM::Parameter::Name";

pub(super) fn findings(request: &Request<'_>, declared: &Declared, chosen: &Chosen) -> Vec<Finding> {
    let mut all: Vec<Finding> = too_many(request, declared).into_iter().collect();
    // The template's own default is CloudFormation's business.
    let Some(value) = chosen.value.as_deref().filter(|_| chosen.sent()) else {
        all.extend(new_default(request, declared));
        return all;
    };
    let look = Look { declared, value, secret: chosen.secret };
    all.extend(look.size());
    if declared.ssm_typed() || declared.kind == SSM_NAME {
        all.extend(look.name());
        all.extend(look.resolved());
    } else {
        all.extend(look.limits());
    }
    all.extend(shared(request, chosen));
    if chosen.origin != Origin::Source {
        all.extend(look.blank());
    }
    all
}

/// Told once, at the first one.
fn too_many(request: &Request<'_>, declared: &Declared) -> Option<Finding> {
    let count = request.declared.len();
    let first = request.declared.first().is_some_and(|first| first.key == declared.key);
    (first && count > MOST_PARAMETERS).then(|| {
        error(
            ids::TOO_MANY,
            format!("the template declares {count} parameters"),
            format!("CloudFormation takes {MOST_PARAMETERS} at most."),
            "Use a template with fewer.",
        )
    })
}

fn new_default(request: &Request<'_>, declared: &Declared) -> Option<Finding> {
    let known = request.source.is_empty() || request.source.iter().any(|kept| kept.key == declared.key);
    let asked = request.unset.contains(&declared.key);
    (!known && !asked).then(|| {
        info(
            ids::NEW_DEFAULT,
            format!("{} takes the template's default", declared.key),
            "The source stack had no such parameter when the backup was made.",
        )
    })
}

fn shared(request: &Request<'_>, chosen: &Chosen) -> Option<Finding> {
    let kept = request.source.iter().find(|kept| kept.key == chosen.key)?;
    let same = kept.value == chosen.value && kept.value.as_deref() != Some("");
    (same && chosen.origin != Origin::Source && request.source_exists && request.ask.contains(&chosen.key)).then(|| {
        warning(
            ids::SHARED,
            format!("{} has the same value as the source stack's", chosen.key),
            "The source stack still uses it, and two stacks cannot share it: the creation may fail, or take the \
             source stack's visitors away.",
            format!("Give another: `--set {}=VALUE`.", chosen.key),
        )
    })
}

struct Look<'a> {
    declared: &'a Declared,
    value: &'a str,
    secret: bool,
}

impl Look<'_> {
    fn limits(&self) -> Vec<Finding> {
        let mut all = Vec::new();
        all.extend(self.allowed());
        all.extend(self.numbers());
        all.extend(self.pattern());
        all.extend(self.length());
        all.extend(self.range());
        all
    }

    /// What is checked one by one: a list's items, trimmed as CloudFormation does; else the value itself.
    fn parts(&self) -> Vec<&str> {
        let kind = &self.declared.kind;
        if kind != "CommaDelimitedList" && !kind.starts_with("List<") {
            return vec![self.value];
        }
        // A blank list has no items that could be wrong.
        if self.value.is_empty() { Vec::new() } else { self.value.split(',').map(str::trim).collect() }
    }

    fn is(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.declared.kind.as_str())
    }

    fn size(&self) -> Option<Finding> {
        let bytes = self.value.len();
        let why = format!("CloudFormation takes {MOST_BYTES} bytes at most of a parameter's value.");
        (bytes > MOST_BYTES).then(|| {
            let remedy = "Keep the text somewhere else (Parameter Store, a bucket), and give its name.";
            error(ids::TOO_LARGE, format!("the value of {} has {bytes} bytes", self.declared.key), why, remedy)
        })
    }

    fn allowed(&self) -> Option<Finding> {
        let allowed = &self.declared.allowed;
        let one = |part: &str| allowed.iter().any(|allowed| allowed == part || self.equal_numbers(allowed, part));
        let bad = self.parts().into_iter().find(|part| !allowed.is_empty() && !one(part))?;
        let listed: Vec<String> = allowed.iter().take(10).map(|allowed| format!("`{allowed}`")).collect();
        let more = if allowed.len() > 10 { ", …" } else { "" };
        Some(self.wrong(ids::NOT_ALLOWED, bad, &format!("is none of {}{more}", listed.join(", "))))
    }

    fn equal_numbers(&self, left: &str, right: &str) -> bool {
        self.is(&["Number", "List<Number>"]) && number(left).is_some() && number(left) == number(right)
    }

    fn numbers(&self) -> Option<Finding> {
        if !self.is(&["Number", "List<Number>"]) {
            return None;
        }
        let bad = self.parts().into_iter().find(|part| number(part).is_none())?;
        Some(self.wrong(ids::NOT_A_NUMBER, bad, "is not a number"))
    }

    fn pattern(&self) -> Option<Finding> {
        let pattern = self.declared.limits.pattern.as_deref()?;
        // What CloudFormation does with a pattern of a `List<AWS::…>` is documented nowhere.
        if self.declared.kind.starts_with("List<") {
            return None;
        }
        for part in self.parts() {
            match matches(pattern, part) {
                Match::Yes => {}
                Match::No => {
                    return Some(self.wrong(ids::PATTERN, part, &format!("does not match the pattern `{pattern}`")));
                }
                Match::Unreadable => return Some(self.unchecked(pattern)),
            }
        }
        None
    }

    fn unchecked(&self, pattern: &str) -> Finding {
        info(
            ids::PATTERN_UNCHECKED,
            format!("whether {} matches its pattern `{pattern}` cannot be checked here", self.declared.key),
            "The pattern uses something of Java's that is not known here; CloudFormation will check it.",
        )
    }

    fn length(&self) -> Option<Finding> {
        if !self.is(&["String"]) {
            return None;
        }
        let count = u32::try_from(self.value.chars().count()).unwrap_or(u32::MAX);
        let limits = &self.declared.limits;
        let wrong = |text: String| Some(self.wrong(ids::LENGTH, self.value, &text));
        match (limits.min_length, limits.max_length) {
            (Some(least), _) if count < least => wrong(format!("has {count} characters, {least} at least are needed")),
            (_, Some(most)) if count > most => wrong(format!("has {count} characters, {most} at most are allowed")),
            _ => None,
        }
    }

    fn range(&self) -> Option<Finding> {
        let value = number(self.value).filter(|_| self.is(&["Number"]))?;
        let limit = |text: &Option<String>| text.as_deref().and_then(number);
        let limits = &self.declared.limits;
        let wrong = |text: String| Some(self.wrong(ids::RANGE, self.value, &text));
        match (limit(&limits.min_value), limit(&limits.max_value)) {
            (Some(least), _) if value < least => wrong(format!("is less than {least}")),
            (_, Some(most)) if value > most => wrong(format!("is more than {most}")),
            _ => None,
        }
    }

    fn name(&self) -> Option<Finding> {
        // `name`, `name:version`, `name:label`, or an ARN.
        let good = |c: char| c.is_ascii_alphanumeric() || "_.-/:".contains(c);
        let bad = self.value.is_empty() || !self.value.chars().all(good);
        bad.then(|| self.wrong(ids::NOT_A_NAME, self.value, "is no name in Parameter Store"))
    }

    fn resolved(&self) -> Option<Finding> {
        self.declared.ssm_typed().then(|| {
            info(
                ids::RESOLVED_ANEW,
                format!("{} names {} in Parameter Store", self.declared.key, self.shown(self.value)),
                "The new stack takes what is there when it is created, which may differ from what the source had.",
            )
        })
    }

    fn blank(&self) -> Option<Finding> {
        let kind = &self.declared.kind;
        let must_exist = kind.starts_with("AWS::") && !kind.starts_with("AWS::SSM::");
        (must_exist && self.value.is_empty()).then(|| {
            warning(
                ids::BLANK,
                format!("{} is blank", self.declared.key),
                format!("Its type is {kind}: CloudFormation takes only what exists in the account."),
                format!("Give it: `--set {}=VALUE`.", self.declared.key),
            )
        })
    }

    fn wrong(&self, id: &str, part: &str, text: &str) -> Finding {
        let declared = self.declared;
        let told = declared.limits.description.as_deref().map(|told| format!(" The template says: {told}"));
        error(
            id,
            format!("{} {} {text}", declared.key, self.shown(part)),
            format!("CloudFormation refuses it.{}", told.unwrap_or_default()),
            format!("Give another: `--set {}=VALUE`.", declared.key),
        )
    }

    /// A value as a message shows it: never a secret, never a page of it.
    fn shown(&self, part: &str) -> String {
        const MOST: usize = 60;
        if self.secret {
            return "(a secret)".to_owned();
        }
        let short: String = part.chars().take(MOST).collect();
        let more = if part.chars().count() > MOST { "…" } else { "" };
        format!("`{short}{more}`")
    }
}

/// CloudFormation's numbers: integers and decimals.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}
