//! `AllowedPattern`: a Java regular expression that must match the whole value.
//!
//! Java's dialect is rewritten into fancy-regex's, without Unicode tables: Java's `\d`, `\w`, `\s` are ASCII
//! anyway. What cannot be rewritten faithfully is *unreadable*, and CloudFormation will check it.

use std::iter::Peekable;
use std::str::Chars;

use fancy_regex::RegexBuilder;

/// More backtracking than any honest pattern needs on 4,096 bytes.
const BACKTRACKS: usize = 200_000;
const MOST_CHARACTERS: usize = 4_096;

const WORD: &str = "A-Za-z0-9_";
const SPACE: &str = r" \t\n\x0B\x0C\r";
const LINE_END: &str = r"\n\r\x{85}\x{2028}\x{2029}";

/// Whether a value matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    /// The pattern, or the work it makes, is beyond what is done here.
    Unreadable,
}

pub(super) fn matches(pattern: &str, value: &str) -> Match {
    let built = (pattern.chars().count() <= MOST_CHARACTERS)
        .then(|| Rewrite::of(pattern))
        .flatten()
        .and_then(|text| RegexBuilder::new(&format!(r"\A(?:{text})\z")).backtrack_limit(BACKTRACKS).build().ok());
    match built.map(|regex| regex.is_match(value)) {
        Some(Ok(true)) => Match::Yes,
        Some(Ok(false)) => Match::No,
        Some(Err(_)) | None => Match::Unreadable,
    }
}

/// One pass over a pattern. `None` anywhere: unreadable.
struct Rewrite<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    /// How deep in `[…]`.
    class: u32,
}

impl<'a> Rewrite<'a> {
    fn of(pattern: &'a str) -> Option<String> {
        let mut rewrite = Self { rest: pattern.chars().peekable(), out: String::new(), class: 0 };
        while let Some(c) = rewrite.rest.next() {
            match c {
                '\\' => rewrite.escape()?,
                '[' => rewrite.open()?,
                ']' if rewrite.class > 0 => rewrite.close(),
                _ if rewrite.class > 0 => rewrite.member(c)?,
                '(' => rewrite.group()?,
                '.' => rewrite.out.push_str(&format!("[^{LINE_END}]")),
                '$' => rewrite.end(),
                _ => rewrite.out.push(c),
            }
        }
        Some(rewrite.out)
    }

    fn open(&mut self) -> Option<()> {
        self.class += 1;
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        // `[]…`, `[:alpha:]`: Java reads them differently.
        (!matches!(self.rest.peek(), Some(']' | ':'))).then_some(())
    }

    fn close(&mut self) {
        self.class -= 1;
        self.out.push(']');
    }

    fn member(&mut self, c: char) -> Option<()> {
        match c {
            // Set operations of Rust's that are plain characters in Java.
            '-' if self.rest.peek() == Some(&'-') => return None,
            '~' | '#' => self.out.push('\\'),
            _ => {}
        }
        self.out.push(c);
        Some(())
    }

    /// `(?:`, `(?=`, `(?!`, `(?>`, `(?<=`, `(?<!`, `(?<name>`; flags are not known here.
    fn group(&mut self) -> Option<()> {
        self.out.push('(');
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
            return matches!(self.rest.peek(), Some(':' | '=' | '!' | '>' | '<')).then_some(());
        }
        // `(*FAIL)` and the like are none of Java's.
        (self.rest.peek() != Some(&'*')).then_some(())
    }

    /// The end, or before the line end that is the end.
    fn end(&mut self) {
        let last = self.rest.peek().is_none();
        self.out.push_str(if last { r"\z" } else { r"(?=\n?\z)" });
    }

    fn escape(&mut self) -> Option<()> {
        let c = self.rest.next()?;
        match c {
            'd' => self.set("0-9", false),
            'D' => self.set("0-9", true),
            'w' => self.set(WORD, false),
            'W' => self.set(WORD, true),
            's' => self.set(SPACE, false),
            'S' => self.set(SPACE, true),
            'h' => self.set(r" \t", false),
            'p' | 'P' => self.property(c == 'P')?,
            'Q' => self.quoted(),
            'x' | 'u' => self.code(if c == 'x' { 2 } else { 4 })?,
            't' | 'n' | 'r' | 'f' | 'a' => self.out.extend(['\\', c]),
            'e' => self.out.push_str(r"\x1B"),
            _ if self.class > 0 && c.is_ascii_alphanumeric() => return None,
            'b' => self.out.push_str(&boundary(false)),
            'B' => self.out.push_str(&boundary(true)),
            'A' | 'z' => self.out.extend(['\\', c]),
            'Z' => self.out.push_str(r"(?=\n?\z)"),
            '1'..='9' | 'k' => self.out.extend(['\\', c]),
            _ if c.is_ascii_alphanumeric() => return None,
            _ => self.literal(c),
        }
        Some(())
    }

    fn set(&mut self, members: &str, not: bool) {
        match (self.class > 0, not) {
            (true, false) => self.out.push_str(members),
            (_, true) => self.out.push_str(&format!("[^{members}]")),
            (false, false) => self.out.push_str(&format!("[{members}]")),
        }
    }

    /// `\p{Alpha}` and the other POSIX ones are ASCII in Java; the rest needs tables.
    fn property(&mut self, not: bool) -> Option<()> {
        self.rest.next_if_eq(&'{')?;
        let name: String = std::iter::from_fn(|| self.rest.next_if(|c| *c != '}')).collect();
        self.rest.next()?;
        let members = match name.as_str() {
            "Lower" => "a-z",
            "Upper" => "A-Z",
            "Alpha" => "A-Za-z",
            "Digit" => "0-9",
            "Alnum" => "A-Za-z0-9",
            "XDigit" => "0-9A-Fa-f",
            "Punct" => r"!-/:-@\[-`{-\~",
            "Graph" => r"!-\~",
            "Print" => r" -\~",
            "Blank" => r" \t",
            "Space" => SPACE,
            "Cntrl" => r"\x00-\x1F\x7F",
            "ASCII" => r"\x00-\x7F",
            _ => return None,
        };
        self.set(members, not);
        Some(())
    }

    /// `\Q…\E`
    fn quoted(&mut self) {
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(c);
        }
    }

    /// `\xHH`, `\uHHHH`
    fn code(&mut self, digits: usize) -> Option<()> {
        let text: String = self.rest.by_ref().take(digits).collect();
        let c = char::from_u32(u32::from_str_radix(&text, 16).ok()?).filter(|_| text.len() == digits)?;
        self.literal(c);
        Some(())
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() {
            self.out.push('\\');
        }
        self.out.push(c);
    }
}

