//! The role AWS Backup works with.

use percent_encoding::percent_decode_str;

use super::Aws;
use super::light::{Ask, Protocol, Service};
use super::refusal::incomplete;
use crate::model::Refusal;
use crate::model::survey::Role;

const SERVICE: &str = "iam";
pub(super) static IAM: Service = Service { name: SERVICE, id: "IAM", protocol: Protocol::Query };

impl Aws {
    /// One role, by its name or its ARN.
    pub(super) async fn role(&self, role: &str) -> Result<Role, Refusal> {
        let ask = Ask::query("GetRole", "2010-05-08", &[("RoleName", name(role))]);
        let answer = self.ask(&IAM, "GetRole", ask).await?;
        let [arn, trust] = answer.elements(["Arn", "AssumeRolePolicyDocument"]);
        let arn = arn.ok_or_else(|| incomplete(SERVICE, "GetRole", "role"))?;
        Ok(Role { arn, trust: trust.as_deref().map(decoded).unwrap_or_default() })
    }
}

/// IAM asks for the name alone; an ARN has the path before it.
fn name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

/// IAM percent-encodes policy documents.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roles_name_is_its_arns_last_part() {
        assert_eq!(name("arn:aws:iam::123456789012:role/service/path/Backup"), "Backup");
        assert_eq!(name("Backup"), "Backup");
    }

    #[test]
    fn a_policy_document_is_decoded_once() {
        assert_eq!(
            decoded("%7B%22Service%22%3A%22backup.amazonaws.com%22%7D"),
            r#"{"Service":"backup.amazonaws.com"}"#
        );
        assert_eq!(decoded(r#"{"Service":"x"}"#), r#"{"Service":"x"}"#);
        assert_eq!(decoded("100%"), "100%");
    }
}
