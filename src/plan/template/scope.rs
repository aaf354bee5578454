//! Evaluates conditions and texts for a stack that is not there yet: its name and its parameters are known,
//! everything that AWS makes up is not.

mod texts;

use std::cell::Cell;
use std::collections::BTreeMap;

use super::{Name, Node, Template, TemplateResource};

/// Stands for what is made up anew for every stack: the unique part of its ARN.
const FRESH: char = '\u{1}';
/// Stands for what is not known here, and may be the same as before.
const HIDDEN: char = '\u{2}';

/// Conditions may refer to conditions, and back: this much work, then it is unknown.
const STEPS: u32 = 20_000;
const DEPTH: u32 = 64;

/// What is known about the new stack.
#[derive(Debug)]
pub struct Scope<'a> {
    template: &'a Template,
    stack: &'a str,
    region: Option<&'a str>,
    account: Option<&'a str>,
    parameters: BTreeMap<&'a str, &'a str>,
    steps: Cell<u32>,
    depth: Cell<u32>,
}

impl<'a> Scope<'a> {
    /// A stack named `stack` with these parameters; the others have the template's defaults.
    pub fn new(
        template: &'a Template,
        stack: &'a str,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let (steps, depth) = (Cell::new(STEPS), Cell::new(DEPTH));
        let parameters = parameters.into_iter().collect();
        Self { template, stack, region: None, account: None, parameters, steps, depth }
    }

    /// In this region and account.
    pub fn at(mut self, region: &'a str, account: &'a str) -> Self {
        (self.region, self.account) = (Some(region), Some(account));
        self
    }

    /// The template.
    pub fn template(&self) -> &'a Template {
        self.template
    }

    /// Whether a condition holds; `None`: unknown, or there is no such condition.
    pub fn condition(&self, name: &str) -> Option<bool> {
        self.steps.set(STEPS);
        self.named(name)
    }

    fn named(&self, name: &str) -> Option<bool> {
        self.deeper(|| self.holds(self.template.condition(name)?))
    }

    /// Whether the stack will have this resource.
    pub fn makes(&self, resource: &TemplateResource) -> Option<bool> {
        resource.condition.as_deref().map_or(Some(true), |name| self.condition(name))
    }

    /// The text that an expression stands for; `None`: unknown, or new for every stack.
    pub fn text(&self, node: &Node) -> Option<String> {
        self.steps.set(STEPS);
        self.raw(node).filter(|text| !text.contains([FRESH, HIDDEN]))
    }

    /// The physical name that a resource will bear.
    pub fn name(&self, resource: &TemplateResource) -> Name {
        self.steps.set(STEPS);
        let Some(expression) = resource.physical_name() else { return Name::Generated };
        match self.raw(expression) {
            Some(text) if text.contains(HIDDEN) => Name::Unknown,
            Some(text) if text.contains(FRESH) => Name::Fresh,
            Some(text) => Name::Fixed(text),
            // `AWS::NoValue` is as good as nothing written.
            None if self.nothing(expression) => Name::Generated,
            None => Name::Unknown,
        }
    }

    fn nothing(&self, node: &Node) -> bool {
        match node.function() {
            Some(("Ref", name)) => name.text() == Some("AWS::NoValue"),
            Some(("Fn::If", argument)) => self.branch(argument).is_some_and(|branch| self.nothing(branch)),
            _ => false,
        }
    }

    /// Does one step, unless too much was done already.
    fn deeper<T>(&self, evaluate: impl FnOnce() -> Option<T>) -> Option<T> {
        self.steps.set(self.steps.get().checked_sub(1)?);
        self.depth.set(self.depth.get().checked_sub(1)?);
        let value = evaluate();
        self.depth.set(self.depth.get() + 1);
        value
    }

    fn holds(&self, node: &Node) -> Option<bool> {
        let (name, argument) = node.function()?;
        let each = || argument.items().iter().map(|node| self.deeper(|| self.holds(node)));
        match name {
            "Condition" => self.named(argument.text()?),
            "Fn::Not" => each().next()?.map(|holds| !holds),
            "Fn::And" => all(each()),
            "Fn::Or" => all(each().map(|holds| holds.map(|holds| !holds))).map(|none| !none),
            "Fn::Equals" => self.equals(argument.items()),
            _ => None,
        }
    }

    fn equals(&self, items: &[Node]) -> Option<bool> {
        let [left, right] = items else { return None };
        let known = |node| self.raw(node).filter(|text| !text.contains([FRESH, HIDDEN]));
        Some(known(left)? == known(right)?)
    }
}

