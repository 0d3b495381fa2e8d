//! `relay dlq list`.

use super::{
    letters::{Letters, letters},
    line::{Counts, printable},
    selection::Selection,
};
use crate::{
    answer::Answer,
    deployed::Purpose,
    failure::Failure,
    flow::Flow,
    hand::{DEAD_LETTERS, say_unseen},
    judging::Judging,
    options::Options,
    reasons::of_letter,
    text::{DIM, WARN, instant, tick},
};
use chrono::{DateTime, Utc};
use clap::Args;
use delivery::redrive::Planned;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

const EXAMPLES: &str = "\
Examples:
  relay dlq list
  relay dlq list --class bad_record --since 2d

Exit code 1: there are such messages. Exit code 3: some messages could not be looked at.";

/// A bar of the histogram is at most so long.
const BAR: usize = 20;

/// What `relay dlq list` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    judging: Judging,
}

/// What is there, the largest group first.
#[derive(Debug, Default, Serialize)]
#[expect(clippy::struct_field_names, reason = "the field is the answer's word")]
pub(crate) struct Groups {
    messages: usize,
    /// Messages of the queue that could not be looked at.
    unseen: u64,
    groups: Vec<Group>,
}

/// The messages of one error class and reason.
#[derive(Debug, Serialize)]
struct Group {
    flow: Flow,
    error_class: String,
    error: String,
    messages: usize,
    oldest: Option<DateTime<Utc>>,
    newest: Option<DateTime<Utc>>,
    /// How many there are of each plan.
    plans: Counts,
    /// Whose it is to mend, and how.
    what_to_do: &'static str,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Groups, Failure> {
    let Arguments { selection, judging } = arguments;
    let mut answer = Groups::default();
    letters(options, Purpose::Read, &selection, judging, async |Letters { flow, hand, planned, .. }| {
        let mut by_reason: BTreeMap<(&str, &str), Vec<&Planned>> = BTreeMap::new();
        for one in &planned {
            by_reason.entry((one.letter.class(), one.letter.error())).or_default().push(one);
        }
        answer.groups.extend(by_reason.into_iter().map(|(name, members)| Group::of(flow, name, &members)));
        answer.messages += planned.len();
        answer.unseen += hand.unseen();
        Ok(())
    })
    .await?;
    answer.groups.sort_by_key(|group| std::cmp::Reverse(group.messages));
    Ok(answer)
}

impl Group {
    fn of(flow: Flow, (class, error): (&str, &str), members: &[&Planned]) -> Self {
        let times = || members.iter().filter_map(|member| member.letter.taken.sent_at);
        let (oldest, newest) = (times().min(), times().max());
        let mut plans = Counts::default();
        plans.add(members.iter().copied(), flow);
        let reason = members.iter().find_map(|member| member.record.as_ref()?.reason.as_deref());
        Self {
            flow,
            error_class: class.to_owned(),
            error: error.to_owned(),
            messages: members.len(),
            oldest,
            newest,
            plans,
            what_to_do: of_letter(flow, class, error, reason),
        }
    }
}

impl Answer for Groups {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let well = self.messages == 0 && self.unseen == 0;
        writeln!(to, "{} messages in the dead-letter queue: {}", tick(well), self.messages)?;
        say_unseen(self.unseen, DEAD_LETTERS, to)?;
        let most = self.groups.first().map_or(1, |group| group.messages);
        let width = most.to_string().len();
        for group in &self.groups {
            let bar = "█".repeat((group.messages * BAR).div_ceil(most));
            let Group { messages, error_class, error, .. } = group;
            let (error_class, error) = (printable(error_class), printable(error));
            writeln!(to, "{messages:>width$} {WARN}{bar:BAR$}{WARN:#} {error_class}: {error}")?;
            let indent = " ".repeat(width + BAR + 2);
            if let (Some(oldest), Some(newest)) = (group.oldest, group.newest) {
                writeln!(to, "{indent}{DIM}{} to {}{DIM:#}", instant(oldest), instant(newest))?;
            }
            writeln!(to, "{indent}{}", group.plans.words.join("; "))?;
            writeln!(to, "{indent}{DIM}{}{DIM:#}", group.what_to_do)?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        self.messages == 0
    }

    fn is_whole(&self) -> bool {
        self.unseen == 0
    }
}
