//! Whether somebody watches: what a sentinel leaves in Parameter Store each time it looks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::stack::Stack;

/// A sentinel that is late by as many of its periods does not watch any more: a schedule may skip one.
const PERIODS: i64 = 3;
/// What it could not do is told again after so long.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// Which stacks a sentinel watches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Those of the account and region that stacksnap has ever had a run on.
    #[default]
    Known,
    /// Every one of the account and region.
    All,
    /// These, by name.
    Stacks(Vec<String>),
    /// Those that bear this tag, `key=value`.
    Tag(String),
}

impl Scope {
    /// Whether `stack` is one of them.
    pub fn holds(&self, stack: &Stack) -> bool {
        match self {
            Self::Known | Self::All => true,
            Self::Stacks(names) => names.contains(&stack.name),
            Self::Tag(tag) => bears(stack, tag),
        }
    }
}

/// Whether a stack bears the tag `key=value`; a tag without `=` asks for the key alone.
pub fn bears(stack: &Stack, tag: &str) -> bool {
    let (key, value) = tag.split_once('=').map_or((tag, None), |(key, value)| (key, Some(value)));
    stack.tags.iter().any(|tag| tag.key == key && value.is_none_or(|value| tag.value == value))
}

/// The stacks that bear a tag, by name; those nested in them bear it too, and are their parents' business.
pub fn fleet(tag: &str, all: &[Stack]) -> Vec<String> {
    let of_it = |stack: &&Stack| bears(stack, tag) && stack.parent_id.is_none() && !stack.status.gone();
    let mut names: Vec<String> = all.iter().filter(of_it).map(|stack| stack.name.clone()).collect();
    names.sort();
    names
}

/// A sentinel, as it last looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentinel {
    /// Who: a deployment's name, or `command` for the command line.
    pub by: String,
    /// The version of stacksnap.
    pub tool: String,
    /// When it looked.
    pub looked: Timestamp,
    /// How often it looks, seconds.
    pub every: u32,
    /// At what.
    pub scope: Scope,
    /// Stacks that it could not look at, or not bring home, and since when that is told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub troubled: BTreeMap<String, Timestamp>,
    /// Of a tag's stacks, those that had a lock: it looks after them though they lose the tag in the middle of a run.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub held: BTreeSet<String>,
}

impl Sentinel {
    /// It has looked within its period.
    pub fn awake(&self, now: Timestamp) -> bool {
        let late = SignedDuration::from_secs(i64::from(self.every).saturating_mul(PERIODS));
        self.looked.saturating_add(late).is_ok_and(|due| now <= due)
    }

    /// It would bring `stack` home.
    pub fn watches(&self, stack: &Stack, now: Timestamp) -> bool {
        let minds = self.scope.holds(stack) || self.held.contains(&stack.name);
        self.awake(now) && minds && !self.troubled.contains_key(&stack.name)
    }

    /// Trouble that is to be told now; what was told within the hour is not, and what has passed is forgotten.
    #[must_use]
    pub fn news<'a>(&self, troubled: &'a [String], now: Timestamp) -> (Vec<&'a String>, BTreeMap<String, Timestamp>) {
        let told = |stack: &String| self.troubled.get(stack).filter(|at| now.duration_since(**at) < AGAIN).copied();
        let news = troubled.iter().filter(|stack| told(stack).is_none()).collect();
        (news, troubled.iter().map(|stack| (stack.clone(), told(stack).unwrap_or(now))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::new_stack::StackTag;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_795_140_000 + minutes * 60).unwrap()
    }

    fn sentinel(scope: Scope) -> Sentinel {
        let (by, tool) = ("stacksnap".to_owned(), "0.1.0".to_owned());
        Sentinel { by, tool, looked: at(0), every: 300, scope, troubled: BTreeMap::new(), held: BTreeSet::new() }
    }

    fn stack(name: &str) -> Stack {
        let tag = StackTag { key: "backup".to_owned(), value: "nightly".to_owned() };
        Stack { name: name.to_owned(), tags: vec![tag], ..crate::plan::fixture::stack() }
    }

    #[test]
    fn a_sentinel_that_missed_one_look_still_watches_and_one_that_missed_three_does_not() {
        let sentinel = sentinel(Scope::Known);
        assert!(sentinel.watches(&stack("a"), at(10)));
        assert!(!sentinel.watches(&stack("a"), at(16)));
    }

    #[test]
    fn it_watches_only_what_it_was_told_to() {
        assert!(sentinel(Scope::Stacks(vec!["a".to_owned()])).watches(&stack("a"), at(1)));
        assert!(!sentinel(Scope::Stacks(vec!["a".to_owned()])).watches(&stack("b"), at(1)));
        assert!(sentinel(Scope::Tag("backup=nightly".to_owned())).watches(&stack("b"), at(1)));
        assert!(sentinel(Scope::Tag("backup".to_owned())).watches(&stack("b"), at(1)));
        assert!(!sentinel(Scope::Tag("backup=weekly".to_owned())).watches(&stack("b"), at(1)));
    }

    #[test]
    fn a_stack_that_lost_its_tag_in_the_middle_of_a_run_is_watched_still() {
        let mut sentinel = sentinel(Scope::Tag("backup=weekly".to_owned()));
        assert!(!sentinel.watches(&stack("a"), at(1)));
        sentinel.held.insert("a".to_owned());
        assert!(sentinel.watches(&stack("a"), at(1)) && !sentinel.watches(&stack("b"), at(1)));
    }

    #[test]
    fn a_stack_that_it_cannot_bring_home_is_not_watched_and_told_once_an_hour() {
        let mut sentinel = sentinel(Scope::Known);
        let troubled = ["a".to_owned()];
        let (news, told) = sentinel.news(&troubled, at(0));
        assert_eq!(news, [&troubled[0]]);
        sentinel.troubled = told;
        assert!(!sentinel.watches(&stack("a"), at(1)) && sentinel.watches(&stack("b"), at(1)));
        assert_eq!(sentinel.news(&troubled, at(30)).0, Vec::<&String>::new());
        assert_eq!(sentinel.news(&troubled, at(61)).0.len(), 1);
        assert!(sentinel.news(&[], at(30)).1.is_empty(), "what has passed is forgotten");
    }
}
