//! `AllowedPattern`: a Java regular expression that must match the whole value.
//!
//! Java's dialect has look-around and back references, so it is backtracked: read (`read`) into a small program,
//! which is run (`run`) with a bound on its work. What is not read as Java would, or is too much work, is
//! *unreadable*, and CloudFormation will check it. A general engine was measured to be 0.3 MB of code;
//! Java's `\d`, `\w`, `\s` are ASCII, so no Unicode tables are needed either.

mod class;
mod read;
mod run;

const MOST_CHARACTERS: usize = 4_096;

/// Whether a value matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    /// The pattern, or the work it makes, is beyond what is done here.
    Unreadable,
}

pub(super) fn matches(pattern: &str, value: &str) -> Match {
    let program = (pattern.chars().count() <= MOST_CHARACTERS).then(|| read::program(pattern)).flatten();
    match program.and_then(|program| run::whole(&program, value)) {
        Some(true) => Match::Yes,
        Some(false) => Match::No,
        None => Match::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        for value in yes {
            assert_eq!(matches(pattern, value), Match::Yes, "{pattern} ~ {value:?}");
        }
        for value in no {
            assert_eq!(matches(pattern, value), Match::No, "{pattern} ~ {value:?}");
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

    /// What fancy-regex makes of a pattern that means the same to it.
    fn witness(pattern: &str, value: &str) -> Option<bool> {
        let regex = fancy_regex::Regex::new(&format!(r"\A(?:{pattern})\z")).ok()?;
        regex.is_match(value).ok()
    }

    /// Patterns in which Java and fancy-regex agree.
    fn shared() -> impl proptest::strategy::Strategy<Value = String> {
        use proptest::prelude::*;
        let one = prop::sample::select(vec!["a", "b", "[ab]", "[^a]", r"\-", "[a-c&&[^b]]", "^", r"(a)", r"\1"]);
        one.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
            let often = vec!["*", "+", "?", "*?", "+?", "{1,2}", "{2}", "{0,3}?", "{1,}"];
            prop_oneof![
                (inner.clone(), prop::sample::select(often)).prop_map(|(one, often)| format!("(?:{one}){often}")),
                (inner.clone(), prop::sample::select(vec!["*+", "++", "?+"])).prop_map(|(a, b)| format!("(?:{a}){b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}{b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(?:{a}|{b})")),
                inner.clone().prop_map(|a| format!("({a})")),
                inner.clone().prop_map(|a| format!("(?={a})")),
                inner.clone().prop_map(|a| format!("(?!{a})")),
                inner.prop_map(|a| format!("(?>{a})")),
                Just("(?<=a)".to_owned()),
                Just("(?<!ab)".to_owned()),
            ]
        })
    }

    proptest::proptest! {
        #[test]
        fn it_says_what_another_engine_says(pattern in shared(), value in "[abc-]{0,8}") {
            let ours = matches(&pattern, &value);
            // A loop over nothing may end in two ways where a group is read later: neither is wrong.
            if let Some(theirs) = witness(&pattern, &value).filter(|_| ours != Match::Unreadable && !pattern.contains(r"\1")) {
                proptest::prop_assert_eq!(ours == Match::Yes, theirs, "{} ~ {:?}", pattern, value);
            }
        }

        #[test]
        fn no_pattern_makes_it_panic(pattern in r"[-\[\]\\(){}?*+.|^$a-zA-Z0-9<>=!:,&~ ]{0,30}", value in "\\PC{0,20}") {
            let _verdict = matches(&pattern, &value);
        }
    }
}
