//! Reading characters and sets of them: `[…]`, and what follows a `\`. `None` anywhere: unreadable.

use std::rc::Rc;

use super::read::{DEEPEST, Reader};
use super::run::{Class, Member, Step};

const DIGITS: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('A', 'Z'), ('a', 'z'), ('0', '9'), ('_', '_')];
const SPACES: &[(char, char)] = &[(' ', ' '), ('\t', '\r')];
const BLANKS: &[(char, char)] = &[(' ', ' '), ('\t', '\t')];
const LINE_ENDS: &[(char, char)] = &[('\n', '\n'), ('\r', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')];

impl Reader<'_> {
    /// `\Q…\E`
    pub(super) fn quoted(&mut self) -> Vec<char> {
        self.rest.next();
        let mut all = Vec::new();
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.next_if_eq(&'E').is_some() {
                break;
            }
            all.push(c);
        }
        all
    }

    /// Up to `]`; `[` was read.
    pub(super) fn class(&mut self) -> Option<Class> {
        self.deep += 1;
        let not = self.rest.next_if_eq(&'^').is_some();
        // `[]…`, `[:alpha:]`: others read them differently.
        if self.deep > DEEPEST || matches!(self.rest.peek(), Some(']' | ':')) {
            return None;
        }
        let (mut all, mut members) = (Vec::new(), Vec::new());
        loop {
            match self.rest.next()? {
                ']' => break,
                '&' if self.rest.next_if_eq(&'&').is_some() => all.push(std::mem::take(&mut members)),
                '[' => members.push(Member::Class(Rc::new(self.class()?))),
                '-' if self.rest.peek() == Some(&'-') => return None,
                '\\' if self.rest.peek() == Some(&'Q') => {
                    members.extend(self.quoted().into_iter().map(|c| Member::Range(c, c)));
                }
                '\\' => match self.member()? {
                    (_, Some(from)) => members.push(self.range(from)?),
                    (member, None) => members.push(member),
                },
                c => members.push(self.range(c)?),
            }
        }
        self.deep -= 1;
        all.push(members);
        all.iter().all(|members| !members.is_empty()).then_some(Class { not, all })
    }

    /// A character of a class, or a range that begins with it.
    fn range(&mut self, from: char) -> Option<Member> {
        let mut ahead = self.rest.clone();
        let dash = ahead.next() == Some('-');
        if !dash || matches!(ahead.peek(), None | Some(']' | '[' | '&')) {
            return Some(Member::Range(from, from));
        }
        self.rest = ahead;
        let to = match self.rest.next()? {
            '\\' => self.member()?.1?,
            '-' => return None,
            c => c,
        };
        (from <= to).then_some(Member::Range(from, to))
    }

    /// What follows a `\` and means characters; the character, where it is one.
    pub(super) fn member(&mut self) -> Option<(Member, Option<char>)> {
        let c = self.rest.next()?;
        let of = |ranges, not| Some((Member::Class(Rc::new(of(ranges, not))), None));
        let one = match c {
            'd' | 'D' => return of(DIGITS, c == 'D'),
            'w' | 'W' => return of(WORD, c == 'W'),
            's' | 'S' => return of(SPACES, c == 'S'),
            'h' => return of(BLANKS, false),
            'p' | 'P' => return of(self.property()?, c == 'P'),
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            'a' => '\u{7}',
            'e' => '\u{1b}',
            _ if c.is_ascii_alphanumeric() => return None,
            _ => c,
        };
        Some((Member::Range(one, one), Some(one)))
    }

    /// `\xHH`, `\uHHHH`
    fn code(&mut self, digits: usize) -> Option<char> {
        let text: String = std::iter::from_fn(|| self.rest.next_if(char::is_ascii_hexdigit)).take(digits).collect();
        char::from_u32(u32::from_str_radix(&text, 16).ok()?).filter(|_| text.len() == digits)
    }

    /// `\p{Alpha}` and the other POSIX ones are ASCII in Java; the rest needs tables.
    fn property(&mut self) -> Option<&'static [(char, char)]> {
        self.rest.next_if_eq(&'{')?;
        let name: String = std::iter::from_fn(|| self.rest.next_if(char::is_ascii_alphabetic)).collect();
        self.rest.next_if_eq(&'}')?;
        Some(match name.as_str() {
            "Lower" => &[('a', 'z')],
            "Upper" => &[('A', 'Z')],
            "Alpha" => &[('A', 'Z'), ('a', 'z')],
            "Digit" => DIGITS,
            "Alnum" => &[('A', 'Z'), ('a', 'z'), ('0', '9')],
            "XDigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
            "Punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
            "Graph" => &[('!', '~')],
            "Print" => &[(' ', '~')],
            "Blank" => BLANKS,
            "Space" => SPACES,
            "Cntrl" => &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')],
            "ASCII" => &[('\0', '\u{7f}')],
            _ => return None,
        })
    }
}

fn of(ranges: &[(char, char)], not: bool) -> Class {
    Class { not, all: vec![ranges.iter().map(|(from, to)| Member::Range(*from, *to)).collect()] }
}

fn set(ranges: &[(char, char)], not: bool) -> Step {
    Step::One(Rc::new(of(ranges, not)))
}

/// This character.
pub(super) fn literal(c: char) -> Step {
    set(&[(c, c)], false)
}

/// `.`: no line end.
pub(super) fn any() -> Step {
    set(LINE_ENDS, true)
}
