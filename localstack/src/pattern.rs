//! IAM's wildcards.

/// Whether a text is as a pattern says: `*` stands for any text, `?` for any one character.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where the last star was, and how far the text was read when it came.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match (pattern.get(at), star) {
            (Some('*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(each), _) if *each == '?' || text.get(read) == Some(each) => (at, read) = (at + 1, read + 1),
            (_, Some((place, taken))) => {
                star = Some((place, taken + 1));
                (at, read) = (place + 1, taken + 1);
            }
            _ => return false,
        }
    }
    pattern.iter().skip(at).all(|each| *each == '*')
}

/// The same, where capitals do not matter.
pub(crate) fn fits_any_case(pattern: &str, text: &str) -> bool {
    fits(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text_and_a_question_mark_one_character() {
        for (pattern, text) in
            [("*", ""), ("a*c", "abbc"), ("a*b*c", "axbxbc"), ("a?c", "abc"), ("ab", "ab"), ("a**", "a")]
        {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a?c", "ac"), ("a*c", "acd"), ("ab", "AB"), ("a:*", "a"), ("?", "")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        assert!(fits_any_case("RDS:describe*", "rds:DescribeDBClusters"));
    }
}
