//! How a stack is restored, where no manifest tells: even of a deleted stack CloudFormation tells for 90 days.

use crate::model::profile::Profile;
use crate::model::proof::Shape;
use crate::model::stack::{Declared, Resource, Stack};
use crate::model::topology::RestoreParameters;
use crate::plan::discover::{Overrides, amended, discover, switch};

/// As discovery finds it; of a stack that is gone, what its parameters and resources still say. `None`: no profile
/// fits.
pub fn shape(
    stack: &Stack,
    declared: &[Declared],
    resources: &[Resource],
    profiles: &[Profile],
    overrides: &Overrides,
) -> Option<Shape> {
    if let Ok(topology) = discover(stack, declared, resources, profiles, overrides) {
        return Some(Shape::from(&topology));
    }
    let fits = |profile: &&Profile| match &overrides.profile {
        Some(name) => profile.name == *name,
        None => profile.restore.as_ref().is_some_and(|keys| all_there(keys, stack)),
    };
    let profile = profiles.iter().find(fits)?;
    Some(Shape {
        profile: profile.name.clone(),
        restore: profile.restore.clone().filter(|keys| all_there(keys, stack)),
        offline: switch(stack, declared, &amended(profile, overrides)).ok().flatten(),
        parameter_store: profile.parameter_store.iter().map(|name| name.replace("{stack}", &stack.name)).collect(),
        secret: overrides.secret.clone().or_else(|| secret(profile, stack, resources)),
    })
}

fn all_there(keys: &RestoreParameters, stack: &Stack) -> bool {
    [&keys.source_stack, &keys.snapshot, &keys.secret, &keys.vault, &keys.recovery_point]
        .into_iter()
        .all(|key| stack.parameter(key).is_some())
}

/// A secret outlives its stack where the template says so.
fn secret(profile: &Profile, stack: &Stack, resources: &[Resource]) -> Option<String> {
    let of = |id: &String| resources.iter().find(|row| row.path.is_empty() && row.logical_id == *id);
    let row = profile.secret.logical_ids.iter().find_map(of);
    let output = |key: &String| stack.outputs.iter().find(|output| output.key == *key);
    row.and_then(|row| row.physical_id.clone())
        .or_else(|| profile.secret.outputs.iter().find_map(output).map(|output| output.value.clone()))
        .filter(|arn| arn.starts_with("arn:"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::stack::Parameter;
    use crate::plan::fixture;
    use crate::plan::profiles::built_in;

    fn deleted() -> (Stack, Vec<Resource>) {
        let mut stack = fixture::stack();
        let keys = built_in().remove(0).restore.unwrap();
        for key in [keys.source_stack, keys.snapshot, keys.secret, keys.vault, keys.recovery_point] {
            stack.parameters.push(Parameter { key, value: String::new(), resolved: None });
        }
        let mut resources = fixture::survey().resources.here().cloned().unwrap();
        for row in &mut resources {
            row.status = if row.logical_id == "AppDbSecret" { "DELETE_SKIPPED" } else { "DELETE_COMPLETE" }.into();
        }
        (stack, resources)
    }

    #[test]
    fn a_deleted_stacks_parameters_tell_its_kind() {
        let (stack, resources) = deleted();
        let shape = shape(&stack, &[], &resources, &built_in(), &Overrides::default()).unwrap();
        assert_eq!((shape.profile.as_str(), shape.restore.is_some()), ("hubs-cloud", true));
        assert_eq!(shape.parameter_store[1], "/keymaster/my-hub/phoenix-key");
        assert!(shape.secret.unwrap().ends_with("AppDbSecret-1a2b"));
        assert_eq!(shape.offline.unwrap().online, "Online");
    }

    #[test]
    fn no_profile_is_guessed() {
        let (mut stack, resources) = deleted();
        stack.parameters.pop();
        assert_eq!(shape(&stack, &[], &resources, &built_in(), &Overrides::default()), None);
        let named = Overrides { profile: Some("hubs-cloud".to_owned()), ..Overrides::default() };
        assert_eq!(shape(&stack, &[], &resources, &built_in(), &named).unwrap().restore, None);
    }
}