/// One that is false decides; one that is unknown leaves it unknown.
fn all(each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for holds in each {
        match holds {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::super::tests::hub;
    use super::*;

    fn text(template: &Template, expression: &str) -> Option<String> {
        let scope = Scope::new(template, "my-hub", [("KeyPair", "mine")]);
        scope.text(&Node::read(&format!("A: {expression}")).unwrap().get("A").cloned().unwrap())
    }

    #[test]
    fn conditions_follow_the_parameters() {
        let hub = hub();
        let with = |parameters: &[(&'static str, &'static str)], name: &str| {
            Scope::new(&hub, "my-hub", parameters.iter().copied()).condition(name)
        };
        assert_eq!(with(&[], "IsOnline"), Some(true));
        assert_eq!(with(&[("StackOffline", "Offline")], "IsOnline"), Some(false));
        assert_eq!(with(&[("StackOffline", "Offline")], "HasALB"), Some(false));
        let elsewhere = [("StackOffline", "x"), ("IsDomainOnRoute53", "No"), ("StackOfflineRedirectUrl", "u")];
        assert_eq!(with(&elsewhere, "HasALB"), Some(true));
        // Nobody has said what it is restored from, and there is no default.
        assert_eq!(with(&[], "IsRestore"), None);
        assert_eq!(with(&[], "Nobody"), None);
    }

    #[test]
    fn one_known_side_decides_where_it_can() {
        let text = "Conditions: {U: !Equals [!GetAtt A.B, x], T: !Equals [1, 1], F: !Not [!Condition T],
            Or: !Or [!Condition U, !Condition T], And: !And [!Condition U, !Condition F],
            Both: !And [!Condition U, !Condition T]}
Resources: {A: {Type: X}}";
        let template = Template::read(text).unwrap();
        let of = |name| Scope::new(&template, "s", []).condition(name);
        assert_eq!([of("U"), of("Or"), of("And"), of("Both")], [None, Some(true), Some(false), None]);
    }

    #[test]
    fn circles_and_towers_of_conditions_end() {
        let mut text = "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]".to_owned();
        text.push_str(", C0: !Equals [!GetAtt A.B, x]");
        for n in 1..60 {
            text.push_str(&format!(", C{n}: !And [!Condition C{}, !Condition C{}]", n - 1, n - 1));
        }
        text.push_str("}\nResources: {A: {Type: X}}");
        let template = Template::read(&text).unwrap();
        let scope = Scope::new(&template, "s", []);
        assert_eq!(scope.condition("A"), None);
        assert_eq!(scope.condition("C59"), None);
    }

    #[test]
    fn texts_are_put_together() {
        let hub = hub();
        let of = |expression| text(&hub, expression);
        assert_eq!(of("!Sub '${AWS::StackName}-${KeyPair}-${!Literal}'").as_deref(), Some("my-hub-mine-${Literal}"));
        assert_eq!(of("!Sub ['${X}y', {X: !Ref LogGroup}]").as_deref(), Some("hub-logsy"));
        assert_eq!(of("!Join ['/', ['', a, !Ref LogGroup]]").as_deref(), Some("/a/hub-logs"));
        assert_eq!(of("!Select [1, !Split ['-', !Ref LogGroup]]").as_deref(), Some("logs"));
        assert_eq!(of("!FindInMap [Sizes, !Ref IsDomainOnRoute53, Name]").as_deref(), Some("route53"));
        assert_eq!(of("!If [IsOnline, a, b]").as_deref(), Some("a"));
        assert_eq!(of("!Select [1, !Split ['/', !Ref 'AWS::StackId']]").as_deref(), Some("my-hub"));
        for unknown in
            ["!Ref AppDb", "!GetAtt A.B", "!Ref 'AWS::StackId'", "!Ref 'AWS::Region'", "!Sub '${open'", "[1]"]
        {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_name_is_fixed_fresh_generated_or_unknown() {
        let hub = hub();
        let scope = Scope::new(&hub, "my-hub", []).at("eu-west-1", "123456789012");
        let name = |id: &str| scope.name(hub.resource(id).unwrap());
        assert_eq!(name("AppDb"), Name::Fixed("my-hub-app-db".to_owned()));
        assert_eq!(name("DailyBackupVault"), Name::Fresh);
        assert_eq!(name("AppDbSecret"), Name::Generated);
        assert_eq!(name("StorageEFS"), Name::Generated);
        assert_eq!(name("Logs"), Name::Fixed("hub-logs".to_owned()));
    }
}
