//! `relay forget`: what the queues hold of a person goes.

use crate::{
    answer::Answer,
    audit::Audit,
    deployed::Purpose,
    failure::Failure,
    hand::{DEAD_LETTERS, HELD, Hand, LOOK},
    options::Options,
    place::Place,
    progress,
    text::{DIM, WARN, tick},
    when,
};
use clap::Args;
use ledger::{DeliveryKey, State};
use queue::{Queue, Taken};
use reviews::{
    letter::{Letter, Plan, Rules, Why},
    operate::Operator,
    redrive::{Dismissal, Planned},
};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::BTreeSet,
    io::{self, Write},
    time::Duration,
};

const EXAMPLES: &str = "\
Examples:
  relay forget --email jane@example.com                  what is held
  relay forget --email jane@example.com --yes

Every message of the queue and the dead-letter queue is looked at; the others are hidden for a moment and given back. The \
ledger is told first that what was not sent is not to be sent, so that nothing waits for a message that is gone.

Exit code 1: some messages could not be seen or deleted now, since they are being delivered or wait for their next attempt. \
Run it again, after half an hour at the latest.";

/// What the ledger says of an order that is not sent since its buyer is to be forgotten.
const REASON: &str = "forgotten";
/// So long the flow's messages stay hidden: nobody delivers them meanwhile.
const GLANCE: Duration = Duration::from_mins(2);
/// Messages that are deleted together.
const BATCH: usize = 10;

/// What `relay forget` takes.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The person's e-mail address; compared without regard to case
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Dead letters younger than this are left for the next time: whoever put them there may not have told the ledger yet
    #[arg(long, default_value = "15m", value_parser = when::duration, value_name = "TIME")]
    older_than: Duration,
    /// Delete them; without it nothing is changed
    #[arg(long)]
    yes: bool,
}

/// Clap asks for it; the address is not for anybody's eyes.
impl std::fmt::Debug for Arguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arguments").field("yes", &self.yes).finish_non_exhaustive()
    }
}

/// What was held of a person, and what became of it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Forgotten {
    /// Nothing was changed.
    dry_run: bool,
    /// Messages that hold the address.
    in_queue: usize,
    in_dead_letter_queue: usize,
    erased: usize,
    /// Deliveries that are being made now, or may be: their messages stay.
    under_way: usize,
    /// Dead letters that have just come: they stay.
    too_young: usize,
    /// Messages that nobody can look at now, of whomever: they are in somebody's hands, or wait for their next attempt.
    unseen: u64,
    /// The orders, for Salesforce and Yotpo.
    orders: BTreeSet<DeliveryKey>,
}

/// The messages of one queue that hold the address.
struct Held<'a> {
    hand: Hand<'a>,
    messages: Vec<Planned>,
    /// Messages that could not be looked at.
    unseen: u64,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Forgotten, Failure> {
    if !yotpo::is_email(arguments.email.trim()) {
        return Err(Failure::input("`--email` is no e-mail address; expected one such as jane@example.com"));
    }
    let place = Place::find(options, Purpose::with(arguments.yes)).await?;
    let operator = place.operator()?;
    let letters = find(&operator, &operator.dead_letters, DEAD_LETTERS, &place, &arguments).await?;
    let queued = match find(&operator, &operator.queue, "the queue", &place, &arguments).await {
        Ok(queued) => queued,
        Err(failure) => {
            letters.hand.give_back().await;
            return Err(failure);
        }
    };
    let mut both = [queued, letters];
    let answer = forget(&place, &operator, &mut both, arguments.yes).await;
    for held in both {
        held.hand.give_back().await;
    }
    answer
}

/// Takes what a queue has and gives back at once what does not hold the address.
async fn find<'a>(
    operator: &Operator,
    queue: &'a Queue,
    name: &str,
    place: &Place,
    arguments: &Arguments,
) -> Result<Held<'a>, Failure> {
    let is_dead = name == DEAD_LETTERS;
    let (mut hand, taken) = Hand::take(queue, name, if is_dead { LOOK } else { GLANCE }).await?;
    let unseen = hand.unseen();
    let letters: Vec<Letter> =
        taken.into_iter().map(Letter::of).filter(|letter| letter.is_about(&arguments.email)).collect();
    hand.keep_only(&letters.iter().map(|letter| letter.taken.id.as_str()).collect()).await;
    let older_than = if is_dead { arguments.older_than } else { Duration::ZERO };
    let rules = Rules { now: (place.now)().into(), older_than, limit: place.config.protocol.repair_limit };
    match operator.plan(letters, &rules).await {
        Ok(messages) => Ok(Held { hand, messages, unseen }),
        Err(error) => {
            hand.give_back().await;
            Err(Failure::undone("read the ledger", &error))
        }
    }
}

