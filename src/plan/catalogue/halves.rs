//! The halves, as little of each as a row needs.

use jiff::Timestamp;

use crate::model::half::{RecoveryPoint, Snapshot, Tags};
use crate::model::{id, tags};
use crate::plan::manifest::hex;

use super::compact::{Id, Instant, Pool, SmallArn, Sym, Word};

/// What our tags say, on either half.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    pub(super) id: Id,
    pub(super) stack: Sym,
    pub(super) stack_id: Sym,
    pub(super) mode: Sym,
    pub(super) secret: Sym,
    pub(super) tool: Sym,
    pub(super) version: Word,
    pub(super) note: Sym,
    pub(super) hold: Sym,
    pub(super) complete: Instant,
    rare: Option<Box<Rare>>,
}

/// What only some have, or what is different in each: kept only where it is.
#[derive(Clone, Debug)]
struct Rare {
    /// A mark of completeness that is no timestamp of ours (somebody edited it).
    odd: Sym,
    drilled: Instant,
    manifest: Option<Sheet>,
    /// Until when it is held, as it was read.
    until: Sym,
}

impl Marks {
    /// `None`: the tags are not ours.
    fn read(pool: &mut Pool, tags: &Tags) -> Option<Self> {
        let id = pool.id(&tags::decode(tags.get(tags::ID)?));
        let mut keep = |key: &str| tags.get(key).map_or(Sym::NONE, |value| pool.keep(&tags::decode(value)));
        let (stack, stack_id) = (keep(tags::STACK), keep(tags::STACK_ID));
        let (mode, secret, tool) = (keep(tags::MODE), keep(tags::SECRET_ARN), keep(tags::TOOL_VERSION));
        let (note, hold) = (keep(tags::NOTE), keep(tags::HOLD));
        let version = tags.get(tags::SECRET_VERSION).map_or(Word::None, |value| pool.word(&tags::decode(value)));
        let (complete, odd) = mark(pool, tags);
        let drilled = Instant::of(tags.get(tags::DRILLED).and_then(|value| tags::decode(value).parse().ok()));
        let manifest = Sheet::read(pool, tags);
        let until = tags.get(tags::HOLD_UNTIL).map_or(Sym::NONE, |value| pool.keep(&tags::decode(value)));
        let rare = odd != Sym::NONE || drilled != Instant::NONE || manifest.is_some() || until != Sym::NONE;
        let rare = rare.then(|| Box::new(Rare { odd, drilled, manifest, until }));
        Some(Self { id, stack, stack_id, mode, secret, tool, version, note, hold, complete, rare })
    }

    pub(super) fn marked(&self) -> bool {
        self.complete.get().is_some() || self.odd() != Sym::NONE
    }

    pub(super) fn odd(&self) -> Sym {
        self.rare.as_ref().map_or(Sym::NONE, |rare| rare.odd)
    }

    pub(super) fn drilled(&self) -> Option<Timestamp> {
        self.rare.as_ref()?.drilled.get()
    }

    /// Until when it is held, as it was read.
    pub(super) fn until(&self) -> Sym {
        self.rare.as_ref().map_or(Sym::NONE, |rare| rare.until)
    }

    /// The manifest's tag, as it was read.
    pub(super) fn manifest(&self, pool: &Pool) -> Option<String> {
        self.rare.as_ref()?.manifest.as_ref()?.spell(pool)
    }

    /// It belongs to the stack of this name; without the tag, the id tells.
    pub(super) fn of_stack(&self, pool: &Pool, stack: &str) -> bool {
        match pool.get(self.stack) {
            Some(name) => name == stack,
            None => pool.spell_id(self.id).starts_with(&format!("{}-", id::prefix(stack))),
        }
    }
}

fn mark(pool: &mut Pool, tags: &Tags) -> (Instant, Sym) {
    let Some(text) = tags.get(tags::COMPLETE).map(|value| tags::decode(value)) else {
        return (Instant::NONE, Sym::NONE);
    };
    let at = Instant::of(text.parse().ok());
    let ours = at.get().is_some_and(|at| at.to_string() == text);
    if ours { (at, Sym::NONE) } else { (Instant::NONE, pool.keep(&text)) }
}

/// What the tag says of the manifest.
#[derive(Clone, Debug)]
enum Sheet {
    Kept {
        digest: [u8; 32],
        place: Sym,
    },
    /// Somebody edited it.
    Odd(Sym),
}

impl Sheet {
    fn read(pool: &mut Pool, tags: &Tags) -> Option<Self> {
        let text = tags::decode(tags.get(tags::MANIFEST)?);
        let known = tags::read_manifest(&text).and_then(|(digest, place)| Some((bytes(&digest)?, place)));
        Some(match known {
            Some((digest, place)) => Self::Kept { digest, place: pool.keep(&place.to_string()) },
            None => Self::Odd(pool.keep(&text)),
        })
    }

    fn spell(&self, pool: &Pool) -> Option<String> {
        match self {
            Self::Kept { digest, place } => Some([hex(digest).as_str(), " ", pool.get(*place)?].concat()),
            Self::Odd(text) => pool.get(*text).map(str::to_owned),
        }
    }
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    hex_simd::decode_to_vec(hex).ok()?.try_into().ok()
}

