//! `relay dlq drop`.

use super::{
    line::counted,
    selection::{Judging, Selection},
    take::take,
};
use crate::{
    answer::Answer,
    audit::Audit,
    deployed::Purpose,
    failure::Failure,
    hand::{DEAD_LETTERS, HELD, Hand, say_unseen},
    keep::Keep,
    options::Options,
    place::Place,
    progress,
    text::{WARN, tick},
};
use clap::Args;
use queue::Taken;
use reviews::{
    letter::{Plan, Why},
    operate::Operator,
    redrive::{Dismissal, Planned},
};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::PathBuf,
};

const EXAMPLES: &str = "\
Examples:
  relay dlq drop                                        what does not count any more
  relay dlq drop --yes --keep dropped.jsonl
  relay dlq drop --key 801RO000000AbcDYAS --dismiss \"shop cancelled it\" --yes --keep dropped.jsonl

A message counts until its order was accepted or confirmed, or the ledger knows a newer version. With --dismiss the ledger \
says first that the order is rejected for your reason; a later change of the order in Salesforce sends it all the same.

The file gets the whole messages, buyers' names and addresses included, and may be read by you alone.

Exit code 1: some messages still count or were being delivered, and stay; or none was selected. Exit code 3: \
some messages could not be looked at.";

/// Messages that are deleted together.
const BATCH: usize = 10;
/// A reason is said in certificates: a few words.
const REASON: usize = 120;

/// What `relay dlq drop` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    judging: Judging,
    /// Also what still counts: you decide not to send it, for this reason, which ledger and certificate then say
    #[arg(long, value_name = "REASON", value_parser = reason)]
    dismiss: Option<String>,
    /// Delete them; without it nothing is changed
    #[arg(long, requires = "keep")]
    yes: bool,
    /// The file that keeps what is deleted, a JSON value a line; appended to
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
}

fn reason(text: &str) -> Result<String, String> {
    let fits = (1..=REASON).contains(&text.trim().len()) && !text.contains('@') && !text.chars().any(char::is_control);
    if fits {
        Ok(text.trim().to_owned())
    } else {
        Err(format!("expected a few words, at most {REASON}, without names or addresses"))
    }
}

