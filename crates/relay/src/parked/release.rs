//! `relay parked release`.

use super::open::{open, reason};
use crate::{
    anew,
    answer::Answer,
    audit::Action,
    balance, day,
    deployed::Purpose,
    failure::Failure,
    flow::{self, Flow, Typed},
    hand::{DEAD_LETTERS, Hand, say_unseen},
    judging::Judging,
    operator::Operator,
    options::Options,
    pause,
    place::Place,
    resend::{Job, Sending},
    text::{DIM, WARN, tick},
};
use clap::Args;
use config::StoreName;
use delivery::{
    letter::{Letter, Rules},
    redrive::{Resend, Resent},
};
use ledger::{Delivery, DeliveryKey, Millis, Record, State};
use queue::Taken;
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

const EXAMPLES: &str = "\
Examples:
  relay parked release --reason unknown_store            what would be sent, and what not
  relay parked release --reason unknown_store --yes
  relay parked release --key 801RO000000AbcDYAS --yes

Orders of Salesforce are read there anew, and mapped by the deployed settings; other ones are refused. What Shopify sent is as its \
copy in the dead-letter queue has it, and mapped when it is delivered; so is what goes to Yotpo Loyalty, unless it was parked \
before it was mapped. The copies go when they are sent.

Exit code 1: some could not be released, or none was selected. Exit code 3: some dead letters could not be looked at; copies of \
what was released may be among them, and are done.";

/// What `relay parked release` takes.
#[derive(Debug, Args)]
#[command(after_help = flow::told(EXAMPLES))]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    sending: Sending,
}

/// Which of those that are parked.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Which {
    #[arg(long, value_parser = flow::typed, help = flow::told(flow::KEY))]
    key: Vec<Typed>,
    /// What is parked for this reason
    #[arg(long)]
    reason: Option<String>,
    /// What is parked of this store; `unrouted` for the orders that fit none
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
    /// Everything that is parked
    #[arg(long, conflicts_with_all = ["key", "reason", "store"])]
    all: bool,
}

/// What was released, or would be.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Released {
    /// Nothing was changed.
    dry_run: bool,
    selected: usize,
    /// What can be sent.
    sendable: usize,
    sent: usize,
    /// Dead letters that could not be looked at: copies of what was sent may be among them, and stay.
    unseen: u64,
    orders: Vec<Order>,
}

/// One order and what became of it, or would.
#[derive(Debug, Serialize)]
struct Order {
    flow: Flow,
    key: DeliveryKey,
    /// Why it was parked.
    reason: String,
    /// `sendable`, `sent`, or why not.
    outcome: String,
}

const SENDABLE: &str = "sendable";
const SENT: &str = "sent";

impl Which {
    fn means(&self, key: &DeliveryKey, record: &Record) -> bool {
        record.state == State::Parked
            && (self.key.is_empty() || self.key.iter().any(|typed| typed.means(key)))
            && self.reason.as_ref().is_none_or(|wanted| reason(record) == wanted)
            && self.store.as_ref().is_none_or(|store| record.store == store.as_str())
    }

    /// Refuses an order that is not parked.
    fn check(&self, open: &[Open]) -> Result<(), Failure> {
        let all = || open.iter().flat_map(|open| &open.records);
        let parked = |typed: &&Typed| all().any(|(key, r)| typed.means(key) && r.state == State::Parked);
        let Some(key) = self.key.iter().find(|key| !parked(key)) else { return Ok(()) };
        Err(Failure::input(format!("`--key` is `{key}`, which is not parked")).hint("`relay parked list` says what is"))
    }

    /// For the note of what was done.
    fn json(&self) -> Value {
        let store = self.store.as_ref().map(StoreName::as_str);
        json!({"keys": self.key, "reason": self.reason, "store": store, "all": self.all})
    }
}

