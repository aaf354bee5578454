//! The arguments of an intended AWS CLI command.

use super::file::{intended, pair, parameters_file, template};
use super::{GuardError, Intended, LeftOut, NewTemplate, Value};

/// Global options of the AWS CLI that take no value.
const FLAGS: [&str; 9] = [
    "--cli-auto-prompt",
    "--debug",
    "--no-cli-auto-prompt",
    "--no-cli-pager",
    "--no-paginate",
    "--no-sign-request",
    "--no-verify-ssl",
    "--v2-debug",
    "--version",
];

/// Reads `aws cloudformation update-stack|create-change-set|deploy …`. `read` is asked for the text of each
/// file that the arguments name (`file://PATH`, `--template-file PATH`); it answers why it cannot.
///
/// # Errors
/// It is another command, or an argument cannot be read.
pub fn arguments(
    words: &[String],
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<Intended, GuardError> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (operation, rest) = operation(&words).ok_or_else(|| GuardError::NotKnown(words.join(" ")))?;
    let mut command = Command { options: options(rest), read };
    match operation {
        "deploy" => command.deploy(),
        "update-stack" | "create-change-set" => command.update(),
        _ => Err(GuardError::NotKnown(words.iter().take(3).copied().collect::<Vec<_>>().join(" "))),
    }
}

/// The operation, after `aws`, global options and `cloudformation`.
fn operation<'a>(words: &'a [&'a str]) -> Option<(&'a str, &'a [&'a str])> {
    let mut rest = words.strip_prefix(&["aws"]).unwrap_or(words);
    while let [option, after @ ..] = rest
        && option.starts_with("--")
    {
        let alone = FLAGS.contains(option) || option.contains('=');
        rest = if alone { after } else { after.get(1..)? };
    }
    let rest = rest.strip_prefix(&["cloudformation"]).unwrap_or(rest);
    rest.split_first().map(|(operation, rest)| (*operation, rest))
}

/// `--name value value …`
fn options<'a>(words: &[&'a str]) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for word in words {
        match (word.strip_prefix("--"), all.last_mut()) {
            (Some(option), _) => match option.split_once('=') {
                Some((name, value)) => all.push((name, vec![value])),
                None => all.push((option, Vec::new())),
            },
            (None, Some((_, values))) => values.push(word),
            (None, None) => {}
        }
    }
    all
}

struct Command<'a> {
    options: Vec<(&'a str, Vec<&'a str>)>,
    read: &'a mut dyn FnMut(&str) -> Result<String, String>,
}

impl<'a> Command<'a> {
    fn values(&self, name: &str) -> Option<&[&'a str]> {
        self.options.iter().rfind(|(option, _)| *option == name).map(|(_, values)| values.as_slice())
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        self.values(name)?.first().copied()
    }

    fn open(&mut self, option: &str, path: &str) -> Result<String, GuardError> {
        (self.read)(path).map_err(|why| bad(option, &format!("{path}: {why}")))
    }

    /// A value, or the text of the file that it names.
    fn text(&mut self, option: &str, value: &str) -> Result<String, GuardError> {
        match value.strip_prefix("file://") {
            Some(path) => self.open(option, path),
            None => Ok(value.to_owned()),
        }
    }

    fn stack(&self) -> Option<String> {
        self.value("stack-name").map(str::to_owned)
    }

    /// What is left out stays, as far as the template declares it.
    fn deploy(&mut self) -> Result<Intended, GuardError> {
        let mut pairs = Vec::new();
        for value in self.values("parameter-overrides").unwrap_or_default().to_vec() {
            if value.starts_with("file://") || value.starts_with(['[', '{']) {
                let text = self.text("--parameter-overrides", value)?;
                let file = parameters_file(&text).map_err(|error| bad("--parameter-overrides", &error.to_string()))?;
                pairs.extend(file.parameters.unwrap_or_default());
            } else {
                pairs.push(pair(value).ok_or_else(|| bad("--parameter-overrides", "it is not of the form K=V"))?);
            }
        }
        let template = match self.value("template-file") {
            Some(path) => template(&self.open("--template-file", path)?),
            None => NewTemplate::Unread("the command names none".to_owned()),
        };
        Ok(Intended { stack: self.stack(), template, ..intended(pairs, LeftOut::Previous) })
    }

    /// What is left out takes the template's default.
    fn update(&mut self) -> Result<Intended, GuardError> {
        let mut whole = self.document()?;
        if let Some(values) = self.values("parameters").map(<[_]>::to_vec) {
            whole.parameters = Some(self.parameters(&values)?);
        }
        if let Some(template) = self.template()? {
            whole.template = template;
        }
        if let Some(stack) = self.stack() {
            whole.stack = Some(stack);
        }
        Ok(whole)
    }

