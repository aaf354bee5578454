//! The lock and the run records, in Parameter Store; and whether other parameters are there.

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;

use aws_sdk_ssm::operation::describe_parameters::DescribeParametersOutput;
use aws_sdk_ssm::types as sdk;

use super::Aws;
use super::convert::at;
use super::pages::Pages;
use super::record;
use super::refusal::{incomplete, refused};
use crate::model::run::{Kind, Lock, Run};
use crate::model::{BackupId, Refusal, RefusalKind};
use crate::plan::records::{room, superfluous, superfluous_drills};
use crate::world::Locked;

const SERVICE: &str = "ssm";
/// Above everything of ours.
const ROOT: &str = "/stacksnap";
/// The largest page GetParametersByPath gives.
const PAGE: i32 = 10;
/// The most names that one filter of DescribeParameters takes.
const FILTERED: usize = 50;

pub(super) fn lock_name(stack: &str) -> String {
    format!("{ROOT}/{stack}/run")
}

fn records_path(stack: &str) -> String {
    format!("{ROOT}/{stack}/runs")
}

pub(super) fn record_name(stack: &str, run: &BackupId) -> String {
    format!("{}/{run}", records_path(stack))
}

impl Aws {
    /// Creates the lock. Where it is there already and is this very one, it is ours: the answer to an
    /// earlier attempt was lost. Where it is gone before it could be read, it is tried for once more.
    pub(super) async fn take_lock(&self, stack: &str, lock: &Lock) -> Result<Locked, Refusal> {
        match self.try_lock(stack, lock).await {
            Err(refusal) if refusal.kind == RefusalKind::NotFound => self.try_lock(stack, lock).await,
            answer => answer,
        }
    }

