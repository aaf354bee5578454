//! How much goes wrong between a prune and AWS, drawn anew for each history.

use fastrand::Rng;
use stacksnap::engine::prune::Removal;
use stacksnap::model::{Refusal, RefusalKind, Seen};
use stacksnap::plan::prune::Sight;

use super::driver::Spoil;
use super::shelf::Shelf;
use crate::cloud::refusal;

/// Calls that AWS may deny for good.
pub(super) const CALLS: u8 = 12;

/// Per thousand; and one call that is denied.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weather {
    pub stale: u32,
    pub unread: u32,
    pub unseen: u32,
    pub refused: u32,
    pub lost: u32,
    pub dies: u32,
    pub sleeps: u32,
    /// The prune may not call this one, or does not see this one: see [`CALLS`].
    pub denied: Option<u8>,
}

impl Weather {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        let calm = rng.u8(0..4) == 0;
        let mut some = |most: u32| if calm || rng.bool() { 0 } else { rng.u32(0..most) };
        let (stale, unread, unseen) = (some(400), some(300), some(150));
        let (refused, lost, dies, sleeps) = (some(150), some(150), some(40), some(60));
        let denied = (!calm && rng.u8(0..8) == 0).then(|| rng.u8(0..CALLS));
        Self { stale, unread, unseen, refused, lost, dies, sleeps, denied }
    }
}

/// One prune's weather.
pub(super) struct Spoiler<'a> {
    pub rng: &'a mut Rng,
    pub weather: Weather,
}

impl Spoiler<'_> {
    fn happens(&mut self, per_thousand: u32) -> bool {
        per_thousand > 0 && self.rng.u32(0..1_000) < per_thousand
    }
}

/// Hides one of the seven things that are looked at.
fn hide(sight: &mut Sight, which: u8, kind: RefusalKind) {
    let no = || refusal(kind, "Describe");
    match which {
        0 => sight.snapshot = Seen::Unknown(no()),
        1 => sight.point = Seen::Unknown(no()),
        2 => sight.vault = Seen::Unknown(no()),
        3 => sight.anchor_snapshot = Seen::Unknown(no()),
        4 => sight.anchor_point = Seen::Unknown(no()),
        5 => sight.stacks = Seen::Unknown(no()),
        _ => sight.runs = Seen::Unknown(no()),
    }
}

fn number(removal: &Removal) -> u8 {
    match removal {
        Removal::Tag { .. } => 7,
        Removal::Untag { .. } => 8,
        Removal::Point(_) => 9,
        Removal::Snapshot { .. } => 10,
        Removal::Manifest { .. } => 11,
    }
}

impl Spoil for Spoiler<'_> {
    fn stale(&mut self) -> bool {
        self.happens(self.weather.stale)
    }

    fn unread(&mut self) -> bool {
        self.happens(self.weather.unread)
    }

    fn sight(&mut self, sight: &mut Sight) {
        if let Some(which) = self.weather.denied.filter(|which| *which < 7) {
            hide(sight, which, RefusalKind::Denied);
        }
        if self.happens(self.weather.unseen) {
            let which = self.rng.u8(0..7);
            hide(sight, which, RefusalKind::Transient);
        }
    }

    fn answer(&mut self, shelf: &mut Shelf, removal: &Removal) -> Result<(), Refusal> {
        if self.weather.denied == Some(number(removal)) {
            return Err(refusal(RefusalKind::Denied, "Denied"));
        }
        if self.happens(self.weather.refused) {
            return Err(refusal(RefusalKind::Transient, "dropped before"));
        }
        let answer = shelf.remove(removal);
        if self.happens(self.weather.lost) {
            return Err(refusal(RefusalKind::Transient, "done, but the answer is lost"));
        }
        answer
    }
}
