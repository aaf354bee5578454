//! Intrinsic functions that make a text or a list.

use super::{FRESH, HIDDEN, Scope};
use crate::plan::template::Node;

impl Scope<'_> {
    /// The text, with signs for what is fresh and what is hidden.
    pub(super) fn raw(&self, node: &Node) -> Option<String> {
        match node {
            Node::Text(text) => Some(text.clone()),
            _ => {
                let (name, argument) = node.function()?;
                self.deeper(|| self.function(name, argument))
            }
        }
    }

    fn function(&self, name: &str, argument: &Node) -> Option<String> {
        match name {
            "Ref" => self.reference(argument.text()?),
            "Fn::Sub" => self.substitute(argument),
            "Fn::Join" => self.join(argument.items()),
            "Fn::Select" => self.select(argument.items()),
            "Fn::FindInMap" => self.find(argument.items()),
            "Fn::If" => self.raw(self.branch(argument)?),
            _ => None,
        }
    }

    fn reference(&self, name: &str) -> Option<String> {
        let hidden = || HIDDEN.to_string();
        Some(match name {
            "AWS::StackName" => self.stack.to_owned(),
            "AWS::Region" => self.region.map_or_else(hidden, str::to_owned),
            "AWS::AccountId" => self.account.map_or_else(hidden, str::to_owned),
            "AWS::Partition" | "AWS::URLSuffix" => hidden(),
            "AWS::StackId" => self.stack_id(),
            "AWS::NoValue" => return None,
            parameter => return self.parameter(parameter),
        })
    }

    /// The new stack's ARN: its last part is new in every part that an expression could cut out of it.
    fn stack_id(&self) -> String {
        let hidden = HIDDEN.to_string();
        let (region, account) = (self.region.unwrap_or(&hidden), self.account.unwrap_or(&hidden));
        let fresh = [FRESH.to_string(), FRESH.to_string(), FRESH.to_string(), FRESH.to_string(), FRESH.to_string()];
        format!("arn:{HIDDEN}:cloudformation:{region}:{account}:stack/{}/{}", self.stack, fresh.join("-"))
    }

    /// What an SSM-typed parameter resolves to is not known here.
    fn parameter(&self, key: &str) -> Option<String> {
        let declared = self.template.parameter(key)?;
        if declared.ssm_typed() {
            return None;
        }
        self.parameters.get(key).map(|value| (*value).to_owned()).or_else(|| declared.default.clone())
    }

    fn substitute(&self, argument: &Node) -> Option<String> {
        let (text, own) = match argument {
            Node::List(items) => (items.first()?.text()?, items.get(1)),
            other => (other.text()?, None),
        };
        let mut rest = text;
        let mut out = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after.split_once('}')?;
            out.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => out.push_str(&format!("${{{literal}}}")),
                None => match own.and_then(|own| own.get(name)) {
                    Some(node) => out.push_str(&self.raw(node)?),
                    None => out.push_str(&self.reference(name)?),
                },
            }
            rest = tail;
        }
        out.push_str(rest);
        Some(out)
    }

    fn join(&self, items: &[Node]) -> Option<String> {
        let [between, list] = items else { return None };
        Some(self.list(list)?.join(between.text()?))
    }

    fn select(&self, items: &[Node]) -> Option<String> {
        let [index, list] = items else { return None };
        self.list(list)?.into_iter().nth(self.raw(index)?.parse().ok()?)
    }

    fn find(&self, items: &[Node]) -> Option<String> {
        let [map, first, second] = items else { return None };
        let table = self.template.mappings.get(&self.raw(map)?)?;
        table.get(&self.raw(first)?)?.get(&self.raw(second)?)?.text().map(str::to_owned)
    }

    pub(super) fn branch<'n>(&self, argument: &'n Node) -> Option<&'n Node> {
        let [condition, then, otherwise] = argument.items() else { return None };
        Some(if self.named(condition.text()?)? { then } else { otherwise })
    }

    fn list(&self, node: &Node) -> Option<Vec<String>> {
        if let Node::List(items) = node {
            return items.iter().map(|item| self.raw(item)).collect();
        }
        let (name, argument) = node.function()?;
        self.deeper(|| match (name, argument.items()) {
            ("Fn::Split", [between, text]) => {
                let between = between.text().filter(|between| !between.is_empty())?;
                Some(self.raw(text)?.split(between).map(str::to_owned).collect())
            }
            ("Fn::If", _) => self.list(self.branch(argument)?),
            ("Ref", _) => {
                let declared = self.template.parameter(argument.text()?)?;
                let listed = declared.kind == "CommaDelimitedList" || declared.kind.starts_with("List<");
                let text = self.parameter(&declared.key).filter(|_| listed)?;
                Some(text.split(',').map(|part| part.trim().to_owned()).collect())
            }
            _ => None,
        })
    }
}
