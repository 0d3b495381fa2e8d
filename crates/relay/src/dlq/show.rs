//! `relay dlq show`.

use super::{
    letters::{Letters, letters},
    line::Line,
    selection::Selection,
};
use crate::{
    answer::Answer,
    deployed::Purpose,
    failure::Failure,
    hand::{DEAD_LETTERS, say_unseen},
    judging::Judging,
    options::Options,
};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  relay dlq show --key 801RO000000AbcDYAS
  relay dlq show --class bad_record --limit 5 --bodies

Exit code 1: there is no such message. Exit code 3: some messages could not be looked at.";

/// What `relay dlq show` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    judging: Judging,
    /// The bodies too: they hold buyers' names and addresses
    #[arg(long)]
    bodies: bool,
}

/// The messages, the oldest first.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Lines {
    messages: Vec<Line>,
    /// Messages of the queue that could not be looked at.
    unseen: u64,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Lines, Failure> {
    let Arguments { selection, judging, bodies } = arguments;
    let mut answer = Lines::default();
    letters(options, Purpose::Read, &selection, judging, async |Letters { flow, hand, planned, .. }| {
        answer.messages.extend(planned.iter().map(|one| Line::of(one, flow, bodies)));
        answer.unseen += hand.unseen();
        Ok(())
    })
    .await?;
    Ok(answer)
}

impl Answer for Lines {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.messages.is_empty() {
            writeln!(to, "no such message in the dead-letter queue")?;
        }
        self.messages.iter().try_for_each(|line| line.print(to))?;
        say_unseen(self.unseen, DEAD_LETTERS, to)
    }

    fn is_well(&self) -> bool {
        !self.messages.is_empty()
    }

    fn is_whole(&self) -> bool {
        self.unseen == 0
    }
}
