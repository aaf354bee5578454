//! Texts kept small: a hundred thousand backups must fit beside everything else.
//!
//! What many backups share (a stack's name, an ARN's front) is kept once; what is different in each is mostly a
//! UUID or a date, and those are kept as numbers. Every text comes back exactly as it was.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use crate::model::{BackupId, id};
use crate::plan::manifest::hex;

/// One text of a [`Pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Sym(u32);

impl Sym {
    /// No text at all.
    pub(super) const NONE: Self = Self(u32::MAX);
}

/// Texts, each kept once.
#[derive(Debug, Default)]
pub(super) struct Pool {
    texts: Vec<Arc<str>>,
    known: HashMap<Arc<str>, Sym, RandomState>,
}

impl Pool {
    pub(super) fn keep(&mut self, text: &str) -> Sym {
        if let Some(&sym) = self.known.get(text) {
            return sym;
        }
        let Ok(at) = u32::try_from(self.texts.len()) else { return Sym::NONE };
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.known.insert(text, Sym(at));
        Sym(at)
    }

    pub(super) fn get(&self, sym: Sym) -> Option<&str> {
        self.texts.get(usize::try_from(sym.0).ok()?).map(AsRef::as_ref)
    }

    /// No more texts will come: the way to find them is given back.
    pub(super) fn seal(&mut self) {
        self.known = HashMap::default();
    }

    pub(super) fn word(&mut self, text: &str) -> Word {
        match uuid(text) {
            Some((bytes, upper)) if upper => Word::Upper(bytes),
            Some((bytes, _)) => Word::Lower(bytes),
            None => Word::Other(self.keep(text)),
        }
    }

    pub(super) fn spell(&self, word: Word) -> Option<String> {
        match word {
            Word::None => None,
            Word::Lower(bytes) => Some(dashed(bytes)),
            Word::Upper(bytes) => Some(dashed(bytes).to_ascii_uppercase()),
            Word::Other(sym) => self.get(sym).map(str::to_owned),
        }
    }

    pub(super) fn id(&mut self, text: &str) -> Id {
        let dated = || -> Option<(&str, u32)> {
            let at = u32::try_from(text.parse::<BackupId>().ok()?.at()?.as_second()).ok()?;
            Some((text.get(..text.len().checked_sub(STAMP)?)?, at))
        };
        match dated() {
            Some((prefix, at)) => Id { text: self.keep(prefix), at: Some(at.into()) },
            None => Id { text: self.keep(text), at: None },
        }
    }

    pub(super) fn spell_id(&self, id: Id) -> String {
        let text = self.get(id.text).unwrap_or_default();
        match id.at() {
            Some(at) => id::dated(text, at),
            None => text.to_owned(),
        }
    }

    /// An ARN: its front is shared, its end is its own.
    pub(super) fn arn(&mut self, text: &str) -> SmallArn {
        let cut = text.rfind([':', '/']).map_or(0, |at| at + 1);
        let (front, end) = text.split_at(cut);
        SmallArn { front: self.keep(front), end: self.word(end) }
    }

    pub(super) fn spell_arn(&self, arn: SmallArn) -> Option<String> {
        Some(format!("{}{}", self.get(arn.front)?, self.spell(arn.end)?))
    }
}

/// `-yyyymmdd-hhmmss`
const STAMP: usize = 16;

/// A text that is mostly a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Word {
    None,
    Lower([u8; 16]),
    Upper([u8; 16]),
    Other(Sym),
}

/// A backup's id: what its stack's ids begin with, and the instant; or any other text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Id {
    text: Sym,
    at: Option<Seconds>,
}

impl Id {
    pub(super) fn at(self) -> Option<Timestamp> {
        self.at.and_then(|at| Timestamp::from_second(at.0.into()).ok())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Seconds(u32);

impl From<u32> for Seconds {
    fn from(seconds: u32) -> Self {
        Self(seconds)
    }
}

/// An ARN in two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SmallArn {
    front: Sym,
    end: Word,
}

impl SmallArn {
    pub(super) const NONE: Self = Self { front: Sym::NONE, end: Word::None };

    pub(super) fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// An instant to the millisecond, as fine as AWS gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(i64);

impl Instant {
    pub(super) const NONE: Self = Self(i64::MIN);

    pub(super) fn of(at: Option<Timestamp>) -> Self {
        at.map_or(Self::NONE, |at| Self(at.as_millisecond()))
    }

    pub(super) fn get(self) -> Option<Timestamp> {
        (self != Self::NONE).then(|| Timestamp::from_millisecond(self.0).ok()).flatten()
    }
}

/// The bytes, and whether its letters are capitals; only spellings that come back as they were.
fn uuid(text: &str) -> Option<([u8; 16], bool)> {
    let text = text.as_bytes();
    if text.len() != 36 || [8, 13, 18, 23].iter().any(|dash| text[*dash] != b'-') {
        return None;
    }
    let (small, upper) = (text.iter().any(u8::is_ascii_lowercase), text.iter().any(u8::is_ascii_uppercase));
    let mut digits = [0; 32];
    for (to, from) in [(0..8, 0..8), (8..12, 9..13), (12..16, 14..18), (16..20, 19..23), (20..32, 24..36)] {
        digits[to].copy_from_slice(&text[from]);
    }
    let mut bytes = [0; 16];
    let _digits = hex_simd::decode(&digits, hex_simd::Out::from_slice(&mut bytes)).ok()?;
    (!(small && upper)).then_some((bytes, upper))
}

fn dashed(bytes: [u8; 16]) -> String {
    let hex = hex(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_comes_back_as_it_was(text in "\\PC{0,50}") {
            let mut pool = Pool::default();
            let (word, id, arn) = (pool.word(&text), pool.id(&text), pool.arn(&text));
            prop_assert_eq!(pool.spell(word).unwrap(), text.clone());
            prop_assert_eq!(pool.spell_id(id), text.clone());
            prop_assert_eq!(pool.spell_arn(arn).unwrap(), text);
        }

        #[test]
        fn uuids_ids_and_arns_come_back_and_are_small(
            uuid in "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            name in "[a-z][a-z0-9]{0,20}",
            at in 0..4_000_000_000_i64,
        ) {
            let mut pool = Pool::default();
            for text in [uuid.clone(), uuid.to_ascii_uppercase()] {
                let word = pool.word(&text);
                prop_assert!(!matches!(word, Word::Other(_)) || text.bytes().all(|b| !b.is_ascii_alphabetic()));
                prop_assert_eq!(pool.spell(word).unwrap(), text.clone());
                let arn = format!("arn:aws:backup:eu-west-1:1:recovery-point:{text}");
                let small = pool.arn(&arn);
                prop_assert_eq!(pool.spell_arn(small).unwrap(), arn);
            }
            let id = BackupId::new(&name, Timestamp::from_second(at).unwrap());
            let small = pool.id(id.as_str());
            prop_assert_eq!(small.at(), id.at());
            prop_assert_eq!(pool.spell_id(small), id.as_str());
        }
    }
}
