//! A template's text as a tree: JSON, or YAML with CloudFormation's short tags.
//!
//! `!Ref X` and `{"Ref": "X"}` become the same tree, so that what is written differently and means the same
//! compares equal.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use yaml_serde::Value;
use yaml_serde::value::TaggedValue;

use super::TemplateError;

/// More than CloudFormation takes (1 MB), with room for what transforms add.
const MAX_BYTES: usize = 4 << 20;

/// The YAML reader's time grows with the square of the depth, and it looks at its own limit afterwards.
const MAX_UNCLOSED: usize = 2_000;

/// A value in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// `null`
    Null,
    /// `true`, a number, a text: CloudFormation treats them all as texts.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order in which it is written.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The tree of a text.
    ///
    /// # Errors
    /// It is too large, or neither JSON nor YAML.
    pub fn read(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_BYTES {
            return Err(TemplateError::TooLarge { bytes: text.len(), most: MAX_BYTES });
        }
        let text = text.trim_start_matches('\u{feff}');
        let json = text.trim_start().starts_with('{').then(|| serde_json::from_str(text));
        match json {
            Some(Ok(node)) => Ok(node),
            // A YAML flow mapping looks like JSON; where it is neither, what JSON's reader says is clearer.
            Some(Err(error)) => yaml(text).map_err(|_| TemplateError::Syntax(error.to_string())),
            None => yaml(text),
        }
    }

    /// A member of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// A mapping's members; none of anything else.
    pub fn members(&self) -> &[(String, Node)] {
        match self {
            Self::Map(members) => members,
            _ => &[],
        }
    }

    /// A list's items; none of anything else.
    pub fn items(&self) -> &[Node] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// A scalar's text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The intrinsic function that this is, and its argument.
    pub fn function(&self) -> Option<(&str, &Node)> {
        match self.members() {
            [(name, argument)] if name.starts_with("Fn::") || matches!(name.as_str(), "Ref" | "Condition") => {
                Some((name, argument))
            }
            _ => None,
        }
    }

    /// Whether both say the same: the order of a mapping's members does not matter.
    pub fn same(&self, other: &Node) -> bool {
        match (self, other) {
            (Self::Map(ours), Self::Map(theirs)) => {
                ours.len() == theirs.len()
                    && ours.iter().all(|(key, node)| other.get(key).is_some_and(|theirs| node.same(theirs)))
            }
            (Self::List(ours), Self::List(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| ours.same(theirs))
            }
            _ => self == other,
        }
    }
}

fn yaml(text: &str) -> Result<Node, TemplateError> {
    if unclosed(text) > MAX_UNCLOSED {
        return Err(TemplateError::Syntax("it is nested too deeply".to_owned()));
    }
    let value: Value = yaml_serde::from_str(text).map_err(|error| TemplateError::Syntax(error.to_string()))?;
    Ok(of_yaml(value))
}

/// The most brackets that are open at a time, those in strings included.
fn unclosed(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

fn of_yaml(value: Value) -> Node {
    match value {
        Value::Null => Node::Null,
        Value::Bool(flag) => Node::Text(flag.to_string()),
        Value::Number(number) => Node::Text(number.to_string()),
        Value::String(text) => Node::Text(text),
        Value::Sequence(items) => Node::List(items.into_iter().map(of_yaml).collect()),
        Value::Mapping(members) => {
            Node::Map(members.into_iter().filter_map(|(key, value)| Some((scalar(key)?, of_yaml(value)))).collect())
                .settled()
        }
        Value::Tagged(tagged) => short_form(*tagged),
    }
}

/// A key may be a number or a boolean (`2012:`, `Yes:`); anything else is no key in a template.
fn scalar(key: Value) -> Option<String> {
    match of_yaml(key) {
        Node::Text(text) => Some(text),
        _ => None,
    }
}

/// `!Ref X`, `!GetAtt A.B`, `!Sub …`
fn short_form(tagged: TaggedValue) -> Node {
    let tag = tagged.tag.to_string();
    let name = match tag.trim_start_matches('!') {
        plain @ ("Ref" | "Condition") => plain.to_owned(),
        other => format!("Fn::{other}"),
    };
    Node::Map(vec![(name, of_yaml(tagged.value))]).settled()
}

impl Node {
    /// `Fn::GetAtt` takes `A.B` or `[A, B]`: one form is kept.
    fn settled(self) -> Self {
        match self {
            Self::Map(mut members) => {
                if let [(name, argument)] = members.as_mut_slice()
                    && name == "Fn::GetAtt"
                    && let Some((resource, attribute)) = argument.text().and_then(|text| text.split_once('.'))
                {
                    *argument = Self::List(vec![Self::Text(resource.to_owned()), Self::Text(attribute.to_owned())]);
                }
                Self::Map(members)
            }
            other => other,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Json)
    }
}

/// JSON, with the members in the order in which they are written.
struct Json;

impl<'de> Visitor<'de> for Json {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Text(flag.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Text(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut map: Vec<(String, Node)> = Vec::new();
        while let Some(member) = members.next_entry()? {
            map.push(member);
        }
        Ok(Node::Map(map).settled())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_and_long_forms_are_one_tree() {
        let short = "A: !Ref X\nB: !GetAtt Key.Arn\nC: !Sub '${X}-y'\nD: !If [C, 1, true]\nE: !Condition C\n";
        let long = r#"{"A": {"Ref": "X"}, "B": {"Fn::GetAtt": ["Key", "Arn"]}, "C": {"Fn::Sub": "${X}-y"},
            "D": {"Fn::If": ["C", 1, true]}, "E": {"Condition": "C"}}"#;
        assert_eq!(Node::read(short).unwrap(), Node::read(long).unwrap());
    }

    #[test]
    fn json_keeps_its_order_and_may_be_indented_with_tabs() {
        let node = Node::read("{\n\t\"B\": 1,\n\t\"A\": 2\n}").unwrap();
        assert_eq!(node.members().iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["B", "A"]);
        assert!(node.same(&Node::read("A: 2\nB: 1").unwrap()));
    }

    #[test]
    fn nested_tags_are_kept() {
        let node = Node::read("A: !Join ['-', [!Ref X, !Select [0, !Split [',', !Ref Y]]]]").unwrap();
        let text = format!("{node:?}");
        for name in ["Fn::Join", "Fn::Select", "Fn::Split", "Ref"] {
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn bad_texts_are_refused_with_a_reason() {
        for text in ["{\"A\": ", "A: [1", "A: 1\nA: 2", "a: *nobody"] {
            assert!(matches!(Node::read(text), Err(TemplateError::Syntax(_))), "{text}");
        }
        assert!(matches!(Node::read(&"#".repeat(MAX_BYTES + 1)), Err(TemplateError::TooLarge { .. })));
    }

    #[test]
    fn deep_and_exploding_texts_end_in_an_error() {
        for text in ["[".repeat(100_000), format!("{{\"a\":{}", "[".repeat(100_000)), "- ".repeat(100_000)] {
            assert!(Node::read(&text).is_err());
        }
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let one = format!("*a{}", n - 1);
            laughs.push_str(&format!("a{n}: &a{n} [{}]\n", vec![one; 9].join(", ")));
        }
        assert!(Node::read(&laughs).is_err());
    }
}
