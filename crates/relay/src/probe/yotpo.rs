//! `relay probe yotpo`: three posts under two order ids, and readings until they are shown.

use super::findings::{self, Finding, Shown, ShownFrom, Verdict};
use crate::{
    answer::Answer,
    cli::Options,
    day,
    failure::Failure,
    place::Place,
    progress,
    text::{GOOD, WARN, tick},
};
use chrono::{Days, NaiveDate};
use clap::Args;
use config::{BusinessDay, Relay, StoreName};
use indicatif::ProgressBar;
use reviews::pace::Pace;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};
use tokio::time::Instant;
use yotpo::{Error, Product, Purchase, PurchaseRow, Reviews};

/// The account's pace is shared with so many others at most that may be calling.
const OTHERS: u32 = 3;
/// Between two looks at the account, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Rows a page, and the pages of a reading: more is not an account to try things out in.
const ROWS: u32 = 200;
const PAGES: u32 = 25;
/// How old the order is that shows what `since_date` is compared with, and where the readings begin that tell.
const OLD: Days = Days::new(10);
const BEFORE: Days = Days::new(11);
const RECENT: Days = Days::new(3);
const LONG_BEFORE: Days = Days::new(40);
const AHEAD: Days = Days::new(2);

const EXAMPLES: &str = "\
Examples:
  relay probe yotpo --store sandbox --email me@example.com         what would be sent
  relay probe yotpo --store sandbox --email me@example.com --yes
  relay probe yotpo --store sandbox --email me@example.com --yes --patience 6h --json

For an account to try things out in: Yotpo keeps what is posted, adds the products `relay-probe` and `relay-probe-again`, and will
mail the address. Ledger and queues are not touched.

Exit code 1: an assumption does not hold, or it was not found out in time.";

/// What `relay probe yotpo` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The store whose account is used
    #[arg(long, value_parser = day::store)]
    store: StoreName,
    /// Your own address: Yotpo will write to it
    #[arg(long, value_parser = |text: &str| Ok::<_, String>(SecretString::from(text)))]
    email: SecretString,
    /// How long each purchase is waited for, such as 10m or 6h
    #[arg(long, value_parser = humantime::parse_duration, default_value = "10m")]
    patience: Duration,
    /// Post them
    #[arg(long)]
    yes: bool,
}

/// A purchase that is posted.
#[derive(Debug, Serialize)]
pub(crate) struct Post {
    order_id: String,
    order_date: NaiveDate,
    again: bool,
}

/// What was, or would be, posted, and what that showed.
#[derive(Debug, Serialize)]
pub(crate) struct Probed {
    store: StoreName,
    account_ending: String,
    sent: bool,
    posts: Vec<Post>,
    findings: Vec<Finding>,
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Probed, Failure> {
    let Arguments { store, email, patience, yes } = arguments;
    if !yotpo::is_email(email.expose_secret()) {
        return Err(Failure::input("`--email` is no address that Yotpo takes; expected one such as me@example.com"));
    }
    let place = Place::find(options).await?;
    place.known(Some(&store))?;
    let config = &place.config;
    let operator = place.operator()?;
    let stores = operator.stores().await.map_err(|error| Failure::undone("use the stores' accounts", &error))?;
    let client = stores.get(&store).ok_or_else(|| Failure::because(format!("store `{store}` has no account")))?;
    let mut nonce = uuid::Uuid::new_v4().simple().to_string();
    nonce.truncate(12);
    let today = BusinessDay::of((place.now)(), config.stores[&store].time_zone).date();
    let post = |n: u8, order_date, again| Post { order_id: format!("relay-probe-{nonce}-{n}"), order_date, again };
    let posts = vec![post(1, today, false), post(1, today, true), post(2, today - OLD, false)];
    let account_ending = client.account_ending().to_owned();
    let mut probed = Probed { store, account_ending, sent: yes, posts, findings: Vec::new() };
    if yes {
        let spinner = progress::spinner("");
        let probe = Probe {
            pace: Pace::new(config.pace.yotpo_reviews, OTHERS + 1),
            client,
            config,
            email,
            patience,
            today,
            spinner,
        };
        let findings = probe.run(&probed.posts).await;
        probe.spinner.finish_and_clear();
        probed.findings = findings?;
    }
    Ok(probed)
}

/// An account that is being tried out.
struct Probe<'a> {
    client: Arc<Reviews>,
    pace: Pace,
    config: &'a Relay,
    email: SecretString,
    patience: Duration,
    today: NaiveDate,
    spinner: ProgressBar,
}