/// What was dropped, or would be.
#[derive(Debug, Default, Serialize)]
#[expect(clippy::struct_field_names, reason = "the field is the answer's word")]
pub(crate) struct Dropped {
    /// Nothing was changed.
    dry_run: bool,
    selected: usize,
    /// What may be dropped.
    droppable: usize,
    /// Of these, what the ledger says first is dismissed.
    to_dismiss: usize,
    dropped: usize,
    /// What stays, by plan.
    left: BTreeMap<&'static str, usize>,
    /// What was not dismissed, since it is being delivered, or may be.
    under_way: usize,
    /// Messages of the queue that could not be looked at.
    unseen: u64,
    #[serde(skip)]
    words: Vec<String>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Dropped, Failure> {
    let place = Place::find(options, Purpose::with(arguments.yes)).await?;
    let operator = place.operator()?;
    let keep = match (&arguments.keep, arguments.yes) {
        (Some(path), true) => Some(Keep::open(path)?),
        _ => None,
    };
    let (mut hand, planned) = take(&place, &operator, &arguments.selection, arguments.judging).await?;
    let (droppable, left): (Vec<_>, Vec<_>) =
        planned.into_iter().partition(|one| may_go(one.plan, arguments.dismiss.is_some()));
    let mut answer = Dropped::begin(&droppable, &left, keep.is_none());
    answer.unseen = hand.unseen();
    let dropped = match keep {
        Some(keep) if !droppable.is_empty() => {
            drop_all(&place, &operator, &mut hand, &droppable, keep, &arguments, answer).await
        }
        _ => Ok(answer),
    };
    hand.give_back().await;
    dropped
}

/// Whether a message may be deleted. One that has just come is left whatever a person decides.
fn may_go(plan: Plan, dismissed: bool) -> bool {
    !plan.still_counts() || (dismissed && plan != Plan::Leave(Why::Young))
}

async fn drop_all(
    place: &Place,
    operator: &Operator,
    hand: &mut Hand<'_>,
    droppable: &[Planned],
    mut keep: Keep,
    arguments: &Arguments,
    mut answer: Dropped,
) -> Result<Dropped, Failure> {
    let now = (place.now)();
    let detail = json!({
        "selection": arguments.selection.json(now), "messages": droppable.len(), "dismiss": arguments.dismiss,
    });
    let audit = Audit::begin(place, &operator.ledger, "dlq drop", &detail).await?;
    let bar = progress::bar(droppable.len() as u64, "dropping");
    for batch in droppable.chunks(BATCH) {
        let mut going: Vec<&Taken> = Vec::new();
        for one in batch {
            match (one.letter.delivery(), &arguments.dismiss) {
                (Some(delivery), Some(reason)) if one.plan.still_counts() => {
                    let settled = operator.dismiss(delivery, reason).await;
                    match settled.map_err(|error| Failure::undone("write to the ledger", &error))? {
                        Dismissal::Settled => going.push(&one.letter.taken),
                        Dismissal::UnderWay => answer.under_way += 1,
                    }
                }
                _ => going.push(&one.letter.taken),
            }
        }
        keep.append(&going, now)?;
        let ids: Vec<&str> = going.iter().map(|taken| taken.id.as_str()).collect();
        answer.dropped += hand.delete(&ids).await?;
        let (dropped, all) = (answer.dropped, droppable.len());
        place.context.so_far(format!("{dropped} of {all} messages were dropped, and kept in the file"), HELD);
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    audit.end(&json!({"dropped": answer.dropped, "under_way": answer.under_way})).await?;
    Ok(answer)
}

impl Dropped {
    fn begin(droppable: &[Planned], left: &[Planned], dry_run: bool) -> Self {
        let selected = droppable.len() + left.len();
        let (words, left) = counted(left);
        Self {
            dry_run,
            selected,
            droppable: droppable.len(),
            to_dismiss: droppable.iter().filter(|one| one.plan.still_counts()).count(),
            words,
            left,
            ..Self::default()
        }
    }
}

impl Answer for Dropped {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self { selected, droppable, to_dismiss, dropped, under_way, .. } = self;
        let well = tick(self.is_well());
        if self.dry_run {
            writeln!(to, "{well} of {selected} messages {droppable} can be dropped")?;
        } else {
            writeln!(to, "{well} of {selected} messages {dropped} were dropped")?;
        }
        if *to_dismiss > 0 {
            writeln!(to, "  {to_dismiss} of these still count, and are dismissed in the ledger first")?;
        }
        if !self.words.is_empty() {
            writeln!(to, "  these still count and stay, unless you --dismiss them:")?;
            self.words.iter().try_for_each(|words| writeln!(to, "  {words}"))?;
        }
        if *under_way > 0 {
            writeln!(to, "  {WARN}{under_way} are being delivered, or may be: they stay; look again later{WARN:#}")?;
        }
        say_unseen(self.unseen, DEAD_LETTERS, to)?;
        if self.dry_run && *droppable > 0 {
            writeln!(to, "nothing was changed; add --yes --keep FILE")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        let gone = if self.dry_run { self.droppable } else { self.dropped };
        self.selected > 0 && gone == self.selected
    }

    fn is_whole(&self) -> bool {
        self.unseen == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_just_come_stays_and_what_counts_needs_a_decision() {
        for (plan, alone, dismissed) in [
            (Plan::Done, true, true),
            (Plan::Unreadable, true, true),
            (Plan::Leave(Why::Dismissed), true, true),
            (Plan::Send, false, true),
            (Plan::Anew, false, true),
            (Plan::Leave(Why::Limit), false, true),
            (Plan::Leave(Why::Skipped), false, true),
            (Plan::Leave(Why::Young), false, false),
        ] {
            assert_eq!((may_go(plan, false), may_go(plan, true)), (alone, dismissed), "{plan:?}");
        }
    }

    #[test]
    fn a_reason_is_a_few_words_about_nobody() {
        assert_eq!(reason(" shop cancelled it ").as_deref(), Ok("shop cancelled it"));
        for bad in ["", "  ", "asked by jane@example.com", "two\nlines", &"x".repeat(121)] {
            assert!(reason(bad).is_err(), "{bad}");
        }
    }
}
