//! Reading a pattern into a program. `None` anywhere: unreadable.

use std::iter::Peekable;
use std::rc::Rc;
use std::str::Chars;

use super::class::{any, literal};
use super::run::{Class, Program, Step};

/// A repetition is written out; a program has at most so many steps.
const MOST_STEPS: usize = 50_000;
/// Groups and classes within one another.
pub(super) const DEEPEST: usize = 100;

type Code = Vec<Step>;

pub(super) fn program(pattern: &str) -> Option<Program> {
    let mut reader = Reader { rest: pattern.chars().peekable(), slots: 0, groups: Vec::new(), deep: 0, quote: false };
    let mut steps = reader.alternatives()?;
    let whole = reader.rest.next().is_none();
    steps.push(Step::Done);
    whole.then_some(Program { steps, slots: reader.slots })
}

struct Group {
    name: Option<String>,
    /// The slot of its beginning; its end's is the next one.
    from: usize,
}

pub(super) struct Reader<'a> {
    pub(super) rest: Peekable<Chars<'a>>,
    slots: usize,
    groups: Vec<Group>,
    pub(super) deep: usize,
    /// What was read last was `\Q…\E`.
    quote: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

impl Reader<'_> {
    fn slot(&mut self, places: usize) -> usize {
        self.slots += places;
        self.slots - places
    }

    fn alternatives(&mut self) -> Option<Code> {
        self.deep += 1;
        if self.deep > DEEPEST {
            return None;
        }
        let mut ways = vec![self.sequence()?];
        while self.rest.next_if_eq(&'|').is_some() {
            ways.push(self.sequence()?);
        }
        let code = ways.into_iter().rev().reduce(|rest, way| either(way, rest))?;
        self.deep -= 1;
        (code.len() <= MOST_STEPS).then_some(code)
    }

    fn sequence(&mut self) -> Option<Code> {
        let mut code = Code::new();
        while !matches!(self.rest.peek(), None | Some('|' | ')')) {
            let mut one = self.one()?;
            // Of quoted text, the last character is what is repeated.
            let before = if std::mem::take(&mut self.quote) { one.len().checked_sub(1)? } else { 0 };
            code.extend(one.drain(..before));
            code.extend(self.repeated(one)?);
            if code.len() > MOST_STEPS {
                return None;
            }
        }
        Some(code)
    }

    fn one(&mut self) -> Option<Code> {
        Some(match self.rest.next()? {
            '(' => return self.group(),
            '[' => vec![Step::One(Rc::new(self.class()?))],
            '.' => vec![any()],
            '^' => vec![Step::Start],
            '$' => vec![if self.rest.peek().is_none() { Step::End } else { Step::LastLine }],
            '\\' => return self.escape(),
            '*' | '+' | '?' | '{' => return None,
            c => vec![literal(c)],
        })
    }

    /// `(?:`, `(?=`, `(?!`, `(?>`, `(?<=`, `(?<!`, `(?<name>`; flags are not known here.
    fn group(&mut self) -> Option<Code> {
        if self.rest.next_if_eq(&'?').is_none() {
            // `(*FAIL)` and the like are none of Java's.
            return if self.rest.peek() == Some(&'*') { None } else { self.captured(None) };
        }
        let within = |code: Code, step: fn(isize) -> Step| Some(closed(step, code));
        match self.rest.next()? {
            ':' => self.inner(),
            '>' => within(self.inner()?, |skip| Step::Atomic { skip }),
            '=' => within(self.inner()?, |skip| Step::Ahead { not: false, skip }),
            '!' => within(self.inner()?, |skip| Step::Ahead { not: true, skip }),
            '<' if self.rest.next_if_eq(&'=').is_some() => {
                within(self.inner()?, |skip| Step::Behind { not: false, skip })
            }
            '<' if self.rest.next_if_eq(&'!').is_some() => {
                within(self.inner()?, |skip| Step::Behind { not: true, skip })
            }
            '<' => {
                let name = self.name()?;
                self.captured(Some(name))
            }
            _ => None,
        }
    }

    fn inner(&mut self) -> Option<Code> {
        let code = self.alternatives()?;
        self.rest.next_if_eq(&')')?;
        Some(code)
    }

    fn captured(&mut self, name: Option<String>) -> Option<Code> {
        let (mark, from) = (self.slot(1), self.slot(2));
        self.groups.push(Group { name, from });
        let mut code = vec![Step::Mark(mark)];
        code.extend(self.inner()?);
        code.push(Step::Group { mark, from });
        Some(code)
    }

    /// Up to `>`.
    fn name(&mut self) -> Option<String> {
        let name: String = std::iter::from_fn(|| self.rest.next_if(char::is_ascii_alphanumeric)).collect();
        self.rest.next_if_eq(&'>')?;
        name.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(name)
    }

    fn repeated(&mut self, code: Code) -> Option<Code> {
        let (least, most) = match self.rest.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => return self.counted(&code),
            _ => return Some(code),
        };
        self.rest.next();
        self.often(&code, least, most)
    }

    /// `{2}`, `{2,}`, `{2,3}`
    fn counted(&mut self, code: &[Step]) -> Option<Code> {
        self.rest.next();
        let least = self.number()?;
        let most = match self.rest.next_if_eq(&',') {
            None => Some(least),
            Some(_) if self.rest.peek() == Some(&'}') => None,
            Some(_) => Some(self.number()?),
        };
        self.rest.next_if_eq(&'}')?;
        if most.is_some_and(|most| most < least) {
            return None;
        }
        self.often(code, least, most)
    }

    fn number(&mut self) -> Option<usize> {
        let digits: String = std::iter::from_fn(|| self.rest.next_if(char::is_ascii_digit)).collect();
        digits.parse().ok()
    }

    fn often(&mut self, code: &[Step], least: usize, most: Option<usize>) -> Option<Code> {
        let greed = match self.rest.peek() {
            Some('?') => Greed::Lazy,
            Some('+') => Greed::Possessive,
            _ => Greed::Greedy,
        };
        if greed != Greed::Greedy {
            self.rest.next();
        }
        let long = most.unwrap_or(least).max(least).checked_add(1)?.checked_mul(code.len() + 3)?;
        if long > MOST_STEPS {
            return None;
        }
        let mut all: Code = std::iter::repeat_n(code, least).flatten().cloned().collect();
        match most {
            Some(most) => maybe(&mut all, code, most - least, greed),
            None => all.extend(self.looped(code, greed)),
        }
        Some(if greed == Greed::Possessive { closed(|skip| Step::Atomic { skip }, all) } else { all })
    }

    fn looped(&mut self, code: &[Step], greed: Greed) -> Code {
        let mark = self.slot(1);
        let back = signed(code.len()) + 3;
        let mut all = vec![choice(1, back + 1, greed), Step::Mark(mark)];
        all.extend_from_slice(code);
        all.extend([Step::Moved(mark), Step::Jump(-back)]);
        all
    }

    /// What follows a `\`, outside of `[…]`.
    fn escape(&mut self) -> Option<Code> {
        let c = *self.rest.peek()?;
        let step = match c {
            'b' | 'B' => Step::Boundary { not: c == 'B' },
            'A' => Step::Start,
            'z' => Step::End,
            'Z' => Step::LastLine,
            '1'..='9' => return self.again(),
            'k' => return self.named(),
            'Q' => {
                self.quote = true;
                return Some(self.quoted().into_iter().map(literal).collect());
            }
            _ => {
                let class = Class { not: false, all: vec![vec![self.member()?.0]] };
                return Some(vec![Step::One(Rc::new(class))]);
            }
        };
        self.rest.next();
        Some(vec![step])
    }

    /// `\1`; more digits as long as there are so many groups.
    fn again(&mut self) -> Option<Code> {
        let mut number = 0;
        while let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(10)) {
            let more = number * 10 + usize::try_from(digit).ok()?;
            if number > 0 && more > self.groups.len() {
                break;
            }
            number = more;
            self.rest.next();
        }
        let group = self.groups.get(number.checked_sub(1)?)?;
        Some(vec![Step::Again { from: group.from }])
    }

    /// `\k<name>`
    fn named(&mut self) -> Option<Code> {
        self.rest.next();
        self.rest.next_if_eq(&'<')?;
        let name = self.name()?;
        let group = self.groups.iter().find(|group| group.name.as_ref() == Some(&name))?;
        Some(vec![Step::Again { from: group.from }])
    }
}

/// No program is so long that this would be cut.
fn signed(length: usize) -> isize {
    isize::try_from(length).unwrap_or(isize::MAX)
}

fn choice(inward: isize, past: isize, greed: Greed) -> Step {
    if greed == Greed::Lazy { Step::Either(past, inward) } else { Step::Either(inward, past) }
}

fn either(first: Code, second: Code) -> Code {
    let mut all = vec![Step::Either(1, signed(first.len()) + 2)];
    all.extend(first);
    all.push(Step::Jump(signed(second.len()) + 1));
    all.extend(second);
    all
}

/// `step`, `code`, `Done`.
fn closed(step: fn(isize) -> Step, code: Code) -> Code {
    let mut all = vec![step(signed(code.len()) + 2)];
    all.extend(code);
    all.push(Step::Done);
    all
}

/// At most so many times more; each may be the last.
fn maybe(all: &mut Code, code: &[Step], times: usize, greed: Greed) {
    for left in (1..=times).rev() {
        all.push(choice(1, signed(left * (code.len() + 1)), greed));
        all.extend_from_slice(code);
    }
}
