//! What lies in Parameter Store for many runs: records and manifests, ten to a call.

use std::collections::{HashMap, HashSet};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::Aws;
use super::manifest::read_at;
use super::parameter_store::record_name;
use super::record;
use super::refusal::refused;
use crate::engine::Look;
use crate::model::run::Run;
use crate::model::{BackupId, Refusal, Seen, tags};
use crate::plan::manifest::Place;

/// The most names that GetParameters takes.
const NAMES: usize = 10;

/// What was read lately, by its name.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// How long it is not read again; nothing is kept unless somebody says so.
    fresh: Duration,
    read: HashMap<String, (Timestamp, String)>,
}

/// Records that are kept.
const KEPT: usize = 1_024;

impl Recent {
    fn take_in(&mut self, name: &str, value: &str) {
        if self.fresh.is_zero() {
            return;
        }
        if self.read.len() >= KEPT {
            self.read.clear();
        }
        self.read.insert(name.to_owned(), (Timestamp::now(), value.to_owned()));
    }

    fn of(&self, name: &str) -> Option<&String> {
        // By the wall's clock: the other one may stand still while nobody invokes the function.
        let fresh =
            |at: Timestamp| Duration::try_from(Timestamp::now().duration_since(at)).is_ok_and(|age| age < self.fresh);
        self.read.get(name).filter(|(at, _)| fresh(*at)).map(|(_, value)| value)
    }
}

/// Parameters' values by their names.
#[derive(Debug, Default)]
pub(super) struct Values {
    found: HashMap<String, Seen<String>>,
    /// Those of them that were read a while ago.
    remembered: HashSet<String>,
}

impl Values {
    /// A run's record.
    pub(super) fn record(&self, name: &str) -> Seen<Run> {
        self.found.get(name).map_or(Seen::Missing, |value| parsed(value, |text| record::read(name, text)))
    }

    /// It was not read just now.
    pub(super) fn remembers(&self, name: &str) -> bool {
        self.remembered.contains(name)
    }

    /// The manifest of `run` was asked for here.
    pub(super) fn tell_manifest(&self, run: &Run) -> bool {
        manifest_of(run).is_some_and(|name| self.found.contains_key(&name))
    }

    /// The digest of the run's manifest as it is kept.
    pub(super) fn manifest(&self, run: &Run) -> Seen<String> {
        let (stack, id) = (run.target.stack.as_str(), run.id.as_str());
        let value = manifest_of(run).and_then(|name| self.found.get(&name)).unwrap_or(&Seen::Missing);
        parsed(value, |text| read_at(&Place::ParameterStore, stack, id, text.as_bytes()).map(|read| read.digest))
    }
}

fn parsed<T>(value: &Seen<String>, read: impl Fn(&str) -> Result<T, Refusal>) -> Seen<T> {
    match value {
        Seen::Here(text) => read(text).into(),
        Seen::Missing => Seen::Missing,
        Seen::NotLooked => Seen::NotLooked,
        Seen::Unknown(refusal) => Seen::Unknown(refusal.clone()),
    }
}

/// The name of the parameter that the run's manifest is kept in, if it is.
fn manifest_of(run: &Run) -> Option<String> {
    let (_, place) = run.manifest.as_deref().and_then(tags::read_manifest)?;
    matches!(place, Place::ParameterStore).then(|| place.manifest_at(&run.target.stack, run.id.as_str()))
}

impl Aws {
    /// The records of runs, by their ids.
    pub async fn recorded(&self, runs: &[(&str, &BackupId)]) -> HashMap<String, Seen<Run>> {
        let names: Vec<String> = runs.iter().map(|(stack, run)| record_name(stack, run)).collect();
        let values = self.values_named(&names).await;
        runs.iter().zip(&names).map(|((_, run), name)| (run.to_string(), values.record(name))).collect()
    }

