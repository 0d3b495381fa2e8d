//! `relay dlq`: what is in the dead-letter queue, and the way out of it.

mod drop;
mod line;
mod list;
mod redrive;
pub(crate) mod selection;
mod show;

use crate::{answer, cli::Options, failure::Failure, hand::Hand, place::Place};
use clap::Subcommand;
use reviews::{letter::Letter, operate::Operator, redrive::Planned};
use selection::{Judging, Selection};
use std::process::ExitCode;

/// The dead-letter queue's name in sentences.
pub(crate) const DEAD_LETTERS: &str = "the dead-letter queue";

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What is there, grouped by error class and reason, and what would become of it
    List(list::Arguments),
    /// Each message: what it is about, what the ledger says of it
    Show(show::Arguments),
    /// Sends messages again, by the ledger's leave
    Redrive(redrive::Arguments),
    /// Deletes messages that do not count any more, or that you decide not to send
    Drop(drop::Arguments),
}

impl Command {
    pub(crate) async fn run(self, at: &Options) -> ExitCode {
        match self {
            Self::List(arguments) => answer::tell(list::run(at, arguments).await, at),
            Self::Show(arguments) => answer::tell(show::run(at, arguments).await, at),
            Self::Redrive(arguments) => answer::tell(redrive::run(at, arguments).await, at),
            Self::Drop(arguments) => answer::tell(drop::run(at, arguments).await, at),
        }
    }
}

/// Takes what is there and picks what was asked for, the oldest first. What was taken stays in the hand, picked or not.
async fn take<'a>(
    place: &Place,
    operator: &'a Operator,
    selection: &Selection,
    judging: Judging,
) -> Result<(Hand<'a>, Vec<Planned>), Failure> {
    let (hand, taken) = Hand::take(&operator.dead_letters, DEAD_LETTERS, judging.hide_for).await?;
    match operator.plan(taken.into_iter().map(Letter::of).collect(), &judging.rules(place)).await {
        Ok(planned) => Ok((hand, selection.pick(planned, (place.now)()))),
        Err(error) => {
            hand.give_back().await;
            Err(Failure::undone("read the ledger", &error))
        }
    }
}
