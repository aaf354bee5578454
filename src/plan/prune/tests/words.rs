use super::*;

type Change<'a> = &'a dyn Fn(&mut Item);

/// What is said of the second of three nights, changed like this, under `last 1`.
fn said(change: impl Fn(&mut Item)) -> Vec<String> {
    let mut items = nights(3);
    change(&mut items[1]);
    let policy = policy("last 1");
    let plan = plan(&items, &policy, limits(), now());
    explain(&plan.fates[1], items[1].at, &policy, &known())
}

fn known() -> Known {
    Known {
        hold: Some("audit (until 2027-01-01T00:00:00Z)".to_owned()),
        uses: uses().to_vec(),
        lock: Some("vault my-hub-daily is locked".to_owned()),
    }
}

fn uses() -> [String; 2] {
    ["stack hub2 names it in RestoreDb".to_owned(), "stack hub2 names it in RestoreEfs".to_owned()]
}

#[test]
fn each_protection_has_its_words() {
    let young = Some(at("2026-11-20 01:00"));
    let cases: [(Change<'_>, &str); 10] = [
        (&|item| item.drilled = true, "the last drilled backup"),
        (&|item| item.held = true, "on hold: audit (until 2027-01-01T00:00:00Z)"),
        (&|item| item.state = State::Running, "a run is making it"),
        (&|item| item.state = State::Ambiguous, "several halves claim its id: look at it yourself"),
        (&|item| item.elsewhere = true, "of an earlier stack of this name (--earlier-stacks)"),
        (&|item| item.locked = true, "vault my-hub-daily is locked"),
        (&|item| item.unread = true, "its vault could not be read"),
        (&|item| item.at = None, "nothing tells how old it is"),
        (&|item| (item.at, item.state) = (young, State::Failed), "not complete, but younger than --grace"),
        (&|item| (item.at, item.state) = (young, State::Orphan), "not complete, but younger than --grace"),
    ];
    for (change, words) in cases {
        assert_eq!(said(change), [words]);
    }
}

#[test]
fn each_use_is_told() {
    assert_eq!(said(|item| item.used = true), uses());
}

#[test]
fn each_cause_has_its_words() {
    assert_eq!(said(|_| ()), ["no rule keeps it"]);
    assert_eq!(said(|item| item.state = State::Incomplete), ["it never was complete"]);
    assert_eq!(said(|item| item.begun = true), ["an earlier prune has begun to delete it"]);
}

#[test]
fn rules_come_first_then_what_protects_besides() {
    let items = [Item { held: true, drilled: true, ..complete("2026-11-20 02:00") }];
    let policy = policy("last 3 daily 7");
    let plan = plan(&items, &policy, limits(), now());
    assert_eq!(
        explain(&plan.fates[0], items[0].at, &policy, &Known::default()),
        [
            "last 1 of 3",
            "daily 1 of 7 (newest of 2026-11-20)",
            "the last complete backup",
            "the last drilled backup",
            "on hold: no reason given",
        ]
    );
}

#[test]
fn half_a_backup_stays_because_there_is_no_whole_one() {
    let items = [other(State::Failed, "2026-01-01 02:00")];
    let plan = plan(&items, &policy("last 1"), limits(), now());
    let words = explain(&plan.fates[0], items[0].at, &policy("last 1"), &Known::default());
    assert_eq!(words, ["not complete, but there is no complete backup"]);
}

#[test]
fn what_is_kept_never_goes_without_a_word() {
    let items = [Item { held: true, used: true, locked: true, ..other(State::Running, "2026-01-01 02:00") }];
    let plan = plan(&items, &policy("last 1"), limits(), now());
    let words = explain(&plan.fates[0], items[0].at, &policy("last 1"), &Known::default());
    assert_eq!(words, ["on hold: no reason given", "in use", "a run is making it", "its recovery point is locked"]);
}
