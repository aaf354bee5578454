//! Everything `inspect` and `check` look at, three round trips deep (pages and nested stacks aside).

use std::collections::BTreeSet;
use std::sync::PoisonError;

use futures_util::future::join_all;
use futures_util::join;
use jiff::Timestamp;

use super::Aws;
use super::convert::seen;
use super::known::Print;
use super::shared::Shared;
use crate::model::change_set::ChangeSet;
use crate::model::history::History;
use crate::model::stack::{Declared, Resource, Stack};
use crate::model::survey::{Discovery, Key, Survey};
use crate::model::topology::Topology;
use crate::model::{Arn, Refusal, Seen};

/// Makes of a stack which parts belong together.
pub type Discover<'a> = dyn Fn(&Stack, &[Declared], &[Resource]) -> Discovery + 'a;

impl Aws {
    /// Looks at the stack, lets `discover` find its parts, and looks at those. What concerns the whole account is asked for
    /// once, where many surveys share it.
    pub async fn survey(&self, stack: &str, discover: &Discover<'_>, shared: &Shared) -> Survey {
        let mut survey = Box::pin(self.whole(stack, shared)).await;
        survey.topology = found(&survey, discover);
        if let Some(Ok(topology)) = survey.topology.clone() {
            Box::pin(self.look_at_parts(&mut survey, &topology, shared)).await;
            survey.keys = self.keys(&survey, shared).await;
        }
        survey
    }

    /// The first wave: what the stack's name alone leads to.
    async fn whole(&self, name: &str, shared: &Shared) -> Survey {
        let at = Timestamp::now();
        let printed = shared.printed(self, name).await;
        let (caller, stack, declared, resources, history, change_sets, quota, efs_opt_in, lock, records) = join!(
            shared.caller(self),
            async { if printed.is_none() { Some(self.stack(name).await) } else { None } },
            shared.declared(self, name),
            self.resources(name),
            self.surveyed_history(name, printed.as_ref()),
            self.surveyed_sets(name, printed.as_ref()),
            shared.quota(self),
            shared.efs_opt_in(self),
            self.lock_of(name, shared),
            self.records(Some(name)),
        );
        let stack = match (stack, &printed) {
            // Nothing has happened between the page and the events: its parameters are those of the template read here.
            (None, Some((stack, print))) if history.as_ref().is_ok_and(|history| print.shown_by(history)) => {
                Ok(stack.clone())
            }
            (None, _) => self.stack(name).await,
            (Some(stack), _) => stack,
        };
        let (runs, unreadable) = match records {
            Ok((runs, unreadable)) => {
                if printed.is_some() {
                    let mut counted = self.records_counted.lock().unwrap_or_else(PoisonError::into_inner);
                    counted.insert(name.to_owned(), runs.len() + unreadable.len());
                }
                (Seen::Here(runs), unreadable)
            }
            Err(refusal) => (Seen::Unknown(refusal), Vec::new()),
        };
        Survey {
            at,
            caller: caller.into(),
            stack: stack.into(),
            declared: declared.into(),
            resources: resources.into(),
            topology: None,
            history: history.into(),
            change_sets: change_sets.into(),
            cluster: Seen::NotLooked,
            file_system: Seen::NotLooked,
            vault: Seen::NotLooked,
            role: Seen::NotLooked,
            secret: Seen::NotLooked,
            parameter_store: Vec::new(),
            keys: Vec::new(),
            jobs: Seen::NotLooked,
            quota: seen(quota),
            efs_opt_in: seen(efs_opt_in),
            lock,
            runs,
            unreadable,
        }
    }

    /// With its print, what is read here is remembered for the run that follows.
    async fn surveyed_history(&self, name: &str, printed: Option<&(Stack, Print)>) -> Result<History, Refusal> {
        let Some((stack, print)) = printed else { return self.operations(name).await };
        let read = self.events(&stack.id, None).await?;
        self.history_read(&stack.id, None, print, &read.history);
        Ok(read.history)
    }

    async fn surveyed_sets(&self, name: &str, printed: Option<&(Stack, Print)>) -> Result<Vec<ChangeSet>, Refusal> {
        let Some((stack, print)) = printed else { return self.change_sets(name).await };
        let sets = self.change_sets(&stack.id).await?;
        self.sets_listed(&stack.id, print, sets.clone());
        Ok(sets)
    }

