//! `relay forget`: what the queues hold of a person goes.

use crate::{
    answer::Answer,
    audit::Action,
    deployed::Purpose,
    discard::discard,
    failure::Failure,
    hand::{DEAD_LETTERS, Hand, LOOK},
    operator::Operator,
    options::Options,
    place::Place,
    text::{DIM, WARN, tick},
    when,
};
use clap::Args;
use delivery::{
    letter::{Letter, Plan, Rules, Why},
    redrive::Planned,
};
use ledger::{DeliveryKey, State};
use queue::Taken;
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
    /// The deliveries, for the vendors.
    orders: BTreeSet<DeliveryKey>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Forgotten, Failure> {
    let Arguments { email, older_than, yes } = arguments;
    if !yotpo::is_email(email.trim()) {
        return Err(Failure::input("`--email` is no e-mail address; expected one such as jane@example.com"));
    }
    let place = Place::find(options, Purpose::with(yes)).await?;
    let mut answer = Forgotten { dry_run: !yes, ..Forgotten::default() };
    for (_, operator) in place.operators()? {
        Hand::with(&operator.dead_letters, DEAD_LETTERS, LOOK, async |letters, dead| {
            let dead = about(&email, &place, &operator, letters, dead, older_than).await?;
            Hand::with(&operator.queue, "the queue", GLANCE, async |queue, waiting| {
                let waiting = about(&email, &place, &operator, queue, waiting, Duration::ZERO).await?;
                forget(&place, &operator, [(queue, waiting), (letters, dead)], &mut answer).await
            })
            .await
        })
        .await?;
    }
    Ok(answer)
}

/// The messages that hold the address, and what the ledger has of each; the others are given back at once.
async fn about(
    email: &str,
    place: &Place,
    operator: &Operator,
    hand: &mut Hand,
    taken: Vec<Taken>,
    older_than: Duration,
) -> Result<Vec<Planned>, Failure> {
    let letters: Vec<Letter> = taken
        .into_iter()
        .map(|one| Letter::of(one, operator.ledger.flow().name))
        .filter(|letter| letter.mentions(email))
        .collect();
    hand.keep_only(&letters.iter().map(|letter| letter.taken.id.as_str()).collect()).await;
    let rules = Rules { now: (place.now)().into(), older_than, limit: place.config.protocol.repair_limit };
    operator.redrive().plan(letters, &rules).await.map_err(|error| Failure::undone("read the ledger", &error))
}

async fn forget(
    place: &Place,
    operator: &Operator,
    mut both: [(&mut Hand, Vec<Planned>); 2],
    answer: &mut Forgotten,
) -> Result<(), Failure> {
    let [queued, dead] = &both;
    let all = || queued.1.iter().chain(&dead.1);
    answer.in_queue += queued.1.len();
    answer.in_dead_letter_queue += dead.1.len();
    answer.too_young += all().filter(|one| is_young(one)).count();
    answer.unseen += queued.0.unseen() + dead.0.unseen();
    answer.orders.extend(all().filter_map(|one| Some(one.letter.delivery()?.key.clone())));
    if answer.dry_run {
        answer.under_way += all().filter(|one| is_under_way(one)).count();
        return Ok(());
    }
    let action = Action { name: "forget", detail: json!({"messages": all().count()}) };
    let piles = both.iter_mut().map(|(hand, messages)| {
        let old = messages.iter().filter(|one| !is_young(one));
        (&mut **hand, old.collect())
    });
    let done = discard(place, operator, piles.collect(), REASON, None, action).await?;
    answer.erased += done.deleted;
    answer.under_way += done.under_way;
    Ok(())
}

fn is_young(one: &Planned) -> bool {
    one.plan == Plan::Leave(Why::Young)
}

fn is_under_way(one: &Planned) -> bool {
    one.record.as_ref().is_some_and(|record| matches!(record.state, State::Claimed | State::Uncertain))
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
        )?;
        if self.orders.iter().any(|key| key.flow() == erp::FLOW) {
            writeln!(to, "{DIM}In Shopify and NetSuite the customer and its orders, which are the merchant's.{DIM:#}")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        let left = if self.dry_run { 0 } else { self.in_queue + self.in_dead_letter_queue - self.erased };
        self.under_way + self.too_young + left == 0 && self.unseen == 0
    }
}
