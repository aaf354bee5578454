//! What a form cannot carry.

use super::super::exit::Exit;
use super::super::failure::Failure;

/// Why a form cannot be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The console fetches the template itself.
    #[error("a quick-create link needs the template's URL")]
    NoUrl,
    /// CreateStack takes no larger body.
    #[error("the template has {bytes} bytes, CreateStack takes {most} at most in its body")]
    BodyTooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// There is no console that is known here.
    #[error("the AWS console of the region {region} is not known here")]
    NoConsole {
        /// The region.
        region: String,
    },
    /// A shell knows no variable of that name.
    #[error("{key} cannot be a shell variable: it begins with a digit, or has other signs than letters and digits")]
    NoVariable {
        /// The parameter's key.
        key: String,
    },
    /// A shell works with that variable itself.
    #[error("{key} is a variable that the shell itself needs")]
    ShellsOwn {
        /// The parameter's key.
        key: String,
    },
    /// The tool's own reader would read another value.
    #[error("the value of {key} cannot be written so that {tool} reads it again")]
    Unwritable {
        /// The parameter's key.
        key: String,
        /// The tool.
        tool: &'static str,
    },
    /// A secret's mask in place of its value.
    #[error("the value of {key} is the mask that AWS shows in place of a secret")]
    Masked {
        /// The parameter's key.
        key: String,
    },
    /// A serializer refused. None of ours does for such values.
    #[error("the form cannot be written: {0}")]
    Serializer(String),
}

impl From<FormError> for Failure {
    fn from(error: FormError) -> Self {
        let what = error.to_string();
        let (code, hint) = match error {
            FormError::NoUrl => ("needs-template-url", "give it with `--template-url`: the console fetches it from S3"),
            FormError::BodyTooLarge { .. } => ("template-too-large", "put it into a bucket, and give `--template-url`"),
            FormError::NoConsole { .. } => ("no-console", "use `--format create-stack`, and type the values in there"),
            FormError::NoVariable { .. } | FormError::ShellsOwn { .. } => {
                ("no-variable", "use another form: `--format create-stack` carries every key")
            }
            FormError::Unwritable { .. } => {
                ("unwritable", "use another form: `--format create-stack` carries every value")
            }
            FormError::Masked { .. } => ("masked", "give the real value with `--set-file KEY=FILE`"),
            FormError::Serializer(_) => ("unwritable", "use another form"),
        };
        Self::new(Exit::Usage, code, what).hint(hint)
    }
}
