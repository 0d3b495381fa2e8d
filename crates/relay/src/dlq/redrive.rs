//! `relay dlq redrive`.

use super::{
    letters::{Letters, letters},
    line::{Counts, Line},
    selection::Selection,
};
use crate::{
    anew,
    answer::Answer,
    audit::Action,
    deployed::Purpose,
    failure::Failure,
    flow::Flow,
    hand::{DEAD_LETTERS, say_unseen},
    judging::Judging,
    operator::Operator,
    options::Options,
    pause,
    place::Place,
    resend::{Job, Sending},
    text::{WARN, tick},
};
use clap::Args;
use delivery::{
    letter::{Plan, Why},
    redrive::{Planned, Resend, Resent},
};
use ledger::DeliveryKey;
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  relay dlq redrive                                     what would be sent, and what not
  relay dlq redrive --class bad_record --yes
  relay dlq redrive --key 801RO000000AbcDYAS --yes
  relay dlq redrive --store acme --since 2d --rate 5 --yes

Each message is reopened in the ledger, sent, and its copy deleted: dying between any two of these loses and doubles \
nothing. Do not use SQS's own redrive: the ledger holds these orders as settled, and the consumer would drop the copies.

Exit code 1: some messages were left, or none was selected. Exit code 3: some messages could not be looked at.";

/// What `relay dlq redrive` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    sending: Sending,
}

/// What was sent again, or would be.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Redriven {
    /// Nothing was changed.
    dry_run: bool,
    selected: usize,
    /// What can be sent.
    sendable: usize,
    sent: usize,
    /// What was not sent, by plan.
    left: Counts,
    /// What cannot be made anew from the source, and why.
    not_sendable: Vec<NotSendable>,
    /// What SQS will not take.
    refused: usize,
    /// Messages of the queue that could not be looked at.
    unseen: u64,
    /// What was sent again as often as is allowed.
    history: Vec<Line>,
}

/// An order that the source does not give a message for.
#[derive(Debug, Serialize)]
struct NotSendable {
    flow: Flow,
    key: DeliveryKey,
    why: String,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Redriven, Failure> {
    let Arguments { selection, judging, sending } = arguments;
    let mut answer = Redriven { dry_run: !sending.yes, ..Redriven::default() };
    letters(options, Purpose::with(sending.yes), &selection, judging, async |letters| {
        let Letters { place, flow, operator, hand, planned } = letters;
        if sending.yes {
            pause::refuse(place, &[flow], None).await?;
        }
        let tried = planned.iter().filter(|one| one.plan == Plan::Leave(Why::Limit));
        answer.history.extend(tried.map(|one| Line::of(one, flow, false)));
        answer.left.add(planned.iter().filter(|one| !matches!(one.plan, Plan::Send | Plan::Anew)), flow);
        answer.selected += planned.len();
        answer.unseen += hand.unseen();
        let jobs = jobs(place, flow, operator, &planned, &mut answer.not_sendable).await?;
        answer.sendable += jobs.len();
        if sending.yes && !jobs.is_empty() {
            let (selection, limit) = (selection.json((place.now)()), judging.rules(place).limit);
            let detail = json!({"selection": selection, "messages": jobs.len(), "limit_repairs": limit});
            let action = Action { name: "dlq redrive", detail };
            for resent in sending.send(place, operator, hand, jobs, judging, action).await? {
                match resent {
                    Resent::Sent => answer.sent += 1,
                    Resent::Refused(_) => answer.refused += 1,
                    Resent::Limit => answer.left.count(Plan::Leave(Why::Limit), 1),
                    Resent::Unsent => {}
                }
            }
        }
        Ok(())
    })
    .await?;
    Ok(answer)
}

/// What can be sent: messages as they are, and those that the source gives anew.
async fn jobs(
    place: &Place,
    flow: Flow,
    operator: &Operator,
    planned: &[Planned],
    not_sendable: &mut Vec<NotSendable>,
) -> Result<Vec<Job>, Failure> {
    let unmapped = planned.iter().filter(|one| one.plan == Plan::Anew);
    let keys: Vec<&DeliveryKey> = unmapped.filter_map(|one| Some(&one.letter.delivery()?.key)).collect();
    let mut anew = anew::anew(place, flow, operator, keys).await?;
    let mut jobs = Vec::new();
    for one in planned {
        let copies = vec![one.letter.taken.id.clone()];
        match (one.plan, Option::<Resend>::from(&one.letter)) {
            (Plan::Send, Some(resend)) => jobs.push(Job { resend, copies }),
            (Plan::Anew, Some(copy)) => match anew::message(flow, anew.remove(&copy.delivery.key)) {
                Ok(Resend { delivery, entry, instead_of }) => {
                    let resend = Resend { delivery, entry: entry.traced(copy.entry.trace), instead_of };
                    jobs.push(Job { resend, copies });
                }
                Err(why) => not_sendable.push(NotSendable { flow, key: copy.delivery.key, why }),
            },
            _ => {}
        }
    }
    Ok(jobs)
}

impl Answer for Redriven {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self { selected, sendable, sent, refused, .. } = self;
        let well = tick(self.is_well());
        if self.dry_run {
            writeln!(to, "{well} of {selected} messages {sendable} can be sent again")?;
        } else {
            writeln!(to, "{well} of {selected} messages {sent} were sent again")?;
        }
        self.left.words.iter().try_for_each(|words| writeln!(to, "  {words}"))?;
        self.not_sendable.iter().try_for_each(|one| writeln!(to, "  {}: {WARN}{}{WARN:#}", one.key, one.why))?;
        if *refused > 0 {
            writeln!(to, "  {refused} are too large for the queue, and stay")?;
        }
        self.history.iter().try_for_each(|line| line.print(to))?;
        say_unseen(self.unseen, DEAD_LETTERS, to)?;
        if self.dry_run && *sendable > 0 {
            writeln!(to, "nothing was changed; add --yes")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        let all = if self.dry_run { self.sendable } else { self.sent };
        self.selected > 0 && all == self.selected
    }

    fn is_whole(&self) -> bool {
        self.unseen == 0
    }
}
