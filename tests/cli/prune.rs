//! `prune`: what goes, and what is said of it.

use serde_json::{Value, json};
use stacksnap_sandbox::seeds::BackupSeed;

use super::support::{Aws, Ran, STACK, text, with};

/// Plants past backups, as stacksnap tags them; the newest is a day old. Their ids, the newest first.
pub(crate) fn plant(aws: &Aws, count: u32) -> Vec<String> {
    plant_with(aws, count, &json!({}), &json!({}))
}

/// The same, with more tags on the snapshots and on the recovery points; null: without this one.
pub(crate) fn plant_with(aws: &Aws, count: u32, snapshot: &Value, point: &Value) -> Vec<String> {
    let common = json!({"stacksnap:id": "{stack}-{stamp}", "stacksnap:stack": "{stack}", "stacksnap:stack-id": "{stack_id}",
        "stacksnap:mode": "offline", "stacksnap:complete": "{time}"});
    let merged = |more: &[&Value]| {
        let mut all = common.clone();
        for (key, value) in more.iter().flat_map(|tags| tags.as_object().unwrap()) {
            all[key] = value.clone();
        }
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        all
    };
    let vault = json!({"stacksnap:vault": "{vault}", "stacksnap:recovery-point": "{recovery_point}"});
    let named = json!({"stacksnap:snapshot": "{snapshot}"});
    planted(
        aws,
        &json!({
            "stack": STACK, "count": count, "every": 86_400,
            "snapshot": {"id": "{stack}-{stamp}", "tags": merged(&[&vault, snapshot])},
            "recovery_point": {"tags": merged(&[&named, point])},
        }),
    )
}

pub(crate) fn planted(aws: &Aws, seed: &Value) -> Vec<String> {
    let seed: BackupSeed = serde_json::from_value(seed.clone()).unwrap();
    let planted = aws.sandbox.seed_backups(&seed).unwrap();
    planted.into_iter().rev().map(|one| one.snapshot.or(one.recovery_point).unwrap()).collect()
}

/// The ids of the backups there are, the newest first.
pub(crate) fn ids(aws: &Aws) -> Vec<String> {
    let list = aws.run(&["list", STACK, "-o", "json"]).ends(0).json();
    list["items"].as_array().unwrap().iter().map(|row| text(row, "/id")).collect()
}

pub(crate) fn prune<'a>(more: &[&'a str]) -> Vec<&'a str> {
    with(&["prune", STACK, "--yes", "-o", "json"], more)
}

/// How many snapshots and recovery points there are, whoever made them.
pub(crate) fn halves(aws: &Aws) -> (usize, usize) {
    (aws.of_region("snapshots").len(), aws.of_region("recovery_points").len())
}

/// So many more than before.
pub(crate) fn more((snapshots, points): (usize, usize), by: usize) -> (usize, usize) {
    (snapshots + by, points + by)
}

/// What a prune said of one backup.
pub(crate) fn row(ran: &Ran, id: &str) -> Value {
    let report = ran.json();
    let rows = report["items"].as_array().unwrap().iter().flat_map(|item| item["backups"].as_array().unwrap().clone());
    rows.into_iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no {id} in {}", ran.out))
}

#[test]
fn what_no_rule_keeps_is_deleted_with_both_halves() {
    let aws = Aws::fast();
    let before = halves(&aws);
    let all = plant(&aws, 5);
    let ran = aws.run(&prune(&["--keep-last", "2"])).ends(0);
    assert_eq!(ids(&aws), all[..2]);
    assert_eq!(
        (text(&row(&ran, &all[4]), "/outcome"), text(&row(&ran, &all[0]), "/verdict")),
        ("deleted".into(), "keep".into())
    );
    assert_eq!(halves(&aws), more(before, 2));
    // Again: nothing more goes.
    let again = aws.run(&prune(&["--keep-last", "2"])).ends(0);
    assert_eq!((&again.json()["changed"], ids(&aws)), (&json!(false), all[..2].to_vec()));
}

#[test]
fn a_dry_run_only_looks_and_says_why() {
    let aws = Aws::fast();
    let all = plant(&aws, 9);
    aws.sandbox.clear_requests();
    let ran = aws.run(&["prune", STACK, "--dry-run", "--keep-daily", "3", "--keep-weekly", "2"]).ends(0);
    ran.shows("daily 2 of 3 (newest of ")
        .shows("no rule keeps it")
        .shows("the last complete backup")
        .shows("nothing was changed");
    for request in aws.sandbox.requests() {
        assert!(["Describe", "List", "Get"].iter().any(|verb| request.operation.starts_with(verb)), "{request:?}");
    }
    assert_eq!(ids(&aws), all);
}

