//! The result: one document on stdout, as text, JSON or YAML.
//!
//! What is in it never depends on whether stdout is a terminal.

pub(crate) mod clean;
pub(crate) mod halves;
pub(crate) mod human;
pub(crate) mod new_stack;
mod paint;
mod query;
pub(crate) mod replace_plan;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod schemas;
pub(crate) mod table;

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

pub(crate) use paint::Paint;

use super::args::{Globals, Output};
use super::failure::Failure;

/// The version of every document; only additive changes are made to it.
pub(crate) const API_VERSION: &str = "stacksnap/v1";

/// A result that can be shown.
pub(crate) trait Document: Serialize {
    /// Its `kind` in JSON and YAML.
    const KIND: &'static str;

    /// Writes it for people.
    ///
    /// # Errors
    /// Those of the output.
    fn text(&self, page: &mut Page<'_>) -> io::Result<()>;
}

/// Where text goes, and what it needs to know.
pub(crate) struct Page<'a> {
    /// Where it goes.
    pub(crate) out: &'a mut dyn Write,
    /// How it is coloured.
    pub(crate) paint: Paint,
    /// For ages.
    pub(crate) now: Timestamp,
}

impl Page<'_> {
    /// Writes one line.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{}", text.as_ref())
    }

    /// Writes `label   value`, the value's control characters removed.
    ///
    /// # Errors
    /// Those of the output.
    pub(crate) fn field(&mut self, label: &str, value: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{label:<16}  {}", clean::clean(value.as_ref()))
    }
}

/// The document with its head, as JSON and YAML show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a, T> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

/// Writes `document` to stdout as `globals` ask. A reader that has gone away is no failure.
///
/// # Errors
/// A bad `--query`, or an output that cannot be written (a full disk).
pub(crate) fn emit<T: Document>(document: &T, globals: &Globals, now: Timestamp) -> Result<(), Failure> {
    let paint = Paint::of_stdout(globals.color);
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(document, globals, paint, now, &mut out).and_then(|()| out.flush().map_err(Trouble::Io)) {
        Ok(()) => Ok(()),
        Err(Trouble::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is left in the buffer has no reader: dropping the writer must not try again.
            drop(out.into_parts());
            Ok(())
        }
        Err(Trouble::Io(error)) => Err(unwritable(&error)),
        Err(Trouble::Query(failure)) => Err(failure),
    }
}

/// Writes `document` to stderr, for people, whatever form the result is to have.
///
/// # Errors
/// Those of the output.
pub(crate) fn show<T: Document>(document: &T, globals: &Globals, now: Timestamp) -> io::Result<()> {
    let paint = Paint::of_stderr(globals.color);
    document.text(&mut Page { out: &mut io::stderr().lock(), paint, now })
}

enum Trouble {
    Io(io::Error),
    Query(Failure),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn unwritable(error: &io::Error) -> Failure {
    Failure::new(super::exit::Exit::Failed, "stdout", "the result could not be written to stdout")
        .why(error.to_string())
}

fn write<T: Document>(
    document: &T,
    globals: &Globals,
    paint: Paint,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let envelope = Envelope { api_version: API_VERSION, kind: T::KIND, body: document };
    if let Some(expression) = &globals.query {
        let found = query::search(expression, &envelope).map_err(Trouble::Query)?;
        return Ok(query::write(&found, globals.output, out)?);
    }
    match globals.output {
        Output::Text => document.text(&mut Page { out, paint, now })?,
        Output::Json => json(&envelope, out)?,
        Output::Yaml => yaml(&envelope, out)?,
    }
    Ok(())
}

/// The whole document as a JSON value, for whoever does not write to stdout.
pub(crate) fn envelope<T: Document>(document: &T) -> serde_json::Value {
    let envelope = Envelope { api_version: API_VERSION, kind: T::KIND, body: document };
    serde_json::to_value(&envelope).unwrap_or_default()
}

fn json<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
    writeln!(out)
}

fn yaml<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    // yaml_serde hides what kind of I/O error it met; on stdout that is a closed pipe or a full
    // disk, and the flush after it meets the same one again.
    yaml_serde::to_writer(&mut *out, value).map_err(|error| io::Error::other(error.to_string()))
}

/// A bad `--query` is found before anything is begun, not after an hour.
///
/// # Errors
/// It is no JMESPath expression.
pub(crate) fn check_query(globals: &Globals) -> Result<(), Failure> {
    globals.query.as_deref().map_or(Ok(()), query::check)
}

/// A document as text without colour, for tests.
#[cfg(test)]
pub(crate) fn text_of<T: Document>(document: &T, now: Timestamp) -> String {
    let mut out = Vec::new();
    document.text(&mut Page { out: &mut out, paint: Paint::NONE, now }).unwrap();
    String::from_utf8(out).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Two {
        items: Vec<u8>,
    }

    impl Document for Two {
        const KIND: &'static str = "Two";

        fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
            page.field("Items", self.items.len().to_string())
        }
    }

    fn shown(globals: &Globals) -> String {
        let mut out = Vec::new();
        write(&Two { items: vec![1, 2] }, globals, Paint::NONE, Timestamp::UNIX_EPOCH, &mut out)
            .unwrap_or_else(|_| panic!("cannot be written"));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_document_has_three_forms() {
        let of = |output| shown(&Globals { output, ..Globals::default() });
        assert_eq!(of(Output::Text), "Items             2\n");
        assert_eq!(
            of(Output::Json),
            "{\n  \"apiVersion\": \"stacksnap/v1\",\n  \"kind\": \"Two\",\n  \"items\": [\n    1,\n    2\n  ]\n}\n"
        );
        assert_eq!(of(Output::Yaml), "apiVersion: stacksnap/v1\nkind: Two\nitems:\n- 1\n- 2\n");
    }

    #[test]
    fn a_query_is_asked_of_the_json() {
        let of = |output, query: &str| shown(&Globals { output, query: Some(query.into()), ..Globals::default() });
        assert_eq!(of(Output::Json, "items[0]"), "1\n");
        assert_eq!(of(Output::Text, "kind"), "Two\n");
        assert_eq!(of(Output::Text, "items"), "1\t2\n");
    }
}
