//! What a command is handed: the global options, the configuration, and the way to AWS.

use std::io::{self, IsTerminal, Write};

use jiff::Timestamp;

use super::args::{Flags, Globals, LogFormat, Output, TopologyFlags};
use super::exit::Exit;
use super::failure::{Caller, Failure};
use super::output::{self, Document, Paint};
use super::settings::Settings;
use crate::aws::{self, Aws, Shared};
use crate::model::profile::Profile;
use crate::model::stack::Stack;
use crate::model::survey::Survey;
use crate::model::{Refusal, Seen};
use crate::plan::discover::{Overrides, discover};

/// Everything a command may use.
pub(crate) struct Context {
    /// The global options.
    pub(crate) globals: Globals,
    /// stacksnap.toml.
    pub(crate) settings: Settings,
}

impl Context {
    /// From the flags; and what is wrong with the configuration. Even then the flags say how the
    /// complaint is to be written.
    pub(crate) fn new(flags: &Flags) -> (Self, Option<Failure>) {
        let made = Settings::load(flags).and_then(|settings| Ok((settings.globals()?, settings)));
        match made {
            Ok((globals, settings)) => (Self { globals, settings }, None),
            Err(failure) => {
                let output = flags.output.unwrap_or_default();
                let color = flags.color.unwrap_or_default();
                let globals = Globals { output, color, ..Globals::default() };
                (Self { globals, settings: Settings::default() }, Some(failure))
            }
        }
    }

    /// Connects. No call is made yet, except what credentials need.
    ///
    /// # Errors
    /// No region, no such profile.
    pub(crate) async fn aws(&self) -> Result<Aws, Failure> {
        let Globals { profile, region, endpoint_url, .. } = self.globals.clone();
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        aws::connect(&aws::Connect { profile, region, endpoint_url, version })
            .await
            .map_err(|error| Failure::new(Exit::Usage, error.code(), error.to_string()).hint(error.hint()))
    }

    /// A call that AWS refused, as a failure with hints.
    pub(crate) fn refused(&self, doing: &str, refusal: &Refusal) -> Failure {
        let caller =
            Caller { profile: self.globals.profile.as_deref(), endpoint: self.globals.endpoint_url.as_deref() };
        Failure::refused(doing, refusal, &caller)
    }

    /// Looks at everything about a stack.
    ///
    /// # Errors
    /// The stack is not there, or cannot be read.
    pub(crate) async fn survey(&self, aws: &Aws, stack: &str, flags: &TopologyFlags) -> Result<Survey, Failure> {
        self.survey_sharing(aws, stack, flags, &Shared::default()).await
    }

    /// The same, as one of many.
    ///
    /// # Errors
    /// See [`Self::survey`].
    pub(crate) async fn survey_sharing(
        &self,
        aws: &Aws,
        stack: &str,
        flags: &TopologyFlags,
        shared: &Shared,
    ) -> Result<Survey, Failure> {
        let overrides = self.overrides(stack, flags)?;
        let profiles = self.settings.profiles();
        let discover =
            |stack: &_, declared: &_, resources: &_| discover(stack, declared, resources, &profiles, &overrides);
        let survey = aws.survey(stack, &discover, shared).await;
        self.there(aws, stack, &survey.stack)?;
        Ok(survey)
    }

    /// The stack is there, whatever state it is in.
    ///
    /// # Errors
    /// It is not (exit 8), or that cannot be seen.
    pub(crate) async fn stack_there(&self, aws: &Aws, stack: &str) -> Result<(), Failure> {
        self.there(aws, stack, &aws.stack(stack).await.into())
    }

    fn there(&self, aws: &Aws, stack: &str, seen: &Seen<Stack>) -> Result<(), Failure> {
        match seen {
            Seen::Missing => Err(self.no_stack(stack, aws.region())),
            Seen::Unknown(refusal) => Err(self.refused("the stack cannot be read", refusal)),
            _ => Ok(()),
        }
    }

    fn overrides(&self, stack: &str, flags: &TopologyFlags) -> Result<Overrides, Failure> {
        self.overridden(stack, flags.overrides())
    }

    /// What is `said` of a stack, over what the file says.
    ///
    /// # Errors
    /// There is no such stack profile.
    pub(crate) fn overridden(&self, stack: &str, said: Overrides) -> Result<Overrides, Failure> {
        let overrides = said.over(self.settings.stack(stack).overrides());
        let profiles = self.settings.profiles();
        match &overrides.profile {
            Some(name) if !profiles.iter().any(|profile| profile.name == *name) => {
                let known: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
                Err(Failure::usage(format!("there is no stack profile `{name}`"))
                    .hint(format!("use one of: {}", known.join(", "))))
            }
            _ => Ok(overrides),
        }
    }

