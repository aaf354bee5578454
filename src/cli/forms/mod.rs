//! A new stack's parameters in the forms that other tools read.
//!
//! Each form is written by a serializer or by the one function that quotes for a shell; each is read back in
//! the tests by the tool that it is for. What a form cannot carry is an error, never a guess.

mod console;
mod document;
mod error;
mod json;
mod lines;
mod sam;
#[cfg(test)]
mod tests;

use clap::ValueEnum;

pub(crate) use document::NewStackParameters;
pub use error::FormError;

use crate::model::new_stack::NewStack;

/// A form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For `aws cloudformation create-stack --parameters file://`
    #[default]
    CreateStack,
    /// The whole document for `aws cloudformation create-stack --cli-input-json file://`
    CliInput,
    /// For `aws cloudformation deploy --parameter-overrides file://`
    Deploy,
    /// For `rain deploy --config`; AWS CodePipeline reads it, too
    Rain,
    /// samconfig.toml, for `sam deploy`
    Samconfig,
    /// terraform.tfvars.json with `stack_parameters`
    Terraform,
    /// A link to the console's form, filled in
    QuickCreate,
    /// Lines for $GITHUB_OUTPUT
    Github,
    /// `export` lines for a POSIX shell
    Env,
}

/// What some forms need besides the stack.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// The region that the stack will be in.
    pub region: &'a str,
    /// `ClientRequestToken`
    pub token: Option<&'a str>,
}

/// A form that was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text, with a line end.
    pub text: String,
    /// What to know about it.
    pub warnings: Vec<String>,
}

/// Fills in a form.
///
/// # Errors
/// The form cannot carry it: see [`FormError`].
pub fn render(form: Form, stack: &NewStack, place: &Place<'_>) -> Result<Rendered, FormError> {
    if let Some(masked) = stack.parameters.iter().find(|parameter| crate::plan::params::is_mask(&parameter.value)) {
        return Err(FormError::Masked { key: masked.key.clone() });
    }
    let mut warnings = Vec::new();
    let text = match form {
        Form::CreateStack => json::create_stack(stack),
        Form::CliInput => json::cli_input(stack, place),
        Form::Deploy => json::deploy(stack),
        Form::Rain => json::rain(stack),
        Form::Terraform => json::terraform(stack),
        Form::Samconfig => sam::samconfig(stack, place),
        Form::QuickCreate => console::quick_create(stack, place, &mut warnings),
        Form::Github => Ok(lines::github(stack)),
        Form::Env => lines::env(stack),
    }?;
    if form != Form::QuickCreate {
        warnings.extend(secrets(stack));
    }
    Ok(Rendered { text, warnings })
}

fn secrets(stack: &NewStack) -> Option<String> {
    let keys: Vec<&str> = stack.parameters.iter().filter(|p| p.secret).map(|p| p.key.as_str()).collect();
    (!keys.is_empty()).then(|| {
        let keys = keys.join(", ");
        format!("the text holds secrets ({keys}): let nobody else read it, and delete it when the stack is made")
    })
}
