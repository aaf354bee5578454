//! How a backup is named on the command line: its id, or `STACK@latest`, `STACK@oldest`, `STACK@latest-drilled`.

use std::str::FromStr;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::model::backup::{Backup, State};
use crate::plan::catalogue::Catalogue;

/// One backup, named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selector {
    /// By its id.
    Id(String),
    /// The newest complete one of a stack.
    Latest(String),
    /// The oldest complete one of a stack.
    Oldest(String),
    /// The newest one whose restore was rehearsed.
    LatestDrilled(String),
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((stack, word)) = text.split_once('@') else {
            return Ok(Self::Id(text.to_owned()));
        };
        if stack.is_empty() {
            return Err(format!("`{text}` names no stack: write `STACK@latest`"));
        }
        match word {
            "latest" => Ok(Self::Latest(stack.to_owned())),
            "oldest" => Ok(Self::Oldest(stack.to_owned())),
            "latest-drilled" => Ok(Self::LatestDrilled(stack.to_owned())),
            _ => Err(format!("`@{word}` is not known: use `@latest`, `@oldest` or `@latest-drilled`")),
        }
    }
}

impl Selector {
    /// The stack that is named, if one is.
    pub(crate) fn stack(&self) -> Option<&str> {
        match self {
            Self::Id(_) => None,
            Self::Latest(stack) | Self::Oldest(stack) | Self::LatestDrilled(stack) => Some(stack),
        }
    }

    /// Finds it among `backups`, the newest first. Only complete ones are latest or oldest.
    pub(crate) fn find(&self, mut backups: impl DoubleEndedIterator<Item = Backup>) -> Option<Backup> {
        let good = |backup: &Backup, stack: &str| &*backup.stack == stack && backup.state == State::Complete;
        match self {
            Self::Id(id) => backups.find(|backup| &*backup.id == id.as_str()),
            Self::Latest(stack) => backups.find(|backup| good(backup, stack)),
            Self::Oldest(stack) => backups.rfind(|backup| good(backup, stack)),
            Self::LatestDrilled(stack) => backups.find(|backup| good(backup, stack) && backup.drilled.is_some()),
        }
    }
}

/// What to say of one that is not there.
pub(crate) fn missing(cx: &Context, region: &str, selector: &Selector, catalogue: &Catalogue) -> Failure {
    let failure = |what: String| Failure::new(Exit::NotFound, "backup-not-found", what);
    match selector {
        Selector::Id(id) => {
            let near = nearest(id, catalogue.backups());
            let failure = failure(format!("there is no backup `{id}` in {region}"));
            let failure =
                if near.is_empty() { failure } else { failure.hint(format!("did you mean {}?", near.join(", "))) };
            failure.hint(format!("`{}` shows them all", cx.command(&["list"], Some(region))))
        }
        Selector::Latest(stack) | Selector::Oldest(stack) => {
            failure(format!("there is no complete backup of {stack} in {region}"))
                .hint(format!("`{}` shows what there is", cx.command(&["list", stack], Some(region))))
        }
        Selector::LatestDrilled(stack) => {
            Failure::new(Exit::NotFound, "never-drilled", format!("no backup of {stack} has been drilled"))
                .why("a drill is a rehearsed restore, and none is on record")
                .hint(format!("`{stack}@latest` is the newest complete one"))
        }
    }
}

/// The ids that look most like `id`, at most three.
fn nearest(id: &str, backups: impl Iterator<Item = Backup>) -> Vec<String> {
    let mut near: Vec<(f64, String)> = Vec::new();
    for backup in backups {
        let score = strsim::jaro_winkler(id, &backup.id);
        if score > 0.7 {
            near.push((score, backup.id.into_string()));
            near.sort_by(|a, b| b.0.total_cmp(&a.0));
            near.truncate(3);
        }
    }
    near.into_iter().map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(id: &str, state: State) -> Backup {
        crate::cli::output::samples::backup(id, state)
    }

    #[test]
    fn a_backup_is_named_by_id_or_by_its_place() {
        assert_eq!("hub@latest".parse(), Ok(Selector::Latest("hub".into())));
        assert_eq!("hub-20261120-020000".parse(), Ok(Selector::Id("hub-20261120-020000".into())));
        assert!("hub@newest".parse::<Selector>().is_err_and(|why| why.contains("@latest")));
        assert!("@latest".parse::<Selector>().is_err());
    }

    #[test]
    fn latest_and_oldest_pass_over_what_is_not_complete() {
        let rows = [
            backup("my-hub-20261120-040000", State::Orphan),
            backup("my-hub-20261120-030000", State::Complete),
            backup("my-hub-20261120-020000", State::Complete),
            backup("my-hub-20261120-010000", State::Failed),
        ];
        let id = |selector: &str| {
            let found = selector.parse::<Selector>().unwrap().find(rows.iter().cloned());
            found.map(|row| row.id.to_string())
        };
        assert_eq!(id("my-hub@latest").as_deref(), Some("my-hub-20261120-030000"));
        assert_eq!(id("my-hub@oldest").as_deref(), Some("my-hub-20261120-020000"));
        assert_eq!(id("other@latest"), None);
    }

    #[test]
    fn latest_drilled_is_the_newest_complete_one_whose_restore_was_rehearsed() {
        let drilled =
            |id: &str, state| Backup { drilled: Some(crate::cli::output::samples::now()), ..backup(id, state) };
        let rows = [
            drilled("my-hub-20261120-040000", State::Incomplete),
            backup("my-hub-20261120-030000", State::Complete),
            drilled("my-hub-20261120-020000", State::Complete),
            drilled("my-hub-20261120-010000", State::Complete),
        ];
        let found = Selector::LatestDrilled("my-hub".into()).find(rows.iter().cloned());
        assert_eq!(found.map(|row| row.id.to_string()).as_deref(), Some("my-hub-20261120-020000"));
        assert!(Selector::LatestDrilled("other".into()).find(rows.into_iter()).is_none());
    }

    #[test]
    fn an_unknown_id_has_neighbours() {
        let rows = [backup("my-hub-20261120-030000", State::Complete), backup("zz-20200101-000000", State::Complete)];
        assert_eq!(nearest("my-hub-20261120-030001", rows.into_iter()), ["my-hub-20261120-030000"]);
    }
}
