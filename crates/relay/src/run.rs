//! `relay run`: a business day, run now.

use crate::{
    answer::{Answer, say},
    audit::{Action, noted},
    certificate,
    day::{self, Day},
    deployed::Purpose,
    estimate::{Estimate, OfLoyalty},
    failure::Failure,
    flow::Flow,
    look::{NotLookedAt, look},
    options::Options,
    pause,
    place::Place,
    producing::{self, Asked, Done},
    progress,
    text::{GOOD, tick},
};
use clap::Args;
use config::{BusinessDay, StoreName};
use reconciliation::Certificate;
use reviews::select::Pass;
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  relay run --day 2026-11-20              what it would take; changes nothing
  relay run --day 2026-11-20 --yes        read the day, send what is not delivered yet
  relay run --day yesterday --store acme --yes --wait

What is delivered is not sent again, and the store's cursor stays where it is: a day may be run as often as you like, and \
Ctrl-C is safe at any time. `relay preview --day D` says what would be sent.

  relay run --flow loyalty --day 2026-11-20 --yes     orders, returns and cancellations of that day, to Yotpo Loyalty

Exit code 1: with --wait, a certificate is not complete yet; {destination} may take hours to show what it took. Exit code 3: with --wait, \
a store could not be looked at.";

/// How to go on after an interruption.
const GO_ON: &str = "the same command waits for it and goes on; what is delivered is not sent again";

/// What `relay run` takes.
#[derive(Debug, Args)]
#[command(after_help = Flow::Reviews.told(EXAMPLES))]
pub(crate) struct Arguments {
    /// The business day, YYYY-MM-DD, or `yesterday`
    #[arg(long)]
    day: Day,
    /// One store
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
    /// Of the loyalty flow: a day before `loyalty.start` too, whose orders earn points and mails as if they were new
    #[arg(long)]
    history: bool,
    /// Do it; without this it only says what it would take
    #[arg(long)]
    yes: bool,
    /// Wait until the queue is empty, then let the reconciler look at the day
    #[arg(long, requires = "yes")]
    wait: bool,
}

/// A day that was run.
#[derive(Debug, Serialize)]
pub(crate) struct Ran {
    flow: Flow,
    business_day: BusinessDay,
    store: Option<StoreName>,
    /// Whether anything was done.
    dry_run: bool,
    estimate: Takes,
    #[serde(flatten)]
    done: Option<Done>,
    /// With `--wait`: how the day stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Vec<Certificate>>,
    /// With `--wait`: stores of which that is not known, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_looked_at: Vec<NotLookedAt>,
}

/// What it would take, in the words of either flow.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Takes {
    Reviews(Estimate),
    Loyalty(OfLoyalty),
}

/// The flow that is meant: the one that is named, else the first that a day can be run of.
fn flow(options: &Options, place: &Place) -> Flow {
    let by_day = || place.flows.iter().copied().find(|flow| flow.producer().is_some());
    options.flow.or_else(by_day).unwrap_or(Flow::Reviews)
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Ran, Failure> {
    let place = Place::find(options, Purpose::with(arguments.yes)).await?;
    let Arguments { day, store, history, yes, wait } = arguments;
    place.known(store.as_ref())?;
    let (flow, now) = (flow(options, &place), (place.now)());
    let day = day.of(store.as_ref(), &place.config, now);
    let estimate = if flow == Flow::Loyalty {
        place.config.days_over(day, store.as_ref(), now).map_err(Failure::input)?;
        let estimate = OfLoyalty::of(&place, day, store.as_ref(), history).await?;
        say(options, &estimate)?;
        Takes::Loyalty(estimate)
    } else {
        let reviews = place.reviews()?;
        if history {
            return Err(Failure::input("`--history` is of the loyalty flow alone: name it with --flow"));
        }
        Pass::of_day(day, store.as_ref(), &place.config, now).map_err(Failure::input)?;
        let estimate = Estimate::of(&place, &reviews, &[day], store.as_ref()).await?;
        say(options, &estimate)?;
        Takes::Reviews(estimate)
    };
    if yes {
        pause::refuse(&place, &[flow], store.as_ref()).await?;
    }
    let operator = place.operator(flow)?;
    let (done, certificates, not_looked_at) = (None, None, Vec::new());
    let mut ran = Ran { flow, business_day: day, store, dry_run: !yes, estimate, done, certificates, not_looked_at };
    if !yes {
        return Ok(ran);
    }
    let detail = json!({"business_day": day, "store": ran.store, "history": history});
    place.context.so_far(format!("the producer was started for {day}, and goes on until its run ends"), GO_ON);
    let spinner = progress::spinner(format!("the producer runs {day}"));
    let asked = Asked { flow, day, store: ran.store.as_ref(), history };
    let work = Box::pin(producing::until_settled(&place, &operator.ledger, asked));
    let done = noted(&place, &operator.ledger, Action { name: "run", detail }, work, |done| json!(done)).await;
    spinner.finish_and_clear();
    ran.done = Some(done?);
    place.context.so_far(format!("{day} is settled"), "`relay certificate --refresh` looks at it");
    if wait {
        producing::until_at_most(&operator.queue, 0, "waiting for the queue to be empty".to_owned()).await?;
        let look = look(&place, flow, day, ran.store.as_ref()).await?;
        ran.certificates = Some(look.certificates.into_values().collect());
        ran.not_looked_at = look.not_looked_at;
    }
    Ok(ran)
}

impl Answer for Ran {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self { business_day: day, done: Some(done), .. } = self else {
            return writeln!(to, "nothing was changed; add --yes");
        };
        writeln!(
            to,
            "{} {day}: {GOOD}settled{GOOD:#}, {} of {} orders sent ({} delivered before, {} skipped, {} parked, {} rejected)",
            tick(true),
            done.enqueued,
            done.fetched,
            done.already_delivered,
            done.skipped,
            done.parked,
            done.rejected
        )?;
        for certificate in self.certificates.iter().flatten() {
            certificate::print(certificate, true, to)?;
        }
        for not in &self.not_looked_at {
            certificate::print_not_looked_at(*day, not, to)?;
        }
        if self.certificates.is_none() {
            writeln!(to, "  the proof, some hours later: relay certificate {day} --refresh")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        self.certificates.iter().flatten().all(|certificate| certificate.complete)
    }

    fn is_whole(&self) -> bool {
        self.not_looked_at.is_empty()
    }
}
