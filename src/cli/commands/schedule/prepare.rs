//! From what is asked for to what would be deployed: looks at everything, touches nothing.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::super::args::TopologyFlags;
use super::super::super::context::Context;
use super::super::super::exit::Exit;
use super::super::super::failure::Failure;
use super::args::Asked;
use super::plan::{ParameterRow, ResourceRow, SchedulePlan};
use super::runs::{Said, When};
use super::{refuse, tend};
use crate::aws::Aws;
use crate::model::id::prefix;
use crate::model::new_stack::StackTag;
use crate::model::survey::Survey;
use crate::model::watch;
use crate::plan::schedule::Expression;
use crate::plan::schedule::deployment::{self, Deployed, Proposal, TAG};
use crate::plan::schedule::parameters::{Chosen, Origin, Unfit, Wish, Wished, choose};
use crate::world::World;

/// So many runs are looked at for how far apart they lie: a week of hourly ones, with its end; nine weeks and more of daily ones.
const A_WEEK_AND_MORE: usize = 200;

/// What would be deployed.
pub(super) struct Prepared {
    pub(super) plan: SchedulePlan,
    pub(super) proposal: Proposal,
}

/// Looks, and plans.
///
/// # Errors
/// It cannot be deployed so.
pub(super) async fn prepare(cx: &Context, aws: &Aws, asked: &Asked) -> Result<Prepared, Failure> {
    let there = tend::find(cx, aws, asked.deployment()).await?;
    if let Some(deployed) = &there {
        refuse::changeable(cx, aws, asked.deployment(), &deployed.stack.status)?;
        refuse::same_stacks(asked, deployed)?;
    }
    refuse::first_time(asked, there.as_ref())?;
    refuse::code_is_there(cx, aws, asked).await?;
    let mut warnings = Vec::new();
    let mut wish = asked.wish();
    wish_prefix(asked, &mut wish);
    if let Some(stack) = &asked.stack {
        let survey = cx.survey(aws, stack, &TopologyFlags::default()).await?;
        found(asked, &survey, &mut wish, &mut warnings);
    }
    let template = deployment::template().map_err(|error| {
        Failure::new(Exit::Failed, "template", "the embedded template cannot be read").why(error.to_string())
    })?;
    let now = there.as_ref().map(|there| there.stack.parameters.as_slice());
    let chosen = choose(&template.parameters, &wish, now).map_err(|unfit| misfits(&unfit))?;
    let fleet = stacks(cx, aws, &chosen, &mut warnings).await?;
    let when = when(&chosen, aws.now());
    timely(asked, &when, &chosen, &mut warnings)?;
    let before = now.and_then(|now| now.iter().find(|parameter| parameter.key == "ScheduleExpression"));
    begins_at_once(&when, before.map(|parameter| parameter.value.as_str()), &mut warnings);
    often_enough(&chosen, aws.now(), &mut warnings);
    early_enough(&chosen)?;
    let values = || chosen.iter().map(|one| (one.key.as_str(), one.value.as_str()));
    let resources = deployment::resources(&template, asked.deployment(), values());
    let plan = SchedulePlan {
        deployment: asked.deployment().to_owned(),
        region: aws.region().to_owned(),
        action: if there.is_some() { "update" } else { "create" },
        stack_id: there.as_ref().map(|there| there.stack.id.clone()),
        stacks: fleet,
        fleet_tag: Some(of(&chosen, "FleetTag").to_owned()).filter(|tag| !tag.is_empty()),
        when,
        parameters: chosen.iter().map(ParameterRow::of).collect(),
        resources: resources.into_iter().map(ResourceRow::of).collect(),
        warnings,
    };
    Ok(Prepared { proposal: proposal(asked.deployment(), there.as_ref(), &chosen, aws.now()), plan })
}

/// The function may snapshot under the names that the stack's backups bear, and no others.
fn wish_prefix(asked: &Asked, wish: &mut Wish) {
    let found = |value: String| Wished { value, origin: Origin::Found };
    let prefix = match (&asked.stack, &asked.fleet_tag) {
        (Some(stack), _) => Some(prefix(stack)).filter(|prefix| prefix != stack).unwrap_or_default(),
        (None, Some(_)) => String::new(),
        (None, None) => return,
    };
    wish.entry("SnapshotPrefix".to_owned()).or_insert_with(|| found(prefix));
}