#[test]
fn without_a_rule_the_last_week_is_kept() {
    let aws = Aws::fast();
    let all = plant(&aws, 10);
    aws.run(&prune(&[])).ends(0);
    assert_eq!(ids(&aws), all[..8], "the newest, and seven days before it");
}

#[test]
fn the_rules_of_a_stack_stand_in_the_file() {
    let aws = Aws::fast();
    let all = plant(&aws, 4);
    aws.file(
        "stacksnap.toml",
        "[defaults.retention]\nkeep-last = 4\n[stacks.my-hub.retention]\nkeep-last = 3\ntime-zone = \"Asia/Seoul\"\n",
    );
    let ran = aws.run(&["prune", "--yes"]).ends(0);
    ran.shows("keep-last 3 (Asia/Seoul)");
    assert_eq!(ids(&aws), all[..3]);
}

#[test]
fn somebody_has_to_say_yes() {
    let aws = Aws::fast();
    let all = plant(&aws, 3);
    aws.run(&["prune", STACK, "--keep-last", "1"]).ends(2).says("--yes");
    assert_eq!(ids(&aws), all);
}

#[test]
fn more_than_ten_at_once_have_to_be_counted() {
    let aws = Aws::fast();
    let all = plant(&aws, 13);
    aws.run(&prune(&["--keep-last", "1"]))
        .ends(4)
        .says("12 backups of my-hub would be deleted")
        .says("--force-count 12");
    assert_eq!(ids(&aws), all);
    aws.run(&prune(&["--keep-last", "1", "--force-count", "11"])).ends(4);
    aws.run(&prune(&["--keep-last", "1", "--force-count", "12"])).ends(0);
    assert_eq!(ids(&aws), all[..1]);
}

#[test]
fn a_backup_from_the_future_means_that_a_clock_is_wrong() {
    let aws = Aws::fast();
    plant(&aws, 3);
    let ahead = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 400);
    planted(
        &aws,
        &json!({"stack": STACK, "count": 1, "at": ahead.to_string(), "snapshot": {"id": "{stack}-{stamp}",
        "tags": {"stacksnap:id": "{stack}-{stamp}", "stacksnap:stack": "{stack}", "stacksnap:complete": "{time}"}}}),
    );
    aws.run(&prune(&["--keep-last", "1"])).ends(4).says("in the future").says("clock");
    assert_eq!(ids(&aws).len(), 4);
}

#[test]
fn nonsense_is_refused_before_anything_is_asked() {
    let aws = Aws::fast();
    plant(&aws, 2);
    aws.sandbox.clear_requests();
    for (rule, says) in [
        (["--keep-last", "0"], "keeps nothing"),
        (["--keep-daily", "many"], "not a number"),
        (["--keep-within", "soon"], "not a duration"),
        (["--keep-within", "6m"], "`m` is minutes"),
        (["--time-zone", "Europe/Atlantis"], "not a time zone"),
        (["--keep-tag", "=x"], "names no tag"),
    ] {
        aws.run(&prune(&rule)).ends(2).says(says);
    }
    for (file, says) in [
        ("keep-last = 0", "leave the rule out"),
        ("keep-dayly = 7", "did you mean `keep-daily`"),
        ("time-zone = \"CEST-ish\"", "not a time zone"),
        ("keep-within = \"0s\"", "keeps nothing"),
    ] {
        aws.file("stacksnap.toml", &format!("[stacks.my-hub.retention]\n{file}\n"));
        aws.run(&prune(&[])).ends(2).says(says);
    }
    assert!(aws.sandbox.requests().is_empty());
    aws.file("stacksnap.toml", "[stacks.my-hub.retention]\nkeep-tag = []\n");
    aws.run(&prune(&[])).ends(4).says("has no rule");
    aws.file("stacksnap.toml", "");
    aws.run(&prune(&["--keep-tag", "release"])).ends(4).says("keeps any of its backups");
    assert_eq!(ids(&aws).len(), 2);
}

#[test]
fn orphans_and_seeds_go_when_they_are_old_and_ours() {
    let aws = Aws::fast();
    let before = halves(&aws);
    let all = plant(&aws, 1);
    let old = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(72)).to_string();
    let young = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(2)).to_string();
    let ours =
        json!({"stacksnap:id": "{stack}-{stamp}", "stacksnap:stack": "{stack}", "stacksnap:stack-id": "{stack_id}"});
    planted(&aws, &json!({"stack": STACK, "at": old, "snapshot": {"id": "{stack}-{stamp}", "tags": ours}}));
    planted(&aws, &json!({"stack": STACK, "at": young, "snapshot": {"id": "{stack}-{stamp}", "tags": ours}}));
    planted(
        &aws,
        &json!({"stack": STACK, "at": old, "recovery_point": {"tags": {"stacksnap:seed": "{stack}-{stamp}"}}}),
    );
    planted(
        &aws,
        &json!({"stack": STACK, "at": young, "recovery_point": {"tags": {"stacksnap:seed": "{stack}-{stamp}"}}}),
    );
    aws.run(&prune(&["--keep-last", "1"])).ends(0).shows("it never was complete").shows("younger than --grace");
    assert_eq!(halves(&aws), more(before, 2));
    aws.run(&prune(&["--keep-last", "1", "--grace", "1h"])).ends(0);
    assert_eq!(halves(&aws), more(before, 1));
    assert_eq!(ids(&aws), all);
}

