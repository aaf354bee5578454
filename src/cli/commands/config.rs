//! `stacksnap config show`

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::table::{self, Cell, Tone};
use super::super::output::{Document, Page};
use super::super::stack_arg;
use crate::config::Setting;

/// Show the configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    what: What,
}

/// What to do with it.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show every value that holds
    Show(Show),
}

/// Show every value that holds: flags over variables over stacksnap.toml over what is built in.
#[derive(Debug, clap::Args)]
struct Show {
    /// As it holds for this stack.
    #[arg(value_parser = stack_arg::parse)]
    stack: Option<String>,
    /// Say where each value comes from.
    #[arg(long)]
    origin: bool,
}

/// What holds.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Config")]
pub(crate) struct ConfigView {
    /// The file that was read; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Each value.
    values: Vec<Value>,
}

/// One value.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Value {
    /// The key, as in the file.
    key: String,
    /// The value; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// Where it comes from; with `--origin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

/// Shows it.
///
/// # Errors
/// Stdout cannot be written.
pub(crate) fn run(args: &Config, cx: &Context) -> Result<Exit, Failure> {
    let What::Show(show) = &args.what;
    let value = |setting: Setting| Value {
        key: setting.key.to_owned(),
        value: setting.value,
        origin: show.origin.then(|| setting.origin.to_string()),
    };
    let values = cx.settings.settings(show.stack.as_deref()).into_iter().map(value).collect();
    cx.emit(&ConfigView { file: cx.settings.file(), values })?;
    Ok(Exit::Done)
}

impl Document for ConfigView {
    const KIND: &'static str = "Config";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.field("File", self.file.as_deref().unwrap_or("none: everything is as built in"))?;
        page.line("")?;
        table::write(
            page,
            ["KEY", "VALUE", "FROM"],
            || self.values.iter(),
            |row| {
                let origin = row.origin.as_deref().unwrap_or_default();
                [Cell::from(&row.key), Cell::from(row.value.as_deref().unwrap_or("-")), Cell::toned(origin, Tone::Dim)]
            },
        )
    }
}
