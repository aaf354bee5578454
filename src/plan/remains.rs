//! What a deleted stack of our own making left behind: which of it is deleted, and which is not ours.

use jiff::Timestamp;

use crate::model::rebuild::{Aim, Remaining, Remains, Thing};

/// What becomes of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The run made it: it is deleted.
    Clear,
    /// It is on its way out.
    Leaving,
    /// It is left alone, with why.
    Leave(String),
}

/// A verdict for each thing, in the order in which they have to go: instances before clusters, recovery
/// points before their vault.
///
/// Nothing is deleted that is the source's, that a backup is made of, or that was there before the stack:
/// `began` is when its creation began, by AWS's own clock; without it nothing is deleted at all.
pub fn verdicts(remains: &Remains, aim: &Aim, began: Option<Timestamp>) -> Vec<(Remaining, Verdict)> {
    let mut things = remains.things.clone();
    things.sort_by(|a, b| a.thing.cmp(&b.thing));
    things.into_iter().map(|thing| (thing.clone(), verdict(&thing, remains, aim, began))).collect()
}

fn verdict(remaining: &Remaining, remains: &Remains, aim: &Aim, began: Option<Timestamp>) -> Verdict {
    let id = remaining.thing.id();
    if remains.of_source.iter().any(|own| same(own, id)) {
        return Verdict::Leave("it is the source stack's".to_owned());
    }
    if remaining.half || [&aim.backup, &aim.point, &aim.vault].into_iter().any(|part| same(part, id)) {
        return Verdict::Leave("the backup needs it".to_owned());
    }
    if let Thing::Point { vault, .. } = &remaining.thing
        && (remains.of_source.iter().any(|own| same(own, vault)) || same(vault, &aim.vault))
    {
        return Verdict::Leave("its vault is the source stack's".to_owned());
    }
    if remaining.leaving {
        return Verdict::Leaving;
    }
    match (remaining.made, began) {
        // AWS stamps some things with whole seconds.
        (Some(made), Some(began)) if made.as_second() >= began.as_second() => Verdict::Clear,
        (Some(_), Some(_)) => Verdict::Leave("it is older than the stack".to_owned()),
        // They bear the new stack's own name, which nothing had before; nothing else comes without a date.
        (None, Some(_)) if parameter_of(&remaining.thing, aim) => Verdict::Clear,
        _ => Verdict::Leave("AWS does not say when it was made".to_owned()),
    }
}

/// A secret's ARN or name, a vault's ARN or name: the same thing either way.
fn same(a: &str, b: &str) -> bool {
    let tail = |text: &str| text.rsplit([':', '/']).next().unwrap_or(text).to_owned();
    a.eq_ignore_ascii_case(b) || (a.contains(':') != b.contains(':') && tail(a).eq_ignore_ascii_case(&tail(b)))
}

/// The new stack's name is one whole part of the parameter's name, and is not the source's: a replacement
/// bears the name of the stack whose secrets it needs.
fn parameter_of(thing: &Thing, aim: &Aim) -> bool {
    let Thing::Parameter(name) = thing else { return false };
    let source = aim.source.split('/').nth(1);
    let own = name.starts_with("/stacksnap/");
    !own && source != Some(aim.name.as_str()) && name.split('/').any(|part| part == aim.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture;

    fn aim() -> Aim {
        fixture::aim("my-hub")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn remaining(thing: Thing, made: Option<&str>) -> Remaining {
        Remaining { thing, place: "X".into(), made: made.map(at), leaving: false, half: false }
    }

    fn of(things: Vec<Remaining>, source: &[&str]) -> Vec<Verdict> {
        let of_source = source.iter().map(|&id| id.to_owned()).collect();
        let remains = Remains { things, unknown: Vec::new(), of_source };
        verdicts(&remains, &aim(), Some(at("2026-11-21T03:00:00Z"))).into_iter().map(|(_, verdict)| verdict).collect()
    }

    const LATER: Option<&str> = Some("2026-11-21T03:10:00Z");

    #[test]
    fn what_the_drill_made_goes() {
        let things = vec![
            remaining(Thing::FileSystem("fs-2".into()), LATER),
            remaining(Thing::Vault("my-hub-drill-vault".into()), LATER),
            remaining(Thing::Parameter("/keymaster/my-hub-drill-20261121/phoenix-key".into()), None),
        ];
        assert_eq!(of(things, &["fs-1"]), [Verdict::Clear, Verdict::Clear, Verdict::Clear]);
    }

    #[test]
    fn what_is_the_sources_stays_even_when_the_drills_own_list_names_it() {
        let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:my-hub-AbCdEf";
        let things = vec![
            remaining(Thing::FileSystem("fs-1".into()), LATER),
            remaining(Thing::Vault("my-hub-vault".into()), LATER),
            remaining(Thing::Secret(secret.into()), LATER),
            remaining(Thing::FinalSnapshot("my-hub-20261120-020000".into()), LATER),
        ];
        let verdicts = of(things, &["fs-1", secret]);
        assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Leave(_))), "{verdicts:?}");
    }

    #[test]
    fn a_replacement_never_takes_the_secrets_and_snapshots_of_its_own_name_for_what_it_made() {
        let aim = Aim { name: "my-hub".into(), ..aim() };
        let parameter = remaining(Thing::Parameter("/keymaster/my-hub/phoenix-key".into()), None);
        // The safety backup, and the final snapshot that the old stack's deletion took.
        let safety =
            Remaining { half: true, ..remaining(Thing::FinalSnapshot("my-hub-20261121-030000".into()), LATER) };
        let last = remaining(Thing::FinalSnapshot("my-hub-snapshot-appdb-1".into()), Some("2026-11-21T02:59:59Z"));
        let remains = Remains { things: vec![parameter, safety, last], unknown: Vec::new(), of_source: Vec::new() };
        let verdicts = verdicts(&remains, &aim, Some(at("2026-11-21T03:00:00Z")));
        assert!(verdicts.iter().all(|(_, verdict)| matches!(verdict, Verdict::Leave(_))), "{verdicts:?}");
    }

    #[test]
    fn our_own_records_are_not_the_drills_parameters() {
        let thing = Thing::Parameter("/stacksnap/my-hub-drill-20261121/run".into());
        assert!(matches!(of(vec![remaining(thing, None)], &[])[..], [Verdict::Leave(_)]));
    }

    #[test]
    fn what_was_there_before_stays() {
        let things = vec![
            remaining(Thing::Secret("arn:x:secret:old".into()), Some("2026-11-01T00:00:00Z")),
            remaining(Thing::Parameter("/keymaster/my-hub/phoenix-key".into()), None),
        ];
        assert!(of(things, &[]).iter().all(|verdict| matches!(verdict, Verdict::Leave(_))));
    }
}
