//! Amazon resource names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `arn:partition:service:region:account:resource`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: String,
    /// The service's name space, e.g. `rds`.
    pub service: String,
    /// Empty for global services.
    pub region: String,
    /// Twelve digits; empty for a few resources.
    pub account: String,
    /// Everything after the fifth colon.
    pub resource: String,
}

/// A text that is not an ARN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ARN (expected arn:partition:service:region:account:resource)")]
pub struct NotAnArn(String);

impl FromStr for Arn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, region, account, resource]
                if !partition.is_empty() && !service.is_empty() && !resource.is_empty() =>
            {
                Ok(Self {
                    partition: (*partition).to_owned(),
                    service: (*service).to_owned(),
                    region: (*region).to_owned(),
                    account: (*account).to_owned(),
                    resource: (*resource).to_owned(),
                })
            }
            _ => Err(NotAnArn(text.to_owned())),
        }
    }
}

impl Arn {
    /// The name in a CloudFormation stack's ARN.
    pub fn stack_name(&self) -> Option<&str> {
        let name = self.resource.strip_prefix("stack/").filter(|_| self.service == "cloudformation")?;
        name.split('/').next()
    }
}

impl TryFrom<String> for Arn {
    type Error = NotAnArn;

    fn try_from(text: String) -> Result<Self, NotAnArn> {
        text.parse()
    }
}

impl From<Arn> for String {
    fn from(arn: Arn) -> Self {
        arn.to_string()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fm_82_an_arn_of_any_partition_survives_the_round_trip() {
        for text in [
            "arn:aws:backup:eu-west-1:123456789012:recovery-point:1EB3B5E7-9EB0",
            "arn:aws-cn:iam::123456789012:role/service/path/Backup",
            "arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/my-hub/0a1b",
        ] {
            assert_eq!(text.parse::<Arn>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_stacks_arn_has_its_name() {
        let arn: Arn = "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/0a1b".parse().unwrap();
        assert_eq!(arn.stack_name(), Some("my-hub"));
        assert_eq!("arn:aws:rds:eu-west-1:123456789012:cluster:c".parse::<Arn>().unwrap().stack_name(), None);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "arn:aws", "arn:aws:rds:r:a:", "my-role", "ARN:aws:rds:r:a:b"] {
            assert!(text.parse::<Arn>().is_err(), "{text}");
        }
    }
}
