//! The query protocol: a form in the body, XML in the answer.

use super::{message, xml};
use crate::error::AwsError;
use crate::input::Input;
use bytes::Bytes;
use http::Response;
use serde_json::{Map, Value};

const XML: &str = "text/xml";

/// The action and its input from a form.
pub(crate) fn parse(body: &[u8]) -> (String, Input) {
    let mut root = Value::Object(Map::new());
    let mut action = String::new();
    for (name, value) in form_urlencoded::parse(body) {
        match name.as_ref() {
            "Action" => action = value.into_owned(),
            "Version" => {}
            path => plant(&mut root, path, &value),
        }
    }
    (action, Input(folded(root)))
}

fn plant(root: &mut Value, path: &str, text: &str) {
    let mut place = root;
    for part in path.split('.').take(16) {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(members) = place.as_object_mut() else {
            return;
        };
        place = members.entry(part).or_insert(Value::Null);
    }
    *place = Value::String(text.to_owned());
}

/// Turns `{member: {1: …, 2: …}}` into a list, all the way down.
fn folded(value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    if let Some(items) = only_child(&members).and_then(numbered) {
        return Value::Array(items.into_iter().map(folded).collect());
    }
    let fold = |(name, member)| (name, folded(member));
    Value::Object(members.into_iter().map(fold).collect())
}

fn only_child(members: &Map<String, Value>) -> Option<&Value> {
    (members.len() == 1).then(|| members.values().next())?
}

fn numbered(value: &Value) -> Option<Vec<Value>> {
    let members = value.as_object()?;
    let place = |(name, item): (&String, &Value)| Some((name.parse::<u32>().ok()?, item.clone()));
    let mut items: Vec<(u32, Value)> = members.iter().map(place).collect::<Option<_>>()?;
    items.sort_by_key(|(number, _)| *number);
    (!items.is_empty()).then(|| items.into_iter().map(|(_, item)| item).collect())
}

fn namespace(service: &str) -> &'static str {
    match service {
        "cloudformation" => "http://cloudformation.amazonaws.com/doc/2010-05-15/",
        "rds" => "http://rds.amazonaws.com/doc/2014-10-31/",
        "sns" => "http://sns.amazonaws.com/doc/2010-03-31/",
        "iam" => "https://iam.amazonaws.com/doc/2010-05-08/",
        _ => "https://sts.amazonaws.com/doc/2011-06-15/",
    }
}

/// `<XResponse><XResult>…`.
pub(crate) fn success(service: &str, operation: &str, id: &str, value: &Value) -> Response<Bytes> {
    let mut body = format!("<{operation}Response xmlns=\"{}\">", namespace(service));
    if !value.is_null() {
        body.push_str(&format!("<{operation}Result>"));
        xml::write(&mut body, value);
        body.push_str(&format!("</{operation}Result>"));
    }
    body.push_str(&format!("<ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{operation}Response>"));
    message(200, XML, id, body)
}

/// `<ErrorResponse>` with `Sender` or `Receiver` by the status.
pub(crate) fn failure(service: &str, id: &str, error: &AwsError) -> Response<Bytes> {
    let side = if error.status < 500 { "Sender" } else { "Receiver" };
    let mut text = String::new();
    xml::escape(&mut text, &error.message);
    let body = format!(
        "<ErrorResponse xmlns=\"{}\"><Error><Type>{side}</Type><Code>{}</Code>\
         <Message>{text}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>",
        namespace(service),
        error.code,
    );
    message(error.status, XML, id, body)
}
