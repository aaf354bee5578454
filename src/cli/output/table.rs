//! Tables for people, written row by row: a hundred thousand rows cost the memory of one.

use std::io;

use super::clean::clean;
use super::{Page, Paint};

/// A column that is wider than this is not padded for: one long cell must not push all others away.
const WIDEST: usize = 100;

/// How a cell is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Somebody should look.
    Warning,
    /// Wrong.
    Error,
    /// Less important.
    Dim,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell in a tone.
    pub(crate) fn toned(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: clean(text.as_ref()).into_owned(), tone }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// Writes a heading and the rows that `row` makes of `items`. Each is made twice, once to measure and
/// once to write, and none is kept.
///
/// # Errors
/// Those of the output.
pub(crate) fn write<T, I: Iterator<Item = T>, const N: usize>(
    page: &mut Page<'_>,
    heads: [&str; N],
    items: impl Fn() -> I,
    row: impl Fn(&T) -> [Cell; N],
) -> io::Result<()> {
    let mut widths = heads.map(width);
    for item in items() {
        for (wide, cell) in widths.iter_mut().zip(row(&item)) {
            *wide = (*wide).max(width(&cell.text).min(WIDEST));
        }
    }
    let paint = page.paint;
    write_row(page, &widths, heads.iter().map(|head| (width(head), paint.bold(head))))?;
    for item in items() {
        let cells = row(&item);
        write_row(page, &widths, cells.iter().map(|cell| (width(&cell.text), painted(paint, cell))))?;
    }
    Ok(())
}

fn write_row(page: &mut Page<'_>, widths: &[usize], cells: impl Iterator<Item = (usize, String)>) -> io::Result<()> {
    // Padding is owed until something comes behind it: no line ends in blanks.
    let mut owed = 0;
    for ((wide, text), column) in cells.zip(widths) {
        if wide > 0 {
            write!(page.out, "{:owed$}{text}", "")?;
            owed = 0;
        }
        owed += column.saturating_sub(wide) + 2;
    }
    writeln!(page.out)
}

fn painted(paint: Paint, cell: &Cell) -> String {
    match cell.tone {
        Tone::Plain => cell.text.clone(),
        Tone::Good => paint.good(&cell.text),
        Tone::Warning => paint.warning(&cell.text),
        Tone::Error => paint.error(&cell.text),
        Tone::Dim => paint.dim(&cell.text),
    }
}

/// Columns, one a character: ids, sizes and times are ASCII.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn columns_line_up_and_lines_have_no_tail() {
        let mut out = Vec::new();
        let mut page = Page { out: &mut out, paint: Paint::NONE, now: Timestamp::UNIX_EPOCH };
        let rows = [("a", "x"), ("long one", "y\u{1b}[2Jz")];
        write(&mut page, ["ID", "STATE"], || rows.iter(), |row| [row.0.into(), row.1.into()]).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "ID        STATE\na         x\nlong one  yz\n");
    }
}