async fn forget(place: &Place, operator: &Operator, both: &mut [Held<'_>; 2], yes: bool) -> Result<Forgotten, Failure> {
    let [queued, letters] = &*both;
    let all = || queued.messages.iter().chain(&letters.messages);
    let mut answer = Forgotten {
        dry_run: !yes,
        in_queue: queued.messages.len(),
        in_dead_letter_queue: letters.messages.len(),
        too_young: all().filter(|one| is_young(one)).count(),
        unseen: queued.unseen + letters.unseen,
        orders: all().filter_map(|one| Some(one.letter.delivery()?.key.clone())).collect(),
        ..Forgotten::default()
    };
    if !yes {
        let held = |one: &&Planned| {
            one.record.as_ref().is_some_and(|record| matches!(record.state, State::Claimed | State::Uncertain))
        };
        answer.under_way = all().filter(held).count();
        return Ok(answer);
    }
    let all = answer.in_queue + answer.in_dead_letter_queue;
    let audit = Audit::begin(place, &operator.ledger, "forget", &json!({ "messages": all })).await?;
    let bar = progress::bar(all as u64, "forgetting");
    for Held { hand, messages, .. } in both {
        for batch in messages.chunks(BATCH) {
            let mut going: Vec<&Taken> = Vec::new();
            for one in batch.iter().filter(|one| !is_young(one)) {
                if dismissed(operator, one).await? {
                    going.push(&one.letter.taken);
                } else {
                    answer.under_way += 1;
                }
            }
            let ids: Vec<&str> = going.iter().map(|taken| taken.id.as_str()).collect();
            answer.erased += hand.delete(&ids).await?;
            place.context.so_far(format!("{} of {all} messages were deleted", answer.erased), HELD);
            bar.inc(batch.len() as u64);
        }
    }
    bar.finish_and_clear();
    audit.end(&json!({"erased": answer.erased, "under_way": answer.under_way, "too_young": answer.too_young})).await?;
    Ok(answer)
}

fn is_young(one: &Planned) -> bool {
    one.plan == Plan::Leave(Why::Young)
}

/// Whether the message may go: nobody is delivering it, and the ledger says that it is not to be sent, or was.
async fn dismissed(operator: &Operator, one: &Planned) -> Result<bool, Failure> {
    let Some(delivery) = one.letter.delivery() else { return Ok(true) };
    let dismissal = operator.dismiss(delivery, REASON).await;
    Ok(dismissal.map_err(|error| Failure::undone("write to the ledger", &error))? == Dismissal::Settled)
}

impl Answer for Forgotten {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self { in_queue, in_dead_letter_queue, erased, under_way, too_young, unseen, .. } = self;
        let well = tick(self.is_well());
        let all = in_queue + in_dead_letter_queue;
        writeln!(
            to,
            "{well} messages with this address: {in_queue} in the queue, {in_dead_letter_queue} dead letters"
        )?;
        self.orders.iter().try_for_each(|key| writeln!(to, "  {key}"))?;
        for (n, what) in [
            (*under_way as u64, "are being delivered, or may be, and stay"),
            (*too_young as u64, "dead letters have just come, and stay"),
            (*unseen, "messages, of whomever, cannot be looked at now"),
        ] {
            if n > 0 {
                writeln!(to, "  {WARN}{n} {what}: run this again in half an hour{WARN:#}")?;
            }
        }
        if self.dry_run && all > 0 {
            writeln!(to, "nothing was changed; add --yes")?;
        } else if !self.dry_run {
            writeln!(to, "{erased} of {all} messages were deleted, and not kept anywhere")?;
        }
        writeln!(
            to,
            "{DIM}The ledger holds order ids and hashes, nothing of a person. Its records stay: without them the orders \
             would be sent again.\nTo be erased apart: in Salesforce the contact and account (first: an order that changes \
             there is sent again);\nat Yotpo the purchases and review requests; in the files that `relay dlq drop` has \
             kept.{DIM:#}"
        )
    }

    fn is_well(&self) -> bool {
        let left = if self.dry_run { 0 } else { self.in_queue + self.in_dead_letter_queue - self.erased };
        self.under_way + self.too_young + left == 0 && self.unseen == 0
    }
}
