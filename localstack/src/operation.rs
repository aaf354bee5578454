//! The table of what this AWS can do.

use crate::error::Answer;
use crate::faults::{FaultKind, Faults};
use crate::input::Input;
use crate::permission::Policy;
use crate::realm::{Account, Realm};
use jiff::Timestamp;
use std::sync::Arc;

/// What an operation may touch while it is answered.
pub(crate) struct Cx<'a> {
    /// The services of one account in one region.
    pub(crate) realm: &'a mut Realm,
    /// What an account has once for all regions.
    pub(crate) account: &'a mut Account,
    /// The instant of the request.
    pub(crate) now: Timestamp,
    /// Faults that change what happens rather than what is answered.
    pub(crate) faults: &'a mut Faults,
    /// `service:Operation`.
    pub(crate) action: String,
    /// What the caller may do; nothing is everything.
    pub(crate) policy: Option<Arc<Policy>>,
}

impl Cx<'_> {
    /// Draws a fault of this operation which `wanted` accepts.
    pub(crate) fn fault(&mut self, wanted: impl Fn(&FaultKind) -> bool, mode: Option<&str>) -> Option<FaultKind> {
        self.faults.draw(&self.action, wanted, mode)
    }
}

/// How an operation is carried out.
pub(crate) type Handler = fn(&mut Cx<'_>, &Input) -> Answer;

/// One operation of one service.
pub(crate) struct Operation {
    /// The service's signing name.
    pub(crate) service: &'static str,
    /// AWS's name of the operation.
    pub(crate) name: &'static str,
    /// Its implementation.
    pub(crate) handler: Handler,
    /// The input members which say what it is about.
    pub(crate) target: &'static [&'static str],
    /// Method and path, for REST.
    pub(crate) route: Option<(&'static str, &'static str)>,
}

impl Operation {
    /// An operation named in the request.
    pub(crate) const fn new(
        service: &'static str,
        name: &'static str,
        target: &'static [&'static str],
        handler: Handler,
    ) -> Self {
        Self { service, name, handler, target, route: None }
    }

    /// The same, recognised by method and path.
    pub(crate) const fn at(mut self, method: &'static str, path: &'static str) -> Self {
        self.route = Some((method, path));
        self
    }

    /// Carries it out, unless the caller's policy or a vault's denies it.
    pub(crate) fn answer(&self, cx: &mut Cx<'_>, input: &Input) -> Answer {
        crate::permission::admit(cx, self, input)?;
        crate::backup::policy::admit(cx, input)?;
        (self.handler)(cx, input)
    }

    /// Whether the operation may change anything, by AWS's naming.
    pub(crate) fn changes(&self) -> bool {
        !["Describe", "List", "Get", "Head"].iter().any(|verb| self.name.starts_with(verb))
    }

    /// What a request was about: its main members' texts.
    pub(crate) fn target_of(&self, input: &Input) -> String {
        let texts = |name: &&str| match input.text(name) {
            Some(text) => vec![text.to_owned()],
            None => input.strings(name),
        };
        let texts: Vec<String> = self.target.iter().flat_map(texts).collect();
        texts.join(" ")
    }
}

/// Every operation, service by service.
pub(crate) static OPERATIONS: &[&[Operation]] = &[
    crate::cfn::OPERATIONS,
    crate::rds::OPERATIONS,
    crate::backup::OPERATIONS,
    crate::efs::OPERATIONS,
    crate::secrets::OPERATIONS,
    crate::ssm::OPERATIONS,
    crate::identity::OPERATIONS,
    crate::s3::OPERATIONS,
    crate::logs::OPERATIONS,
    crate::sns::OPERATIONS,
    crate::events::OPERATIONS,
];

/// Finds an operation by name.
pub(crate) fn find(service: &str, name: &str) -> Option<&'static Operation> {
    let mut all = OPERATIONS.iter().copied().flatten();
    all.find(|each| each.service == service && each.name == name)
}

/// `service:Operation` of all, sorted; EFS under its IAM prefix.
pub(crate) fn names() -> Vec<String> {
    let all = OPERATIONS.iter().copied().flatten();
    let mut names: Vec<String> = all.map(|each| format!("{}:{}", each.service, each.name)).collect();
    names.sort();
    names
}