/// A DB cluster snapshot of ours.
#[derive(Clone, Debug)]
pub(super) struct Database {
    pub(super) marks: Marks,
    /// Its identifier, where that is not the id: then its tags were copied.
    pub(super) other_name: Sym,
    /// The ARN without the identifier at its end; or, where it does not end so, all of it.
    pub(super) arn: Sym,
    pub(super) status: Sym,
    pub(super) cluster: Sym,
    pub(super) vault: Sym,
    pub(super) point: SmallArn,
    pub(super) created: Instant,
    pub(super) gib: i32,
    pub(super) available: bool,
    /// A prune has begun to delete it.
    pub(super) deleting: bool,
    /// It was marked as complete before.
    pub(super) was_marked: bool,
}

impl Database {
    pub(super) fn read(pool: &mut Pool, snapshot: &Snapshot) -> Option<Self> {
        if !snapshot.manual {
            return None;
        }
        let marks = Marks::read(pool, &snapshot.tags)?;
        let same = pool.spell_id(marks.id) == snapshot.id;
        let front = snapshot.arn.strip_suffix(&snapshot.id).unwrap_or(&snapshot.arn);
        let tag = |key: &str| snapshot.tags.get(key).map(|value| tags::decode(value));
        Some(Self {
            other_name: if same { Sym::NONE } else { pool.keep(&snapshot.id) },
            arn: pool.keep(front),
            status: pool.keep(snapshot.status.as_str()),
            cluster: pool.keep(&snapshot.cluster),
            vault: tag(tags::VAULT).map_or(Sym::NONE, |vault| pool.keep(&vault)),
            point: tag(tags::RECOVERY_POINT).map_or(SmallArn::NONE, |arn| pool.arn(&arn)),
            created: Instant::of(snapshot.created),
            gib: snapshot.allocated_gib.unwrap_or(-1),
            available: snapshot.status.as_str() == "available",
            deleting: snapshot.tags.contains_key(tags::DELETING),
            was_marked: snapshot.tags.get(tags::DELETING).and_then(|note| tags::taken_off(note)).is_some(),
            marks,
        })
    }

    pub(super) fn name(&self, pool: &Pool) -> String {
        pool.get(self.other_name).map_or_else(|| pool.spell_id(self.marks.id), str::to_owned)
    }
}

/// A recovery point of ours, or one that may be.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) arn: SmallArn,
    pub(super) vault: Sym,
    pub(super) status: Sym,
    pub(super) created: Instant,
    pub(super) completed: Instant,
    bytes: i64,
    pub(super) complete: bool,
    pub(super) claim: Option<Box<Claim>>,
}

/// What a recovery point's own tags say.
#[derive(Clone, Debug)]
pub(super) enum Claim {
    /// Half of a backup.
    Half {
        marks: Marks,
        /// The snapshot it names is not the one that bears the id.
        strays: bool,
    },
    /// A seed, and the run that it was made for.
    Seed(Id),
    /// Nothing of ours.
    Foreign,
}

impl Claim {
    pub(super) fn read(pool: &mut Pool, tags: &Tags) -> Self {
        if let Some(run) = tags.get(tags::SEED) {
            return Self::Seed(pool.id(&tags::decode(run)));
        }
        let strays = tags.get(tags::SNAPSHOT).is_some_and(|snapshot| tags.get(tags::ID) != Some(snapshot));
        Marks::read(pool, tags).map_or(Self::Foreign, |marks| Self::Half { marks, strays })
    }
}

impl Files {
    pub(super) fn read(pool: &mut Pool, point: &RecoveryPoint) -> Self {
        Self {
            arn: pool.arn(&point.arn),
            vault: pool.keep(&point.vault),
            status: pool.keep(point.status.as_str()),
            created: Instant::of(point.created),
            completed: Instant::of(point.completed),
            bytes: point.bytes.and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or(-1),
            complete: point.status.complete(),
            claim: point.tags.as_ref().map(|tags| Box::new(Claim::read(pool, tags))),
        }
    }

    pub(super) fn bytes(&self) -> Option<u64> {
        u64::try_from(self.bytes).ok()
    }

    /// What its own tags say, where they were read and are ours.
    pub(super) fn marks(&self) -> Option<&Marks> {
        match self.claim.as_deref() {
            Some(Claim::Half { marks, .. }) => Some(marks),
            _ => None,
        }
    }

    /// Its own tags name the snapshot of this id; so do tags that were not read, as far as is known.
    pub(super) fn names(&self, id: Id) -> bool {
        match self.claim.as_deref() {
            Some(Claim::Half { marks, strays }) => marks.id == id && !strays,
            Some(Claim::Seed(_) | Claim::Foreign) => false,
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_is_small_enough_for_a_hundred_thousand_of_them() {
        assert!(size_of::<Database>() <= 152, "{}", size_of::<Database>());
        assert!(size_of::<Files>() <= 80, "{}", size_of::<Files>());
    }
}
