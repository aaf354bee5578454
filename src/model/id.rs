//! Names that derive from the backup id, so that doing a thing twice is doing it once.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// RDS allows 63 characters for a DB cluster snapshot identifier.
const LONGEST: usize = 63;
/// `-yyyymmdd-hhmmss`
const STAMP: usize = 16;

/// A backup's id, and its DB cluster snapshot's identifier: `<stack>-<yyyymmdd>-<hhmmss>` in UTC,
/// lower case, shortened with a hash where the stack's name would break RDS's rules (1 to 63
/// letters, digits and hyphens, a letter first, no `--`, no hyphen at the end).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct BackupId(String);

/// A text that cannot be a backup id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a backup id (expected <stack>-<yyyymmdd>-<hhmmss>)")]
pub struct NotABackupId(String);

impl BackupId {
    /// The id of a run on `stack` that begins at `at` (whole seconds count).
    pub fn new(stack: &str, at: Timestamp) -> Self {
        Self(dated(&prefix(stack), at))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// It may be that of a run on `stack`: two long names may have one prefix.
    pub fn is_of(&self, stack: &str) -> bool {
        self.0.len() > STAMP && self.0[..self.0.len() - STAMP] == prefix(stack)
    }

    /// The instant in the id, if the digits are a real date.
    pub fn at(&self) -> Option<Timestamp> {
        let stamp = self.0.get(self.0.len().checked_sub(STAMP - 1)?..)?.as_bytes();
        let number = |from: usize, to: usize| -> Option<i16> {
            stamp[from..to]
                .iter()
                .try_fold(0_i16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0')))
        };
        let two = |from| number(from, from + 2).and_then(|number| i8::try_from(number).ok());
        let civil = DateTime::new(number(0, 4)?, two(4)?, two(6)?, two(9)?, two(11)?, two(13)?, 0).ok()?;
        (stamp[8] == b'-').then(|| Offset::UTC.to_timestamp(civil).ok()).flatten()
    }
}

/// `<prefix>-<yyyymmdd>-<hhmmss>`, in UTC. By hand, as it is read: a hundred thousand rows of `list` are spelt with it.
pub(crate) fn dated(prefix: &str, at: Timestamp) -> String {
    let civil = Offset::UTC.to_datetime(at);
    let mut text = String::with_capacity(prefix.len() + STAMP);
    text.push_str(prefix);
    text.push('-');
    push_digits(&mut text, civil.year().unsigned_abs(), 1000);
    push_digits(&mut text, civil.month().unsigned_abs().into(), 10);
    push_digits(&mut text, civil.day().unsigned_abs().into(), 10);
    text.push('-');
    push_digits(&mut text, civil.hour().unsigned_abs().into(), 10);
    push_digits(&mut text, civil.minute().unsigned_abs().into(), 10);
    push_digits(&mut text, civil.second().unsigned_abs().into(), 10);
    text
}

fn push_digits(text: &mut String, number: u16, mut unit: u16) {
    while unit > 0 {
        text.push(char::from(b'0' + u8::try_from(number / unit % 10).unwrap_or_default()));
        unit /= 10;
    }
}

/// What every id of runs on `stack` begins with.
pub fn prefix(stack: &str) -> String {
    let lower = stack.to_ascii_lowercase();
    let mut clean = String::new();
    for c in lower.chars() {
        let c = if c.is_ascii_alphanumeric() { c } else { '-' };
        if !(c == '-' && clean.ends_with('-')) {
            clean.push(c);
        }
    }
    let clean = clean.trim_matches('-').to_owned();
    let starts_well = clean.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts_well && clean == stack && clean.len() + STAMP <= LONGEST {
        return clean;
    }
    let hash = short_hash(stack);
    let room = LONGEST - STAMP - hash.len() - 3;
    let head: String = clean.chars().take(room).collect();
    let head = head.trim_end_matches('-');
    let head = if starts_well { head.to_owned() } else { format!("s-{head}") };
    format!("{}-{hash}", head.trim_end_matches('-'))
}

fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

impl FromStr for BackupId {
    type Err = NotABackupId;

    fn from_str(text: &str) -> Result<Self, NotABackupId> {
        let id = Self(text.to_owned());
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let letter = text.starts_with(|c: char| c.is_ascii_lowercase());
        let dash = text.len() > STAMP && text.as_bytes()[text.len() - STAMP] == b'-';
        if plain && letter && dash && text.len() <= LONGEST && !text.contains("--") && id.at().is_some() {
            Ok(id)
        } else {
            Err(NotABackupId(text.to_owned()))
        }
    }
}

impl TryFrom<String> for BackupId {
    type Error = NotABackupId;

    fn try_from(text: String) -> Result<Self, NotABackupId> {
        text.parse()
    }
}

impl From<BackupId> for String {
    fn from(id: BackupId) -> Self {
        id.0
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which way a change set switches the stack, and on whose behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// A run takes the stack offline; it owes an [`Switch::On`].
    Off,
    /// The stack comes back online.
    On,
    /// `stacksnap offline`: the operator's wish. Counts as foreign and is never a debt (rule 4).
    Hold,
}

impl Switch {
    fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Hold => "hold",
        }
    }
}

/// The name of one of our change sets and, the same, the client request token of its execution:
/// `ss-<off|on|hold>-<run>-<attempt>` (rule 1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// Which way.
    pub switch: Switch,
    /// Whose.
    pub run: BackupId,
    /// Own terminal events of that kind before this one.
    pub attempt: u32,
}

impl Token {
    /// Reads a token or change-set name; `None` for anybody else's.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("ss-")?;
        let (word, rest) = rest.split_once('-')?;
        let switch = match word {
            "off" => Switch::Off,
            "on" => Switch::On,
            "hold" => Switch::Hold,
            _ => return None,
        };
        let (run, attempt) = rest.rsplit_once('-')?;
        Some(Self { switch, run: run.parse().ok()?, attempt: attempt.parse().ok()? })
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ss-{}-{}-{}", self.switch.word(), self.run, self.attempt)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at() -> Timestamp {
        "2026-11-20T02:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_plain_name_stays_readable() {
        assert_eq!(BackupId::new("my-hub", at()).as_str(), "my-hub-20261120-020000");
        assert_eq!(BackupId::new("my-hub", at()).at(), Some(at()));
    }

    #[test]
    fn long_and_capital_names_get_a_hash_so_that_they_do_not_collide() {
        let long = |end: &str| BackupId::new(&format!("{}{end}", "A".repeat(127)), at());
        assert_ne!(long("b"), long("c"));
        assert_ne!(BackupId::new("My-Hub", at()), BackupId::new("my-hub", at()));
    }

    #[test]
    fn a_token_names_its_run() {
        let token = Token { switch: Switch::Off, run: BackupId::new("my-hub", at()), attempt: 2 };
        assert_eq!(token.to_string(), "ss-off-my-hub-20261120-020000-2");
        assert_eq!(Token::parse(&token.to_string()), Some(token));
        assert_eq!(Token::parse("ss-off-something-else"), None);
    }

    proptest! {
        #[test]
        fn every_stack_name_makes_an_identifier_that_rds_accepts(name in "[a-zA-Z][-a-zA-Z0-9]{0,127}") {
            let id = BackupId::new(&name, at());
            let text = id.as_str();
            prop_assert!(text.len() <= LONGEST && !text.contains("--") && !text.ends_with('-'));
            prop_assert!(text.starts_with(|c: char| c.is_ascii_lowercase()));
            prop_assert_eq!(text.parse::<BackupId>().unwrap(), id);
        }
    }
}
