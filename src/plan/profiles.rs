//! The profiles that are built in.

use crate::model::profile::Profile;

/// `hubs-cloud` and `generic`, in the order in which they are tried.
pub fn built_in() -> Vec<Profile> {
    unimplemented!()
}
