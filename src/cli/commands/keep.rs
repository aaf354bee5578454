//! `stacksnap keep BACKUP` and `stacksnap unkeep BACKUP`

use std::io;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::catalogue;
use super::super::context::Context;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::hold_end;
use super::super::output::{Document, Page};
use super::super::pace::Pace;
use super::super::selector::Selector;
use crate::aws::Aws;
use crate::model::backup::{Backup, State};
use crate::model::half::Tags;
use crate::model::tags;
use crate::world::World;

/// How often it is looked whether a prune gives a backup back, and how long is waited in between: longer than that takes.
const LOOKS: u32 = 17;
const BETWEEN: SignedDuration = SignedDuration::from_secs(15);

/// Put a backup on hold: no prune deletes it.
#[derive(Debug, clap::Args)]
pub(crate) struct Keep {
    /// A backup's id, or STACK@latest, STACK@oldest, STACK@latest-drilled.
    #[arg(value_name = "BACKUP")]
    backup: Selector,
    /// Why; goes to the catalogue [default: what it says already, or `kept`].
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Option<String>,
    /// Only until then: a date, an instant (RFC 3339), or a duration from now.
    #[arg(long, value_name = "WHEN", value_parser = hold_end::parse)]
    until: Option<hold_end::End>,
}

/// Take a backup off hold: the rules decide again.
#[derive(Debug, clap::Args)]
pub(crate) struct Unkeep {
    /// A backup's id, or STACK@latest, STACK@oldest, STACK@latest-drilled.
    #[arg(value_name = "BACKUP")]
    backup: Selector,
}

/// A reason that fits into a tag.
fn reason(text: &str) -> Result<String, String> {
    match tags::encode(text.trim()) {
        empty if empty.is_empty() => Err("a reason has to say something".to_owned()),
        long if long.starts_with("sha256:") => Err("it is too long for a tag: at most 256 characters".to_owned()),
        _ => Ok(text.trim().to_owned()),
    }
}

