//! What holds: flags over variables over stacksnap.toml over what is built in.

use std::env;
use std::path::PathBuf;

use clap::ValueEnum;

use super::args::{Flags, Globals};
use super::duration;
use super::exit::Exit;
use super::failure::Failure;
use crate::config::{Config, ConfigError, Origin, Places, Setting, StackConfig};
use crate::model::profile::Profile;
use crate::model::retention::TagRule;
use crate::plan::profiles;

/// Which flag and which variables stand over a key of the file. The SDK reads the `AWS_…` ones itself.
const OVER: [(&str, &str, &[&str]); 7] = [
    ("profile", "--profile", &["AWS_PROFILE"]),
    ("region", "--region", &["AWS_REGION", "AWS_DEFAULT_REGION"]),
    ("endpoint-url", "--endpoint-url", &["AWS_ENDPOINT_URL"]),
    ("output", "--output", &["STACKSNAP_OUTPUT"]),
    ("color", "--color", &["STACKSNAP_COLOR"]),
    ("log-format", "--log-format", &["STACKSNAP_LOG_FORMAT"]),
    ("poll-interval", "--poll-interval", &["STACKSNAP_POLL_INTERVAL"]),
];

/// The flags and the file.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    flags: Flags,
    config: Config,
}

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    /// It was named and is not there, or it is malformed.
    pub(crate) fn load(flags: &Flags) -> Result<Self, Failure> {
        let config = Config::load(&places(flags)).map_err(|error| unusable(&error))?;
        Ok(Self { flags: flags.clone(), config })
    }

    /// The options as they hold.
    ///
    /// # Errors
    /// A variable or the file has a value that is not allowed.
    pub(crate) fn globals(&self) -> Result<Globals, Failure> {
        let settings = self.settings(None);
        let of = |key: &str| settings.iter().find(|setting| setting.key == key);
        let ours = |key: &str| of(key).filter(|setting| !sdks(setting)).and_then(|setting| setting.value.clone());
        Ok(Globals {
            profile: ours("profile"),
            region: ours("region"),
            endpoint_url: ours("endpoint-url"),
            output: of("output").map_or(Ok(None), choice)?.unwrap_or_default(),
            query: self.flags.query.clone(),
            color: of("color").map_or(Ok(None), choice)?.unwrap_or_default(),
            quiet: self.flags.quiet,
            verbose: self.flags.verbose,
            log_format: of("log-format").map_or(Ok(None), choice)?.unwrap_or_default(),
            yes: self.flags.yes,
            poll_interval: of("poll-interval").map_or(Ok(None), interval)?,
        })
    }

    /// Every value that holds and where it comes from, for one stack or for none in particular.
    pub(crate) fn settings(&self, stack: Option<&str>) -> Vec<Setting> {
        let settings = self.config.settings(stack).into_iter();
        settings.map(|setting| layered(setting, &self.flags)).collect()
    }

    /// What the file says about one stack.
    pub(crate) fn stack(&self, name: &str) -> StackConfig {
        self.config.stack(name)
    }

    /// The stacks that the file has a table for.
    pub(crate) fn named(&self) -> impl Iterator<Item = &String> {
        self.config.stacks.keys()
    }

    /// Tags by which any stack's backups are kept.
    pub(crate) fn keep_tags(&self) -> Vec<TagRule> {
        let all = self.config.stacks.values().chain([&self.config.defaults]);
        all.filter_map(|stack| stack.retention.keep_tag.clone()).flatten().collect()
    }

    /// The profiles: the user's before those built in.
    pub(crate) fn profiles(&self) -> Vec<Profile> {
        let mut profiles = self.config.profiles();
        profiles.extend(profiles::built_in());
        profiles
    }

    /// The file, if there is one.
    pub(crate) fn file(&self) -> Option<String> {
        self.config.path.as_ref().map(|path| path.display().to_string())
    }
}

