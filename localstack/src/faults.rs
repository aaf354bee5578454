//! Faults on demand: what AWS, the network or an operator's mistake can do.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum FaultKind {
    /// Too many requests, in the service's own code.
    Throttle,
    /// An HTTP 5xx in the service's own code.
    ServerError,
    /// The connection is closed; nothing has happened.
    DropBefore,
    /// The operation is carried out, then the connection is closed.
    LostAnswer,
    /// The answer takes so long; a manual clock moves on meanwhile.
    Slow {
        /// Seconds (real ones on a real clock).
        seconds: f64,
    },
    /// The credentials have run out.
    ExpiredCredentials,
    /// IAM says no.
    AccessDenied,
    /// The answer is the world's state of so many seconds ago.
    Stale {
        /// Seconds of AWS time.
        seconds: f64,
    },
    /// Tags given with the request are not stored.
    TagsLost,
    /// The change set ends `FAILED`.
    ChangeSetFailed,
    /// The stack update fails and is rolled back.
    Rollback,
    /// The stack update fails and so does its rollback.
    RollbackFailed,
    /// The DB cluster snapshot ends `failed`.
    SnapshotFailed,
    /// The DB cluster snapshot stays `creating`.
    SnapshotStuck,
    /// The backup job ends `FAILED`.
    JobFailed,
    /// The backup job ends `ABORTED`.
    JobAborted,
    /// The backup job never runs and ends `EXPIRED` when its start window closes.
    JobExpired,
    /// The backup job is `COMPLETED` with a message category other than `SUCCESS`.
    JobIssues,
    /// The backup job stays `CREATED`.
    JobNeverStarts,
    /// The job completes but its recovery point stays `CREATING`.
    PointStuck,
    /// `DeleteRecoveryPoint` answers 200 and the point becomes `EXPIRED`.
    DeleteLies,
    /// A resource of a new stack cannot be created; `mode` is its logical id, or any.
    CreateFailed {
        /// What the event says; empty is a sentence of the sandbox's.
        #[serde(default)]
        reason: String,
    },
    /// A resource of a stack that is deleted does not go; `mode` is its logical id, or any.
    DeleteFailed {
        /// What the event says; empty is a sentence of the sandbox's.
        #[serde(default)]
        reason: String,
    },
    /// The restore job ends `FAILED`.
    RestoreJobFailed,
    /// The restore job ends `ABORTED`.
    RestoreJobAborted,
}

impl FaultKind {
    /// Whether the fault is in the answer, not in what happens.
    pub(crate) fn is_wire(&self) -> bool {
        matches!(
            self,
            Self::Throttle
                | Self::ServerError
                | Self::DropBefore
                | Self::LostAnswer
                | Self::Slow { .. }
                | Self::ExpiredCredentials
                | Self::AccessDenied
                | Self::Stale { .. }
        )
    }
}

/// A fault and when it strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// `service:Operation`, e.g. `rds:CreateDBClusterSnapshot`; either part may be `*`.
    pub operation: String,
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// How many times; absent is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// With which probability; absent is each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// How many matching calls pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// Only for updates to this mode: `offline`, `online` or `other`; for `create-failed` and
    /// `delete-failed`, only for this logical id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

impl Fault {
    /// A fault that strikes each time.
    #[must_use]
    pub fn always(operation: &str, kind: FaultKind) -> Self {
        Self { operation: operation.to_owned(), kind, count: None, probability: None, skip: 0, mode: None }
    }

    /// A fault that strikes the next `count` times.
    #[must_use]
    pub fn times(operation: &str, kind: FaultKind, count: u32) -> Self {
        Self { count: Some(count), ..Self::always(operation, kind) }
    }

    /// Reads `rds:CreateDBClusterSnapshot=throttle*2`; also `slow:5`, `@0.1` for a
    /// probability and `/offline` for a mode, in the order `kind:seconds/mode@p*count`.
    ///
    /// # Errors
    /// A sentence that says what could not be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (operation, rest) = text.split_once('=').ok_or("a fault is service:Operation=kind")?;
        let (rest, count) = split_number::<u32>(rest, '*')?;
        let (rest, probability) = split_number::<f64>(rest, '@')?;
        let (rest, mode) = match rest.split_once('/') {
            Some((rest, mode)) => (rest, Some(mode.to_owned())),
            None => (rest, None),
        };
        let (kind, seconds) = split_number::<f64>(rest, ':')?;
        let described = serde_json::json!({ "kind": kind, "seconds": seconds.unwrap_or(5.0) });
        let kind = serde_json::from_value(described).map_err(|error| error.to_string())?;
        Ok(Self { count, probability, mode, ..Self::always(operation, kind) })
    }

    fn concerns(&self, action: &str, mode: Option<&str>) -> bool {
        let given = self.operation.replacen("efs:", "elasticfilesystem:", 1);
        let same = match (given.split_once(':'), action.split_once(':')) {
            (Some((service, name)), Some((my_service, my_name))) => {
                (service == "*" || service == my_service) && (name == "*" || name == my_name)
            }
            _ => given == "*",
        };
        same && (self.mode.is_none() || self.mode.as_deref() == mode)
    }
}

fn split_number<T: std::str::FromStr>(text: &str, mark: char) -> Result<(&str, Option<T>), String> {
    let Some((rest, number)) = text.split_once(mark) else {
        return Ok((text, None));
    };
    let parsed = number.parse().map_err(|_| format!("{number:?} is not a number"))?;
    Ok((rest, Some(parsed)))
}

/// The faults that are waiting.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    waiting: Vec<Fault>,
    rng: fastrand::Rng,
}

impl Faults {
    /// No faults yet; probabilities are drawn from `seed`.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { waiting: Vec::new(), rng: fastrand::Rng::with_seed(seed) }
    }

    /// One more.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.waiting.push(fault);
    }

    /// None any more.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Those still waiting.
    pub(crate) fn waiting(&self) -> &[Fault] {
        &self.waiting
    }

    /// How old, in seconds, the oldest answer is that may be asked for; none if none may.
    pub(crate) fn deepest_stale(&self) -> Option<f64> {
        let depth = |fault: &Fault| match fault.kind {
            FaultKind::Stale { seconds } => Some(seconds),
            _ => None,
        };
        self.waiting.iter().filter_map(depth).reduce(f64::max)
    }

    /// The first waiting fault that strikes this call, used up by one.
    pub(crate) fn draw(
        &mut self,
        action: &str,
        wanted: impl Fn(&FaultKind) -> bool,
        mode: Option<&str>,
    ) -> Option<FaultKind> {
        let rng = &mut self.rng;
        let strikes = |fault: &mut Fault| {
            if !wanted(&fault.kind) || !fault.concerns(action, mode) {
                return false;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return false;
            }
            fault.probability.is_none_or(|share| rng.f64() < share)
        };
        let place = self.waiting.iter_mut().position(strikes)?;
        let fault = self.waiting.get_mut(place)?;
        let kind = fault.kind.clone();
        if let Some(count) = &mut fault.count {
            *count = count.saturating_sub(1);
        }
        self.waiting.retain(|fault| fault.count != Some(0));
        Some(kind)
    }
}
