//! The tags that are the catalogue, and how a value fits into one.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::half::Tags;
use super::manifest::Place;

/// Before every key of ours.
pub const PREFIX: &str = "stacksnap:";
/// The backup's id; on both halves.
pub const ID: &str = "stacksnap:id";
/// The stack's name.
pub const STACK: &str = "stacksnap:stack";
/// The stack's ARN.
pub const STACK_ID: &str = "stacksnap:stack-id";
/// The DB cluster snapshot's identifier; on the recovery point.
pub const SNAPSHOT: &str = "stacksnap:snapshot";
/// The recovery point's ARN; on the snapshot, once StartBackupJob has answered.
pub const RECOVERY_POINT: &str = "stacksnap:recovery-point";
/// The vault's name; on the snapshot, so that the other half is found without the stack.
pub const VAULT: &str = "stacksnap:vault";
/// `offline` or `live`.
pub const MODE: &str = "stacksnap:mode";
/// The user's note.
pub const NOTE: &str = "stacksnap:note";
/// Why the backup must not be pruned.
pub const HOLD: &str = "stacksnap:hold";
/// Until when [`HOLD`] holds, RFC 3339; absent: until somebody takes it off.
pub const HOLD_UNTIL: &str = "stacksnap:hold-until";
/// A prune has begun to delete the backup: since when, and the mark of completeness that it took off; on the snapshot.
pub const DELETING: &str = "stacksnap:deleting";
/// The DB secret's ARN.
pub const SECRET_ARN: &str = "stacksnap:secret-arn";
/// The DB secret's version id at the time: enough to detect a rotation.
pub const SECRET_VERSION: &str = "stacksnap:secret-version";
/// On a stack that a run created: the run. CreateStack writes it; what does not bear it is not ours.
pub const RUN: &str = "stacksnap:run";
/// When both halves were complete and checked; written last, on the snapshot last of all.
pub const COMPLETE: &str = "stacksnap:complete";
/// The version of stacksnap that made it.
pub const TOOL_VERSION: &str = "stacksnap:tool-version";
/// The manifest's checksum and where it is kept; on the snapshot, written with [`COMPLETE`].
pub const MANIFEST: &str = "stacksnap:manifest";
/// When a restore of the backup was rehearsed; on both halves.
pub const DRILLED: &str = "stacksnap:drilled";
/// On a seed recovery point, instead of [`ID`]: the run it was made for.
pub const SEED: &str = "stacksnap:seed";

/// RDS's limit for a tag value, characters.
const LONGEST: usize = 256;

fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || " _.:/+-@".contains(c)
}

/// Makes `value` fit into a tag: characters outside RDS's alphabet (letters, digits, space and
/// `_.:/=+-@`) become `=XX`, byte by byte, and so does what AWS refuses or trims at the ends (`aws:` and
/// `rds:` in front, blanks); what is still too long becomes `sha256:…`.
pub fn encode(value: &str) -> String {
    let mut text = String::new();
    let reserved = ["aws:", "rds:"].iter().any(|word| value.get(..4).is_some_and(|s| s.eq_ignore_ascii_case(word)));
    let last = value.chars().count().saturating_sub(1);
    for (at, c) in value.chars().enumerate() {
        let at_an_end = c == ' ' && (at == 0 || at == last);
        if plain(c) && !at_an_end && !(reserved && at == 0) {
            text.push(c);
        } else {
            escape(&mut text, c);
        }
    }
    if text.len() <= LONGEST { text } else { hashed(value) }
}

fn escape(text: &mut String, c: char) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        text.push_str(&format!("={byte:02X}"));
    }
}

