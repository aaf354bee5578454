//! Stories, each with a transcript beside this file that reads like one: the real binary, and a local
//! AWS. What an operator would see, from the first command to the last.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

mod mask;
mod operator;
mod stage;
mod tale;

use stacksnap_sandbox::{Fault, seeds};

use operator::switches;
use stage::{STACK, Stage};
use tale::Tale;

/// A story with one stack in it.
struct Story {
    stage: Stage,
    tale: Tale,
}

impl Story {
    fn of(name: &'static str, heading: &str) -> Self {
        Self { stage: Stage::with(&[seeds::hubs(STACK)]), tale: Tale::new(name, heading) }
    }

    fn says(&mut self, sentences: &str) {
        self.tale.says(sentences);
    }

    /// Types a command, which ends with `code`.
    #[track_caller]
    fn types(&mut self, line: &[&str], code: i32) {
        let ran = self.stage.run(line);
        self.tale.shows(line, &ran, Some(code));
    }
}

#[test]
fn a_nightly_backup() {
    let mut story = Story::of("nightly", "A nightly backup");
    story.says("First a look: can this stack be backed up?");
    story.types(&["check", STACK], 0);
    story.says("Then the backup. It takes the stack offline, and brings it back.");
    story.types(&["backup", STACK, "--note", "nightly"], 0);
    story.says("In the morning somebody asks how things stand.");
    story.types(&["status", STACK], 0);
    story.types(&["list"], 0);
    story.types(&["show", "my-hub@latest"], 0);
    story.tale.ends();
}

#[test]
fn the_process_is_killed_while_capturing() {
    let mut story = Story::of("killed", "The process is killed, and another machine brings the stack back");
    story.says("The machine that runs the backup dies while both halves are being made. The stack is offline.");
    let line = ["backup", STACK];
    let ran = story.stage.run_killed_at(&line, "DescribeBackupJob", 3);
    story.tale.shows(&line, &ran, None);
    story.says("Somebody looks, from another machine.");
    story.types(&["status", STACK], 0);
    story.says("A second backup is refused, and says what to do.");
    story.types(&["backup", STACK], 6);
    story.says("So that is done. The halves went on by themselves meanwhile; the backup is a good one.");
    story.types(&["resume", STACK], 0);
    story.types(&["list"], 0);
    story.says("Doing it again does no harm.");
    story.types(&["resume", STACK], 0);
    story.tale.ends();
}

#[test]
fn an_operator_turns_the_stack_on_meanwhile() {
    let mut story = Story::of("operator", "An operator turns the stack on in the middle of a backup");
    story.says("While the halves are being made, somebody sees that the site is down and sets `StackOffline` back in the CloudFormation console.");
    let line = ["backup", STACK];
    let running = story.stage.begin_until(&line, "DescribeBackupJob", 2);
    switches(&story.stage, "Online");
    story.stage.go_on();
    let ran = running.ended();
    story.tale.shows(&line, &ran, Some(7));
    story.says("The stack is as the operator wanted it. The two halves are kept, but they are no backup.");
    story.types(&["list"], 0);
    story.types(&["inspect", STACK, "--query", "mode"], 0);
    story.tale.ends();
}

#[test]
fn a_stack_that_was_offline_stays_offline() {
    let mut story = Story::of("offline", "A stack that was offline");
    story.says("The operator closes the site for the holidays.");
    story.types(&["offline", STACK], 2);
    story.types(&["offline", STACK, "--yes"], 0);
    story.stage.passes(3600);
    story.says("The nightly backup comes. It changes no mode, and takes no time of anybody's.");
    story.types(&["backup", STACK], 0);
    story.types(&["inspect", STACK, "--query", "mode"], 0);
    story.says("In January the site is opened again.");
    story.types(&["online", STACK], 0);
    story.tale.ends();
}

