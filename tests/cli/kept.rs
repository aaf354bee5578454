//! `keep`, `unkeep`, and everything else that stays whatever the rules say.

use serde_json::json;

use super::prune::{halves, ids, more, plant, plant_with, planted, prune, row};
use super::support::{Aws, STACK, text, with};

#[test]
fn a_hold_keeps_a_backup_until_it_ends_or_is_taken_off() {
    let aws = Aws::fast();
    let all = plant(&aws, 4);
    let held = aws.run(&["keep", &all[3], "--reason", "before the upgrade", "-o", "json"]).ends(0).json();
    assert_eq!((&held["held"], &held["reason"]), (&json!(true), &json!("before the upgrade")));
    aws.run(&["keep", &all[2], "--until", "30d"]).ends(0).shows("until ");
    aws.run(&["show", &all[3]]).ends(0).shows("before the upgrade");
    let ran = aws.run(&prune(&["--keep-last", "1"])).ends(0);
    assert!(text(&row(&ran, &all[3]), "/reasons/0").contains("on hold: before the upgrade"));
    assert_eq!(ids(&aws), [&all[0], &all[2], &all[3]].map(String::clone));
    aws.run(&["unkeep", &all[3]]).ends(0).shows("not on hold");
    aws.tag(&all[2], "stacksnap:hold-until", "2026-01-01T00:00:00Z");
    let (_, point) = aws.halves(&all[2]);
    aws.tag_point(&point, "stacksnap:hold-until", "2026-01-01T00:00:00Z");
    aws.run(&prune(&["--keep-last", "1"])).ends(0);
    assert_eq!(ids(&aws), all[..1]);
}

#[test]
fn a_hold_whose_end_was_tampered_with_never_ends() {
    let aws = Aws::fast();
    let all = plant(&aws, 2);
    aws.run(&["keep", &all[1], "--until", "2099-12-31"]).ends(0);
    aws.tag(&all[1], "stacksnap:hold-until", "1 fortnight");
    aws.run(&prune(&["--keep-last", "1"])).ends(0).shows("which is no time");
    assert_eq!(ids(&aws), all);
}

#[test]
fn bad_holds_are_refused() {
    let aws = Aws::fast();
    let all = plant(&aws, 1);
    aws.run(&["keep", &all[0], "--until", "2020-01-01"]).ends(2).says("over already");
    aws.run(&["keep", &all[0], "--until", "some day"]).ends(2).says("write 2027-01-31");
    aws.run(&["keep", "my-hub-20200101-000000"]).ends(8).says("there is no backup");
    aws.run(&["unkeep", "other@latest"]).ends(8);
}

#[test]
fn what_a_live_stack_names_stays() {
    let aws = Aws::fast();
    let (first, id) = (plant(&aws, 3), aws.run(&["backup", STACK, "--live", "--quiet", "-o", "json"]).ends(0).json());
    let id = text(&id, "/id");
    let restored = with(&["restore", &id, "--new-stack", "hub2", "--quiet"], &super::support::OWN);
    aws.run(&restored).ends(0);
    let newer = text(&aws.run(&["backup", STACK, "--live", "--quiet", "-o", "json"]).ends(0).json(), "/id");
    let ran = aws.run(&prune(&["--keep-last", "1"])).ends(0);
    assert_eq!(text(&row(&ran, &id), "/reasons/0"), "stack hub2 names it in RestoreDbSnapshotIdentifier");
    assert_eq!(ids(&aws), [newer, id]);
    assert_eq!(first.len(), 3);
}

#[test]
fn the_last_drilled_backup_stays() {
    let aws = Aws::fast();
    let all = plant(&aws, 3);
    super::replacements::mark(&aws, &all[2]);
    aws.run(&prune(&["--keep-last", "1"])).ends(0).shows("the last drilled backup");
    assert_eq!(ids(&aws), [&all[0], &all[2]].map(String::clone));
}

#[test]
fn a_tag_keeps_a_backup() {
    let aws = Aws::fast();
    let all = plant(&aws, 4);
    aws.tag(&all[2], "release", "4.2");
    aws.run(&prune(&["--keep-last", "1", "--keep-tag", "release=4.2"])).ends(0).shows("a tag");
    assert_eq!(ids(&aws), [&all[0], &all[2]].map(String::clone));
}

#[test]
fn what_stacksnap_did_not_make_is_not_even_looked_at_twice() {
    let aws = Aws::fast();
    let before = halves(&aws);
    let all = plant(&aws, 2);
    planted(&aws, &json!({"stack": STACK, "count": 3, "snapshot": {"id": "by-hand-{n}"}, "recovery_point": {}}));
    aws.run(&prune(&["--keep-last", "1"])).ends(0);
    assert_eq!(ids(&aws), all[..1]);
    assert_eq!(halves(&aws), more(before, 4));
}

#[test]
fn of_a_replaced_stack_the_earlier_ones_backups_stay_unless_they_are_meant() {
    let aws = Aws::fast();
    let all = plant_with(
        &aws,
        3,
        &json!({"stacksnap:stack-id": "arn:aws:cloudformation:eu-west-1:123456789012:stack/my-hub/0"}),
        &json!({}),
    );
    let id = text(&aws.run(&["backup", STACK, "--live", "--quiet", "-o", "json"]).ends(0).json(), "/id");
    aws.run(&prune(&["--keep-last", "1"])).ends(0).shows("earlier stack of this name");
    assert_eq!(ids(&aws).len(), 4);
    aws.run(&prune(&["--keep-last", "2", "--earlier-stacks"])).ends(0);
    assert_eq!(ids(&aws), [id, all[0].clone()]);
}