    fn no_stack(&self, stack: &str, region: &str) -> Failure {
        Failure::new(Exit::NotFound, "stack-not-found", format!("there is no stack `{stack}` in {region}"))
            .hint("is it the right account and region? See `--profile` and `--region`")
            .hint(format!("`{}` shows the backups of stacks that are gone", self.command(&["list"], None)))
    }

    /// The profile that found the survey's topology.
    pub(crate) fn profile_of(&self, survey: &Survey) -> Option<Profile> {
        let name = &survey.topology.as_ref()?.as_ref().ok()?.profile;
        self.settings.profiles().into_iter().find(|profile| profile.name == *name)
    }

    /// The exact command for the user, with the same account and region.
    pub(crate) fn command(&self, words: &[&str], region: Option<&str>) -> String {
        super::shell::command(words, &self.globals, region)
    }

    /// Shows the result.
    ///
    /// # Errors
    /// See [`output::emit`].
    pub(crate) fn emit<T: Document>(&self, document: &T) -> Result<(), Failure> {
        output::emit(document, &self.globals, Timestamp::now())
    }

    /// Colour on stderr.
    pub(crate) fn paint(&self) -> Paint {
        Paint::of_stderr(self.globals.color)
    }

    /// Shows a document on stderr, as text: what is asked about, not the result.
    pub(crate) fn show<T: Document>(&self, document: &T) {
        drop(output::show(document, &self.globals, Timestamp::now()));
    }

    /// Says something on stderr; a closed stderr stops nothing.
    pub(crate) fn say(&self, text: &str) {
        let line = self.as_logged("info", text).unwrap_or_else(|| text.to_owned());
        drop(writeln!(io::stderr(), "{line}"));
    }

    /// With `--log-format json` every line of stderr is a document of its own, as the progress is.
    fn as_logged(&self, level: &str, text: &str) -> Option<String> {
        let json = self.globals.log_format == LogFormat::Json;
        let record = || serde_json::json!({ "at": Timestamp::now(), "level": level, "event": "note", "message": text });
        json.then(|| record().to_string())
    }

    /// Says something on stderr that `--quiet` leaves out.
    pub(crate) fn tell(&self, text: &str) {
        if !self.globals.quiet {
            self.say(text);
        }
    }

    /// A warning on stderr.
    pub(crate) fn warn(&self, text: &str) {
        let said = || format!("{} {}", self.paint().warning("warning:"), output::clean::clean(text));
        drop(writeln!(io::stderr(), "{}", self.as_logged("warning", text).unwrap_or_else(said)));
    }

    /// A failure on stderr, in the form that was asked for.
    pub(crate) fn complain(&self, failure: &Failure) {
        let text = match self.globals.output {
            Output::Json => failure.json() + "\n",
            Output::Text | Output::Yaml => failure.text(self.paint()),
        };
        drop(io::stderr().write_all(text.as_bytes()));
    }

    /// Somebody can be asked.
    pub(crate) fn interactive(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks for a name to be typed. `--yes` is not enough.
    ///
    /// # Errors
    /// Another name.
    pub(crate) fn confirm_name(question: &str, name: &str) -> Result<(), Failure> {
        drop(write!(io::stderr(), "{question} "));
        let mut answer = String::new();
        match (io::stdin().read_line(&mut answer), answer.trim() == name) {
            (Ok(_), true) => Ok(()),
            _ => Err(Failure::new(Exit::Failed, "declined", "that is not the stack's name; nothing was changed")),
        }
    }

    /// Asks on a terminal; elsewhere names the flag.
    ///
    /// # Errors
    /// Not a terminal, and no `--yes`; or the answer was no.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.globals.yes {
            return Ok(());
        }
        if !self.interactive() {
            return Err(Failure::usage("this has to be confirmed, and nobody can be asked here").hint("add `--yes`"));
        }
        drop(write!(io::stderr(), "{question} [y/N] "));
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer);
        match (read, answer.trim().to_ascii_lowercase().as_str()) {
            (Ok(_), "y" | "yes") => Ok(()),
            _ => Err(Failure::new(Exit::Failed, "declined", "nothing was changed, as you wish")),
        }
    }
}
