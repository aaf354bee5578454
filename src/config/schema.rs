//! Which keys there are: an unknown one is an error, with the nearest known one and its line.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::ConfigError;

/// What a key holds.
enum Shape {
    /// A value.
    Value,
    /// A table of these keys.
    Table(&'static [(&'static str, Shape)]),
    /// A table of names that the user chooses, each holding this.
    Named(&'static Shape),
}

const STACK: &[(&str, Shape)] = &[
    ("profile", Shape::Value),
    ("cluster", Shape::Value),
    ("file-system", Shape::Value),
    ("vault", Shape::Value),
    ("role", Shape::Value),
    ("secret", Shape::Value),
    ("manifest", Shape::Value),
    ("offline-parameter", Shape::Value),
    ("online-value", Shape::Value),
    ("offline-value", Shape::Value),
    ("max-offline", Shape::Value),
    ("settle", Shape::Value),
    ("timeout", Shape::Value),
    ("live", Shape::Value),
    ("seed", Shape::Value),
    ("strict", Shape::Value),
    ("retention", Shape::Table(RETENTION)),
];

const RETENTION: &[(&str, Shape)] = &[
    ("keep-last", Shape::Value),
    ("keep-within", Shape::Value),
    ("keep-hourly", Shape::Value),
    ("keep-daily", Shape::Value),
    ("keep-weekly", Shape::Value),
    ("keep-monthly", Shape::Value),
    ("keep-yearly", Shape::Value),
    ("keep-tag", Shape::Value),
    ("time-zone", Shape::Value),
    ("grace", Shape::Value),
    ("after-backup", Shape::Value),
];

const RULE: Shape = Shape::Table(&[("logical-ids", Shape::Value), ("types", Shape::Value), ("outputs", Shape::Value)]);

const PROFILE: &[(&str, Shape)] = &[
    ("when", Shape::Table(&[("resources", Shape::Named(&Shape::Value)), ("parameters", Shape::Value)])),
    ("cluster", RULE),
    ("file-system", RULE),
    ("vault", RULE),
    ("role", RULE),
    ("secret", RULE),
    (
        "offline",
        Shape::Table(&[
            ("parameters", Shape::Value),
            ("online", Shape::Value),
            ("offline", Shape::Value),
            ("online-words", Shape::Value),
            ("offline-words", Shape::Value),
        ]),
    ),
    ("parameter-store", Shape::Value),
    (
        "restore",
        Shape::Table(&[
            ("source-stack", Shape::Value),
            ("snapshot", Shape::Value),
            ("secret", Shape::Value),
            ("vault", Shape::Value),
            ("recovery-point", Shape::Value),
        ]),
    ),
    ("ask", Shape::Value),
    ("after-restore", Shape::Value),
    (
        "load-balancer",
        Shape::Table(&[
            ("when", Shape::Named(&Shape::Value)),
            ("resource", Shape::Value),
            ("output", Shape::Value),
            ("remedy", Shape::Value),
        ]),
    ),
];

const FILE: &[(&str, Shape)] = &[
    ("profile", Shape::Value),
    ("region", Shape::Value),
    ("endpoint-url", Shape::Value),
    ("output", Shape::Value),
    ("color", Shape::Value),
    ("log-format", Shape::Value),
    ("poll-interval", Shape::Value),
    ("defaults", Shape::Table(STACK)),
    ("stacks", Shape::Named(&Shape::Table(STACK))),
    ("profiles", Shape::Named(&Shape::Table(PROFILE))),
];

/// The line of every key, its table before it.
///
/// # Errors
/// The first key in the file that is not known.
pub(super) fn check(document: &DeTable<'_>, text: &str, path: &Path) -> Result<BTreeMap<String, usize>, ConfigError> {
    let mut walk = Walk { text, lines: BTreeMap::new(), unknown: Vec::new() };
    walk.table(document, &Shape::Table(FILE), "");
    match walk.unknown.into_iter().min() {
        None => Ok(walk.lines),
        Some((line, key, nearest)) => Err(ConfigError::UnknownKey { path: path.to_owned(), line, key, nearest }),
    }
}

struct Walk<'a> {
    text: &'a str,
    lines: BTreeMap<String, usize>,
    unknown: Vec<(usize, String, Option<String>)>,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, shape: &Shape, before: &str) {
        for (key, value) in table {
            let name: &str = key.get_ref();
            let line = line_of(self.text, key.span().start);
            let full = if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") };
            match known(shape, name) {
                None => self.unknown.push((line, full, nearest(shape, name))),
                Some(inner) => {
                    if let DeValue::Table(table) = value.get_ref() {
                        self.table(table, inner, &full);
                    }
                    self.lines.insert(full, line);
                }
            }
        }
    }
}

/// A table where a value belongs is the reader's business: it knows the right kind.
fn known<'a>(shape: &'a Shape, name: &str) -> Option<&'a Shape> {
    match shape {
        Shape::Value => Some(&Shape::Value),
        Shape::Named(inner) => Some(inner),
        Shape::Table(keys) => keys.iter().find(|(key, _)| *key == name).map(|(_, inner)| inner),
    }
}

fn nearest(shape: &Shape, name: &str) -> Option<String> {
    let Shape::Table(keys) = shape else { return None };
    let plain = name.to_lowercase().replace('_', "-");
    let near = |key: &str| strsim::normalized_damerau_levenshtein(key, &plain);
    let best = keys.iter().map(|(key, _)| (near(key), *key)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.5).then(|| best.1.to_owned())
}

/// The line, from 1, of the byte at `at`.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