impl Probe<'_> {
    async fn run(&self, posts: &[Post]) -> Result<Vec<Finding>, Failure> {
        let [first, again, old] = posts else { return Ok(Vec::new()) };
        let missing_after = self.config.protocol.missing_after;
        let since = self.today - BEFORE;
        self.post(first).await?;
        let shown = self.wait(first, since, Duration::ZERO).await?;
        let delay = findings::delay(shown, missing_after);
        let Shown::Within(time) = shown else {
            return Ok(vec![delay, findings::repeat(None), findings::since_date(None)]);
        };
        let before = self.rows(first, since).await?;
        self.post(again).await?;
        self.post(old).await?;
        // The old order came after the repeat: once it is shown, and as much time has passed as the first one took, twice,
        // what the repeat did is there to be seen.
        let shown = self.wait(old, since, time * 2).await?;
        let after = self.rows(first, since).await?;
        let readings = matches!(shown, Shown::Within(_)).then_some((before.as_slice(), after.as_slice()));
        let shown_from = self.shown_from(old).await?;
        Ok(vec![delay, findings::repeat(readings), findings::since_date(shown_from)])
    }

    async fn post(&self, post: &Post) -> Result<(), Failure> {
        self.spinner.set_message(format!("posting {}", post.order_id));
        let (name, product) =
            if post.again { ("Relay Probe Again", "relay-probe-again") } else { ("Relay Probe", "relay-probe") };
        let described = Product { name: Some(product.to_owned()), ..Product::default() };
        let purchase = Purchase {
            email: self.email.expose_secret().to_owned(),
            customer_name: name.to_owned(),
            order_id: post.order_id.clone(),
            order_date: post.order_date,
            currency_iso: None,
            platform: self.config.reviews.platform.clone(),
            products: BTreeMap::from([(product.to_owned(), described)]),
            user_reference: None,
        };
        self.pace.wait(Instant::now() + self.patience).await;
        self.client.create_purchase(&purchase).await.map_err(|error| {
            Failure::undone(&format!("post `{}`", post.order_id), &error)
                .hint("what was posted before stays in the account; nothing else was changed")
        })
    }

    /// Looks for a purchase until it is shown, and for `at_least` so long.
    async fn wait(&self, post: &Post, since: NaiveDate, at_least: Duration) -> Result<Shown, Failure> {
        let begun = Instant::now();
        let mut pause = FIRST_WAIT;
        self.spinner.set_message(format!("waiting until Yotpo shows {}", post.order_id));
        loop {
            let failed = match self.read(post, since).await {
                Ok(rows) if !rows.is_empty() => {
                    let shown = Shown::Within(begun.elapsed());
                    tokio::time::sleep(at_least.saturating_sub(begun.elapsed())).await;
                    return Ok(shown);
                }
                Ok(_) => None,
                Err(NotRead::Passing(error, wait)) => {
                    pause = pause.max(wait);
                    Some(error)
                }
                Err(NotRead::Final(failure)) => return Err(failure),
            };
            let left = self.patience.saturating_sub(begun.elapsed());
            match failed {
                Some(error) if left.is_zero() => return Err(not_read(&error)),
                None if left.is_zero() => return Ok(Shown::NotAfter(begun.elapsed())),
                _ => tokio::time::sleep(pause.min(left)).await,
            }
            pause = (pause * 2).min(LONGEST_WAIT);
        }
    }

    /// The latest day from which a reading shows the purchase, of those that tell.
    async fn shown_from(&self, post: &Post) -> Result<Option<ShownFrom>, Failure> {
        for (since, shown_from) in [
            (self.today + AHEAD, ShownFrom::Ahead),
            (self.today - RECENT, ShownFrom::Recent),
            (self.today - BEFORE, ShownFrom::Before),
            (self.today - LONG_BEFORE, ShownFrom::LongBefore),
        ] {
            if !self.rows(post, since).await?.is_empty() {
                return Ok(Some(shown_from));
            }
        }
        Ok(None)
    }

    async fn rows(&self, post: &Post, since: NaiveDate) -> Result<Vec<PurchaseRow>, Failure> {
        self.read(post, since).await.map_err(|error| match error {
            NotRead::Passing(error, _) => not_read(&error),
            NotRead::Final(failure) => failure,
        })
    }

    /// The rows of one order, of a reading from the first page to the last.
    async fn read(&self, post: &Post, since: NaiveDate) -> Result<Vec<PurchaseRow>, NotRead> {
        let (mut rows, mut ours) = (0, Vec::new());
        for page in 1..=PAGES {
            self.pace.wait(Instant::now() + self.patience).await;
            let page = self.client.purchases(since, page, ROWS).await.map_err(|error| match error {
                Error::Unavailable { .. } | Error::RateLimited { .. } => {
                    let wait = error.retry_after().unwrap_or_default();
                    NotRead::Passing(error, wait)
                }
                error => NotRead::Final(not_read(&error)),
            })?;
            rows += page.purchases.len() as u64;
            let last = page.is_last(ROWS, rows);
            ours.extend(page.purchases.into_iter().filter(|row| row.order_id == post.order_id));
            if last {
                return Ok(ours);
            }
        }
        let all = ROWS * PAGES;
        Err(NotRead::Final(
            Failure::because(format!("the account has more than {all} purchases since {since}"))
                .hint("use an account to try things out in"),
        ))
    }
}

/// Why the account could not be read.
enum NotRead {
    /// Perhaps it can be read after this long.
    Passing(Error, Duration),
    Final(Failure),
}

fn not_read(error: &Error) -> Failure {
    Failure::undone("read the account's purchases", error)
        .hint("what was posted stays in the account; nothing else was changed")
}

impl Answer for Probed {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        let would = if self.sent { "Posted" } else { "Would post" };
        writeln!(to, "{would} to the account …{} of store {}:", self.account_ending, self.store)?;
        for Post { order_id, order_date, again } in &self.posts {
            let how = if *again { ", again, with another name and product" } else { "" };
            writeln!(to, "  {order_id}, dated {order_date}{how}")?;
        }
        if !self.sent {
            writeln!(to, "Yotpo will mail the address about them, and they stay there.")?;
            return writeln!(to, "{WARN}nothing was changed; add --yes{WARN:#}");
        }
        for Finding { question, assumed, found, verdict } in &self.findings {
            let sign = match verdict {
                Verdict::Holds => tick(true),
                Verdict::DoesNotHold => tick(false),
                Verdict::NotFoundOut => format!("{WARN}?{WARN:#}"),
            };
            writeln!(to, "{sign} {question}\n    assumed: {assumed}\n    found:   {found}")?;
        }
        if self.is_well() {
            writeln!(to, "{GOOD}what is assumed holds{GOOD:#}")?;
        }
        Ok(())
    }

    fn is_well(&self) -> bool {
        self.findings.iter().all(|finding| finding.verdict == Verdict::Holds)
    }
}
