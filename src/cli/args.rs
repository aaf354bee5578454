//! The command line: what every command understands, and the list of the commands.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{commands, duration, exit};
use crate::plan::discover::Overrides;

/// One consistent backup of a CloudFormation stack's DB cluster and EFS file system.
///
/// The stack is taken offline, both halves are made, and the stack is brought back, whatever
/// happens meanwhile. AWS itself is the catalogue: nothing is kept on this machine.
#[derive(Debug, Parser)]
#[command(name = "stacksnap", version, after_help = exit::TABLE, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What every command understands.
    #[command(flatten)]
    pub(crate) flags: Flags,
}

/// Options of every command, as they were typed. Variables and stacksnap.toml stand behind them.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Flags {
    /// The AWS profile.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The AWS region.
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Another endpoint for every AWS service.
    #[arg(long, global = true, value_name = "URL", value_parser = endpoint)]
    pub(crate) endpoint_url: Option<String>,
    /// How the result is written to stdout [default: text].
    #[arg(long, short, global = true, value_enum)]
    pub(crate) output: Option<Output>,
    /// A JMESPath expression that is applied to the JSON result.
    #[arg(long, global = true, value_name = "JMESPATH")]
    pub(crate) query: Option<String>,
    /// Whether to colour [default: auto].
    #[arg(long, global = true, value_enum)]
    pub(crate) color: Option<Color>,
    /// Say nothing on stderr but warnings and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Say more on stderr; twice: much more.
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// How progress and logs are written to stderr [default: text].
    #[arg(long, global = true, value_enum)]
    pub(crate) log_format: Option<LogFormat>,
    /// The configuration file [default: stacksnap.toml here or in a folder above].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Do not ask.
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,
    /// Look at AWS at least this often while a run is driven [at least 2s].
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration::poll_interval)]
    pub(crate) poll_interval: Option<Duration>,
    /// Accepted for those used to it: there is never a pager.
    #[arg(long, global = true, hide = true)]
    pub(crate) no_cli_pager: bool,
}

/// Options of every command, as they hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Globals {
    /// The AWS profile, unless the SDK finds it by itself.
    pub(crate) profile: Option<String>,
    /// The AWS region, likewise.
    pub(crate) region: Option<String>,
    /// Another endpoint for every AWS service, likewise.
    pub(crate) endpoint_url: Option<String>,
    /// How the result is written to stdout.
    pub(crate) output: Output,
    /// A JMESPath expression that is applied to the JSON result.
    pub(crate) query: Option<String>,
    /// Whether to colour.
    pub(crate) color: Color,
    /// Say nothing on stderr but warnings and errors.
    pub(crate) quiet: bool,
    /// How much more to say on stderr.
    pub(crate) verbose: u8,
    /// How progress and logs are written to stderr.
    pub(crate) log_format: LogFormat,
    /// Do not ask.
    pub(crate) yes: bool,
    /// Look at AWS at least this often while a run is driven.
    pub(crate) poll_interval: Option<Duration>,
}

/// Which parts belong together, where the stack alone does not tell; over those of stacksnap.toml.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "What belongs to the stack")]
pub(crate) struct TopologyFlags {
    /// How this kind of stack names things.
    #[arg(long, value_name = "NAME")]
    stack_profile: Option<String>,
    /// The DB cluster's identifier.
    #[arg(long, value_name = "ID")]
    cluster: Option<String>,
    /// The file system's id.
    #[arg(long, value_name = "ID")]
    file_system: Option<String>,
    /// The backup vault's name.
    #[arg(long, value_name = "NAME")]
    vault: Option<String>,
    /// The role AWS Backup works with, by ARN or name.
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// The DB secret's ARN.
    #[arg(long, value_name = "ARN")]
    secret: Option<String>,
    /// The stack parameter that takes it offline.
    #[arg(long, value_name = "KEY")]
    offline_parameter: Option<String>,
    /// That parameter's value for online.
    #[arg(long, value_name = "VALUE")]
    online_value: Option<String>,
    /// That parameter's value for offline.
    #[arg(long, value_name = "VALUE")]
    offline_value: Option<String>,
}

impl TopologyFlags {
    /// Of a command that lets only the profile be chosen; the rest is in stacksnap.toml.
    pub(crate) fn of_profile(stack_profile: Option<String>) -> Self {
        Self { stack_profile, ..Self::default() }
    }

    /// As discovery takes them.
    pub(crate) fn overrides(&self) -> Overrides {
        Overrides {
            profile: self.stack_profile.clone(),
            cluster: self.cluster.clone(),
            file_system: self.file_system.clone(),
            vault: self.vault.clone(),
            role: self.role.clone(),
            secret: self.secret.clone(),
            offline_parameter: self.offline_parameter.clone(),
            online_value: self.online_value.clone(),
            offline_value: self.offline_value.clone(),
            ..Overrides::default()
        }
    }
}

/// The form of the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    #[default]
    Text,
    /// JSON; the schemas are in `schemas/`.
    Json,
    /// The same as YAML.
    Yaml,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The form of what goes to stderr meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show which cluster, file system, vault, role, secret and parameters were found, and how
    Inspect(commands::inspect::Inspect),
    /// Check everything a backup needs; nothing is touched
    Check(commands::check::Check),
    /// Take one backup: database and files that belong together
    Backup(commands::backup::Backup),
    /// Show what is running, the last good backup, and what there is
    Status(commands::status::Status),
    /// List the backups
    List(commands::list::List),
    /// Show one backup, both halves side by side
    Show(commands::show::Show),
    /// Check whether a backup can be restored
    Verify(commands::verify::Verify),
    /// Print the parameters of a new stack made of a backup
    Params(commands::params::Params),
    /// Create a new stack from a backup
    Restore(commands::restore::Restore),
    /// Take a stack back to a backup: safety backup, deletion, creation
    Replace(commands::replace::Replace),
    /// Rehearse a restore, and delete everything again
    Drill(commands::drill::Drill),
    /// Say whether an intended update would undo a restore or replace what holds data
    Guard(commands::guard::Guard),
    /// Delete the backups that no rule keeps
    Prune(commands::prune::Prune),
    /// Put a backup on hold: no prune deletes it
    Keep(commands::keep::Keep),
    /// Take a backup off hold
    Unkeep(commands::keep::Unkeep),
    /// Take a stack offline, and leave it so
    Offline(commands::offline::Offline),
    /// Bring a stack online
    Online(commands::online::Online),
    /// Drive an interrupted run to its end
    Resume(commands::resume::Resume),
    /// Give a run up: stop the halves, bring the stack back
    Abort(commands::abort::Abort),
    /// Bring home what nobody drives any more: for cron, systemd, Kubernetes
    Sentinel(commands::sentinel::Sentinel),
    /// Deploy stacksnap itself, so that it backs up every night
    Schedule(commands::schedule::Schedule),
    /// Show the configuration
    Config(commands::config::Config),
    /// Print a shell's completions
    Completions(commands::completions::Completions),
    /// Print the manual, or write its pages into a folder
    Man(commands::man::Man),
}

fn endpoint(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not a URL: it begins with http:// or https://")),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn globals_go_before_and_after_the_command() {
        for line in [["stacksnap", "-o", "json", "list"], ["stacksnap", "list", "-o", "json"]] {
            assert_eq!(Cli::try_parse_from(line).unwrap().flags.output, Some(Output::Json));
        }
    }
}
