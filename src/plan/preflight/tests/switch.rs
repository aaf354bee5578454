//! The mode change.

use super::*;

#[test]
fn a_stack_without_an_offline_parameter_can_only_be_backed_up_live() {
    let without = |survey: &mut Survey| {
        if let Some(Ok(topology)) = &mut survey.topology {
            topology.offline = None;
        }
    };
    error_when(ids::NO_OFFLINE_PARAMETER, without);
    only(&told_when(Ask { live: true, ..Ask::default() }, without), ids::LIVE, Severity::Info);
}

#[test]
fn an_offline_parameter_with_a_third_value_is_refused() {
    error_when(ids::MODE_UNKNOWN, on_stack(|stack| set(stack, "StackOffline", "Readonly")));
}

#[test]
fn a_stack_that_is_offline_already_stays_so() {
    let all = told(on_stack(|stack| set(stack, "StackOffline", OFFLINE)));
    only(&all, ids::ALREADY_OFFLINE, Severity::Info);
}

pub(super) fn waiting(survey: &mut Survey) {
    survey.change_sets = Seen::Here(vec![ChangeSet {
        arn: "arn:…".to_owned(),
        name: "deploy-42".to_owned(),
        status: "CREATE_COMPLETE".into(),
        reason: None,
        execution: "AVAILABLE".into(),
        changes: None,
    }]);
}

#[test]
fn somebody_elses_change_sets_are_a_warning_or_strictly_an_error() {
    assert!(warning_when(ids::CHANGE_SETS, waiting).what.contains("deploy-42"));
    only(&told_when(Ask { strict: true, ..Ask::default() }, waiting), ids::CHANGE_SETS, Severity::Error);
}

#[test]
fn no_mode_change_disturbs_nobodys_change_sets() {
    only(&told_when(Ask { live: true, ..Ask::default() }, waiting), ids::LIVE, Severity::Info);
    let all = told(|survey| {
        waiting(survey);
        on_stack(|stack| set(stack, "StackOffline", OFFLINE))(survey);
    });
    only(&all, ids::ALREADY_OFFLINE, Severity::Info);
}

#[test]
fn our_own_change_sets_are_ours_to_clean_up() {
    let all = told(|survey| {
        waiting(survey);
        if let Seen::Here(sets) = &mut survey.change_sets {
            sets[0].name = "ss-off-my-hub-20261119-020000-0".to_owned();
        }
    });
    assert!(all.is_empty());
}

#[test]
fn a_parameter_read_from_parameter_store_may_change_with_any_update() {
    let finding = warning_when(ids::SSM_TYPED, |survey| {
        if let Seen::Here(declared) = &mut survey.declared {
            let kind = "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>".to_owned();
            declared.push(Declared { key: "Image".to_owned(), kind, ..declared[0].clone() });
        }
        on_stack(|stack| {
            let resolved = Some("ami-1".to_owned());
            stack.parameters.push(Parameter { key: "Image".to_owned(), value: "/ami".to_owned(), resolved });
        })(survey);
    });
    assert!(finding.what.contains("Image (now ami-1)"));
}

#[test]
fn a_domain_outside_route_53_loses_its_load_balancer() {
    let trap = |stack: &mut Stack| set(stack, "IsDomainOnRoute53", "No");
    let finding = warning_when(ids::LOAD_BALANCER, on_stack(trap));
    assert!(finding.what.contains("AddressForRootDomain (now lb-1.elb)"));
    let safe = told(on_stack(|stack| {
        trap(stack);
        set(stack, "StackOfflineRedirectUrl", "https://example.com");
    }));
    assert!(safe.is_empty());
    let round_robin = told(|survey| {
        on_stack(trap)(survey);
        if let Seen::Here(resources) = &mut survey.resources {
            resources.retain(|resource| resource.logical_id != "AppALB");
        }
    });
    assert!(round_robin.is_empty());
}