/// `\b`, `\B` without Unicode's idea of a word.
fn boundary(not: bool) -> String {
    let (one, other) = if not { ("=", "!") } else { ("!", "=") };
    format!("(?:(?<=[{WORD}])(?{one}[{WORD}])|(?<![{WORD}])(?{other}[{WORD}]))")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        for value in yes {
            assert_eq!(matches(pattern, value), Match::Yes, "{pattern} ~ {value:?} ({:?})", Rewrite::of(pattern));
        }
        for value in no {
            assert_eq!(matches(pattern, value), Match::No, "{pattern} ~ {value:?} ({:?})", Rewrite::of(pattern));
        }
    }

    #[test]
    fn a_pattern_matches_the_whole_value() {
        check("[a-z]+", &["abc"], &["abc1", "", "1abc", "abc\n"]);
        check("a|bc", &["a", "bc"], &["abc", "b"]);
        check("", &[""], &["a"]);
    }

    #[test]
    fn the_patterns_of_real_templates_are_read() {
        check(r"^$|^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", &["", "hubs.example.com"], &["localhost", "a..b"]);
        check(r"(?!.*\.\.)[a-z0-9.-]+", &["a.b-c"], &["a..b", "A"]);
        check(r"^(?=.*[A-Z])(?=.*\d)[\w!@#$%]{8,}$", &["Secret123", "A1!@#$%x"], &["secret123", "Short1"]);
        check(r"[^@]+@[^@]+\.[^@]+", &["me@example.com", "한글@예.kr"], &["me", "a@b@c.d"]);
        check(
            r"arn:aws[a-zA-Z-]*:iam::\d{12}:role/.+",
            &["arn:aws:iam::123456789012:role/x"],
            &["arn:aws:iam::1:role/x"],
        );
        check(r"^(\d{1,3}\.){3}\d{1,3}/(\d|[1-2]\d|3[0-2])$", &["10.0.0.0/16"], &["10.0.0.0/33", "10.0.0/8"]);
        check(r"[\x20-\x7E]*", &["a b~"], &["é"]);
        check(r"^[a-zA-Z][-a-zA-Z0-9]*(?<!-)$", &["a-b"], &["a-"]);
        check(r"\d{4}-\d{2}-\d{2}|", &["2026-11-20", ""], &["20261120"]);
    }

    #[test]
    fn javas_own_words_are_understood() {
        check(r"\Qa.b\E+", &["a.b", "a.bb"], &["axb"]);
        check(r"\p{Alpha}\p{Punct}[\p{Digit}_]", &["a!1", "B~_"], &["1!1"]);
        check(r"[a-z&&[^b]]+", &["ac"], &["abc"]);
        check(r"\u00e9\x41", &["éA"], &["eA"]);
        check(r"a*+b", &["aab"], &["aa"]);
        check(r"(\w+)-\1", &["ab-ab"], &["ab-ba"]);
        check(r"\bfoo\b.*", &["foo bar"], &["foobar"]);
        check(r"[\W]\D\S", &["!ax"], &["aax", "!1x"]);
        check("a.c", &["abc", "a한c"], &["a\nc", "a\rc"]);
        check(r"\d+", &["12"], &["١٢"]);
    }

    #[test]
    fn what_is_not_known_is_unreadable_and_never_a_refusal() {
        for pattern in
            ["(?i)abc", r"\p{L}+", "[[:alpha:]]", "(", "[a", r"\", "a{2000000000}", r"\cA", "[]a]", "(*FAIL)"]
        {
            assert_eq!(matches(pattern, "abc"), Match::Unreadable, "{pattern}");
        }
        assert_eq!(matches(&"(".repeat(4_000), "a"), Match::Unreadable);
    }

    #[test]
    fn a_pattern_that_explodes_gives_up() {
        let value = format!("{}!", "a".repeat(4_000));
        for pattern in ["(a+)+", r"(a|aa)+\1b", r"(?=(a+)+b)a*", r"((a*)*)*\2x"] {
            assert_ne!(matches(pattern, &value), Match::Yes, "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_makes_it_panic(pattern in r"[-\[\]\\(){}?*+.|^$a-zA-Z0-9<>=!:,&~ ]{0,30}", value in "\\PC{0,20}") {
            let _verdict = matches(&pattern, &value);
        }
    }
}
