//! The profiles that are built in, and those the user adds.

use crate::model::profile::Profile;

/// The profile that is left when no other fits.
pub const GENERIC: &str = "generic";

const HUBS_CLOUD_TOML: &str = include_str!("profiles/hubs-cloud.toml");
const GENERIC_TOML: &str = include_str!("profiles/generic.toml");

/// `hubs-cloud` and `generic`, in the order in which they are tried. (Both parse: a test says so. One that
/// did not would be left out rather than end the program.)
pub fn built_in() -> Vec<Profile> {
    [HUBS_CLOUD_TOML, GENERIC_TOML].into_iter().filter_map(|text| toml::from_str(text).ok()).collect()
}

/// The user's profiles, tried first, and the built-in ones that they do not replace by name.
pub fn with(custom: Vec<Profile>) -> Vec<Profile> {
    let mut all = custom;
    for profile in built_in() {
        if all.iter().all(|known| known.name != profile.name) {
            all.push(profile);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_built_in_profiles_parse() {
        for text in [HUBS_CLOUD_TOML, GENERIC_TOML] {
            toml::from_str::<Profile>(text).unwrap();
        }
        let names: Vec<String> = built_in().into_iter().map(|profile| profile.name).collect();
        assert_eq!(names, ["hubs-cloud", GENERIC]);
    }

    #[test]
    fn a_users_profile_comes_first_and_replaces_a_built_in_one_of_its_name() {
        let mine = built_in().pop().map(|generic| Profile { ask: vec!["Mine".to_owned()], ..generic }).unwrap();
        let all = with(vec![mine]);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].ask, ["Mine"]);
    }
}
