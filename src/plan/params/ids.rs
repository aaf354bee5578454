//! The findings' ids. They are stable: scripts match them, so an id is never used for something else.

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $id;)+

        /// Every id with its situation, in order.
        pub const TABLE: &[(&str, &str)] = &[$(($id, concat!($($doc),+).trim_ascii())),+];
    };
}

ids! {
    /// Nobody knows which parameters of the template restore a backup.
    NO_RESTORE_PARAMETERS = "SS101";
    /// The template does not declare one of the five restore parameters.
    RESTORE_UNDECLARED = "SS102";
    /// The backup names no DB secret.
    NO_SECRET = "SS103";
    /// A restore parameter is given or left out by the user: it does not restore that backup.
    RESTORE_OVERRIDDEN = "SS104";
    /// The source stack was itself restored; its own restore parameters are replaced.
    RESTORE_REPLACED = "SS105";
    /// The offline parameter is given or left out by the user.
    OFFLINE_OVERRIDDEN = "SS106";
    /// The template does not declare the offline parameter.
    OFFLINE_UNDECLARED = "SS107";
    /// The user names a parameter that the template does not declare.
    UNKNOWN_KEY = "SS110";
    /// A parameter is given twice.
    GIVEN_TWICE = "SS111";
    /// The source stack has a parameter that the template does not declare.
    DROPPED = "SS112";
    /// The mask of a secret was given in place of its value.
    MASKED = "SS113";
    /// The source stack uses the same value, and two stacks cannot share it.
    SHARED = "SS114";
    /// The new stack uses the default of a parameter that the source stack did not have.
    NEW_DEFAULT = "SS115";
    /// The value is none of the allowed ones.
    NOT_ALLOWED = "SS120";
    /// The value does not match the allowed pattern.
    PATTERN = "SS121";
    /// The allowed pattern cannot be checked here.
    PATTERN_UNCHECKED = "SS122";
    /// The value is too short or too long.
    LENGTH = "SS123";
    /// The value is too small or too large.
    RANGE = "SS124";
    /// The value is not a number.
    NOT_A_NUMBER = "SS125";
    /// The value has more bytes than CloudFormation takes.
    TOO_LARGE = "SS126";
    /// The template has more parameters than CloudFormation takes.
    TOO_MANY = "SS127";
    /// The value of an SSM-typed parameter is no Parameter Store name.
    NOT_A_NAME = "SS128";
    /// The value is blank, but must name something that exists.
    BLANK = "SS129";
    /// CloudFormation takes what Parameter Store holds when the stack is created.
    RESOLVED_ANEW = "SS130";
    /// CloudFormation will not tell the value of a secret again: the user has to give it.
    NEEDS_SECRET = "SS131";
    /// The value must differ from the source stack's: the user has to choose it.
    NEEDS_ANOTHER = "SS132";
    /// The template has no default, and nobody gave a value.
    NEEDS_VALUE = "SS133";
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn ids_are_unique_and_in_order() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(TABLE.last(), Some(&(super::NEEDS_VALUE, "The template has no default, and nobody gave a value.")));
    }
}