fn places(flags: &Flags) -> Places {
    let path = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| !path.as_os_str().is_empty());
    Places {
        flag: flags.config.clone(),
        variable: path("STACKSNAP_CONFIG"),
        folder: env::current_dir().ok(),
        xdg: path("XDG_CONFIG_HOME").or_else(|| Some(path("HOME")?.join(".config"))),
    }
}

fn unusable(error: &ConfigError) -> Failure {
    Failure::new(Exit::Usage, "configuration", "stacksnap.toml cannot be used").why(error.to_string())
}

fn layered(setting: Setting, flags: &Flags) -> Setting {
    let Some((key, flag, variables)) = OVER.into_iter().find(|(key, ..)| *key == setting.key) else {
        return setting;
    };
    let said = variables.iter().find_map(|name| Some((*name, env::var(name).ok().filter(|said| !said.is_empty())?)));
    let setting = match said {
        Some((name, value)) => setting.over(Some(value), Origin::Variable(name.to_owned())),
        None => setting,
    };
    setting.over(typed(flags, key), Origin::Flag(flag.to_owned()))
}

/// What was typed for a key.
fn typed(flags: &Flags, key: &str) -> Option<String> {
    match key {
        "profile" => flags.profile.clone(),
        "region" => flags.region.clone(),
        "endpoint-url" => flags.endpoint_url.clone(),
        "output" => flags.output.as_ref().and_then(word),
        "color" => flags.color.as_ref().and_then(word),
        "log-format" => flags.log_format.as_ref().and_then(word),
        "poll-interval" => flags.poll_interval.map(|interval| format!("{}s", interval.as_secs())),
        _ => None,
    }
}

fn word(choice: &impl ValueEnum) -> Option<String> {
    choice.to_possible_value().map(|value| value.get_name().to_owned())
}

/// The SDK finds it by itself, and finer: a service's own endpoint wins over the general one.
fn sdks(setting: &Setting) -> bool {
    matches!(&setting.origin, Origin::Variable(name) if name.starts_with("AWS_"))
}

fn choice<T: ValueEnum>(setting: &Setting) -> Result<Option<T>, Failure> {
    let Some(value) = &setting.value else { return Ok(None) };
    T::from_str(value, false).map(Some).map_err(|_| {
        let allowed: Vec<String> = T::value_variants().iter().filter_map(word).collect();
        not_allowed(setting, &format!("use one of: {}", allowed.join(", ")))
    })
}

fn interval(setting: &Setting) -> Result<Option<std::time::Duration>, Failure> {
    let Some(value) = &setting.value else { return Ok(None) };
    duration::poll_interval(value).map(Some).map_err(|why| not_allowed(setting, &why))
}

fn not_allowed(setting: &Setting, how: &str) -> Failure {
    let value = setting.value.as_deref().unwrap_or_default();
    Failure::usage(format!("`{value}` cannot be {} (from {})", setting.key, setting.origin)).hint(how)
}

#[cfg(test)]
mod tests {
    use super::super::args::Output;
    use super::*;

    fn settings(file: &str, flags: Flags) -> Settings {
        let config = Config::parse(file, "stacksnap.toml".as_ref()).unwrap();
        Settings { flags, config }
    }

    #[test]
    fn flags_win_over_the_file() {
        let flags = Flags { output: Some(Output::Yaml), ..Flags::default() };
        let both = settings("output = \"json\"\npoll-interval = \"5s\"\n", flags);
        let globals = both.globals().unwrap();
        assert_eq!(globals.output, Output::Yaml);
        assert_eq!(globals.poll_interval, Some(std::time::Duration::from_secs(5)));
        let origin = |key: &str| both.settings(None).into_iter().find(|it| it.key == key).unwrap().origin.to_string();
        assert_eq!([origin("output"), origin("poll-interval")], ["--output", "stacksnap.toml:2"]);
    }

    #[test]
    fn a_value_that_is_not_allowed_says_where_it_stands() {
        let failure = settings("output = \"xml\"\n", Flags::default()).globals().unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert_eq!(failure.what, "`xml` cannot be output (from stacksnap.toml:1)");
        assert_eq!(failure.next, ["use one of: text, json, yaml"]);
    }
}
