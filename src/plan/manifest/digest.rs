//! Checksums. A manifest's is taken over its JSON with sorted keys and no blanks, so that it survives being
//! packed, printed and read by a version that knows more, or fewer, fields.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::manifest::Manifest;

/// A manifest's checksum: SHA-256 of its canonical JSON, hex.
pub fn digest(manifest: &Manifest) -> String {
    // A manifest is plain data: it always serialises.
    of_value(&serde_json::to_value(manifest).unwrap_or_default())
}

/// SHA-256, hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hex, in small letters.
pub fn hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}

pub(super) fn of_value(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    sha256(text.as_bytes())
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            list(text, ('{', '}'), entries, |(key, value), text| {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(value, text);
            });
        }
        Value::Array(items) => list(text, ('[', ']'), items, write),
        plain => text.push_str(&plain.to_string()),
    }
}

fn list<T>(
    text: &mut String,
    (open, close): (char, char),
    items: impl IntoIterator<Item = T>,
    each: impl Fn(T, &mut String),
) {
    text.push(open);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        each(item, text);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_and_the_blanks_do_not_matter() {
        let one: Value = serde_json::from_str(r#"{"b":[1,{"y":"ü","x":null}],"a":"\"q\""}"#).unwrap();
        let two: Value =
            serde_json::from_str("{ \"a\": \"\\\"q\\\"\",\n \"b\": [1, {\"x\": null, \"y\": \"ü\"}] }").unwrap();
        assert_eq!(of_value(&one), of_value(&two));
        let mut text = String::new();
        write(&one, &mut text);
        assert_eq!(text, r#"{"a":"\"q\"","b":[1,{"x":null,"y":"ü"}]}"#);
    }

    #[test]
    fn anything_else_does() {
        assert_ne!(of_value(&json!({"a": [1, 2]})), of_value(&json!({"a": [2, 1]})));
        assert_ne!(of_value(&json!({"a": "1"})), of_value(&json!({"a": 1})));
    }
}
