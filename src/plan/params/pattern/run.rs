//! Running a program over a value.

use std::rc::Rc;

/// More work than any honest pattern makes on 4,096 bytes.
const MOST_STEPS: u32 = 2_000_000;
/// More choices that are still open at once than any honest pattern leaves.
const MOST_OPEN: usize = 100_000;
/// Nothing was matched by this group yet.
const NEVER: usize = usize::MAX;

/// A pattern as steps, each at an index; jumps are relative.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    /// Places that are remembered.
    pub(super) slots: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    /// One character of these.
    One(Rc<Class>),
    /// The first way; if that leads nowhere, the second.
    Either(isize, isize),
    Jump(isize),
    /// Remembers the place.
    Mark(usize),
    /// Not where that mark is: a loop over nothing ends.
    Moved(usize),
    /// A group's end: from its mark to here.
    Group {
        mark: usize,
        from: usize,
    },
    /// What a group matched, again.
    Again {
        from: usize,
    },
    Start,
    End,
    /// At the end, or before the line end that is the end.
    LastLine,
    Boundary {
        not: bool,
    },
    /// What follows up to `Done` matches here; goes on `skip` from here, at the same place.
    Ahead {
        not: bool,
        skip: isize,
    },
    /// The same, ending here.
    Behind {
        not: bool,
        skip: isize,
    },
    /// What follows up to `Done`, in the first way that there is.
    Atomic {
        skip: isize,
    },
    Done,
}

/// A set of characters: what all of `all` contain, or everything else.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) not: bool,
    pub(super) all: Vec<Vec<Member>>,
}

#[derive(Clone, Debug)]
pub(super) enum Member {
    Range(char, char),
    Class(Rc<Class>),
}

impl Class {
    pub(super) fn has(&self, c: char) -> bool {
        let within = |member: &Member| match member {
            Member::Range(from, to) => (*from..=*to).contains(&c),
            Member::Class(class) => class.has(c),
        };
        self.all.iter().all(|members| members.iter().any(within)) != self.not
    }
}

/// Whether the program matches the whole value; `None`: too much work.
pub(super) fn whole(program: &Program, value: &str) -> Option<bool> {
    let value: Vec<char> = value.chars().collect();
    let end = value.len();
    let mut run = Run { steps: &program.steps, value, left: MOST_STEPS };
    run.from(0, 0, &mut vec![NEVER; program.slots], Some(end)).ok().map(|end| end.is_some())
}

/// Too much work.
struct Tired;

struct Run<'a> {
    steps: &'a [Step],
    value: Vec<char>,
    left: u32,
}

impl Run<'_> {
    /// From a step and a place to `Done`, which must be at `end` where there is one; where it was.
    fn from(
        &mut self,
        mut step: usize,
        mut at: usize,
        slots: &mut Vec<usize>,
        end: Option<usize>,
    ) -> Result<Option<usize>, Tired> {
        let mut open: Vec<(usize, usize, Vec<usize>)> = Vec::new();
        let steps = self.steps;
        loop {
            self.left = self.left.checked_sub(1).ok_or(Tired)?;
            let onward = match &steps[step] {
                Step::Done if end.is_none_or(|end| end == at) => return Ok(Some(at)),
                Step::Done => None,
                Step::Either(first, second) => {
                    if open.len() == MOST_OPEN {
                        return Err(Tired);
                    }
                    open.push((step.wrapping_add_signed(*second), at, slots.clone()));
                    Some(*first)
                }
                Step::Atomic { skip } => self.from(step + 1, at, slots, None)?.map(|end| {
                    at = end;
                    *skip
                }),
                Step::Ahead { not, skip } => {
                    let mut inner = slots.clone();
                    let found = self.from(step + 1, at, &mut inner, None)?.is_some();
                    if found && !not {
                        *slots = inner;
                    }
                    (found != *not).then_some(*skip)
                }
                Step::Behind { not, skip } => {
                    let found = self.behind(step + 1, at, slots)?;
                    (found != *not).then_some(*skip)
                }
                plain => self.plain(plain, &mut at, slots),
            };
            if let Some(by) = onward {
                step = step.wrapping_add_signed(by);
            } else if let Some(other) = open.pop() {
                (step, at, *slots) = other;
            } else {
                return Ok(None);
            }
        }
    }

    /// Whether something that ends here matches.
    fn behind(&mut self, step: usize, at: usize, slots: &[usize]) -> Result<bool, Tired> {
        for from in (0..=at).rev() {
            if self.from(step, from, &mut slots.to_vec(), Some(at))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A step without a choice: how far to go on; `None`: it does not match.
    fn plain(&self, step: &Step, at: &mut usize, slots: &mut [usize]) -> Option<isize> {
        let rest = self.value.get(*at..).unwrap_or_default();
        let sound = match step {
            Step::Jump(by) => return Some(*by),
            Step::One(class) => {
                *at += 1;
                rest.first().is_some_and(|c| class.has(*c))
            }
            Step::Mark(slot) => {
                slots[*slot] = *at;
                true
            }
            Step::Moved(slot) => slots[*slot] != *at,
            Step::Group { mark, from } => {
                (slots[*from], slots[*from + 1]) = (slots[*mark], *at);
                true
            }
            Step::Again { from } => {
                let told = self.value.get(slots[*from]..slots[*from + 1]).filter(|_| slots[*from] != NEVER)?;
                *at += told.len();
                rest.starts_with(told)
            }
            Step::Start => *at == 0,
            Step::End => rest.is_empty(),
            Step::LastLine => matches!(rest, [] | ['\n']),
            Step::Boundary { not } => {
                let word = |c: Option<&char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_');
                let before = at.checked_sub(1).and_then(|before| self.value.get(before));
                (word(before) != word(rest.first())) != *not
            }
            _ => false,
        };
        sound.then_some(1)
    }
}
