//! `relay run`: a business day, run now.

use crate::{
    answer::{Answer, say},
    certificate,
    cli::Options,
    day::{self, Day},
    estimate::Estimate,
    failure::Failure,
    place::Place,
    producing::{self, Done},
    progress,
    text::{GOOD, tick},
};
use clap::Args;
use config::{BusinessDay, StoreName};
use reviews::{reconcile::Certificate, select::Pass};
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  relay run --day 2026-11-20              what it would take; changes nothing
  relay run --day 2026-11-20 --yes        read the day, send what is not delivered yet
  relay run --day yesterday --store acme --yes --wait

What is delivered is not sent again, and the store's cursor stays where it is: a day may be run as often as you like, and \
Ctrl-C is safe at any time. `relay preview --day D` says what would be sent.

Exit code 1: with --wait, a certificate is not complete yet; Yotpo may take hours to show what it took.";

/// A reconciler that is out of time goes on the next time; a day that needs more is left to its schedule.
const LOOKS: usize = 5;

/// What `relay run` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The business day, YYYY-MM-DD, or `yesterday`
    #[arg(long)]
    day: Day,
    /// One store
    #[arg(long, value_parser = day::store)]
    store: Option<StoreName>,
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
    business_day: BusinessDay,
    store: Option<StoreName>,
    /// Whether anything was done.
    dry_run: bool,
    estimate: Estimate,
    #[serde(flatten)]
    done: Option<Done>,
    /// With `--wait`: how the day stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Vec<Certificate>>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Ran, Failure> {
    let place = Place::find(options).await?;
    let Arguments { day, store, yes, wait } = arguments;
    place.known(store.as_ref())?;
    let day = day.of(store.as_ref(), &place.config, (place.now)());
    Pass::of_day(day, store.clone(), &place.config, (place.now)()).map_err(Failure::input)?;
    let operator = place.operator()?;
    let estimate = Estimate::of(&place, &operator, &[day], store.as_ref()).await?;
    say(options, &estimate)?;
    let mut ran = Ran { business_day: day, store, dry_run: !yes, estimate, done: None, certificates: None };
    if !yes {
        return Ok(ran);
    }
    let spinner = progress::spinner(format!("the producer runs {day}"));
    let done = producing::until_settled(&place, &operator.ledger, day, ran.store.as_ref()).await;
    spinner.finish_and_clear();
    ran.done = Some(done?);
    if wait {
        producing::until_at_most(&operator.queue, 0, "waiting for the queue to be empty".to_owned()).await?;
        ran.certificates = Some(look(&place, day, ran.store.as_ref()).await?);
    }
    Ok(ran)
}

/// Lets the reconciler look at the day.
async fn look(place: &Place, day: BusinessDay, store: Option<&StoreName>) -> Result<Vec<Certificate>, Failure> {
    let spinner = progress::spinner(format!("the reconciler looks at {day}"));
    let mut certificates = Vec::new();
    for _ in 0..LOOKS {
        let mut answer = place.invoke("ReviewsReconcilerFunction", &producing::event(day, store)).await?;
        let issued = serde_json::from_value(answer["certificates"].take());
        certificates = issued.map_err(|error| Failure::undone("read the reconciler's answer", &error))?;
        if !certificates.is_empty() {
            break;
        }
    }
    spinner.finish_and_clear();
    Ok(certificates)
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
        match &self.certificates {
            Some(certificates) if certificates.is_empty() => {
                writeln!(to, "{} no certificate yet; the reconciler goes on by its schedule", tick(false))
            }
            Some(certificates) => certificates.iter().try_for_each(|one| certificate::print(one, to)),
            None => writeln!(to, "  the proof, some hours later: relay certificate {day} --refresh"),
        }
    }

    fn is_well(&self) -> bool {
        let complete =
            |certificates: &Vec<Certificate>| !certificates.is_empty() && certificates.iter().all(|c| c.complete);
        self.certificates.as_ref().is_none_or(complete)
    }
}
