//! The reconciler's run: what no webhook brought is sent; each business day that is due is compared, Shopify against ledger against
//! NetSuite; what NetSuite shows is confirmed, what is missing is sent again, and a certificate says how the day stands and whether its
//! totals agree. A shop whose Admin API cannot be asked has no list of orders to hold a day against, and gets no certificate.

mod held;
mod release;
mod shop;
mod walk;

use crate::{
    FLOW, RECONCILER, account::NetSuiteAccount, admins::Admins, items::Items, map::external_id, message::order_key,
};
use config::{BadDay, Erp, Relay, StoreName};
use delivery::{Item, Marked, Publisher, Report, Unpublished};
use function::{
    Event, Invoked,
    ran::{self, Ended},
};
use held::{Held, external_id_of, held};
use ledger::Ledger;
use queue::Queue;
use reconciliation::{Compared, Looked, Reconciliation, Seen, Task};
use serde::{Deserialize, Serialize};
use shop::{Shop, Whole};
use shopify::{OrderId, admin::EndCursor};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use telemetry::{Metric, Metrics};

/// Orders that are made anew at a time.
const AT_ONCE: usize = 10;

/// What the reconciler works with; built once at cold start.
pub struct Reconciler {
    /// The configuration.
    pub config: Arc<Relay>,
    /// The flow's rules, out of it.
    pub erp: Arc<Erp>,
    /// The source, as far as it can be asked.
    pub admins: Admins,
    /// The destination.
    pub netsuite: NetSuiteAccount,
    /// Its items, as far as they are known.
    pub items: Items,
    /// The ledger.
    pub ledger: Ledger,
    /// The flow's queue.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
}

/// The reconciler's answer.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    /// What came of each shop's days.
    #[serde(flatten)]
    pub days: reconciliation::Answer,
    /// Shops whose orders were not read up to now; a later run goes on.
    #[serde(default)]
    pub behind: Vec<StoreName>,
    /// Shops whose Admin API cannot be asked: nothing is certified of them.
    #[serde(default)]
    pub without_access: Vec<StoreName>,
}

impl Answer {
    /// How the run ended, for whoever asks later.
    fn ended(&self) -> Ended {
        if self.behind.is_empty() { self.days.ended() } else { Ended::NotFinished }
    }
}