#[test]
fn a_locked_vault_is_reported_and_nothing_is_tried() {
    let aws = Aws::fast();
    let all = plant(&aws, 3);
    let vault = text(&aws.run(&["show", &all[0], "-o", "json"]).ends(0).json(), "/files/vault");
    aws.set(&json!({ "vault": vault, "lock": { "min": 7, "strict": true } }));
    aws.sandbox.clear_requests();
    aws.run(&prune(&["--keep-last", "1"])).ends(0).shows("is locked, for 7 days at the least");
    assert!(!aws.asked("DeleteRecoveryPoint") && !aws.asked("RemoveTagsFromResource"));
    assert_eq!(ids(&aws), all);
}

#[test]
fn a_legal_hold_is_reported_and_one_that_cannot_be_listed_is_met() {
    let aws = Aws::fast();
    let all = plant(&aws, 3);
    let (_, point) = aws.halves(&all[2]);
    aws.set(&json!({ "legal_hold": { "title": "case 17", "points": [point] } }));
    aws.run(&prune(&["--keep-last", "2"])).ends(0).shows("legal hold `case 17`");
    assert!(!aws.asked("DeleteRecoveryPoint"));
    // Not allowed to list them: AWS refuses, and the backup is what it was.
    aws.fault("backup:ListLegalHolds=access-denied");
    aws.run(&prune(&["--keep-last", "2"])).ends(0).says("legal holds cannot be listed").shows("active legal hold");
    assert_eq!((ids(&aws), aws.states()), (all, vec!["complete".to_owned(); 3]));
}

#[test]
fn a_hold_stops_a_prune_that_has_begun_and_its_mark_comes_back() {
    let aws = Aws::fast();
    let all = plant(&aws, 2);
    aws.tag(&all[1], "stacksnap:deleting", "2026-11-20T02:00:00Z 2026-11-18T02:00:00Z");
    assert_eq!(aws.states(), ["complete", "incomplete"]);
    aws.run(&["keep", &all[1]]).ends(7).says("a prune has begun to delete").says("stacksnap prune my-hub");
    aws.run(&prune(&["--keep-last", "1"])).ends(0);
    assert_eq!((ids(&aws), aws.states()), (all, vec!["complete".to_owned(); 2]));
}

#[test]
fn what_has_lost_its_tags_is_nobodys_to_delete() {
    let aws = Aws::fast();
    let all = plant_with(&aws, 3, &json!({"stacksnap:stack": null}), &json!({"stacksnap:stack": null}));
    aws.run(&prune(&["--keep-last", "1"])).ends(0).says("3 backups have lost the tag stacksnap:stack");
    assert_eq!(ids(&aws), all);
    // Of another stack, by its id; of no stack in particular, by its ARN.
    planted(
        &aws,
        &json!({"stack": STACK, "at": "2026-01-01T00:00:00Z", "snapshot": {"id": "prod-final",
        "tags": {"stacksnap:id": "prod-final", "stacksnap:stack": "{stack}", "stacksnap:stack-id": "{stack_id}"}}}),
    );
    plant(&aws, 2);
    aws.run(&prune(&["--keep-last", "1"])).ends(0).shows("its tags do not say whose it is");
    assert!(aws.of_region("snapshots").iter().any(|row| text(row, "/id") == "prod-final"));
}

#[test]
fn a_newest_backup_whose_point_is_nobodys_lets_no_other_go() {
    let aws = Aws::fast();
    let all = plant(&aws, 3);
    let (_, point) = aws.halves(&all[0]);
    aws.tag_point(&point, "stacksnap:id", "my-hub-20200101-000000");
    drop(aws.run(&prune(&["--keep-last", "1"])));
    assert!(all[1..].iter().all(|id| ids(&aws).contains(id)), "the last one that can be restored must stay");
}

#[test]
fn a_backup_whose_mark_somebody_took_off_stays() {
    let aws = Aws::fast();
    let all = plant_with(&aws, 2, &json!({"stacksnap:complete": null}), &json!({}));
    plant(&aws, 1);
    drop(aws.run(&prune(&["--keep-last", "9"])));
    assert!(all.iter().all(|id| ids(&aws).contains(id)));
}

#[test]
fn a_hold_is_not_weakened_by_accident() {
    let aws = Aws::fast();
    let all = plant(&aws, 1);
    aws.run(&["keep", &all[0], "--reason", "case 17"]).ends(0);
    aws.run(&["keep", &all[0], "--until", "1h"]).ends(2).says("is on hold already (case 17)").says("--yes");
    aws.run(&["keep", &all[0], "--until", "90d", "--yes"]).ends(0).shows("case 17");
    aws.run(&["keep", &all[0], "--until", "99d"]).ends(0).shows("case 17");
    aws.run(&["show", &all[0]]).ends(0).shows("Kept until");
    aws.run(&["keep", &all[0], "--reason", " "]).ends(2).says("has to say something");
    aws.run(&["keep", &all[0], "--reason", &"x".repeat(300)]).ends(2).says("at most 256");
    aws.run(&["unkeep", &all[0]]).ends(0).says("it was on hold: case 17");
}