/// What a flow's ledger has as open of what goes through one of its queues.
struct Open {
    flow: Flow,
    operator: Operator,
    records: Vec<(DeliveryKey, Record)>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Released, Failure> {
    let place = Place::find(options, Purpose::with(arguments.sending.yes)).await?;
    if arguments.sending.yes {
        pause::refuse(&place, &place.flows, None).await?;
    }
    let mut all = Vec::new();
    for flow in place.flows.iter().copied() {
        let mut records = open(&place.operator(flow)?).await?;
        for queues in flow.queues().iter().copied() {
            let (own, others) = records.into_iter().partition(|(key, _)| flow.queues_of(key) == queues);
            all.push(Open { flow, records: own, operator: place.operator_of(flow, queues)? });
            records = others;
        }
    }
    arguments.which.check(&all)?;
    let mut answer = Released { dry_run: !arguments.sending.yes, ..Released::default() };
    for open in all {
        release(&place, open, &arguments, &mut answer).await?;
    }
    Ok(answer)
}

/// Releases what is meant of a flow.
async fn release(place: &Place, open: Open, arguments: &Arguments, answer: &mut Released) -> Result<(), Failure> {
    let Open { flow, operator, records } = open;
    let Arguments { which, judging, sending } = arguments;
    let limit = judging.rules(place).limit;
    let parked: Vec<_> = records.into_iter().filter(|(key, record)| which.means(key, record)).collect();
    let mut anew = anew::anew(place, flow, &operator, parked.iter().map(|(key, _)| key)).await?;
    let (mut orders, mut resends) = (Vec::new(), Vec::new());
    for (key, record) in parked {
        let outcome = match anew::message(flow, anew.remove(&key)) {
            Ok(resend) if record.repairs >= limit && resend.delivery.revision == record.revision => {
                format!("it was sent again {} times, without success", record.repairs)
            }
            Ok(resend) => {
                resends.push(resend);
                SENDABLE.to_owned()
            }
            Err(why) => why,
        };
        orders.push(Order { flow, reason: reason(&record).to_owned(), key, outcome });
    }
    answer.selected += orders.len();
    answer.sendable += resends.len();
    if sending.yes && !resends.is_empty() {
        for order in orders.iter().filter(|order| order.outcome == SENDABLE && order.reason == balance::EXCEEDS) {
            balance::let_through(&operator, &order.key).await?;
        }
        let detail = json!({"selection": which.json(), "orders": resends.len(), "limit_repairs": limit});
        let action = Action { name: "parked release", detail };
        let resent = Hand::with(&operator.dead_letters, DEAD_LETTERS, judging.hide_for, async |hand, taken| {
            answer.unseen += hand.unseen();
            let jobs = with_copies(resends, taken, flow, &judging.rules(place));
            sending.send(place, &operator, hand, jobs, *judging, action).await
        });
        let resent = resent.await?;
        let sendable = orders.iter_mut().filter(|order| order.outcome == SENDABLE);
        for (order, resent) in sendable.zip(resent) {
            order.outcome = match resent {
                Resent::Sent => SENT.to_owned(),
                Resent::Limit => "it was sent again as often as is allowed".to_owned(),
                Resent::Refused(_) | Resent::Unsent => "the queue does not take it".to_owned(),
            };
        }
        answer.sent += orders.iter().filter(|order| order.outcome == SENT).count();
    }
    answer.orders.extend(orders);
    Ok(())
}

/// Each with its copies among the dead letters, in the trace of one of them. What has just come is left alone.
fn with_copies(resends: Vec<Resend>, taken: Vec<Taken>, flow: Flow, rules: &Rules) -> Vec<Job> {
    let came = |letter: &Letter| letter.taken.sent_at.map_or(rules.now, Millis::from);
    let letters = taken
        .into_iter()
        .map(|one| Letter::of(one, flow.as_str()))
        .filter(|letter| came(letter).plus(rules.older_than) <= rules.now);
    let letters: Vec<Letter> = letters.collect();
    let job = |Resend { delivery, entry, instead_of }: Resend| {
        let is_copy = |letter: &&Letter| {
            let of = |sent: &Delivery| {
                letter.delivery().is_some_and(|copy| copy.key == sent.key && copy.revision <= sent.revision)
            };
            of(&delivery) || instead_of.as_ref().is_some_and(of)
        };
        let copies: Vec<&Letter> = letters.iter().filter(is_copy).collect();
        let trace = copies.iter().find_map(|letter| letter.taken.trace.clone());
        let copies = copies.iter().map(|letter| letter.taken.id.clone()).collect();
        Job { resend: Resend { delivery, entry: entry.traced(trace), instead_of }, copies }
    };
    resends.into_iter().map(job).collect()
}

impl Answer for Released {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self { selected, sendable, sent, .. } = self;
        let well = tick(self.is_well());
        if self.dry_run {
            writeln!(to, "{well} of {selected} parked orders {sendable} can be sent")?;
        } else {
            writeln!(to, "{well} of {selected} parked orders {sent} were sent")?;
        }
        let mut by_outcome: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
        for order in &self.orders {
            by_outcome.entry(&order.outcome).or_default().push(order);
        }
        for (outcome, orders) in by_outcome {
            writeln!(to, "{WARN}{outcome}{WARN:#}")?;
            orders.iter().try_for_each(|one| writeln!(to, "  {} {DIM}{}{DIM:#}", one.key, one.reason))?;
        }
        say_unseen(self.unseen, DEAD_LETTERS, to)?;
        if self.dry_run && *sendable > 0 {
            writeln!(to, "nothing was changed; add --yes")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        let gone = if self.dry_run { self.sendable } else { self.sent };
        self.selected > 0 && gone == self.selected
    }

    fn is_whole(&self) -> bool {
        self.unseen == 0
    }
}
