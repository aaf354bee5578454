//! IAM policy documents, as far as preflight has to understand them.

use serde_json::Value;

/// One statement.
pub(in crate::plan) struct Statement<'a>(&'a Value);

/// The statements of a policy document; `None`: it cannot be read.
pub(in crate::plan) fn statements(document: &Value) -> Option<Vec<Statement<'_>>> {
    Some(many(document.get("Statement")?).into_iter().map(Statement).collect())
}

impl Statement<'_> {
    pub(in crate::plan) fn denies(&self) -> bool {
        self.text("Effect") == Some("Deny")
    }

    pub(in crate::plan) fn allows(&self) -> bool {
        self.text("Effect") == Some("Allow")
    }

    pub(in crate::plan) fn conditional(&self) -> bool {
        self.0.get("Condition").is_some_and(|condition| condition.as_object().is_none_or(|map| !map.is_empty()))
    }

    /// The statement is about `action`, e.g. `backup:StartBackupJob`.
    pub(in crate::plan) fn about(&self, action: &str) -> bool {
        let names = |key: &str| self.0.get(key).map(many).unwrap_or_default();
        let matches = |key: &str| names(key).iter().filter_map(|v| v.as_str()).any(|pattern| like(pattern, action));
        if self.0.get("NotAction").is_some() { !matches("NotAction") } else { matches("Action") }
    }

    /// It applies to everybody.
    pub(in crate::plan) fn everybody(&self) -> bool {
        let principal = self.0.get("Principal");
        principal.and_then(Value::as_str) == Some("*") || self.principals("AWS").contains(&"*")
    }

    /// The principals of one kind: `AWS`, `Service`.
    pub(in crate::plan) fn principals(&self, kind: &str) -> Vec<&str> {
        let named = self.0.get("Principal").and_then(|principal| principal.get(kind));
        named.map(many).unwrap_or_default().into_iter().filter_map(Value::as_str).collect()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(Value::as_str)
    }
}

/// How certainly an action is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Denied {
    /// To everybody, always.
    Surely,
    /// To some, or sometimes.
    Perhaps,
}

/// What the statements that deny something say of `action`.
pub(in crate::plan) fn denied(denials: &[&Statement<'_>], action: &str) -> Option<Denied> {
    let about: Vec<_> = denials.iter().filter(|statement| statement.about(action)).collect();
    let sure = about.iter().any(|statement| statement.everybody() && !statement.conditional());
    match about.is_empty() {
        true => None,
        false if sure => Some(Denied::Surely),
        false => Some(Denied::Perhaps),
    }
}

/// IAM writes one thing as itself, several as a list.
fn many(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |list| list.iter().collect())
}

/// IAM's wildcards, without regard to case.
fn like(pattern: &str, text: &str) -> bool {
    wild(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
}

fn wild(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => text.char_indices().any(|(at, _)| wild(rest.as_str(), &text[at..])) || wild(rest.as_str(), ""),
        Some(c) => {
            let mut tail = text.chars();
            tail.next().is_some_and(|t| c == '?' || c == t) && wild(rest.as_str(), tail.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iams_wildcards_match_without_regard_to_case() {
        for (pattern, matches) in [
            ("*", true),
            ("backup:*", true),
            ("Backup:Start*", true),
            ("backup:StartBackup?ob", true),
            ("backup:StartBackupJob", true),
            ("backup:StartBackupJob?", false),
            ("backup:StartCopyJob", false),
            ("rds:*", false),
        ] {
            assert_eq!(like(pattern, "backup:StartBackupJob"), matches, "{pattern}");
        }
    }
}