    async fn try_lock(&self, stack: &str, lock: &Lock) -> Result<Locked, Refusal> {
        match self.put(&lock_name(stack), record::write_lock(lock)?, false).await {
            Ok(()) => Ok(Locked::Taken),
            Err(refusal) if refusal.kind == RefusalKind::AlreadyExists => {
                let holder = self.read_lock(stack).await?;
                Ok(if holder.same(lock) { Locked::Taken } else { Locked::Held(holder) })
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Reads the lock.
    pub(super) async fn read_lock(&self, stack: &str) -> Result<Lock, Refusal> {
        let name = lock_name(stack);
        let parameter = self.get(&name).await?;
        let lock = record::read_lock(&name, parameter.value.as_deref().unwrap_or_default())?;
        Ok(Lock { since: at(parameter.last_modified_date.as_ref()), ..lock })
    }

    /// Deletes the lock if it still names `run`, then the oldest ended records beyond ten. What of
    /// the tidying is refused is left for the next run to tidy.
    pub(super) async fn unlock(&self, stack: &str, run: &BackupId) -> Result<(), Refusal> {
        match self.read_lock(stack).await {
            Ok(lock) if lock.run == *run => self.delete(&lock_name(stack)).await?,
            Ok(_) => {}
            Err(refusal) if refusal.kind == RefusalKind::NotFound => {}
            Err(refusal) => return Err(refusal),
        }
        self.tidy(stack)
            .await
            .or_else(|refusal| if refusal.kind == RefusalKind::Credentials { Err(refusal) } else { Ok(()) })
    }

    async fn tidy(&self, stack: &str) -> Result<(), Refusal> {
        let counted = self.records_counted.lock().unwrap_or_else(PoisonError::into_inner).remove(stack);
        if counted.is_some_and(room) {
            return Ok(());
        }
        let (runs, _) = self.records(Some(stack)).await?;
        for run in superfluous(&runs) {
            self.delete(&record_name(stack, run)).await?;
        }
        match runs.iter().find(|run| run.kind == Kind::Drill) {
            Some(drill) => self.tidy_drills(drill).await,
            None => Ok(()),
        }
    }

    /// The records of a drill's elder siblings, which lie below other stacks' names.
    async fn tidy_drills(&self, drill: &Run) -> Result<(), Refusal> {
        let (runs, _) = self.records(None).await?;
        for (stack, run) in superfluous_drills(&runs, drill) {
            self.delete(&record_name(stack, run)).await?;
        }
        Ok(())
    }

    /// Writes a run's record, over an older one of the same run.
    pub(super) async fn put_record(&self, run: &Run) -> Result<(), Refusal> {
        let name = record_name(&run.target.stack, &run.id);
        self.forget_record(&name);
        self.put(&name, record::write(run)?, true).await
    }

    /// Writes a run's first record, never over another's.
    ///
    /// # Errors
    /// `AlreadyExists`: there is one, and not this very one, whose answer was lost. Otherwise AWS's refusal.
    pub async fn begin_record(&self, run: &Run) -> Result<(), Refusal> {
        let name = record_name(&run.target.stack, &run.id);
        match self.put(&name, record::write(run)?, false).await {
            Err(refusal) if refusal.kind == RefusalKind::AlreadyExists => {
                // One that cannot be read is somebody's, too.
                let known = self.get_record(&run.target.stack, &run.id).await;
                if known.is_ok_and(|known| known.as_saved() == run.as_saved()) { Ok(()) } else { Err(refusal) }
            }
            answer => answer,
        }
    }

    /// Reads a run's record.
    pub(super) async fn get_record(&self, stack: &str, run: &BackupId) -> Result<Run, Refusal> {
        let name = record_name(stack, run);
        let parameter = self.get(&name).await?;
        record::read(&name, parameter.value.as_deref().unwrap_or_default())
    }

    /// The runs on record, of one stack or of all, the newest last; and why some could not be read,
    /// or none.
    pub async fn runs(&self, stack: Option<&str>) -> (Vec<Run>, Vec<Refusal>) {
        self.records(stack).await.unwrap_or_else(|refusal| (Vec::new(), vec![refusal]))
    }

    /// The records of a stack's runs, or of every stack's, the newest last; and why some of them
    /// could not be read.
    pub(super) async fn records(&self, stack: Option<&str>) -> Result<(Vec<Run>, Vec<Refusal>), Refusal> {
        let path = stack.map_or_else(|| ROOT.to_owned(), records_path);
        let (mut runs, mut unreadable) = (Vec::new(), Vec::new());
        let mut each = |parameter: sdk::Parameter| {
            let name = parameter.name.unwrap_or_default();
            if is_record(&name) {
                match record::read(&name, parameter.value.as_deref().unwrap_or_default()) {
                    Ok(run) => runs.push(run),
                    Err(refusal) => unreadable.push(refusal),
                }
            }
        };
        self.by_path(&path, true, &mut each).await?;
        runs.sort_by(|a, b| (a.started, &a.id).cmp(&(b.started, &b.id)));
        Ok((runs, unreadable))
    }

    /// The names right below `path`. Nothing is decrypted.
    pub(super) async fn names_below(&self, path: &str) -> Result<BTreeSet<String>, Refusal> {
        let mut names = BTreeSet::new();
        self.by_path(path, false, &mut |parameter| names.extend(parameter.name)).await?;
        Ok(names)
    }

    pub(super) async fn by_path(
        &self,
        path: &str,
        recursive: bool,
        each: &mut dyn FnMut(sdk::Parameter),
    ) -> Result<(), Refusal> {
        let mut pages = Pages::of(SERVICE, "GetParametersByPath");
        let mut token = None;
        loop {
            let get = self.ssm().get_parameters_by_path().path(path).recursive(recursive).with_decryption(false);
            let page = get.max_results(PAGE).set_next_token(token).send().await;
            let page = page.map_err(refused(SERVICE, "GetParametersByPath"))?;
            page.parameters.unwrap_or_default().into_iter().for_each(&mut *each);
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(());
            }
        }
    }

    /// A parameter's value, not decrypted.
    pub(super) async fn parameter(&self, name: &str) -> Result<String, Refusal> {
        self.get(name).await?.value.ok_or_else(|| incomplete(SERVICE, "GetParameter", "value"))
    }

    /// Writes a parameter, over another of its name.
    pub(super) async fn put_parameter(&self, name: &str, value: String) -> Result<(), Refusal> {
        self.put(name, value, true).await
    }

    /// Writes a parameter, never over another.
    pub(super) async fn put_new_parameter(&self, name: &str, value: String) -> Result<(), Refusal> {
        self.put(name, value, false).await
    }

    /// The versions of those of `names` that are there. No value is asked for, so none is decrypted.
    pub(super) async fn parameter_versions(&self, names: &[String]) -> Result<HashMap<String, i64>, Refusal> {
        let mut versions = HashMap::new();
        for names in names.chunks(FILTERED) {
            let mut pages = Pages::of(SERVICE, "DescribeParameters");
            let mut token = None;
            loop {
                let page = self.described(names, token).await?;
                let rows = page.parameters.unwrap_or_default().into_iter();
                versions.extend(rows.filter_map(|row| Some((row.name?, row.version))));
                token = pages.next(page.next_token)?;
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(versions)
    }

    /// Names that have `part` in them. No value is asked for.
    pub(super) async fn parameters_named(&self, part: &str) -> Result<Vec<String>, Refusal> {
        let filter = sdk::ParameterStringFilter::builder().key("Name").option("Contains").values(part).build();
        let filter = filter.map_err(|error| incomplete(SERVICE, "DescribeParameters", &error.to_string()))?;
        let mut names = Vec::new();
        let mut pages = Pages::of(SERVICE, "DescribeParameters");
        let mut token = None;
        loop {
            let describe = self.ssm().describe_parameters().parameter_filters(filter.clone()).set_next_token(token);
            let page = describe.send().await.map_err(refused(SERVICE, "DescribeParameters"))?;
            names.extend(page.parameters.unwrap_or_default().into_iter().filter_map(|row| row.name));
            token = pages.next(page.next_token)?;
            if token.is_none() {
                return Ok(names);
            }
        }
    }

    /// Deletes a parameter; one that is gone already is deleted.
    pub(super) async fn delete_parameter(&self, name: &str) -> Result<(), Refusal> {
        self.delete(name).await
    }

    async fn described(&self, names: &[String], token: Option<String>) -> Result<DescribeParametersOutput, Refusal> {
        let filter = sdk::ParameterStringFilter::builder().key("Name").option("Equals");
        let filter = filter.set_values(Some(names.to_vec())).build();
        let filter = filter.map_err(|error| incomplete(SERVICE, "DescribeParameters", &error.to_string()))?;
        let describe = self.ssm().describe_parameters().parameter_filters(filter).set_next_token(token);
        describe.send().await.map_err(refused(SERVICE, "DescribeParameters"))
    }

    async fn get(&self, name: &str) -> Result<sdk::Parameter, Refusal> {
        let answer = self.ssm().get_parameter().name(name).send().await.map_err(refused(SERVICE, "GetParameter"))?;
        answer.parameter.ok_or_else(|| incomplete(SERVICE, "GetParameter", "parameter"))
    }

    async fn put(&self, name: &str, value: String, overwrite: bool) -> Result<(), Refusal> {
        let put = self.ssm().put_parameter().name(name).value(value).overwrite(overwrite);
        let put = put.r#type(sdk::ParameterType::String).tier(sdk::ParameterTier::Standard);
        put.send().await.map(drop).map_err(refused(SERVICE, "PutParameter"))
    }

    /// What is gone already is deleted.
    async fn delete(&self, name: &str) -> Result<(), Refusal> {
        match self.ssm().delete_parameter().name(name).send().await.map_err(refused(SERVICE, "DeleteParameter")) {
            Err(refusal) if refusal.kind != RefusalKind::NotFound => Err(refusal),
            _ => Ok(()),
        }
    }
}

/// `/stacksnap/<stack>/runs/<id>`
fn is_record(name: &str) -> bool {
    matches!(name.split('/').collect::<Vec<_>>().as_slice(), ["", "stacksnap", _, "runs", _])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_no_record() {
        let run: BackupId = "my-hub-20261120-020000".parse().unwrap();
        assert!(is_record(&record_name("my-hub", &run)));
        assert!(!is_record(&lock_name("my-hub")));
        assert!(!is_record(&lock_name("runs")));
    }
}
