//! Texts that come from AWS may hold anything: an escape sequence in a tag must not paint, move or
//! reverse what the terminal shows.

use std::borrow::Cow;

/// `text` without control characters, ANSI sequences and the characters that change the direction
/// of writing. Line ends and tabs become spaces.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let usual = |byte: u8| matches!(byte, b' '..=b'~');
    if text.bytes().all(usual) || !text.chars().any(harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            '\n' | '\t' | '\r' => out.push(' '),
            c if harmful(c) => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A control sequence: `ESC [` up to its final letter, or `ESC ]` up to BEL or `ESC \`.
fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next_if(|c| matches!(c, '[' | ']')) {
        Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
        Some(_) => while chars.next().is_some_and(|c| !matches!(c, '\u{7}' | '\u{1b}')) {},
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sequences_and_directions_are_gone() {
        assert_eq!(clean("plain – ünï"), "plain – ünï");
        assert_eq!(clean("a\u{1b}[31;1mred\u{1b}[0m b\r\nc"), "ared b  c");
        assert_eq!(clean("\u{1b}]0;title\u{7}x\u{202e}y"), "xy");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            prop_assert!(!clean(&text).chars().any(harmful));
        }
    }
}
