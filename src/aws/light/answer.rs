//! What came back, and the code, message and request id of a refusal in either of AWS's forms, XML and JSON.

use aws_smithy_runtime_api::client::interceptors::context::{Error, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::ser_de::DeserializeResponse;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::ErrorMetadata;
use jiff::{SignedDuration, Timestamp};
use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use serde_json::Value;

/// The code of our own for a good answer that is too large to be read.
pub(in super::super) const TOO_LARGE: &str = "TooLarge";

/// A good answer.
#[derive(Debug)]
pub(in super::super) struct Answer {
    /// Where the service speaks no JSON.
    body: Vec<u8>,
    /// The body, where the service speaks JSON; null where there is none.
    pub(in super::super) json: Value,
}

impl Answer {
    pub(in super::super) fn into_bytes(self) -> Vec<u8> {
        self.body
    }

    /// The first elements of these names, of an answer in XML.
    pub(in super::super) fn elements<const N: usize>(&self, names: [&str; N]) -> [Option<String>; N] {
        elements(&self.body, names)
    }
}

/// An instant in JSON: seconds, with a fraction.
pub(in super::super) fn instant(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_f64()?;
    Timestamp::from_duration(SignedDuration::try_from_secs_f64(seconds).ok()?).ok()
}

/// Reads what is not too large.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) most: Option<u64>,
    pub(super) json: bool,
}

impl DeserializeResponse for Reading {
    /// Looks at the length before the body is read.
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<Error>>> {
        let length: Option<u64> = response.headers().get("content-length").and_then(|length| length.parse().ok());
        let large = response.status().is_success() && length.zip(self.most).is_some_and(|(length, most)| length > most);
        large.then(|| {
            let told = ErrorMetadata::builder().code(TOO_LARGE).message("the answer is too large").build();
            Err(OrchestratorError::operation(Error::erase(told)))
        })
    }

    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        _: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let body = response.body().bytes().unwrap_or_default();
        let told = if response.status().is_success() {
            let json = if self.json && !body.is_empty() { serde_json::from_slice(body) } else { Ok(Value::Null) };
            let body = if self.json { Vec::new() } else { body.to_vec() };
            match json {
                Ok(json) => return Ok(Output::erase(Answer { body, json })),
                // As the SDK has it: no code, so that the status is told.
                Err(_) => ErrorMetadata::builder().build(),
            }
        } else {
            refusal(response.status().as_u16(), response.headers().get("x-amzn-errortype"), body)
        };
        Err(OrchestratorError::operation(Error::erase(told)))
    }
}

/// The code and the message. What has neither form has neither; the status then says what there is to say.
fn refusal(status: u16, header: Option<&str>, body: &[u8]) -> ErrorMetadata {
    let (code, message) = match body {
        // The answer to a HEAD has no body.
        [] if status == 404 => (Some("NotFound".to_owned()), None),
        [b'{', ..] => in_json(header, body),
        _ => {
            let [code, message] = elements(body, ["Code", "Message"]);
            (code, message)
        }
    };
    let mut found = ErrorMetadata::builder();
    if let Some(code) = code.or_else(|| header.map(|code| bare(code).to_owned())) {
        found = found.code(code);
    }
    if let Some(message) = message {
        found = found.message(message);
    }
    found.build()
}

fn in_json(header: Option<&str>, body: &[u8]) -> (Option<String>, Option<String>) {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let first = |names: &[&str]| names.iter().find_map(|name| json[name].as_str().map(str::to_owned));
    let code = header.map(str::to_owned).or_else(|| first(&["code", "__type"]));
    (code.map(|code| bare(&code).to_owned()), first(&["message", "Message", "errorMessage"]))
}

/// `prefix#Code:http://…`
fn bare(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.split_once('#').map_or(code, |(_, code)| code)
}

/// The text of the first element of each name.
fn elements<const N: usize>(body: &[u8], names: [&str; N]) -> [Option<String>; N] {
    let mut reader = Reader::from_reader(body);
    let mut found = [const { None }; N];
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                if let Some(at) = names.iter().position(|name| *name == start.name().0)
                    && found[at].is_none()
                {
                    found[at] = text(&mut reader);
                }
            }
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}

fn text(reader: &mut Reader<&[u8]>) -> Option<String> {
    let mut all = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Text(text) => all.push_str(&text),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(letter) => all.push(letter),
                None => all.push_str(resolve_xml_entity(&reference)?),
            },
            Event::End(_) => return Some(all),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_why() {
        let xml = "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>not &amp; there</Message>\
                   <Key>Code</Key><RequestId>1</RequestId></Error>";
        let found = refusal(404, None, xml.as_bytes());
        assert_eq!((found.code(), found.message()), (Some("NoSuchKey"), Some("not & there")));
        assert_eq!(refusal(404, None, b"").code(), Some("NotFound"));
        for nothing in ["", "<html><body>Bad Gateway", "Forbidden", "<Error><Code>"] {
            let found = refusal(403, None, nothing.as_bytes());
            assert_eq!((found.code(), found.message()), (None, None), "{nothing}");
        }
        let json = br#"{"__type":"com.amazonaws.kms#NotFoundException","message":"no such key"}"#;
        let found = refusal(400, None, json);
        assert_eq!((found.code(), found.message()), (Some("NotFoundException"), Some("no such key")));
        let found = refusal(400, Some("FileSystemNotFound:http://aws"), br#"{"Message":"gone","ErrorCode":"x"}"#);
        assert_eq!((found.code(), found.message()), (Some("FileSystemNotFound"), Some("gone")));
        let found = refusal(403, Some("AccessDeniedException"), b"");
        assert_eq!((found.code(), found.message()), (Some("AccessDeniedException"), None));
    }

    #[test]
    fn an_instant_keeps_its_fraction() {
        assert_eq!(instant(&1_795_000_000.5.into()).unwrap().as_millisecond(), 1_795_000_000_500);
        assert_eq!((instant(&1e300.into()), instant(&Value::Null)), (None, None));
    }
}