/// Why a run failed. What is confirmed and sent stays so; the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The day cannot be looked at.
    #[error("bad event: {0}")]
    Day(#[from] BadDay),
    /// A shop's Admin API failed.
    #[error(transparent)]
    Shopify(#[from] shopify::admin::Error),
    /// The Admin API shows an order that has not even an id.
    #[error("Shopify shows an order that has no id")]
    Nameless,
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// The queue cannot be asked.
    #[error(transparent)]
    Queue(#[from] queue::Unavailable),
    /// A step of the reconciliation failed.
    #[error(transparent)]
    Step(#[from] reconciliation::Failed),
    /// What was to be sent could not be.
    #[error(transparent)]
    Unpublished(#[from] Unpublished),
    /// A record's id makes no key.
    #[error(transparent)]
    Key(#[from] ledger::InvalidKey),
    /// The invocation is nearly over, and a call has not ended.
    #[error("the run did not end before its time was up; the next run goes on")]
    OutOfTime,
}

impl Reconciler {
    /// Does whatever is due, as far as time allows, and keeps how that ended.
    ///
    /// # Errors
    /// When a system that it needs fails, other than one shop or NetSuite.
    pub async fn run(&self, event: Event, invoked: &Invoked, metrics: &mut Metrics) -> Result<Answer, Failed> {
        let by = ran::by(&event);
        let answer = Box::pin(self.work(event, invoked, metrics)).await;
        let ended = answer.as_ref().map(Answer::ended);
        ran::keep(&self.ledger, RECONCILER, by, ended).await;
        answer
    }

    /// What is open is measured however the looks ended: an alarm hears of it.
    async fn work(&self, event: Event, invoked: &Invoked, metrics: &mut Metrics) -> Result<Answer, Failed> {
        let mut answer = Answer::default();
        let scheduled = matches!(event, Event::Scheduled { .. });
        let shops = self.shops(&mut answer);
        let stores = shops.iter().map(|shop| (shop.name.clone(), shop.zone())).collect();
        let (config, ledger, queue) = (self.config.as_ref(), &self.ledger, &self.queue);
        let day = Reconciliation { config, stores: &stores, ledger, queue, invoked };
        let work = Box::pin(async {
            answer.days.paused = self.ledger.is_paused().await?;
            if answer.days.paused {
                return Ok(());
            }
            if scheduled {
                self.catch_up(&shops, &day, &mut answer, metrics).await?;
            }
            let tasks = day.tasks(event, false, metrics).await?;
            let Answer { days, without_access, .. } = &mut answer;
            let look = async |task: &Task, metrics: &mut Metrics| {
                self.look_or_say(task, &shops, &day, without_access, metrics).await
            };
            day.look_at_all(&tasks, days, metrics, look).await
        });
        let worked =
            tokio::time::timeout(invoked.room(self.ledger.now()), work).await.unwrap_or(Err(Failed::OutOfTime));
        let measured = if scheduled { self.measure(&day, metrics).await } else { Ok(()) };
        worked.and(measured).map(|()| answer)
    }

    /// The shops whose orders can be read; the others are named.
    fn shops(&self, answer: &mut Answer) -> Vec<Shop<'_>> {
        let mut shops = Vec::new();
        for domain in self.admins.shops() {
            let Ok(name) = StoreName::try_from(domain.to_string()) else { continue };
            if self.admins.of(&domain).is_some() {
                shops.push(Shop::new(self, domain, name));
            } else {
                tracing::warn!(shop = %domain, "the secret gives no access to this shop's orders: no day of it is certified");
                answer.without_access.push(name);
            }
        }
        shops
    }

    async fn measure(&self, day: &Reconciliation<'_>, metrics: &mut Metrics) -> Result<(), Failed> {
        day.measure_open(metrics).await?;
        let last = self.netsuite.client().certificate_not_after();
        let left = last.map(|last| (last - self.ledger.now().date_naive()).num_days());
        if let Some(days) = left.and_then(|days| i32::try_from(days).ok()) {
            metrics.measure(Metric::CredentialDaysLeft, days.into());
        }
        Ok(())
    }

    /// Each shop's orders are read up to now, within half of the time that there is, and what has no reason to wait is released. One
    /// shop that cannot be read holds up no other.
    async fn catch_up(
        &self,
        shops: &[Shop<'_>],
        day: &Reconciliation<'_>,
        answer: &mut Answer,
        metrics: &mut Metrics,
    ) -> Result<(), Failed> {
        let (now, publisher, mut silent) = (self.ledger.now(), self.publisher(day.invoked), 0);
        let half = (day.invoked.ends() - now) / 2;
        let pauses = self.ledger.pauses().await?;
        for (n, shop) in (1..).zip(shops) {
            if pauses.of(shop.name.as_str()).is_some() {
                continue;
            }
            // An equal share, and what those before have left of theirs.
            let until = now + half * n / i32::try_from(shops.len()).unwrap_or(i32::MAX);
            match Box::pin(self.walk(shop, &publisher, until, metrics)).await {
                Ok(walked) => {
                    silent += usize::from(walked.silent);
                    if !walked.whole {
                        answer.behind.push(shop.name.clone());
                    }
                }
                Err(error @ (Failed::Shopify(_) | Failed::Nameless)) => {
                    say_unread(shop.name.as_str(), &error);
                    answer.behind.push(shop.name.clone());
                }
                Err(error) => return Err(error),
            }
        }
        metrics.count(Metric::SilentShops, None, silent);
        let until = now + half;
        match Box::pin(self.release(shops, || self.ledger.now() >= until, metrics)).await {
            Err(error @ (Failed::Shopify(_) | Failed::Nameless)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "what waits cannot be made anew; a later run goes on");
                Ok(())
            }
            other => other,
        }
    }

    /// One day of a shop whose orders can be asked for; one that cannot, now or at all, is named.
    async fn look_or_say(
        &self,
        task: &Task,
        shops: &[Shop<'_>],
        day: &Reconciliation<'_>,
        without_access: &[StoreName],
        metrics: &mut Metrics,
    ) -> Result<Looked, Failed> {
        match shops.iter().find(|shop| shop.name == task.store) {
            Some(shop) => match self.look(task, shop, day, metrics).await {
                Err(error @ (Failed::Shopify(_) | Failed::Nameless)) => {
                    say_unread(task.store.as_str(), &error);
                    Ok(Looked::Unreadable)
                }
                other => other,
            },
            // Asked for by a person, who is told that it cannot be proven.
            None if without_access.contains(&task.store) => Ok(Looked::Unreadable),
            None => Err(BadDay::NoSuchStore(task.store.clone()).into()),
        }
    }

    /// One day: read at Shopify, held against NetSuite, judged, repaired, certified.
    async fn look(
        &self,
        task: &Task,
        shop: &Shop<'_>,
        day: &Reconciliation<'_>,
        metrics: &mut Metrics,
    ) -> Result<Looked, Failed> {
        let begun_at = self.ledger.now();
        let window = task.day.window(shop.zone());
        if begun_at < window.end {
            return Err(BadDay::NotOver { day: task.day, store: task.store.clone() }.into());
        }
        let orders = async |left: Option<&Option<EndCursor>>| {
            shop.created(window, left.cloned().flatten(), || day.out_of_time()).await
        };
        let Some(mut entries) = day.source(task, orders).await? else { return Ok(Looked::OutOfTime) };
        let read_at = self.ledger.now();
        let held = match held(task.day, &entries, &self.netsuite, || day.out_of_time(), metrics).await {
            Ok(Some(mut held)) => {
                self.say_strangers(task, &mut held).await?;
                held
            }
            Ok(None) => return Ok(Looked::OutOfTime),
            Err(undelivered) => {
                tracing::warn!(store = task.store.as_str(), why = ?undelivered, "NetSuite cannot be read back; a later run goes on");
                return Ok(Looked::Unreadable);
            }
        };
        let read = day.take_in(task, &mut entries, &held.shown, read_at, metrics).await?;
        let judged = match day.judge(task, &entries, read, begun_at).await? {
            Ok(judged) => judged,
            Err(unfinished) => return Ok(unfinished),
        };
        let (totals, differing) = entries.totals(|place| held.amounts.get(&external_id_of(&entries, place)?).copied());
        for one in differing {
            tracing::warn!(
                shop = task.store.as_str(), business_day = %task.day, currency = one.currency, source = %one.source,
                destination = %one.destination, orders = ?one.orders.get(..20).unwrap_or(&one.orders), "totals differ"
            );
        }
        let publisher = self.publisher(day.invoked);
        // A refund is made anew of its order.
        let mut orders: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for place in 0..entries.all().len() {
            let id = entries.id_of(place);
            let order = entries.worth_of(place).map(|worth| worth.of).or_else(|| id.parse().ok());
            orders.entry(id).or_default().extend(order);
        }
        let anew = async |ids: &[String]| {
            let orders: BTreeSet<u64> = ids.iter().filter_map(|id| orders.get(id)).flatten().copied().collect();
            let whole = shop.anew(orders.into_iter().map(OrderId)).await?;
            Ok::<Vec<Item>, Failed>(whole.into_iter().flat_map(Whole::into_each).map(|found| found.item).collect())
        };
        let send = async |items: Vec<Item>, settled: Vec<Item>, metrics: &mut Metrics| {
            let mut report = Report::default();
            let sent = publisher.publish(items, &settled, &mut report).await;
            report.count_exceptions(metrics);
            Ok(sent?)
        };
        let repaired = day.repair(&judged, AT_ONCE, &publisher, metrics, anew, send).await?;
        Ok(day.certify(judged, repaired, Compared::Totals(totals), metrics).await?)
    }

    /// Orders that NetSuite has of this day, and this shop has not, are counted, unless they are another shop's of the secret.
    async fn say_strangers(&self, task: &Task, held: &mut Held) -> Result<(), Failed> {
        let mut strangers = held.strangers();
        for other in self.admins.shops().iter().filter(|other| other.as_str() != task.store.as_str()) {
            let keys = strangers.iter().map(|id| order_key(other, OrderId(*id))).collect::<Result<Vec<_>, _>>()?;
            let known = self.ledger.read(&keys).await?;
            let known: BTreeSet<u64> = known.keys().filter_map(|key| key.id().parse().ok()).collect();
            strangers.retain(|id| !known.contains(id));
        }
        let day = Some(task.day.to_string());
        let seen = |id: u64| Seen { name: external_id("order", id), day: day.clone() };
        held.shown.rows.extend(strangers.into_iter().map(seen));
        Ok(())
    }

    fn publisher(&self, invoked: &Invoked) -> Publisher<'_> {
        Publisher {
            ledger: &self.ledger,
            queue: &self.queue,
            dead_letters: &self.dead_letters,
            batch_size: AT_ONCE,
            trace: invoked.trace.clone(),
            until: invoked.ends(),
            marked: Marked::default(),
        }
    }
}

fn say_unread(shop: &str, error: &Failed) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(flow = FLOW, shop, error, "the shop's orders cannot be read; a later run goes on");
}
