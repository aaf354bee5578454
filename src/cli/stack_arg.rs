//! The STACK argument.

/// Reads a stack's name as CloudFormation allows it: letters, digits and hyphens, a letter first,
/// at most 128.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    if text.starts_with("arn:") {
        return Err("give the stack's name, not its ARN".to_owned());
    }
    let letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if letter && text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not a stack's name: letters, digits and hyphens, a letter first, at most 128"))
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
