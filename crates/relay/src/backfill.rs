//! `relay backfill`: many business days, run one after the other.

mod checkpoint;

use crate::{
    answer::{Answer, say},
    audit::{Action, noted},
    day::{self, Day},
    deployed::Purpose,
    estimate::Estimate,
    failure::Failure,
    flow::Flow,
    options::Options,
    pause,
    place::Place,
    producing::{self, Asked, Done},
    progress,
    text::{right, table},
};
use checkpoint::{Backfill, Days};
use clap::Args;
use config::{BusinessDay, StoreName};
use reviews::{operate::Operator, select::Pass};
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  relay backfill --from 2026-10-01 --to 2026-10-31            what it would take; changes nothing
  relay backfill --from 2026-10-01 --to 2026-10-31 --yes      the oldest day first
  relay backfill --from 2026-10-01 --to 2026-10-31 --yes --again      run the days anew that were done

Before each day it waits until the queue holds no more than --max-backlog messages, so that the night's orders are not kept \
waiting. Ctrl-C is safe at any time: the days done are kept in the ledger, and the same command goes on after them. What is \
delivered is not sent again, however often a day is run. Days older than six months are left out: {destination} takes \
none of their orders.

Exit codes are those of `relay --help`; 3 if another backfill of the same days was started meanwhile, which goes on with them.";

/// How to go on after an interruption.
const GO_ON: &str =
    "the same command goes on after them; the day that was under way is run again, and nothing is sent twice";

/// What `relay backfill` takes.
#[derive(Debug, Args)]
#[command(after_help = Flow::Reviews.told(EXAMPLES))]
pub(crate) struct Arguments {
    /// The first business day, YYYY-MM-DD
    #[arg(long, value_name = "DAY")]
    from: Day,
    /// The last one, YYYY-MM-DD, or `yesterday`
    #[arg(long, value_name = "DAY")]
    to: Day,
    /// One store
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
    /// Do it; without this it only says what it would take
    #[arg(long)]
    yes: bool,
    /// Run the days too that an earlier backfill of the same days has done
    #[arg(long)]
    again: bool,
    /// Messages in the queue at which the next day waits
    #[arg(long, default_value_t = 5_000, value_name = "N")]
    max_backlog: u64,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Filled {
    flow: Flow,
    from: BusinessDay,
    to: BusinessDay,
    store: Option<StoreName>,
    /// Whether anything was done.
    dry_run: bool,
    /// Of the days that were not done before.
    estimate: Estimate,
    /// Days that are left out, since they are older than six months.
    too_old: usize,
    /// Days that an earlier backfill had done.
    done_before: usize,
    /// The days that are done, by whichever of the backfills.
    days: Vec<Row>,
}

/// A day that is done.
#[derive(Debug, Serialize)]
struct Row {
    business_day: BusinessDay,
    #[serde(flatten)]
    done: Done,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Filled, Failure> {
    let place = Place::find(options, Purpose::with(arguments.yes)).await?;
    let Arguments { from, to, store, yes, again, max_backlog } = arguments;
    let (flow, operator) = (Flow::Reviews, place.reviews()?);
    place.known(store.as_ref())?;
    if yes {
        pause::refuse(&place, &[flow], store.as_ref()).await?;
    }
    let now = (place.now)();
    let [from, to] = [from, to].map(|day| day.of(store.as_ref(), &place.config, now));
    if from > to {
        return Err(Failure::input(format!("`--from` is {from}, which is after `--to` {to}")));
    }
    let last = Pass::of_day(to, store.as_ref(), &place.config, now).map_err(Failure::input)?;
    let all: Vec<_> = std::iter::successors(Some(from), |day| Some(day.next())).take_while(|day| *day <= to).collect();
    let oldest = last.oldest_day(&place.config);
    let young: Vec<_> = all.iter().copied().filter(|day| *day >= oldest).collect();
    let too_old = all.len() - young.len();
    if young.is_empty() {
        return Err(Failure::input(format!(
            "every day up to {to} is older than six months: {} takes none of their orders",
            flow.destination()
        ))
        .hint(format!("the oldest day that can be run is {oldest}")));
    }
    let days = Days { from, to, store: store.clone() };
    let mut backfill = Backfill::look(&operator.ledger, &days, again).await?;
    let done_before = backfill.done().len();
    if yes {
        backfill.save().await?;
        place.context.so_far(format!("{done_before} of {} days are done", young.len()), GO_ON);
    }
    let left: Vec<_> = young.iter().copied().filter(|day| !backfill.done().contains_key(day)).collect();
    let estimate = Estimate::of(&place, &operator, &left, store.as_ref()).await?;
    if too_old > 0 {
        say(options, format_args!("{too_old} days before {oldest} are left out: they are older than six months"))?;
    }
    if let Some(next) = left.first().filter(|_| done_before > 0) {
        say(options, format_args!("{done_before} days are done; it goes on at {next}"))?;
    }
    say(options, &estimate)?;
    if yes {
        let detail = json!({"from": from, "to": to, "store": store, "again": again, "days": left.len()});
        let fill = Box::pin(fill(&place, &operator, &mut backfill, &left, store.as_ref(), max_backlog));
        noted(&place, &operator.ledger, Action { name: "backfill", detail }, fill, |done| json!({"days_done": done}))
            .await?;
    }
    let days = backfill.done().iter().map(|(day, done)| Row { business_day: *day, done: done.clone() }).collect();
    Ok(Filled { flow, from, to, store, dry_run: !yes, estimate, too_old, done_before, days })
}

/// Runs the days that are left, each when the queue has room for it; how many are done then.
async fn fill(
    place: &Place,
    operator: &Operator,
    backfill: &mut Backfill<'_>,
    left: &[BusinessDay],
    store: Option<&StoreName>,
    max_backlog: u64,
) -> Result<usize, Failure> {
    let all = backfill.done().len() + left.len();
    let bar = progress::bar(left.len() as u64, "days");
    for day in left {
        bar.set_message(day.to_string());
        let waits = format!("{day} waits until the backlog is under {max_backlog}");
        producing::until_at_most(&operator.queue, max_backlog, waits).await?;
        // Another one may have taken over meanwhile.
        backfill.save().await?;
        let asked = Asked { flow: Flow::Reviews, day: *day, store, history: false };
        let done = producing::until_settled(place, &operator.ledger, asked).await?;
        backfill.finish(*day, done).await?;
        bar.inc(1);
        place.context.so_far(format!("{} of {all} days are done", backfill.done().len()), GO_ON);
    }
    bar.finish_and_clear();
    Ok(backfill.done().len())
}

impl Answer for Filled {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.dry_run {
            return writeln!(to, "nothing was changed; add --yes");
        }
        let mut days = table(["day", "orders", "sent", "delivered before", "skipped", "parked", "rejected"]);
        days.add_rows(self.days.iter().map(|Row { business_day, done }| {
            let numbers =
                [done.fetched, done.enqueued, done.already_delivered, done.skipped, done.parked, done.rejected];
            std::iter::once(business_day.to_string()).chain(numbers.map(|n| n.to_string()))
        }));
        (1..=6).for_each(|column| right(&mut days, column));
        writeln!(to, "{days}")?;
        if self.done_before == self.days.len() {
            writeln!(to, "every day was done before, nothing was run; --again runs them anew")?;
        }
        writeln!(to, "the proof of a day, some hours later: relay certificate {} --refresh", self.to)
    }
}