#[test]
fn a_deletion_that_aws_only_pretends_is_told_and_finished_later() {
    let aws = Aws::fast();
    let all = plant(&aws, 2);
    aws.fault("backup:DeleteRecoveryPoint=delete-lies*1");
    aws.run(&prune(&["--keep-last", "1"])).ends(1).says("left it EXPIRED").says("iam:CreateServiceLinkedRole");
    assert_eq!(ids(&aws), all, "the database's half is still there, and listed");
    assert_eq!(aws.states(), ["complete", "incomplete"]);
    aws.run(&prune(&["--keep-last", "1"])).ends(0);
    assert_eq!(ids(&aws), all[..1]);
}

#[test]
fn a_missing_permission_is_named_and_the_mark_is_put_back() {
    let aws = Aws::fast();
    let all = plant(&aws, 2);
    aws.fault("backup:DeleteRecoveryPoint=access-denied*1");
    aws.run(&prune(&["--keep-last", "1"])).ends(1).says("grant backup:DeleteRecoveryPoint");
    assert_eq!((ids(&aws), aws.states()), (all.clone(), vec!["complete".to_owned(); 2]));
    aws.fault("cloudformation:DescribeStacks=access-denied*1");
    aws.run(&prune(&["--keep-last", "1"])).ends(1).says("whether a live stack uses a backup cannot be told");
    assert_eq!(ids(&aws), all);
}

#[test]
fn a_prune_that_is_killed_is_finished_by_the_next() {
    for operation in ["AddTagsToResource", "RemoveTagsFromResource", "DeleteRecoveryPoint", "DeleteDBClusterSnapshot"] {
        let aws = Aws::fast();
        let before = halves(&aws);
        let all = plant(&aws, 3);
        aws.sandbox.clear_requests();
        let mut child = aws.start_until(&prune(&["--keep-last", "1"]), operation);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(ids(&aws).contains(&all[0]), "{operation}");
        aws.run(&prune(&["--keep-last", "1"])).ends(0);
        assert_eq!(ids(&aws), all[..1], "{operation}");
        assert_eq!(halves(&aws), more(before, 1), "{operation}");
    }
}

#[test]
fn a_backup_prunes_after_itself_where_the_file_says_so() {
    let aws = Aws::fast();
    plant(&aws, 3);
    aws.file("stacksnap.toml", "[stacks.my-hub.retention]\nkeep-last = 2\nafter-backup = true\n");
    let ran = aws.run(&["backup", STACK, "--live", "-o", "json"]).ends(0);
    assert_eq!(text(&ran.json(), "/outcome"), "complete", "one document: the backup's");
    ran.says("deleted my-hub-");
    assert_eq!(ids(&aws).len(), 2);
    // What goes wrong with the prune does not make the backup a bad one.
    aws.file("stacksnap.toml", "[stacks.my-hub.retention]\nkeep-tag = []\nafter-backup = true\n");
    aws.run(&["backup", STACK, "--live", "--quiet"])
        .ends(0)
        .says("the backup is complete, but pruning went wrong")
        .says("has no rule");
    assert_eq!(ids(&aws).len(), 3);
}

#[test]
fn a_backups_manifest_goes_with_it() {
    let aws = Aws::fast();
    let kept =
        |id: &str| aws.of_region("ssm").iter().any(|row| text(row, "/name").ends_with(&format!("/manifests/{id}")));
    let id = text(&aws.run(&["backup", STACK, "--live", "--quiet", "-o", "json"]).ends(0).json(), "/id");
    aws.run(&["backup", STACK, "--live", "--quiet"]).ends(0);
    assert!(kept(&id));
    aws.run(&prune(&["--keep-last", "1"])).ends(0);
    assert!(!kept(&id));
}

#[test]
fn the_day_the_quota_is_used_up_is_foretold() {
    let aws = Aws::fast();
    plant(&aws, 90);
    aws.run(&["check", STACK]).ends(0).shows("SS036").shows("are used up on ");
    aws.run(&["prune", STACK, "--dry-run", "--keep-last", "200"])
        .ends(0)
        .shows("90 of 100 in this region; at this rate");
    aws.file("stacksnap.toml", "[stacks.my-hub.retention]\nafter-backup = true\n");
    let calm = aws.run(&["check", STACK]).ends(0);
    assert!(!calm.out.contains("SS036"), "{}", calm.out);
}