/// What the stack itself tells: the role, and what will not work.
fn found(asked: &Asked, survey: &Survey, wish: &mut Wish, warnings: &mut Vec<String>) {
    let name = asked.stack.as_deref().unwrap_or_default();
    if asked.backup_role.is_none() {
        match survey.role.here() {
            Some(role) => {
                wish.insert("BackupRoleArn".to_owned(), Wished { value: role.arn.clone(), origin: Origin::Found });
            }
            None => warnings
                .push(format!("no role that AWS Backup could work with was found for {name}: `--backup-role ARN`")),
        }
    }
    let live = wish.get("Live").is_some_and(|live| live.value == "true");
    let update_policy = wish.contains_key("UpdatePolicyArns");
    let declared = survey.declared.here().into_iter().flatten();
    let typed: Vec<&str> = declared.filter(|one| one.ssm_typed()).map(|one| one.key.as_str()).collect();
    if !live && !typed.is_empty() && !update_policy {
        warnings.push(format!(
            "{name} reads parameters from Parameter Store ({}), and CloudFormation resolves them with the function's rights, \
             whatever role the stack has: give it a policy that allows `ssm:GetParameters` on them by `--update-policy ARN`, \
             unless the deployment has it already",
            typed.join(", ")
        ));
    }
    match &survey.topology {
        Some(Ok(topology)) if topology.offline.is_none() && !live => {
            warnings
                .push(format!("{name} has no parameter that takes it offline, so only `--live` backups are possible"));
        }
        Some(Err(problems)) => {
            warnings.extend(problems.iter().map(|problem| format!("{}: {}", problem.what, problem.why)));
        }
        _ => {}
    }
    let role = survey.stack.here().is_some_and(|stack| stack.role_arn.is_some());
    if !live && !role && !update_policy {
        warnings.push(format!(
            "{name} has no service role, so its update is made with the function's own rights: give it what that \
             needs by `--update-policy ARN`, unless the deployment has it already"
        ));
    }
}

async fn stacks(
    cx: &Context,
    aws: &Aws,
    chosen: &[Chosen],
    warnings: &mut Vec<String>,
) -> Result<Vec<String>, Failure> {
    let tag = of(chosen, "FleetTag");
    if tag.is_empty() {
        return Ok(vec![of(chosen, "Stack").to_owned()]);
    }
    let all = aws.stacks().await.map_err(|refusal| cx.refused("the stacks cannot be listed", &refusal))?;
    let fleet = watch::fleet(tag, &all);
    if fleet.is_empty() {
        warnings.push(format!("no stack in {} bears the tag {tag} yet", aws.region()));
    }
    Ok(fleet)
}

fn when(chosen: &[Chosen], now: Timestamp) -> When {
    let (expression, timezone) = (of(chosen, "ScheduleExpression"), of(chosen, "ScheduleTimezone"));
    When::of(Said { expression, timezone, state: of(chosen, "ScheduleState") }, now, now)
}

/// It will run at all, and not before the last run can be over.
fn timely(asked: &Asked, when: &When, chosen: &[Chosen], warnings: &mut Vec<String>) -> Result<(), Failure> {
    if asked.expression().is_some() && when.state == "ENABLED" && when.next.is_empty() {
        let what = format!("`{}` never comes again by the clocks of {}", when.expression, when.timezone);
        return Err(Failure::usage(what).hint("write one that does, for example `--cron '0 3 * * ? *'`"));
    }
    let apart = |pair: &[super::runs::NextRun]| pair[1].utc.duration_since(pair[0].utc).as_mins();
    let closest = when.next.windows(2).map(apart).min();
    let longest = of(chosen, "MaxOfflineMinutes").parse::<i64>().unwrap_or_default();
    if let Some(closest) = closest.filter(|closest| *closest < longest) {
        warnings.push(format!(
            "the runs are {closest} minutes apart, and each may take the stack offline for {longest}: one that finds another \
             under way is refused"
        ));
    }
    Ok(())
}

/// AWS counts a rate from the moment it is made, and begins with a run: at noon, perhaps.
fn begins_at_once(when: &When, before: Option<&str>, warnings: &mut Vec<String>) {
    if when.approximate && when.state == "ENABLED" && before != Some(when.expression.as_str()) {
        warnings.push(format!(
            "`{}` begins with a run as soon as it is deployed: for an hour of your choice use `--cron '0 3 * * ? *'`",
            when.expression
        ));
    }
}

