//! Sending again, a few at a time: the ledger's leave, the message, then its copies in the dead-letter queue.

use crate::{
    audit::{Action, noted},
    failure::Failure,
    hand::{HELD, Hand},
    judging::Judging,
    operator::Operator,
    place::Place,
    progress,
};
use clap::Args;
use delivery::redrive::{Resend, Resent};
use serde_json::json;
use std::time::Duration;

/// Messages of one batch call.
const BATCH: usize = 10;

/// What whoever sends again takes.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Sending {
    /// Send them; without it nothing is changed
    #[arg(long)]
    pub(crate) yes: bool,
    /// Messages a second; the consumers keep to the vendor's pace whatever the queue holds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000), value_name = "N")]
    rate: u32,
}

/// A message to send again, and its copies that may go when it is sent.
pub(crate) struct Job {
    pub(crate) resend: Resend,
    /// SQS's ids, in the hand.
    pub(crate) copies: Vec<String>,
}

impl Sending {
    /// Sends them, between two notes; what became of each, in order.
    pub(crate) async fn send(
        self,
        place: &Place,
        operator: &Operator,
        hand: &mut Hand,
        jobs: Vec<Job>,
        judging: Judging,
        action: Action,
    ) -> Result<Vec<Resent>, Failure> {
        let work = Box::pin(self.send_all(place, operator, hand, jobs, judging));
        let count = |resent: &[Resent], ended: fn(&Resent) -> bool| resent.iter().filter(|one| ended(one)).count();
        let numbers = |resent: &Vec<Resent>| {
            json!({
                "sent": count(resent, |one| *one == Resent::Sent), "limit_reached": count(resent, |one| *one == Resent::Limit),
                "refused": count(resent, |one| matches!(one, Resent::Refused(_))),
            })
        };
        noted(place, &operator.ledger, action, work, numbers).await
    }

    async fn send_all(
        self,
        place: &Place,
        operator: &Operator,
        hand: &mut Hand,
        jobs: Vec<Job>,
        judging: Judging,
    ) -> Result<Vec<Resent>, Failure> {
        let limit = judging.rules(place).limit;
        let all = jobs.len();
        let copies: Vec<&str> = jobs.iter().flat_map(|job| &job.copies).map(String::as_str).collect();
        let duration = Duration::from_secs(all as u64) / self.rate;
        hand.hold(&copies, duration + judging.hide_for).await?;
        place.context.so_far(format!("none of {all} messages was sent again"), HELD);
        let bar = progress::bar(all as u64, "sending again");
        let (mut resent, mut jobs) = (Vec::with_capacity(all), jobs.into_iter().peekable());
        let batch = BATCH.min(self.rate as usize);
        while jobs.peek().is_some() {
            let (messages, copies): (Vec<Resend>, Vec<Vec<String>>) =
                jobs.by_ref().take(batch).map(|job| (job.resend, job.copies)).unzip();
            let outcomes = operator.redrive().resend(&messages, limit).await;
            let outcomes = outcomes.map_err(|error| {
                let failure = Failure::undone("reopen deliveries in the ledger", &error);
                failure.hint("what was sent so far stays sent; doing it again is safe")
            })?;
            let sent = outcomes.iter().zip(&copies).filter(|(outcome, _)| **outcome == Resent::Sent);
            let sent: Vec<&str> = sent.flat_map(|(_, copies)| copies).map(String::as_str).collect();
            hand.delete(&sent).await?;
            bar.inc(outcomes.len() as u64);
            let unsent = outcomes.iter().filter(|outcome| **outcome == Resent::Unsent).count();
            resent.extend(outcomes);
            let sent = resent.iter().filter(|outcome| **outcome == Resent::Sent).count();
            if unsent > 0 {
                let what = format!("the queue did not take {unsent} messages; {sent} of {all} were sent before");
                return Err(Failure::because(what).hint("the others are where they were; doing it again is safe"));
            }
            place.context.so_far(format!("{sent} of {all} messages were sent again"), HELD);
            if jobs.peek().is_some() {
                tokio::time::sleep(Duration::from_secs(batch as u64) / self.rate).await;
            }
        }
        bar.finish_and_clear();
        Ok(resent)
    }
}
