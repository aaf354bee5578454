//! The findings' ids. They are stable: scripts match them, so an id is never used for something else.

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = $id;)+

        /// Every id with its situation, in order.
        pub const TABLE: &[(&str, &str)] = &[$(($id, concat!($($doc),+).trim_ascii())),+];
    };
}

ids! {
    /// A restore parameter would get another value.
    CHANGED = "SS201";
    /// A restore parameter would become blank.
    BLANKED = "SS202";
    /// A restore parameter is left out, and would fall back to the template's default.
    DROPPED = "SS203";
    /// The new template does not declare a restore parameter that is set.
    UNDECLARED = "SS204";
    /// It cannot be told what becomes of a restore parameter.
    PARAMETER_UNKNOWN = "SS205";
    /// The template's use of a restore parameter would change.
    USE_CHANGED = "SS206";
    /// The new template, or the old one, cannot be read.
    USE_UNKNOWN = "SS207";
    /// What is protected would be replaced or removed.
    DESTROYS = "SS210";
    /// What is protected may be replaced.
    MAY_DESTROY = "SS211";
    /// Only a change set shows for certain what an update replaces.
    NO_CHANGE_SET = "SS212";
    /// The update is for another stack.
    OTHER_STACK = "SS220";
}

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn ids_are_unique_and_in_order() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(TABLE[0], (super::CHANGED, "A restore parameter would get another value."));
    }
}