#[test]
fn one_stacks_bad_rules_stop_no_other() {
    let aws = Aws::fast();
    let all = plant(&aws, 2);
    aws.sandbox.seed_stack(&stacksnap_sandbox::seeds::hubs("other"));
    let others = {
        let tags = json!({"stacksnap:id": "{stack}-{stamp}", "stacksnap:stack": "{stack}", "stacksnap:stack-id": "{stack_id}",
            "stacksnap:vault": "{vault}", "stacksnap:recovery-point": "{recovery_point}", "stacksnap:complete": "{time}"});
        planted(
            &aws,
            &json!({"stack": "other", "count": 2, "snapshot": {"id": "{stack}-{stamp}", "tags": tags},
            "recovery_point": {"tags": {"stacksnap:id": "{stack}-{stamp}", "stacksnap:snapshot": "{snapshot}", "stacksnap:stack": "{stack}"}}}),
        )
    };
    aws.file("stacksnap.toml", "[stacks.my-hub.retention]\nkeep-last = 1\n[stacks.other.retention]\nkeep-tag = []\n");
    aws.run(&["prune", "--yes"]).ends(4).says("the policy of other has no rule").says("deleted my-hub-");
    assert_eq!(ids(&aws), all[..1]);
    assert_eq!(
        aws.run(&["list", "other", "-o", "json", "--query", "length(items)"]).out.trim(),
        others.len().to_string()
    );
}

#[test]
fn a_deletion_that_was_a_mistake_is_given_back_by_the_right_rules() {
    let aws = Aws::fast();
    let all = plant(&aws, 4);
    aws.tag(&all[3], "stacksnap:deleting", "2026-11-20T02:00:00Z 2026-11-17T02:00:00Z");
    aws.run(&prune(&["--keep-last", "4"])).ends(0);
    assert_eq!((ids(&aws), aws.states()), (all, vec!["complete".to_owned(); 4]));
}

#[test]
fn a_right_that_is_missing_costs_one_half_at_the_most() {
    let aws = Aws::fast();
    let (before, _) = (halves(&aws), plant(&aws, 5));
    aws.fault("rds:DeleteDBClusterSnapshot=access-denied*99");
    let ran = aws.run(&prune(&["--keep-last", "1"])).ends(1);
    ran.says("half of it is deleted").says("grant rds:DeleteDBClusterSnapshot").says("3 more were not begun");
    let (snapshots, points) = halves(&aws);
    assert_eq!((snapshots - before.0, points - before.1), (5, 4));
}

#[test]
fn a_manifest_that_cannot_be_deleted_is_told_and_the_next_prune_finishes() {
    let aws = Aws::fast();
    let all = plant(&aws, 2);
    aws.fault("ssm:DeleteParameter=access-denied*1");
    aws.run(&prune(&["--keep-last", "1"])).ends(1).says("half of it is deleted").says("grant ssm:DeleteParameter");
    assert_eq!((ids(&aws), aws.states()), (all.clone(), vec!["complete".to_owned(), "orphan".to_owned()]));
    aws.run(&prune(&["--keep-last", "1"])).ends(0);
    assert_eq!(ids(&aws), all[..1]);
}

#[test]
fn stacks_without_rules_are_only_pruned_by_their_name() {
    let aws = Aws::fast();
    let all = plant(&aws, 10);
    aws.run(&["prune", "--yes"])
        .ends(0)
        .shows("the usual rule: none was given")
        .shows("would delete 2 of 10, and may not");
    assert_eq!(ids(&aws), all);
    aws.file("stacksnap.toml", "[stacks.My-Hub.retention]\nkeep-last = 1\n");
    aws.run(&["prune", "--yes"]).ends(0).says("a table for `My-Hub`, of which there is neither");
    assert_eq!(ids(&aws), all);
    aws.run(&["prune", "my-hup", "--yes"]).ends(8).says("there is no stack `my-hup`");
    aws.run(&["prune", "--yes", "--force-count", "99"]).ends(2);
}

#[test]
fn a_prune_that_is_refused_changes_nothing_that_an_earlier_one_has_begun() {
    let aws = Aws::fast();
    let all = plant(&aws, 3);
    aws.tag(&all[2], "stacksnap:deleting", "2026-11-20T02:00:00Z 2026-11-17T02:00:00Z");
    aws.sandbox.clear_requests();
    // No rule keeps anything; or nobody gave a rule or named the stack.
    aws.run(&prune(&["--keep-tag", "release"])).ends(4);
    aws.file("stacksnap.toml", "[stacks.my-hub.retention]\nkeep-tag = [\"release\"]\n");
    aws.run(&["prune", "--yes"]).ends(4);
    assert!(!aws.asked("AddTagsToResource") && !aws.asked("RemoveTagsFromResource"));
}
