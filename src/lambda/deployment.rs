//! What the function's environment says: whose it is, what it may touch, whom it tells.

use crate::cli::duration;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::config::Span;
use crate::model::watch::Scope;
use jiff::SignedDuration;

/// A last good backup that is older is stale, unless somebody says otherwise, seconds.
const STALE_AFTER: u32 = 26 * 3600;

/// The function's environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deployment {
    /// The name of the CloudFormation stack that deployed it.
    pub(crate) name: String,
    /// Stacks it may touch; empty: those with `tag`, or all that its role may.
    pub(crate) stacks: Vec<String>,
    /// Stacks with this tag are listed, and may be touched.
    pub(crate) tag: Option<String>,
    /// The SNS topic.
    pub(crate) topic: Option<String>,
    /// The EventBridge bus.
    pub(crate) bus: Option<String>,
    /// Where a dead-man service is told of each complete backup. May bear a key: never shown.
    pub(crate) webhook: Option<String>,
    /// When the last good backup is too old.
    pub(crate) stale_after: SignedDuration,
}

impl Deployment {
    /// From the environment.
    ///
    /// # Errors
    /// A variable that is not what it should be.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        Self::read(&|name| std::env::var(name).ok())
    }

    fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let said = |name: &str| get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let stale = said("STACKSNAP_STALE_AFTER").map(|text| duration::positive(&text)).transpose();
        let Span(stale) = stale.map_err(|why| wrong("STACKSNAP_STALE_AFTER", &why))?.unwrap_or(Span(STALE_AFTER));
        let names = said("STACKSNAP_STACKS").unwrap_or_default();
        Ok(Self {
            name: said("STACKSNAP_DEPLOYMENT").unwrap_or_else(|| "stacksnap".to_owned()),
            stacks: names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            tag: said("STACKSNAP_FLEET_TAG"),
            topic: said("STACKSNAP_TOPIC_ARN"),
            bus: said("STACKSNAP_EVENT_BUS"),
            webhook: said("STACKSNAP_WEBHOOK_URL").map(web).transpose()?,
            stale_after: SignedDuration::from_secs(stale.into()),
        })
    }

    /// What its sentinel watches.
    pub(crate) fn scope(&self) -> Scope {
        match (&self.tag, self.stacks.is_empty()) {
            (_, false) => Scope::Stacks(self.stacks.clone()),
            (Some(tag), true) => Scope::Tag(tag.clone()),
            (None, true) => Scope::Known,
        }
    }
}

/// Only encrypted, or to this machine.
fn web(url: String) -> Result<String, Failure> {
    let near = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|near| url.starts_with(near));
    if url.starts_with("https://") || near {
        return Ok(url);
    }
    Err(wrong("STACKSNAP_WEBHOOK_URL", "it is not an https:// address"))
}

fn wrong(name: &str, why: &str) -> Failure {
    Failure::new(Exit::Usage, "configuration", format!("the variable {name} cannot be used"))
        .why(why)
        .hint("correct the function's environment: it comes from the deployment's parameters")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Deployment, Failure> {
        Deployment::read(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_variable_says_nothing() {
        let deployment = of(&[("STACKSNAP_TOPIC_ARN", ""), ("STACKSNAP_STACKS", " a, b,")]).unwrap();
        assert_eq!(
            (deployment.topic.clone(), deployment.scope()),
            (None, Scope::Stacks(vec!["a".to_owned(), "b".to_owned()]))
        );
        assert_eq!(of(&[]).unwrap().scope(), Scope::Known);
        assert_eq!(
            of(&[("STACKSNAP_FLEET_TAG", "backup=nightly")]).unwrap().scope(),
            Scope::Tag("backup=nightly".to_owned())
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_and_not_shown() {
        let failure = of(&[("STACKSNAP_WEBHOOK_URL", "http://example.com/key-canary")]).unwrap_err();
        assert!(failure.what.contains("STACKSNAP_WEBHOOK_URL") && !format!("{failure:?}").contains("canary"));
        assert!(of(&[("STACKSNAP_STALE_AFTER", "soon")]).is_err());
    }
}
