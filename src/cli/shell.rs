//! Commands that the user may paste into a shell.

use super::args::Globals;

/// Quotes one word for a POSIX shell, where it needs it.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The exact stacksnap command, with the same account, region and endpoint as this one.
pub(crate) fn command(words: &[&str], globals: &Globals, region: Option<&str>) -> String {
    let mut line = String::from("stacksnap");
    let mut push = |word: &str| {
        line.push(' ');
        line.push_str(&quote(word));
    };
    words.iter().for_each(|word| push(word));
    let flags = [
        ("--profile", globals.profile.as_deref()),
        ("--region", globals.region.as_deref().or(region)),
        ("--endpoint-url", globals.endpoint_url.as_deref()),
    ];
    for (flag, value) in flags {
        if let Some(value) = value {
            push(flag);
            push(value);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_words_are_quoted() {
        assert_eq!(quote("my-hub"), "my-hub");
        assert_eq!(quote("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quote(""), "''");
    }

    #[test]
    fn the_command_goes_to_the_same_place() {
        let globals = Globals { profile: Some("my prod".into()), ..Globals::default() };
        let line = command(&["resume", "my-hub"], &globals, Some("eu-west-1"));
        assert_eq!(line, "stacksnap resume my-hub --profile 'my prod' --region eu-west-1");
    }
}