#[test]
fn the_off_update_rolls_back() {
    let mut story = Story::of("rollback", "The update that takes the stack offline rolls back");
    story.stage.sandbox.add_fault(Fault::parse("cloudformation:ExecuteChangeSet=rollback*1").unwrap());
    story.types(&["backup", STACK], 1);
    story.says("The stack is as it was, and nothing was made.");
    story.types(&["status", STACK], 0);
    story.types(&["inspect", STACK, "--query", "mode"], 0);
    story.tale.ends();
}

#[test]
fn the_way_back_rolls_back() {
    let mut story = Story::of("still-offline", "The way back rolls back, three times");
    story.stage.sandbox.add_fault(Fault::parse("cloudformation:ExecuteChangeSet=rollback/online*3").unwrap());
    story.says("Exit code 3: the stack is offline, and somebody must act.");
    story.types(&["backup", STACK], 3);
    story.says("Whoever looks later is told so.");
    story.types(&["status", STACK], 0);
    story.says("The cause is removed, and the stack brought back by hand.");
    story.types(&["online", STACK, "--quiet"], 0);
    story.types(&["list"], 0);
    story.tale.ends();
}

#[test]
fn two_clusters() {
    let mut seed = seeds::sample("shop");
    let mut second = seed.resources.iter().find(|each| each.kind == "AWS::RDS::DBCluster").unwrap().clone();
    (second.logical, second.physical) = ("Reporting".to_owned(), "shop-reporting".to_owned());
    seed.resources.push(second);
    let mut story =
        Story { stage: Stage::with(&[seed]), tale: Tale::new("two-clusters", "A stack with two DB clusters") };
    story.says("Nobody guesses which one is the application's.");
    story.types(&["backup", "shop"], 4);
    story.says("The flag chooses; to choose once and for all, write `cluster = \"shop-db\"` under `[stacks.shop]` in stacksnap.toml.");
    story.types(&["check", "shop", "--cluster", "shop-db"], 0);
    story.types(&["backup", "shop", "--cluster", "shop-db", "--quiet"], 0);
    story.tale.ends();
}

#[test]
fn somebody_else_holds_the_stack() {
    let mut story = Story::of("held", "Somebody else holds the stack");
    let line = ["backup", STACK];
    let first = story.stage.begin_until(&line, "DescribeBackupJob", 2);
    story.says("A colleague's backup is under way on another machine.");
    story.types(&["backup", STACK], 6);
    story.types(&["check", STACK], 4);
    story.types(&["status", STACK], 0);
    story.says("Half an hour later the colleague is done, and it is our turn.");
    story.stage.go_on();
    assert_eq!(first.ended().code, Some(0));
    story.types(&["backup", STACK, "--quiet"], 0);
    story.types(&["list"], 0);
    story.tale.ends();
}

/// What two hubs cannot share.
const OWN: [&str; 6] = [
    "--set",
    "DomainName=two.example.com",
    "--set",
    "InternalZone=two-internal.com",
    "--set",
    "ShortlinkZone=two.link",
];

/// A story with a backup of last night in it.
fn after_a_backup(name: &'static str, heading: &str) -> Story {
    let mut story = Story { stage: Stage::with(&[small_hub()]), tale: Tale::new(name, heading) };
    assert_eq!(story.stage.run(&["backup", STACK, "--quiet"]).code, Some(0));
    story.says("There is a backup.");
    story.types(&["list"], 0);
    story
}

/// A hub of which only what matters here is left: nobody reads five hundred lines.
fn small_hub() -> seeds::StackSeed {
    let mut seed = seeds::hubs(STACK);
    let numbered = |logical: &str| logical.ends_with(|c: char| c.is_ascii_digit()) && !logical.starts_with("Storage");
    seed.resources.retain(|row| !numbered(&row.logical));
    seed
}

