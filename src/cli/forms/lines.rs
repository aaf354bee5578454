//! The forms that are lines.

use super::super::shell::quote;
use super::FormError;
use crate::model::new_stack::NewStack;

/// Variables that a shell works with itself (all others have signs that no parameter's key has).
const SHELLS_OWN: [&str; 24] = [
    "BASH",
    "BASHOPTS",
    "BASHPID",
    "CDPATH",
    "DIRSTACK",
    "EDITOR",
    "ENV",
    "EUID",
    "FCEDIT",
    "FUNCNAME",
    "GROUPS",
    "HOME",
    "IFS",
    "LANG",
    "LINENO",
    "PATH",
    "PPID",
    "PS1",
    "PS2",
    "PS4",
    "PWD",
    "SHELL",
    "SHELLOPTS",
    "UID",
];

/// `export K='V'`
pub(super) fn env(stack: &NewStack) -> Result<String, FormError> {
    let mut text = String::new();
    for parameter in &stack.parameters {
        let key = parameter.key.clone();
        if !variable(&key) {
            return Err(FormError::NoVariable { key });
        }
        if SHELLS_OWN.contains(&key.as_str()) {
            return Err(FormError::ShellsOwn { key });
        }
        if parameter.value.contains('\0') {
            return Err(FormError::Unwritable { key, tool: "a shell" });
        }
        text.push_str(&format!("export {key}={}\n", quote(&parameter.value)));
    }
    Ok(text)
}

fn variable(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `K=V`; a value of several lines between delimiters that it does not contain.
pub(super) fn github(stack: &NewStack) -> String {
    let mut text = String::new();
    for parameter in &stack.parameters {
        let (key, value) = (&parameter.key, &parameter.value);
        if value.contains(['\n', '\r']) {
            let end = delimiter(value);
            text.push_str(&format!("{key}<<{end}\n{value}\n{end}\n"));
        } else {
            text.push_str(&format!("{key}={value}\n"));
        }
    }
    text
}

/// The first of a row that is not in the value.
fn delimiter(value: &str) -> String {
    let mut end = "STACKSNAP_EOF".to_owned();
    let mut number = 1_u32;
    while value.contains(&end) {
        number += 1;
        end = format!("STACKSNAP_EOF_{number}");
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delimiter_is_not_in_the_value() {
        assert_eq!(delimiter("a\nb"), "STACKSNAP_EOF");
        assert_eq!(delimiter("STACKSNAP_EOF_2 STACKSNAP_EOF_3"), "STACKSNAP_EOF_4");
    }

    #[test]
    fn the_shells_own_variables_are_in_order() {
        assert!(SHELLS_OWN.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
