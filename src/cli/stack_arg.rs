//! The STACK argument.

use crate::model::stack::{is_name, not_a_name};

/// Reads a stack's name as CloudFormation allows it: letters, digits and hyphens, a letter first,
/// at most 128.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    if text.starts_with("arn:") {
        return Err("give the stack's name, not its ARN".to_owned());
    }
    if is_name(text) { Ok(text.to_owned()) } else { Err(not_a_name(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cloudformations() {
        for name in ["my-hub", "MyHub", "a", &"A".repeat(128)] {
            assert_eq!(parse(name).as_deref(), Ok(name));
        }
        for name in ["", "1hub", "my_hub", "my/hub", "-x", &"a".repeat(129), "arn:aws:cloudformation:r:1:stack/a/b"] {
            assert!(parse(name).is_err(), "{name}");
        }
    }
}