    /// The second wave: the parts that belong together.
    async fn look_at_parts(&self, survey: &mut Survey, topology: &Topology, shared: &Shared) {
        let stack_id = survey.stack.here().map_or("", |stack| stack.id.as_str());
        let file_system = file_system_arn(stack_id, &topology.file_system.value);
        let secret = async {
            match &topology.secret {
                Some(secret) => self.secret(&secret.value).await.into(),
                None => Seen::NotLooked,
            }
        };
        let (cluster, files, vault, role, secret, parameters, jobs) = join!(
            shared.cluster(self, &topology.cluster.value),
            shared.file_system(self, &file_system),
            shared.vault(self, &topology.vault.value),
            self.role(&topology.role.value),
            secret,
            self.parameters(&topology.parameter_store),
            shared.active_jobs(self, &file_system),
        );
        survey.cluster = cluster.into();
        survey.file_system = files.into();
        survey.vault = vault.into();
        survey.role = role.into();
        survey.secret = secret;
        survey.parameter_store = parameters;
        survey.jobs = jobs.into();
    }

    /// The third wave: the keys that the parts are encrypted with.
    async fn keys(&self, survey: &Survey, shared: &Shared) -> Vec<Key> {
        let keys = [
            ("DB cluster", survey.cluster.here().and_then(|part| part.kms_key.clone()).filter(|id| !id.is_empty())),
            (
                "file system",
                survey.file_system.here().and_then(|part| part.kms_key.clone()).filter(|id| !id.is_empty()),
            ),
            ("vault", survey.vault.here().and_then(|part| part.kms_key.clone()).filter(|id| !id.is_empty())),
            ("secret", survey.secret.here().and_then(|part| part.kms_key.clone()).filter(|id| !id.is_empty())),
        ];
        let looks = keys.into_iter().filter_map(|(of, id)| Some((of, id?)));
        join_all(looks.map(|(of, id)| async move { Key { of, state: seen(shared.key_state(self, &id).await), id } }))
            .await
    }

    /// Whether each parameter is there: one listing of names for each path above them.
    pub(super) async fn parameters(&self, names: &[String]) -> Vec<(String, Seen<bool>)> {
        let paths: BTreeSet<&str> = names.iter().map(|name| above(name)).collect();
        let listings = join_all(paths.iter().map(|path| self.names_below(path))).await;
        let listed: Vec<(&str, Result<BTreeSet<String>, Refusal>)> = paths.into_iter().zip(listings).collect();
        names.iter().map(|name| (name.clone(), is_there(name, &listed))).collect()
    }
}

fn found(survey: &Survey, discover: &Discover<'_>) -> Option<Discovery> {
    let (stack, declared, resources) = (survey.stack.here()?, survey.declared.here()?, survey.resources.here()?);
    Some(discover(stack, declared, resources))
}

/// The file system stands where its stack stands; AWS Backup wants the ARN, a stack knows the id.
fn file_system_arn(stack_id: &str, file_system: &str) -> String {
    match stack_id.parse::<Arn>() {
        Ok(stack) if !file_system.starts_with("arn:") => {
            Arn { service: "elasticfilesystem".to_owned(), resource: format!("file-system/{file_system}"), ..stack }
                .to_string()
        }
        _ => file_system.to_owned(),
    }
}

/// The path above a parameter's name.
fn above(name: &str) -> &str {
    match name.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((path, _)) => path,
    }
}

fn is_there(name: &str, listed: &[(&str, Result<BTreeSet<String>, Refusal>)]) -> Seen<bool> {
    match listed.iter().find(|(path, _)| *path == above(name)) {
        Some((_, Ok(names))) => Seen::Here(names.contains(name)),
        Some((_, Err(refusal))) => Seen::Unknown(refusal.clone()),
        None => Seen::NotLooked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_above_a_parameter_is_listed_once() {
        assert_eq!(above("/keymaster/my-hub/phoenix-key"), "/keymaster/my-hub");
        assert_eq!(above("/one"), "/");
        assert_eq!(above("one"), "/");
    }

    #[test]
    fn a_file_systems_arn_follows_from_its_stacks() {
        let stack = "arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/my-hub/1";
        let arn = "arn:aws-cn:elasticfilesystem:cn-north-1:123456789012:file-system/fs-1";
        assert_eq!(file_system_arn(stack, "fs-1"), arn);
        assert_eq!(file_system_arn(stack, arn), arn);
    }
}