    /// `--cli-input-json`; options of the command line win over it.
    fn document(&mut self) -> Result<Intended, GuardError> {
        let nothing = NewTemplate::Unread("the command names none".to_owned());
        for (name, option) in [("cli-input-json", "--cli-input-json"), ("cli-input-yaml", "--cli-input-yaml")] {
            if let Some(value) = self.value(name) {
                let text = self.text(option, value)?;
                // A document without Parameters is one that leaves all of them out.
                let read = parameters_file(&text).or_else(|error| {
                    if text.contains("Parameters") { Err(error) } else { Ok(intended(Vec::new(), LeftOut::Default)) }
                });
                return read.map_err(|error| bad(option, &error.to_string()));
            }
        }
        Ok(Intended { template: nothing, ..intended(Vec::new(), LeftOut::Default) })
    }

    fn parameters(&mut self, values: &[&'a str]) -> Result<Vec<(String, Value)>, GuardError> {
        if let [value] = values
            && (value.starts_with("file://") || value.starts_with(['[', '{']))
        {
            let text = self.text("--parameters", value)?;
            let text = if text.trim_start().starts_with('{') { format!("[{text}]") } else { text };
            let file = parameters_file(&text).map_err(|error| bad("--parameters", &error.to_string()))?;
            return Ok(file.parameters.unwrap_or_default());
        }
        let each = values.iter().map(|value| shorthand(value).and_then(|pairs| parameter(&pairs)));
        each.collect::<Option<_>>()
            .ok_or_else(|| bad("--parameters", "it is not of the form ParameterKey=K,ParameterValue=V"))
    }

    fn template(&mut self) -> Result<Option<NewTemplate>, GuardError> {
        if self.values("use-previous-template").is_some() {
            return Ok(Some(NewTemplate::Previous));
        }
        if let Some(body) = self.value("template-body") {
            return Ok(Some(template(&self.text("--template-body", body)?)));
        }
        Ok(self.value("template-url").map(|url| NewTemplate::Unread(format!("it is at {url}"))))
    }
}

fn bad(option: &str, why: &str) -> GuardError {
    GuardError::Argument { option: option.to_owned(), why: why.to_owned() }
}

fn parameter(pairs: &[(String, String)]) -> Option<(String, Value)> {
    let of = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let key = of("ParameterKey")?;
    if of("UsePreviousValue").is_some_and(|flag| flag.eq_ignore_ascii_case("true")) {
        return Some((key, Value::Previous));
    }
    Some((key, Value::New(of("ParameterValue")?)))
}

/// The AWS CLI's shorthand: `k=v,k='v,v',k=a\,b`. Lists and structures in it are not known here.
fn shorthand(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = shorthand_value(after)?;
        pairs.push((key.trim().to_owned(), value));
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return after.is_empty().then_some(pairs),
        }
    }
}

fn shorthand_value(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
    if quote.is_none() && text.starts_with(['[', '{']) {
        return None;
    }
    let inner = quote.map_or(text, |_| &text[1..]);
    let mut value = String::new();
    let mut signs = inner.char_indices();
    while let Some((at, c)) = signs.next() {
        match (c, quote) {
            ('\\', _) => match signs.next() {
                Some((_, escaped)) if Some(escaped) == quote || matches!(escaped, ',' | '\\') => value.push(escaped),
                Some((_, other)) => value.extend(['\\', other]),
                None => value.push('\\'),
            },
            (',', None) => return Some((value, &inner[at..])),
            (c, Some(quote)) if c == quote => return Some((value, &inner[at + 1..])),
            _ => value.push(c),
        }
    }
    quote.is_none().then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthand_is_read_as_the_aws_cli_does() {
        let of = |text: &str| shorthand(text).and_then(|pairs| parameter(&pairs));
        let new = |value: &str| Some(("K".to_owned(), Value::New(value.to_owned())));
        assert_eq!(of("ParameterKey=K,ParameterValue=V"), new("V"));
        assert_eq!(of("ParameterKey=K,ParameterValue="), new(""));
        assert_eq!(of(r"ParameterKey=K,ParameterValue=a\,b"), new("a,b"));
        assert_eq!(of("ParameterKey=K,ParameterValue='a,\"b'"), new("a,\"b"));
        assert_eq!(of("ParameterKey=K,ParameterValue=a=b"), new("a=b"));
        assert_eq!(of("ParameterKey=K,UsePreviousValue=true"), Some(("K".to_owned(), Value::Previous)));
        for bad in ["K", "ParameterKey=K", "ParameterKey=K,ParameterValue='open", "ParameterKey=K,ParameterValue=[a]"] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