    /// The records of runs that may not have begun, by their ids: those that are not there are not asked for again.
    ///
    /// # Errors
    /// AWS's refusal, or a record that cannot be read.
    pub async fn recorded_now(&self, runs: &[(&str, &BackupId)]) -> Result<HashMap<String, Run>, Refusal> {
        let names: Vec<String> = runs.iter().map(|(stack, run)| record_name(stack, run)).collect();
        let read = |(name, text): (String, String)| {
            let run = record::read(&name, &text)?;
            Ok((run.id.to_string(), run))
        };
        self.values_there(&names).await?.into_iter().map(read).collect()
    }

    /// Whoever drives many runs reads the record of one whose halves have been asked for only so often: what others have written
    /// there is facts that it sees for itself, or that the run is given up, which is no less true a while later. Before that, a
    /// record is read in each look: it may say that the stack must not go offline any more.
    #[must_use]
    pub fn remembering(self, fresh: Duration) -> Self {
        self.recent().fresh = fresh;
        self
    }

    /// It is about to be written: what it was is of no use any more.
    pub(super) fn forget_record(&self, name: &str) {
        self.recent().read.remove(name);
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.records_read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records and manifests that are looked at.
    pub(super) async fn values_of(&self, wanted: &[(Run, Look)]) -> Values {
        let mut known = HashMap::new();
        let mut names = Vec::new();
        for (run, _) in wanted.iter().filter(|(_, look)| look.record) {
            let name = record_name(&run.target.stack, &run.id);
            match self.recent().of(&name).filter(|_| run.asked.is_some() && !run.ended()) {
                Some(value) => drop(known.insert(name, Seen::Here(value.clone()))),
                None => names.push(name),
            }
        }
        let records = names.len();
        names.extend(wanted.iter().filter(|(_, look)| look.manifest).filter_map(|(run, _)| manifest_of(run)));
        let mut values = self.values_named(&names).await;
        for name in &names[..records] {
            values
                .found
                .get(name)
                .and_then(Seen::here)
                .into_iter()
                .for_each(|value| self.recent().take_in(name, value));
        }
        values.remembered = known.keys().cloned().collect();
        values.found.extend(known);
        values
    }

    async fn values_named(&self, names: &[String]) -> Values {
        let mut found = HashMap::new();
        let mut absent = Vec::new();
        let answers = join_all(names.chunks(NAMES).map(|names| self.some_values(names))).await;
        for (names, answer) in names.chunks(NAMES).zip(answers) {
            match answer {
                Ok(mut read) => {
                    for name in names {
                        match read.remove(name) {
                            Some(value) => drop(found.insert(name.clone(), Seen::Here(value))),
                            None => absent.push(name.clone()),
                        }
                    }
                }
                Err(refusal) => found.extend(names.iter().map(|name| (name.clone(), Seen::Unknown(refusal.clone())))),
            }
        }
        // A record that is gone ends its run: so that is asked once more, by name.
        let asked = join_all(absent.iter().map(|name| self.parameter(name))).await;
        found.extend(absent.into_iter().zip(asked.into_iter().map(Seen::from)));
        Values { found, remembered: HashSet::new() }
    }

    /// The values of those parameters that are there.
    pub(super) async fn values_there(&self, names: &[String]) -> Result<HashMap<String, String>, Refusal> {
        let mut found = HashMap::new();
        for names in names.chunks(NAMES) {
            found.extend(self.some_values(names).await?);
        }
        Ok(found)
    }

    /// The same of as many as one call takes.
    async fn some_values(&self, names: &[String]) -> Result<HashMap<String, String>, Refusal> {
        let get = self.ssm().get_parameters().set_names(Some(names.to_vec())).with_decryption(false);
        let rows = get.send().await.map_err(refused("ssm", "GetParameters"))?.parameters.unwrap_or_default();
        Ok(rows.into_iter().filter_map(|row| Some((row.name?, row.value.unwrap_or_default()))).collect())
    }
}
