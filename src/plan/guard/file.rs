//! Parameters files, in the forms that the common tools read.

use super::{GuardError, Intended, LeftOut, NewTemplate, Value};
use crate::plan::template::{Node, Template};

/// Reads a parameters file, JSON or YAML:
///
/// - `[{"ParameterKey", "ParameterValue" | "UsePreviousValue"}]` of create-stack and update-stack: what is left
///   out takes the template's default;
/// - `["K=V"]` of deploy: what is left out stays;
/// - `{"Parameters": {…}}` of rain and CodePipeline: what is left out depends on the tool;
/// - a whole `--cli-input-json` document.
///
/// # Errors
/// It is none of these.
pub fn parameters_file(text: &str) -> Result<Intended, GuardError> {
    let node = Node::read(text).map_err(|error| GuardError::NotParameters(error.to_string()))?;
    let no = |why: &str| GuardError::NotParameters(why.to_owned());
    match &node {
        Node::List(items) if !items.is_empty() && items.iter().all(|item| item.text().is_some()) => {
            let pairs = items.iter().filter_map(Node::text).map(pair).collect::<Option<_>>();
            let pairs = pairs.ok_or_else(|| no("a line of it is not of the form K=V"))?;
            Ok(intended(pairs, LeftOut::Previous))
        }
        Node::List(items) => {
            let listed = items.iter().map(listed).collect::<Option<_>>();
            let listed =
                listed.ok_or_else(|| no("an item of it has no ParameterKey, or neither value nor UsePreviousValue"))?;
            Ok(intended(listed, LeftOut::Default))
        }
        Node::Map(_) => match node.get("Parameters") {
            Some(Node::List(items)) => request(&node, items).ok_or_else(|| no("its Parameters cannot be read")),
            Some(Node::Map(members)) => {
                let each = members.iter().map(|(key, value)| Some((key.clone(), Value::New(value.text()?.to_owned()))));
                let pairs = each.collect::<Option<_>>().ok_or_else(|| no("a value in its Parameters is not a text"))?;
                Ok(intended(pairs, LeftOut::Unknown))
            }
            _ => Err(no("it has no Parameters")),
        },
        Node::Null | Node::Text(_) => Err(no("it is neither a list nor a mapping")),
    }
}

pub(super) fn intended(parameters: Vec<(String, Value)>, left_out: LeftOut) -> Intended {
    Intended { stack: None, parameters: Some(parameters), left_out, template: NewTemplate::Previous, changes: None }
}

/// `K=V`
pub(super) fn pair(text: &str) -> Option<(String, Value)> {
    text.split_once('=').map(|(key, value)| (key.to_owned(), Value::New(value.to_owned())))
}

/// `{"ParameterKey": …}`
fn listed(node: &Node) -> Option<(String, Value)> {
    let word = |key: &str| node.get(key).and_then(Node::text);
    let key = word("ParameterKey")?.to_owned();
    if word("UsePreviousValue").is_some_and(|flag| flag.eq_ignore_ascii_case("true")) {
        return Some((key, Value::Previous));
    }
    Some((key, Value::New(word("ParameterValue")?.to_owned())))
}

/// `--cli-input-json`
fn request(node: &Node, items: &[Node]) -> Option<Intended> {
    let word = |key: &str| node.get(key).and_then(Node::text);
    let previous = word("UsePreviousTemplate").is_some_and(|flag| flag == "true");
    let template = match (previous, word("TemplateBody"), word("TemplateURL")) {
        (true, _, _) => NewTemplate::Previous,
        (false, Some(text), _) => template(text),
        (false, None, Some(url)) => NewTemplate::Unread(format!("it is at {url}")),
        (false, None, None) => NewTemplate::Previous,
    };
    let parameters = items.iter().map(listed).collect::<Option<_>>()?;
    Some(Intended { stack: word("StackName").map(str::to_owned), template, ..intended(parameters, LeftOut::Default) })
}

pub(super) fn template(text: &str) -> NewTemplate {
    match Template::read(text) {
        Ok(template) => NewTemplate::Text(Box::new(template)),
        Err(error) => NewTemplate::Unread(error.to_string()),
    }
}
