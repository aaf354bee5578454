//! What AWS would refuse: what, why, and how it is written instead.

/// An expression that AWS refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}. For example {example}")]
pub struct BadExpression {
    /// What is wrong.
    pub what: String,
    /// Why that is refused.
    pub why: String,
    /// One that AWS takes.
    pub example: String,
}

/// Says what is wrong, and gives an example.
pub(super) fn bad(what: impl Into<String>, why: impl Into<String>, example: impl Into<String>) -> BadExpression {
    BadExpression { what: what.into(), why: why.into(), example: example.into() }
}

/// None of the three forms.
pub(super) fn form(text: &str) -> BadExpression {
    let what = format!("`{text}` is not a schedule expression");
    let why = "AWS knows cron(…), rate(…) and at(…), in small letters, without a blank before the bracket";
    bad(what, why, "`cron(0 3 * * ? *)`, `rate(12 hours)` or `at(2030-01-31T03:00:00)`")
}