#[test]
fn a_restore_into_a_second_stack() {
    let mut story = after_a_backup("restore", "A second stack is made of a backup");
    story.says("Can it be restored? Nothing is touched to find out.");
    story.types(&["verify", "my-hub@latest"], 0);
    story.says("A second hub cannot have the first one's domains, so these are asked for.");
    story.types(&["restore", "my-hub@latest", "--new-stack", "my-hub-2"], 4);
    let restore = ["restore", "my-hub@latest", "--new-stack", "my-hub-2"];
    let line: Vec<&str> = restore.iter().chain(&OWN).copied().collect();
    story.types(&line, 0);
    story.says("A stack that exists is never restored into: that would be an update, and replace its database.");
    story.types(&line, 4);
    story.tale.ends();
}

#[test]
fn a_drill_and_a_replacement() {
    let mut story = after_a_backup("replace", "A stack is taken back to a backup");
    story.says("Somebody has deleted half of the site's content. First the backup is rehearsed: it is restored into a stack of its own, which is deleted again.");
    let line: Vec<&str> =
        ["drill", "my-hub@latest", "--drill-stack", "my-hub-drill"].iter().chain(&OWN).copied().collect();
    story.types(&line, 0);
    story.says("Then the stack itself. `--dry-run` shows what would be destroyed. On a terminal the stack's name has to be typed, a script names it once more.");
    story.types(&["replace", STACK, "--with", "my-hub@latest-drilled"], 2);
    story.types(&["replace", STACK, "--with", "my-hub@latest-drilled", "--yes-destroy", STACK], 0);
    story.says("The stack as it was before is a backup, too: the safety backup.");
    story.types(&["list"], 0);
    story.types(&["status", STACK], 0);
    story.tale.ends();
}

/// Last week's nightly backups, the newest a day old; their ids, the newest first.
fn last_week(stage: &Stage) -> Vec<String> {
    let tags = |more: &str| {
        format!(
            r#"{{"stacksnap:id": "{{stack}}-{{stamp}}", "stacksnap:stack": "{{stack}}", "stacksnap:stack-id": "{{stack_id}}",
                "stacksnap:mode": "offline", "stacksnap:complete": "{{time}}", {more}}}"#
        )
    };
    let snapshot = tags(r#""stacksnap:vault": "{vault}", "stacksnap:recovery-point": "{recovery_point}""#);
    let point = tags(r#""stacksnap:snapshot": "{snapshot}""#);
    let seed = format!(
        r#"{{"stack": "{STACK}", "region": "{}", "count": 7, "every": 86400,
            "snapshot": {{"id": "{{stack}}-{{stamp}}", "tags": {snapshot}}}, "recovery_point": {{"tags": {point}}}}}"#,
        stage::REGION
    );
    let planted = stage.sandbox.seed_backups(&serde_json::from_str(&seed).unwrap()).unwrap();
    planted.into_iter().rev().filter_map(|one| one.snapshot).collect()
}

#[test]
fn old_backups_are_pruned() {
    let mut story = Story { stage: Stage::with(&[small_hub()]), tale: Tale::new("keeping", "Old backups are pruned") };
    let ids = last_week(&story.stage);
    story.says("A week of nightly backups. The one before the upgrade is to stay, whatever the rules say.");
    story.types(&["keep", &ids[5], "--reason", "before the upgrade"], 0);
    story.says("What would go, by which rule, and why does the rest stay?");
    story.types(&["prune", STACK, "--keep-last", "5", "--dry-run"], 0);
    story.says("A script has to say yes.");
    story.types(&["prune", STACK, "--keep-last", "5"], 2);
    story.says("One of the recovery points cannot be deleted: AWS Backup does as if, and leaves it EXPIRED.");
    story.stage.sandbox.add_fault(Fault::parse("backup:DeleteRecoveryPoint=delete-lies*1").unwrap());
    story.types(&["prune", STACK, "--keep-last", "5", "--yes"], 1);
    story.says("The right that was missing is granted, and the next prune finishes what was begun.");
    story.types(&["prune", STACK, "--keep-last", "5", "--yes"], 0);
    story.types(&["unkeep", &ids[5]], 0);
    story.types(&["status", STACK], 0);
    story.tale.ends();
}
