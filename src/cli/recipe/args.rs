//! The options that decide what a new stack is made of.

use std::path::PathBuf;

use super::super::failure::Failure;
use crate::model::backup::Backup;
use crate::plan::params::Given;

/// What the new stack is made of, besides the backup.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "The new stack")]
pub(crate) struct RecipeArgs {
    /// Another template than the source stack's: an https URL of an S3 object.
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) template_url: Option<String>,
    /// Another template than the source stack's: a file.
    #[arg(long, value_name = "FILE", conflicts_with = "template_url")]
    pub(crate) template_file: Option<PathBuf>,
    /// A parameter's value; wins over everything else. As often as needed.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) set: Vec<(String, String)>,
    /// A parameter takes the template's default instead of the source stack's value.
    #[arg(long, value_name = "KEY")]
    pub(crate) unset: Vec<String>,
    /// A parameter's value from a file (`-`: standard input), without the newline at its end. For secrets.
    #[arg(long, value_name = "KEY=FILE", value_parser = pair)]
    pub(crate) set_file: Vec<(String, String)>,
    /// The secret that opens the database, by ARN, instead of the one that the backup names.
    #[arg(long, value_name = "ARN")]
    pub(crate) secret: Option<String>,
    /// How this kind of stack names things.
    #[arg(long, value_name = "NAME")]
    pub(crate) stack_profile: Option<String>,
}

impl RecipeArgs {
    /// The values that are given, files read.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn given(&self) -> Result<Vec<Given>, Failure> {
        let set = self.set.iter().map(|(key, value)| Ok(Given { key: key.clone(), value: value.clone(), file: false }));
        let files = self.set_file.iter().map(|(key, path)| {
            let value = read(path).map_err(|why| unreadable(key, path, &why))?;
            Ok(Given { key: key.clone(), value, file: true })
        });
        set.chain(files).collect()
    }

    /// A secret that the user names replaces the backup's; of its versions nothing is known.
    pub(super) fn amend(&self, backup: &mut Backup) {
        if let Some(secret) = &self.secret {
            if backup.secret_arn.as_deref() != Some(secret.as_str()) {
                backup.secret_version = None;
            }
            backup.secret_arn = Some(secret.as_str().into());
        }
    }
}

/// Values as `resume` is given them.
///
/// # Errors
/// Not KEY=VALUE, or a file that cannot be read.
pub(crate) fn given(set: &[String], set_file: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let pairs = |texts: &[String]| texts.iter().map(|text| pair(text)).collect::<Result<Vec<_>, _>>();
    let set = pairs(set).map_err(Failure::usage)?;
    let args = RecipeArgs { set, set_file: pairs(set_file).map_err(Failure::usage)?, ..RecipeArgs::default() };
    Ok(args.given()?.into_iter().map(|given| (given.key, given.value)).collect())
}

fn read(path: &str) -> Result<String, std::io::Error> {
    let text = if path == "-" { std::io::read_to_string(std::io::stdin())? } else { std::fs::read_to_string(path)? };
    let end = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    Ok(end.to_owned())
}

fn unreadable(key: &str, path: &str, error: &std::io::Error) -> Failure {
    Failure::usage(format!("the value of {key} cannot be read from {path}")).why(error.to_string())
}

/// Two halves that stacksnap did not make.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Instead of a backup: halves that stacksnap did not make")]
pub(crate) struct PairArgs {
    /// The DB cluster snapshot's identifier.
    #[arg(long, value_name = "ID", requires_all = ["vault", "recovery_point", "source_stack"])]
    pub(crate) snapshot: Option<String>,
    /// The backup vault's name.
    #[arg(long, value_name = "NAME", requires = "snapshot")]
    pub(crate) vault: Option<String>,
    /// The recovery point's ARN.
    #[arg(long, value_name = "ARN", requires = "snapshot")]
    pub(crate) recovery_point: Option<String>,
    /// The stack that both were taken of: its name, or its ARN.
    #[arg(long, value_name = "STACK", requires = "snapshot")]
    pub(crate) source_stack: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Ok((key.to_owned(), value.to_owned()))
        }
        // What stands behind it may be a secret: it is not repeated.
        _ => Err("expected KEY=VALUE, where KEY is a parameter's name (letters and digits)".to_owned()),
    }
}

fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").filter(|rest| rest.contains('/') && !rest.contains(char::is_whitespace));
    rest.map(|_| text.to_owned()).ok_or_else(|| format!("`{text}` is not an https:// URL of an S3 object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_anything_but_its_key_may_not() {
        assert_eq!(pair("Key=a=b, c"), Ok(("Key".to_owned(), "a=b, c".to_owned())));
        assert_eq!(pair("Key="), Ok(("Key".to_owned(), String::new())));
        for bad in ["Key", "=x", "my key=x"] {
            assert!(pair(bad).is_err_and(|why| !why.contains("my key")), "{bad}");
        }
    }

    #[test]
    fn one_newline_at_a_files_end_is_no_part_of_the_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        for (text, value) in [("s\n", "s"), ("s\r\n", "s"), ("s\n\n", "s\n"), ("s", "s")] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(path.to_str().unwrap()).unwrap(), value);
        }
    }
}
