//! `samconfig.toml`.
//!
//! SAM's command line takes each override apart with regular expressions of its own, and undoes only some of
//! its escapes. What it would read is computed here, and a value that it would read otherwise is refused.

use toml_writer::{ToTomlValue, TomlStringBuilder};

use super::{FormError, Place};
use crate::model::new_stack::NewStack;

pub(super) fn samconfig(stack: &NewStack, place: &Place<'_>) -> Result<String, FormError> {
    let mut text = "version = 0.1\n\n[default.deploy.parameters]\n".to_owned();
    let mut line = |key: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("{key} = {}\n", basic(value)));
        }
    };
    line("stack_name", &stack.name);
    line("region", place.region);
    line("capabilities", &stack.capabilities.join(" "));
    text.push_str("parameter_overrides = [\n");
    for parameter in &stack.parameters {
        let unwritable = || FormError::Unwritable { key: parameter.key.clone(), tool: "sam" };
        let value = quote(&parameter.value).ok_or_else(unwritable)?;
        text.push_str(&format!("  {},\n", basic(&format!("{}={value}", parameter.key))));
    }
    text.push_str("]\n");
    Ok(text)
}

/// A basic string, `"…"`: the one kind that every reader of TOML reads alike.
fn basic(text: &str) -> String {
    TomlStringBuilder::new(text).as_basic().to_toml_value()
}

/// `"…"`, if SAM reads it as it is meant.
fn quote(value: &str) -> Option<String> {
    let quoted = format!("\"{}\"", value.replace('"', "\\\""));
    (read(&quoted).as_deref() == Some(value)).then_some(quoted)
}

/// What SAM makes of a quoted value: a backslash and any sign but a line end stay together, an unescaped
/// quote ends the value; then `\ `, `\"` and `\'` lose their backslash, and nothing else does. SAM's other
/// form is looked for first, wherever it stands.
fn read(quoted: &str) -> Option<String> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => return None,
            '\\' => drop(rest.next().filter(|next| *next != '\n')?),
            _ => {}
        }
    }
    let other_form = inner.contains("ParameterKey=") && inner.contains(",ParameterValue=");
    (!other_form).then(|| inner.replace("\\ ", " ").replace("\\\"", "\"").replace("\\'", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sam_would_read_otherwise_is_not_written() {
        for good in ["", "a b", "a,b=c", "say \"hi\"", "two\nlines", "C:\\dir", "한글", "{{resolve:ssm:x:1}}", "it's"]
        {
            assert!(quote(good).is_some(), "{good}");
        }
        let other = "ParameterKey=A,ParameterValue=b";
        for bad in ["ends with \\", "a\\ b", "a\\'b", "a\\\"b", "a\\\nb", other] {
            assert_eq!(quote(bad), None, "{bad}");
        }
    }

    #[test]
    fn texts_are_basic_strings() {
        assert_eq!(basic("K=\"it's\"\n\u{1b}\\"), r#""K=\"it's\"\n\u001B\\""#);
    }
}
