//! One operation's input, whatever protocol it came by.

use crate::error::AwsError;
use serde_json::Value;
use std::collections::BTreeMap;

/// Tags of any service.
pub(crate) type Tags = BTreeMap<String, String>;

/// A tree of members; in the query protocol every leaf is a string.
#[derive(Clone, Debug, Default)]
pub(crate) struct Input(pub(crate) Value);

impl Input {
    /// A member's text, when it is there and not empty.
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.0.get(member).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A member's text, or the service's error for a missing one.
    pub(crate) fn require(&self, member: &str, code: &str) -> Result<&str, AwsError> {
        let refusal = || AwsError::bad(code, format!("The parameter {member} must be provided."));
        self.text(member).ok_or_else(refusal)
    }

    /// A flag; absent is `false`.
    pub(crate) fn flag(&self, member: &str) -> bool {
        match self.0.get(member) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// A whole number.
    pub(crate) fn number(&self, member: &str) -> Option<i64> {
        match self.0.get(member)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A list of structures.
    pub(crate) fn list(&self, member: &str) -> Vec<Self> {
        let items = self.0.get(member).and_then(Value::as_array);
        items.into_iter().flatten().cloned().map(Self).collect()
    }

    /// A list of strings.
    pub(crate) fn strings(&self, member: &str) -> Vec<String> {
        let items = self.0.get(member).and_then(Value::as_array);
        let texts = items.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// A list of `Key`/`Value` pairs.
    pub(crate) fn tag_list(&self, member: &str) -> Tags {
        let pair = |tag: Self| {
            let value = tag.0.get("Value").and_then(Value::as_str).unwrap_or("");
            Some((tag.text("Key")?.to_owned(), value.to_owned()))
        };
        self.list(member).into_iter().filter_map(pair).collect()
    }

    /// A map of strings.
    pub(crate) fn map(&self, member: &str) -> Tags {
        let entries = self.0.get(member).and_then(Value::as_object);
        let pair = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        entries.into_iter().flatten().filter_map(pair).collect()
    }

    /// An instant: epoch seconds, or ISO 8601.
    pub(crate) fn instant(&self, member: &str) -> Option<jiff::Timestamp> {
        let value = self.0.get(member)?;
        if let Some(text) = value.as_str() {
            let parsed = text.parse().ok();
            return parsed.or_else(|| from_epoch(text.parse().ok()?));
        }
        from_epoch(value.as_f64()?)
    }

    /// Adds a member that came in the path or the query string.
    pub(crate) fn set(&mut self, member: &str, text: &str) {
        if !self.0.is_object() {
            self.0 = Value::Object(serde_json::Map::new());
        }
        if let Some(members) = self.0.as_object_mut() {
            members.insert(member.to_owned(), Value::String(text.to_owned()));
        }
    }
}

fn from_epoch(seconds: f64) -> Option<jiff::Timestamp> {
    let since = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
    jiff::Timestamp::from_duration(since).ok()
}

/// A page of `all` after `token` (a plain offset), and the next token.
pub(crate) fn page<T: Clone>(all: &[T], token: Option<&str>, size: usize) -> (Vec<T>, Option<String>) {
    let from = token.and_then(|text| text.parse().ok()).unwrap_or(0_usize);
    let items: Vec<T> = all.iter().skip(from).take(size).cloned().collect();
    let next = from + items.len();
    let token = (next < all.len() && !items.is_empty()).then(|| next.to_string());
    (items, token)
}