fn hashed(value: &str) -> String {
    let hex: String = Sha256::digest(value.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Reads an encoded value back; text that is no encoding is returned as it is (somebody may have
/// edited the tag).
pub fn decode(text: &str) -> String {
    if !text.contains('=') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'=').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// The value of [`MANIFEST`]: `<sha256 hex> <place>`.
pub fn manifest(digest: &str, place: &Place) -> String {
    encode(&format!("{digest} {place}"))
}

/// Reads the value of [`MANIFEST`], decoded or not: the checksum and the place. `None`: somebody edited it.
pub fn read_manifest(value: &str) -> Option<(String, Place)> {
    let value = decode(value);
    let (digest, place) = value.split_once(' ')?;
    let hex = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    Some((digest.to_owned(), place.parse().ok()?)).filter(|_| hex)
}

/// Why these tags hold the backup at `now`; `None`: they do not. An end that cannot be read is no end.
pub fn hold(tags: &Tags, now: Timestamp) -> Option<String> {
    let reason = decode(tags.get(HOLD)?);
    let Some(until) = tags.get(HOLD_UNTIL).map(|until| decode(until)) else { return Some(reason) };
    match until.parse::<Timestamp>() {
        Ok(end) if end <= now => None,
        Ok(end) => Some(format!("{reason} (until {end})")),
        Err(_) => Some(format!("{reason} (until `{until}`, which is no time: it holds until the tag is repaired)")),
    }
}

/// Marked as complete, and no prune has begun to take the mark off.
pub fn marked(tags: &Tags) -> bool {
    tags.contains_key(COMPLETE) && !tags.contains_key(DELETING)
}

/// The tag `key` says `value`.
pub fn says(tags: &Tags, key: &str, value: &str) -> bool {
    tags.get(key).is_some_and(|said| decode(said) == value)
}

/// Behind the time in [`DELETING`]: the backup is being given back.
const SPARED: &str = "/spared";

/// The value of [`DELETING`]: the time, and the mark of completeness that is taken off, if there is one.
pub fn deleting(now: Timestamp, mark: Option<&str>) -> String {
    note(now, "", mark)
}

/// The same, of a backup that is given back.
pub fn sparing(now: Timestamp, mark: Option<&str>) -> String {
    note(now, SPARED, mark)
}

fn note(now: Timestamp, word: &str, mark: Option<&str>) -> String {
    let now = now.strftime("%Y-%m-%dT%H:%M:%SZ");
    encode(&mark.map_or_else(|| format!("{now}{word}"), |mark| format!("{now}{word} {}", decode(mark))))
}

/// The value of [`DELETING`] says that the backup is given back.
pub fn spared(value: &str) -> bool {
    decode(value).split(' ').next().is_some_and(|first| first.ends_with(SPARED))
}

/// The mark of completeness in the value of [`DELETING`].
pub fn taken_off(value: &str) -> Option<String> {
    decode(value).split_once(' ').map(|(_, mark)| mark.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_note_fits_and_comes_back(note in "\\PC{0,60}") {
            let text = encode(&note);
            prop_assert!(text.len() <= LONGEST);
            prop_assert!(text.chars().all(|c| plain(c) || c == '='));
            if !text.starts_with("sha256:") {
                prop_assert_eq!(decode(&text), note);
            }
        }
    }

    #[test]
    fn a_hold_ends_when_it_says_and_one_that_cannot_be_read_never() {
        let now: Timestamp = "2026-11-20T02:00:00Z".parse().unwrap();
        let of = |until: Option<&str>| {
            let mut tags = Tags::from([(HOLD.to_owned(), "before the upgrade".to_owned())]);
            tags.extend(until.map(|until| (HOLD_UNTIL.to_owned(), encode(until))));
            hold(&tags, now)
        };
        assert_eq!(of(None).as_deref(), Some("before the upgrade"));
        assert!(of(Some("2026-11-20T02:00:01Z")).is_some() && of(Some("2026-11-20T02:00:00Z")).is_none());
        assert!(of(Some("next year")).unwrap().contains("which is no time"));
        assert_eq!(hold(&Tags::new(), now), None);
    }

    #[test]
    fn a_mark_that_was_taken_off_is_remembered() {
        let now: Timestamp = "2026-11-20T02:00:00Z".parse().unwrap();
        assert_eq!(taken_off(&deleting(now, Some("2026-11-19T02:00:00Z"))).as_deref(), Some("2026-11-19T02:00:00Z"));
        assert_eq!(taken_off(&deleting(now, None)), None);
        assert!(spared(&sparing(now, None)) && !spared(&deleting(now, Some("2026-11-19T02:00:00Z"))));
        let mark = taken_off(&sparing(now, Some("2026-11-19T02:00:00Z")));
        assert_eq!(mark.as_deref(), Some("2026-11-19T02:00:00Z"));
    }

    #[test]
    fn what_aws_reserves_or_trims_comes_back_too() {
        for note in ["aws: before the upgrade", "RDS:x", " blank ", " ", "rds"] {
            let text = encode(note);
            assert!(
                !text.starts_with(' ') && !text.ends_with(' ') && !text.to_lowercase().starts_with("aws:"),
                "{text}"
            );
            assert_eq!(decode(&text), note);
        }
    }

    #[test]
    fn a_manifests_tag_fits_and_comes_back() {
        let digest = "0a".repeat(32);
        for text in ["ssm".to_owned(), format!("s3://my-bucket/{}", "x".repeat(165))] {
            let place: Place = text.parse().unwrap();
            let value = manifest(&digest, &place);
            assert!(value.len() <= LONGEST, "{}", value.len());
            assert_eq!(read_manifest(&value), Some((digest.clone(), place)));
        }
        for edited in ["", "ssm", "abc ssm", &format!("{digest} elsewhere"), &format!("{} ssm", "ZZ".repeat(32))] {
            assert_eq!(read_manifest(edited), None, "{edited}");
        }
    }

    #[test]
    fn a_managed_secrets_arn_fits() {
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!cluster-1a2b-AbCdEf";
        assert_eq!(decode(&encode(arn)), arn);
        assert!(encode(arn).contains("rds=21cluster"));
    }
}
