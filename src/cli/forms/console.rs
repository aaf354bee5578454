//! A link to the console's form, filled in.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{FormError, Place};
use crate::model::new_stack::{NewStack, TemplateSource};

/// Everything but RFC 3986's unreserved signs.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Servers and proxies cut longer ones.
const LONG: usize = 8_000;

/// The console's domain, by how the region's name begins: each partition has its own.
const CONSOLES: [(&str, &str); 4] = [
    ("cn-", "console.amazonaws.cn"),
    ("us-gov-", "console.amazonaws-us-gov.com"),
    ("eusc-", "console.amazonaws-eusc.eu"),
    ("", "console.aws.amazon.com"),
];

pub(super) fn quick_create(
    stack: &NewStack,
    place: &Place<'_>,
    warnings: &mut Vec<String>,
) -> Result<String, FormError> {
    let TemplateSource::Url(url) = &stack.template else { return Err(FormError::NoUrl) };
    let region = place.region;
    let mut link = format!("https://{}/cloudformation/home?region={region}#/stacks/create/review", host(region)?);
    link.push_str(&format!("?templateURL={}&stackName={}", encode(url), encode(&stack.name)));
    for parameter in stack.parameters.iter().filter(|parameter| !parameter.secret) {
        link.push_str(&format!("&param_{}={}", encode(&parameter.key), encode(&parameter.value)));
    }
    warnings.extend(not_carried(stack));
    if link.len() > LONG {
        warnings.push(format!("the link has {} characters: some browsers and proxies cut so long a link", link.len()));
    }
    link.push('\n');
    Ok(link)
}

fn host(region: &str) -> Result<String, FormError> {
    let plain = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let domain = CONSOLES.iter().find(|(prefix, _)| region.starts_with(prefix)).map(|(_, domain)| domain);
    match domain.filter(|_| plain && !region.contains("-iso")) {
        Some(domain) => Ok(format!("{region}.{domain}")),
        None => Err(FormError::NoConsole { region: region.to_owned() }),
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn not_carried(stack: &NewStack) -> Vec<String> {
    let secrets: Vec<&str> = stack.parameters.iter().filter(|p| p.secret).map(|p| p.key.as_str()).collect();
    let mut all = vec![format!(
        "a link carries no capabilities and no tags: acknowledge {} on the page",
        stack.capabilities.join(", ")
    )];
    if !secrets.is_empty() {
        all.push(format!("a link carries no secrets: type in {} on the page", secrets.join(", ")));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_own_console() {
        assert_eq!(host("eu-west-1").unwrap(), "eu-west-1.console.aws.amazon.com");
        assert_eq!(host("cn-north-1").unwrap(), "cn-north-1.console.amazonaws.cn");
        assert_eq!(host("us-gov-west-1").unwrap(), "us-gov-west-1.console.amazonaws-us-gov.com");
        assert_eq!(host("eusc-de-east-1").unwrap(), "eusc-de-east-1.console.amazonaws-eusc.eu");
        for unknown in ["us-iso-east-1", "eu-isoe-west-1", "", "evil.example/"] {
            assert_eq!(host(unknown), Err(FormError::NoConsole { region: unknown.to_owned() }));
        }
    }
}
