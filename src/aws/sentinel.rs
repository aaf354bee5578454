//! What a sentinel looks at: every stack, the locks that are held, and the marks that sentinels leave.

use std::collections::BTreeSet;

use super::Aws;
use super::parameter_store::lock_name;
use super::record::{LONGEST, packed, unpacked};
use super::refusal::incomplete;
use crate::model::stack::Stack;
use crate::model::watch::Sentinel;
use crate::model::{Refusal, RefusalKind};

/// Where sentinels leave their marks. No stack's name begins with a dot.
const MARKS: &str = "/stacksnap/.sentinels";

/// A mark; what is none is nobody's.
fn read(text: &str) -> Option<Sentinel> {
    serde_json::from_slice(&unpacked(text).ok()?).ok()
}

impl Aws {
    /// The marks of all sentinels of the account and region. One that cannot be read is none.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn sentinels(&self) -> Result<Vec<Sentinel>, Refusal> {
        let mut found = Vec::new();
        self.by_path(MARKS, false, &mut |parameter| {
            found.extend(parameter.value.and_then(|text| read(&text)));
        })
        .await?;
        Ok(found)
    }

    /// One sentinel's own mark.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn sentinel(&self, by: &str) -> Result<Option<Sentinel>, Refusal> {
        match self.parameter(&format!("{MARKS}/{by}")).await {
            Ok(text) => Ok(read(&text)),
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Leaves a sentinel's mark, over its last one.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn leave_mark(&self, sentinel: &Sentinel) -> Result<(), Refusal> {
        let json =
            serde_json::to_string(sentinel).map_err(|error| incomplete("ssm", "PutParameter", &error.to_string()))?;
        let text = if json.len() > LONGEST { packed(&json) } else { json };
        if text.len() > LONGEST && !sentinel.held.is_empty() {
            // That it looks matters more than whom it would mind beyond its tag. Where the troubled do not fit, either, AWS refuses
            // it, and nobody takes the sentinel for awake.
            return Box::pin(self.leave_mark(&Sentinel { held: BTreeSet::new(), ..sentinel.clone() })).await;
        }
        self.put_parameter(&format!("{MARKS}/{}", sentinel.by), text).await
    }

    /// Takes a sentinel's mark away.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn drop_mark(&self, by: &str) -> Result<(), Refusal> {
        self.delete_parameter(&format!("{MARKS}/{by}")).await
    }

    /// Every stack that is there, nested ones included.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn stacks(&self) -> Result<Vec<Stack>, Refusal> {
        Ok(self.described_stacks(None).await?.into_iter().map(super::cloudformation::into_stack).collect())
    }

    /// The stacks that stacksnap has ever had a run on, and those of them whose lock is there, or a record that is not
    /// over: a lock may be gone before its run is.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn known(&self) -> Result<(BTreeSet<String>, BTreeSet<String>), Refusal> {
        let (mut known, mut held) = (BTreeSet::new(), BTreeSet::new());
        let mut each = |parameter: aws_sdk_ssm::types::Parameter| {
            let name = parameter.name.unwrap_or_default();
            match name.split('/').collect::<Vec<_>>().as_slice() {
                ["", "stacksnap", stack, "run"] => held.insert((*stack).to_owned()),
                ["", "stacksnap", stack, "runs", _] => {
                    known.insert((*stack).to_owned());
                    let run = super::record::read(&name, parameter.value.as_deref().unwrap_or_default());
                    run.is_ok_and(|run| !run.ended()) && held.insert((*stack).to_owned())
                }
                _ => false,
            };
        };
        self.by_path("/stacksnap", true, &mut each).await?;
        known.extend(held.iter().cloned());
        Ok((known, held))
    }

    /// Those of `stacks` whose lock is there.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn held(&self, stacks: &[String]) -> Result<BTreeSet<String>, Refusal> {
        let names: Vec<String> = stacks.iter().map(|stack| lock_name(stack)).collect();
        let there = self.values_there(&names).await?.into_keys();
        Ok(there.filter_map(|name| name.split('/').nth(2).map(str::to_owned)).collect())
    }
}
