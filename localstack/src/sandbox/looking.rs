//! What tests may see: the contents of stacks and backups, messages and events.

use super::Sandbox;
use crate::contents::{Consistency, Written};
use crate::events::PutEvent;
use crate::sns::PublishedMessage;
use crate::state::Place;

impl Sandbox {
    /// How well a snapshot and a recovery point fit; `None` when either is unknown, not
    /// complete, or not of one stack.
    #[must_use]
    pub fn consistency(&self, snapshot: &str, recovery_point: &str) -> Option<Consistency> {
        let mut state = self.state();
        state.advance();
        state.realms.values().find_map(|realm| {
            let snapshot = realm.databases.snapshots.get(snapshot)?;
            let point = realm.backup.points.get(recovery_point)?;
            let (rows, files) = (snapshot.copy.as_ref()?, point.copy.as_ref()?);
            (rows.origin == files.origin).then(|| Consistency::of(&rows.versions, &files.versions))
        })
    }

    /// How well the DB cluster and the file system of a stack fit at this moment, by the stack's
    /// name or id; `None` when it does not exist or has no such things.
    pub fn live_consistency(&self, stack: &str) -> Option<Consistency> {
        let found = self.contents_of(stack)?;
        Some(Consistency::of(&found.rows, &found.files))
    }

    /// The version of each row and of each file of a stack at this moment.
    #[must_use]
    pub fn contents_of(&self, stack: &str) -> Option<Written> {
        let mut state = self.state();
        let (now, places) = (state.clock.now(), state.realms.keys().cloned().collect::<Vec<Place>>());
        places.into_iter().find_map(|place| {
            let realm = state.realm(&place);
            let id = realm.cloud.id_of(stack)?;
            let contents = realm.contents.get(id)?;
            Some(Written { rows: contents.rows(now).to_vec(), files: contents.files(now).to_vec() })
        })
    }

    /// The version of each row of a snapshot, and of each file of a recovery point.
    #[must_use]
    pub fn contents_saved(&self, snapshot: &str, recovery_point: &str) -> Option<Written> {
        let mut state = self.state();
        state.advance();
        state.realms.values().find_map(|realm| {
            let rows = realm.databases.snapshots.get(snapshot)?.copy.as_ref()?;
            let files = realm.backup.points.get(recovery_point)?.copy.as_ref()?;
            Some(Written { rows: rows.versions.to_vec(), files: files.versions.to_vec() })
        })
    }

    /// Every message published since the start or the last clearing, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<PublishedMessage> {
        let mut all: Vec<_> = self.state().realms.values().flat_map(|realm| realm.messages.clone()).collect();
        all.sort_by_key(|message| message.time);
        all
    }

    /// Every event put since the start or the last clearing, account by account and region by
    /// region, in the order in which they were put.
    #[must_use]
    pub fn events(&self) -> Vec<PutEvent> {
        self.state().realms.values().flat_map(|realm| realm.events.clone()).collect()
    }

    /// Forgets all messages and events.
    pub fn clear_messages(&self) {
        for realm in self.state().realms.values_mut() {
            realm.messages.clear();
            realm.events.clear();
        }
    }
}
