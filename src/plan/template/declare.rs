//! A template's parameters: GetTemplateSummary says which there are, the text says what their values must be.

use super::{Node, Template, TemplateError};
use crate::model::stack::{Declared, Limits};

/// The template's parameters as far as both sources tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// In the template's order.
    pub declared: Vec<Declared>,
    /// The text, where it could be read.
    pub template: Option<Template>,
    /// Why the text could not be read: limits are not checked then.
    pub unreadable: Option<TemplateError>,
}

/// Joins what GetTemplateSummary says (it wins: transforms may change what is declared) with the text (it
/// alone has the limits). Either may be absent.
///
/// # Errors
/// There is no summary, and the text cannot be read. Without either, nothing is declared.
pub fn declared(summary: Option<&[Declared]>, text: Option<&str>) -> Result<Merged, TemplateError> {
    let (template, unreadable) = match text.map(Template::read) {
        Some(Ok(template)) => (Some(template), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let declared = match (summary, &template, &unreadable) {
        (None, _, Some(error)) => return Err(error.clone()),
        (None, template, _) => template.as_ref().map(|template| template.parameters.clone()).unwrap_or_default(),
        (Some(summary), Some(template), _) => summary.iter().map(|one| joined(one, template)).collect(),
        (Some(summary), None, _) => summary.to_vec(),
    };
    Ok(Merged { declared, template, unreadable })
}

fn joined(summary: &Declared, template: &Template) -> Declared {
    let Some(text) = template.parameter(&summary.key) else { return summary.clone() };
    Declared {
        key: summary.key.clone(),
        kind: if summary.kind.is_empty() { text.kind.clone() } else { summary.kind.clone() },
        allowed: if summary.allowed.is_empty() { text.allowed.clone() } else { summary.allowed.clone() },
        // Where either says so, it is a secret.
        no_echo: summary.no_echo || text.no_echo,
        default: summary.default.clone(),
        limits: text.limits.clone(),
    }
}

/// One member of `Parameters`.
pub(super) fn parameter(key: &str, node: &Node) -> Declared {
    let word = |name| node.get(name).and_then(Node::text).map(str::to_owned);
    let count = |name| word(name).and_then(|text| text.parse().ok());
    Declared {
        key: key.to_owned(),
        kind: word("Type").unwrap_or_else(|| "String".to_owned()),
        allowed: node.get("AllowedValues").map(texts).unwrap_or_default(),
        no_echo: word("NoEcho").is_some_and(|flag| flag.eq_ignore_ascii_case("true")),
        default: word("Default"),
        limits: Limits {
            pattern: word("AllowedPattern"),
            min_length: count("MinLength"),
            max_length: count("MaxLength"),
            min_value: word("MinValue"),
            max_value: word("MaxValue"),
            description: word("ConstraintDescription"),
        },
    }
}

fn texts(list: &Node) -> Vec<String> {
    list.items().iter().filter_map(Node::text).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
Parameters:
  Size: {Type: Number, MinValue: 1, MaxValue: 9, Default: 3}
  Name: {Type: String, AllowedPattern: '[a-z]+', MinLength: '2', MaxLength: 5, ConstraintDescription: short}
  Key: {Type: String, NoEcho: true, AllowedValues: [a, 1, true]}
Resources: {A: {Type: X}}
";

    #[test]
    fn the_text_tells_limits() {
        let all = declared(None, Some(TEXT)).unwrap().declared;
        assert_eq!(all[0].default.as_deref(), Some("3"));
        assert_eq!(all[0].limits.max_value.as_deref(), Some("9"));
        assert_eq!((all[1].limits.min_length, all[1].limits.max_length), (Some(2), Some(5)));
        assert_eq!(
            (all[1].limits.pattern.as_deref(), all[1].limits.description.as_deref()),
            (Some("[a-z]+"), Some("short"))
        );
        assert!(all[2].no_echo);
        assert_eq!(all[2].allowed, ["a", "1", "true"]);
    }

    #[test]
    fn the_summary_says_what_there_is_and_the_text_what_it_must_be() {
        let mut summary = declared(None, Some(TEXT)).unwrap().declared;
        summary.remove(0);
        summary[0].limits = Limits::default();
        summary[0].default = Some("abc".to_owned());
        let merged = declared(Some(&summary), Some(TEXT)).unwrap();
        assert_eq!(merged.declared.len(), 2);
        assert_eq!(merged.declared[0].default.as_deref(), Some("abc"));
        assert_eq!(merged.declared[0].limits.max_length, Some(5));
    }

    #[test]
    fn a_text_that_cannot_be_read_is_no_trouble_where_the_summary_is_known() {
        let merged = declared(Some(&[]), Some("[")).unwrap();
        assert!(merged.template.is_none() && merged.unreadable.is_some());
        assert!(declared(None, Some("[")).is_err());
        assert_eq!(declared(None, None).unwrap().declared, []);
    }
}
