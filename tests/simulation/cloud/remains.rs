//! What a deleted stack leaves behind, and what only looks as if it were: bait.

use std::rc::Rc;

use jiff::Timestamp;
use stacksnap::engine::Done;
use stacksnap::model::rebuild::{Remaining, Remains, Thing};
use stacksnap::model::{Refusal, RefusalKind};

use super::made::New;
use super::parts::OLD_BACKUP;
use super::{Cloud, Millis, STACK, at, refusal};

/// Whose a thing is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// The source stack's, or a backup's.
    Foreign,
    /// A stack's that a run made.
    Stack(Rc<str>),
}

/// One thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Item {
    pub thing: Thing,
    pub owner: Owner,
    /// In whose list it stands.
    list: Rc<str>,
    made: Option<Millis>,
    half: bool,
    /// So often its deletion has to be asked for.
    tries: u8,
}

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:my-hub-AbCdEf";

impl Cloud {
    /// A new stack is deleted; `from`: since when.
    pub(super) fn leave_behind(&mut self, which: usize, from: Millis) {
        let New { id, name, number, created, .. } = self.made[which].clone();
        let own = |thing, made, tries| Item {
            thing,
            owner: Owner::Stack(id.clone()),
            list: id.clone(),
            made: Some(made),
            half: false,
            tries,
        };
        let vault = format!("{name}-{number}-vault");
        self.left.extend([
            // Its mount targets go first.
            own(Thing::FileSystem(format!("fs-{number}")), created, 2),
            own(Thing::Point { vault: vault.clone(), arn: format!("arn:point/nightly-{number}") }, created + 1, 1),
            own(Thing::Vault(vault), created, 1),
            own(
                Thing::Secret(format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-{number}")),
                created,
                1,
            ),
            own(Thing::FinalSnapshot(format!("{name}-snapshot-appdb-{number}")), from, 1),
        ]);
        if &*name != STACK {
            let parameter = Thing::Parameter(format!("/keymaster/{name}/phoenix-key"));
            self.left.push(Item { made: None, ..own(parameter, created, 1) });
        }
        self.bait(&id, &name);
    }

    fn bait(&mut self, id: &Rc<str>, name: &str) {
        let later = self.now;
        let bait = |thing, made, half| Item { thing, owner: Owner::Foreign, list: id.clone(), made, half, tries: 1 };
        self.left.extend([
            // A custom resource that answered the source's id.
            bait(Thing::FileSystem("fs-1".into()), Some(later), false),
            bait(Thing::Vault("vault".into()), Some(later), false),
            bait(Thing::Secret(SECRET.into()), Some(later), false),
            bait(Thing::FinalSnapshot(OLD_BACKUP.into()), Some(later), true),
            bait(Thing::FinalSnapshot("by-hand-last-year".into()), Some(-5_000_000), false),
        ]);
        if name == STACK {
            let safety = self.snapshots.iter().map(|half| (half.id.clone(), half.created)).collect::<Vec<_>>();
            let safety = safety.into_iter().map(|(id, made)| bait(Thing::FinalSnapshot(id), Some(made), true));
            let safety: Vec<_> = safety.collect();
            self.left.extend(safety);
            // What the old stack's deletion took; and the secrets that every stack of the name needs.
            let last = self.past.last().map(|op| op.began);
            let bait =
                |thing, made| Item { thing, owner: Owner::Foreign, list: id.clone(), made, half: false, tries: 1 };
            self.left.push(bait(Thing::FinalSnapshot("my-hub-snapshot-appdb-1".into()), last));
            self.left.push(bait(Thing::Parameter("/keymaster/my-hub/phoenix-key".into()), None));
        }
    }

    pub(super) fn remains(&self, new: &New) -> Remains {
        let remaining = |item: &Item| Remaining {
            thing: item.thing.clone(),
            place: "X".into(),
            made: item.made.map(at),
            leaving: false,
            half: item.half,
        };
        Remains {
            things: self.left.iter().filter(|item| item.list == new.id).map(remaining).collect(),
            unknown: Vec::new(),
            of_source: vec!["fs-1".into(), "vault".into(), SECRET.into(), "my-hub-app-db".into()],
        }
    }

    pub(super) fn clear(&mut self, thing: &Thing) -> Result<Done, Refusal> {
        let Some(at) = self.left.iter().position(|item| item.thing == *thing) else {
            return Err(refusal(RefusalKind::NotFound, "Delete"));
        };
        if self.left[at].owner == Owner::Foreign {
            self.wrong.get_or_insert("nothing is cleared that the run's own new stack did not make");
        }
        let full = |vault: &str| {
            self.left.iter().any(|item| matches!(&item.thing, Thing::Point { vault: of, .. } if of == vault))
        };
        if matches!(thing, Thing::Vault(name) if full(name)) {
            return Err(refusal(RefusalKind::WrongState, "DeleteBackupVault"));
        }
        self.effects += 1;
        self.left[at].tries = self.left[at].tries.saturating_sub(1);
        if self.left[at].tries == 0 {
            self.left.remove(at);
        }
        Ok(Done::Ok)
    }

    /// What runs' own stacks left behind and nobody cleared away.
    pub(crate) fn litter(&self) -> impl Iterator<Item = &Thing> {
        self.litter_of(Timestamp::MAX, |_| true)
    }

    /// The same, of certain stacks whose deletion had begun by then.
    pub(crate) fn litter_of(&self, end: Timestamp, which: impl Fn(&New) -> bool) -> impl Iterator<Item = &Thing> {
        let gone = move |id: &Rc<str>| {
            let new = self.made.iter().find(|new| new.id == *id).filter(|new| which(new));
            new.and_then(New::deletion_began).is_some_and(|began| at(began) <= end)
        };
        let own = move |item: &&Item| matches!(&item.owner, Owner::Stack(id) if gone(id));
        self.left.iter().filter(own).map(|item| &item.thing)
    }
}
