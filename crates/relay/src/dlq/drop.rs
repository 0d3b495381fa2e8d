//! `relay dlq drop`.

use super::{
    letters::{Letters, letters},
    line::Counts,
    selection::Selection,
};
use crate::{
    answer::Answer,
    audit::Action,
    deployed::Purpose,
    discard::discard,
    failure::Failure,
    flow,
    hand::{DEAD_LETTERS, say_unseen},
    judging::Judging,
    keep::Keep,
    options::Options,
    text::{WARN, tick},
};
use clap::Args;
use delivery::{
    letter::{Plan, Why},
    redrive::Planned,
};
use serde::Serialize;
use serde_json::json;
use std::{
    io::{self, Write},
    path::PathBuf,
};

const EXAMPLES: &str = "\
Examples:
  relay dlq drop                                        what does not count any more
  relay dlq drop --yes --keep dropped.jsonl
  relay dlq drop --key 801RO000000AbcDYAS --dismiss \"shop cancelled it\" --yes --keep dropped.jsonl

A message counts until its order was accepted or confirmed, or the ledger knows a newer version. With --dismiss the ledger \
says first that the order is rejected for your reason; a later change of the order in {source} sends it all the same.

The file gets the whole messages, buyers' names and addresses included, and may be read by you alone.

Exit code 1: some messages still count or were being delivered, and stay; or none was selected. Exit code 3: \
some messages could not be looked at.";

/// A reason is said in certificates: a few words.
const REASON: usize = 120;

/// What `relay dlq drop` takes.
#[derive(Debug, Args)]
#[command(after_help = flow::told(EXAMPLES))]
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
    left: Counts,
    /// What was not dismissed, since it is being delivered, or may be.
    under_way: usize,
    /// Messages of the queue that could not be looked at.
    unseen: u64,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Dropped, Failure> {
    let Arguments { selection, judging, dismiss, yes, keep } = arguments;
    let mut keep = keep.filter(|_| yes).map(|path| Keep::open(&path)).transpose()?;
    let mut answer = Dropped { dry_run: !yes, ..Dropped::default() };
    letters(options, Purpose::with(yes), &selection, judging, async |letters| {
        let Letters { place, flow, operator, hand, planned } = letters;
        let (going, left): (Vec<&Planned>, Vec<_>) =
            planned.iter().partition(|one| may_go(one.plan, dismiss.is_some()));
        answer.selected += planned.len();
        answer.droppable += going.len();
        answer.to_dismiss += going.iter().filter(|one| one.plan.still_counts()).count();
        answer.left.add(left, flow);
        answer.unseen += hand.unseen();
        if yes && !going.is_empty() {
            let selection = selection.json((place.now)());
            let detail = json!({"selection": selection, "messages": going.len(), "dismiss": dismiss});
            let action = Action { name: "dlq drop", detail };
            let reason = dismiss.as_deref().unwrap_or_default();
            let done = discard(place, operator, vec![(hand, going)], reason, keep.as_mut(), action).await?;
            answer.dropped += done.deleted;
            answer.under_way += done.under_way;
        }
        Ok(())
    })
    .await?;
    Ok(answer)
}

/// Whether a message may be deleted. One that has just come is left whatever a person decides.
fn may_go(plan: Plan, dismissed: bool) -> bool {
    !plan.still_counts() || (dismissed && plan != Plan::Leave(Why::Young))
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
        if !self.left.words.is_empty() {
            writeln!(to, "  these still count and stay, unless you --dismiss them:")?;
            self.left.words.iter().try_for_each(|words| writeln!(to, "  {words}"))?;
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