/// Whether the alarm for too old a backup would ring between two runs that go well.
fn often_enough(chosen: &[Chosen], now: Timestamp, warnings: &mut Vec<String>) {
    let Ok(hours) = of(chosen, "NoGoodBackupHours").parse::<i64>() else { return };
    let (expression, zone) = (of(chosen, "ScheduleExpression").parse(), TimeZone::get(of(chosen, "ScheduleTimezone")));
    let (Ok(expression), Ok(zone)) = (expression, zone) else { return };
    let expression: Expression = expression;
    let next = expression.upcoming(&zone, now, now, A_WEEK_AND_MORE);
    let longest = next.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_hours()).max();
    if let Some(longest) = longest.filter(|longest| *longest >= hours) {
        warnings.push(format!(
            "up to {longest} hours lie between two runs, and the alarm for no good backup goes off after {hours}: \
             `--no-good-backup-hours {}`",
            longest + 2
        ));
    }
}

/// A run that begins late in its window is not taken for one that was delivered too late.
fn early_enough(chosen: &[Chosen]) -> Result<(), Failure> {
    let minutes = |key: &str| of(chosen, key).parse::<u32>().ok();
    let (Some(window), Some(late)) = (minutes("FlexibleWindowMinutes"), minutes("LateAfterMinutes")) else {
        return Ok(());
    };
    if window < late {
        return Ok(());
    }
    let what = format!("the runs may begin {window} minutes after their time, and are too late after {late}");
    Err(Failure::usage(what)
        .why("a run that begins at the end of its window would be skipped; nothing was touched")
        .hint(format!("a shorter window, for example `--flexible-window {}m`", late / 4))
        .hint(format!("or more patience: `--set LateAfterMinutes=MINUTES`, more than {window}")))
}

/// A chosen value.
fn of<'a>(chosen: &'a [Chosen], key: &str) -> &'a str {
    chosen.iter().find(|one| one.key == key).map(|one| one.value.as_str()).unwrap_or_default()
}

fn misfits(unfit: &[Unfit]) -> Failure {
    let each = |unfit: &Unfit| match unfit {
        Unfit::Unknown { key } => format!("the template has no parameter {key}"),
        Unfit::Missing { key } => format!("{key} needs a value: `{}`", flag(key)),
        Unfit::Refused { key, why } => format!("{key} does not fit: {why}"),
    };
    let all: Vec<String> = unfit.iter().map(each).collect();
    Failure::usage("the template's parameters cannot be filled in").why(all.join("; "))
}

/// The flag that says a parameter which has no default.
fn flag(key: &str) -> String {
    match key {
        "CodeS3Bucket" | "CodeS3Key" => "--code s3://BUCKET/KEY".to_owned(),
        "BackupRoleArn" => "--backup-role ARN".to_owned(),
        _ => format!("--set {key}=VALUE"),
    }
}

/// Whatever stays is sent as such, so that a value which was changed meanwhile, or may not be seen, stays.
fn proposal(name: &str, there: Option<&Deployed>, chosen: &[Chosen], now: Timestamp) -> Proposal {
    let sent = |one: &&Chosen| one.origin != Origin::Default;
    let value = |one: &Chosen| (one.key.clone(), (one.origin != Origin::Kept).then(|| one.value.clone()));
    let stack = there.map_or_else(|| name.to_owned(), |there| there.stack.id.clone());
    // A change set's tags take the place of the stack's: those of others stay. AWS's own may not be sent.
    let others = there.into_iter().flat_map(|there| &there.stack.tags);
    let others = others.filter(|tag| tag.key != TAG && !tag.key.starts_with("aws:")).cloned();
    let own = StackTag { key: TAG.to_owned(), value: name.to_owned() };
    Proposal {
        stack,
        create: there.is_none(),
        name: format!("stacksnap-{}", now.strftime("%Y%m%d-%H%M%S-%3f")),
        parameters: chosen.iter().filter(sent).map(value).collect(),
        tags: others.chain([own]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(window: &str, late: &str) -> Vec<Chosen> {
        let one = |(key, value): (&str, &str)| Chosen {
            key: key.to_owned(),
            value: value.to_owned(),
            before: None,
            origin: Origin::Given,
            secret: false,
        };
        [("FlexibleWindowMinutes", window), ("LateAfterMinutes", late)].map(one).into()
    }

    #[test]
    fn the_window_ends_before_a_run_is_too_late() {
        assert!(early_enough(&chosen("59", "60")).is_ok());
        assert!(early_enough(&chosen("0", "1")).is_ok());
        for (window, late) in [("60", "60"), ("120", "60")] {
            let refused = early_enough(&chosen(window, late)).unwrap_err();
            assert!(refused.what.contains(window) && refused.what.contains(late), "{}", refused.what);
            assert!(refused.why.is_some() && refused.next.iter().all(|next| next.contains('`')));
        }
    }
}
