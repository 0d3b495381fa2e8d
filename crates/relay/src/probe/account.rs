//! An account at Yotpo, tried out.

use super::{
    finding::Finding,
    findings::{self, Shown, ShownFrom},
    post::Post,
};
use crate::{failure::Failure, progress};
use chrono::{Days, NaiveDate};
use config::Relay;
use delivery::Pace;
use indicatif::ProgressBar;
use secrecy::{ExposeSecret as _, SecretString};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
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
pub(super) const OLD: Days = Days::new(10);
const BEFORE: Days = Days::new(11);
const RECENT: Days = Days::new(3);
const LONG_BEFORE: Days = Days::new(40);
const AHEAD: Days = Days::new(2);

/// An account that is being tried out.
pub(super) struct Probe<'a> {
    client: Arc<Reviews>,
    pace: Pace,
    config: &'a Relay,
    email: SecretString,
    patience: Duration,
    today: NaiveDate,
    spinner: ProgressBar,
}

impl<'a> Probe<'a> {
    /// Nothing is posted yet.
    pub(super) fn new(
        client: Arc<Reviews>,
        config: &'a Relay,
        email: SecretString,
        patience: Duration,
        today: NaiveDate,
    ) -> Self {
        let (pace, spinner) = (Pace::new(config.pace.yotpo_reviews, OTHERS + 1), progress::spinner(""));
        Self { client, pace, config, email, patience, today, spinner }
    }

    /// Posts, reads, and says what that shows.
    pub(super) async fn run(&self, posts: &[Post]) -> Result<Vec<Finding>, Failure> {
        let findings = self.try_out(posts).await;
        self.spinner.finish_and_clear();
        findings
    }

    async fn try_out(&self, posts: &[Post]) -> Result<Vec<Finding>, Failure> {
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