/// How a backup is held.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "Hold")]
pub(crate) struct Held {
    /// The backup's id.
    pub(crate) id: String,
    /// It is on hold.
    pub(crate) held: bool,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Until when; absent: until `unkeep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub(crate) until: Option<Timestamp>,
}

/// Holds it.
///
/// # Errors
/// There is no such backup, or a prune is deleting it (exit 7).
pub(crate) async fn keep(args: &Keep, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let until = args.until.as_ref().map(|end| end.at(aws.now())).transpose().map_err(Failure::usage)?;
    let backup = found(cx, &aws, &args.backup).await?;
    weakens(cx, &backup, until)?;
    let (snapshot, point) = arns(&backup);
    let reason = args.reason.clone().or_else(|| backup.hold.as_deref().map(str::to_owned));
    let reason = reason.unwrap_or_else(|| "kept".to_owned());
    let mut hold = vec![(tags::HOLD.to_owned(), tags::encode(&reason))];
    hold.extend(until.map(|until| (tags::HOLD_UNTIL.to_owned(), tags::encode(&until.to_string()))));
    // The hold first, then a look: whoever is deleting it looks for holds after he has noted that he began.
    aws.tag_halves(snapshot, point, &hold).await.map_err(|refusal| cx.refused("it cannot be put on hold", &refusal))?;
    if until.is_none() && backup.hold_until.is_some() {
        let off = aws.untag_halves(snapshot, point, &[tags::HOLD_UNTIL]).await;
        off.map_err(|refusal| cx.refused("the end of the hold cannot be taken off", &refusal))?;
    }
    sticks(cx, &aws, &backup).await?;
    cx.emit(&Held { id: backup.id.to_string(), held: true, reason: Some(reason), until })?;
    Ok(Exit::Done)
}

/// Somebody's hold would end sooner than it does: asked about.
fn weakens(cx: &Context, backup: &Backup, until: Option<Timestamp>) -> Result<(), Failure> {
    let (Some(why), Some(until)) = (&backup.hold, until) else { return Ok(()) };
    let old = backup.hold_until.as_deref();
    if old.is_some_and(|old| old.parse::<Timestamp>().is_ok_and(|old| old <= until)) {
        return Ok(());
    }
    let end = old.map_or_else(|| "has no end".to_owned(), |old| format!("ends {old}"));
    cx.warn(&format!("{} is on hold already ({why}), and that hold {end}", backup.id));
    cx.confirm(&format!("Let it end {until}?"))
}

/// Holds it no longer.
///
/// # Errors
/// There is no such backup, or AWS refuses.
pub(crate) async fn unkeep(args: &Unkeep, cx: &Context) -> Result<Exit, Failure> {
    let aws = cx.aws().await?;
    let backup = found(cx, &aws, &args.backup).await?;
    let (snapshot, point) = arns(&backup);
    let off = aws.untag_halves(snapshot, point, &[tags::HOLD, tags::HOLD_UNTIL]).await;
    off.map_err(|refusal| cx.refused("it cannot be taken off hold", &refusal))?;
    // AWS's answer is no proof.
    let (snapshot, point) = aws.halves_of(&backup).await;
    let of_point = point.here().and_then(|half| half.tags.as_ref());
    if snapshot.here().map(|half| &half.tags).into_iter().chain(of_point).any(|tags| tags.contains_key(tags::HOLD)) {
        return Err(Failure::new(
            Exit::NotGood,
            "still-held",
            format!("{} is still on hold: the tag did not go", backup.id),
        )
        .hint("run the command again; if that does not help, look at the halves' tags"));
    }
    if let Some(why) = &backup.hold {
        cx.tell(&format!("it was on hold: {why}"));
    }
    cx.emit(&Held { id: backup.id.to_string(), held: false, reason: None, until: None })?;
    Ok(Exit::Done)
}

async fn found(cx: &Context, aws: &Aws, selector: &Selector) -> Result<Backup, Failure> {
    let backup = catalogue::one(cx, aws, selector).await?;
    if backup.database.is_none() && backup.files.is_none() {
        return Err(Failure::new(
            Exit::NotFound,
            "nothing-there",
            format!("of {} there is nothing but its run's record", backup.id),
        ));
    }
    Ok(backup)
}

fn arns(backup: &Backup) -> (Option<&str>, Option<&str>) {
    (backup.database.as_ref().map(|half| &*half.arn), backup.files.as_ref().map(|half| &*half.recovery_point))
}

/// Waits until the backup is seen with its hold, whole, and not in the hands of a prune: one that has begun gives it back.
async fn sticks(cx: &Context, aws: &Aws, backup: &Backup) -> Result<(), Failure> {
    let pace = Pace::whole(&cx.globals);
    for look in 0..LOOKS {
        match look_again(cx, aws, backup).await? {
            Sight::Held => return Ok(()),
            Sight::Gone => break,
            Sight::Unheld if look == LOOKS - 1 => {
                let what = format!("{} is not on hold: the tag did not stick", backup.id);
                return Err(Failure::new(Exit::NotGood, "hold-not-kept", what)
                    .hint("run the command again; if that does not help, look at the halves' tags"));
            }
            Sight::InHands if look == 0 => cx.tell("a prune has begun to delete it: waiting until it is given back"),
            Sight::InHands | Sight::Unheld => {}
        }
        tokio::time::sleep(pace.sleep(BETWEEN)).await;
    }
    Err(deleting(cx, aws, backup))
}

/// How a backup stands that was put on hold.
enum Sight {
    /// Its hold is seen, and nothing else is.
    Held,
    /// Not every half shows the hold.
    Unheld,
    /// A prune has noted that it deletes it.
    InHands,
    /// A half is gone.
    Gone,
}

async fn look_again(cx: &Context, aws: &Aws, backup: &Backup) -> Result<Sight, Failure> {
    let (snapshot, point) = aws.halves_of(backup).await;
    if let Some(refusal) = [snapshot.refusal(), point.refusal()].into_iter().flatten().next() {
        return Err(cx.refused("the halves cannot be looked at again", refusal));
    }
    let lost = |there: bool, was: bool| was && !there;
    if lost(snapshot.here().is_some(), backup.database.is_some())
        || lost(point.here().is_some(), backup.files.is_some())
    {
        return Ok(Sight::Gone);
    }
    let of_snapshot = snapshot.here().map(|half| half.tags.clone());
    let of_point = point.here().and_then(|half| half.tags.clone());
    let unmarked = backup.state == State::Complete
        && of_snapshot.as_ref().is_some_and(|tags: &Tags| !tags.contains_key(tags::COMPLETE));
    let mut tags = of_snapshot.iter().chain(&of_point);
    Ok(if tags.clone().any(|tags| tags.contains_key(tags::DELETING)) || unmarked {
        Sight::InHands
    } else if tags.all(|tags| tags.contains_key(tags::HOLD)) {
        Sight::Held
    } else {
        Sight::Unheld
    })
}

fn deleting(cx: &Context, aws: &Aws, backup: &Backup) -> Failure {
    let stack = &*backup.stack;
    Failure::new(Exit::NotGood, "being-deleted", format!("a prune has begun to delete {}", backup.id))
        .why("the hold is on it now: what was not deleted by then stays, and the next prune puts its mark of completeness back")
        .hint(format!("see what is left: `{}`", cx.command(&["show", &backup.id], Some(aws.region()))))
        .hint(format!("have its mark put back: `{}`", cx.command(&["prune", stack], Some(aws.region()))))
}

impl Document for Held {
    const KIND: &'static str = "Hold";

    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let until = self.until.map(|until| format!(" until {until}")).unwrap_or_default();
        match &self.reason {
            Some(reason) => page.field(&self.id, format!("on hold{until}: {reason}")),
            None => page.field(&self.id, "not on hold"),
        }
    }
}
