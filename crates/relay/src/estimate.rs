//! What it would take to run days, before they are run.

use crate::{failure::Failure, flow::Flow, place::Place, progress, source};
use config::{BusinessDay, StoreName};
use loyalty::source::anew::Records;
use reviews::{estimate::Estimate as Takes, operate::Operator, pages::count, select::Pass};
use serde::Serialize;
use std::{fmt, time::Duration};

/// An estimate: what the source counts, at the configured pace and list prices.
#[derive(Debug, Serialize)]
pub(crate) struct Estimate {
    days: usize,
    calls_a_second: f64,
    #[serde(flatten)]
    takes: Takes,
}

impl Estimate {
    /// Asks the source how many orders the days have: one call a day where that is not too much for one, and no order is read.
    /// It is not asked for no day.
    pub(crate) async fn of(
        place: &Place,
        operator: &Operator,
        days: &[BusinessDay],
        store: Option<&StoreName>,
    ) -> Result<Self, Failure> {
        let mut orders = Vec::with_capacity(days.len());
        if !days.is_empty() {
            let bar = progress::bar(days.len() as u64, "counting the orders of each day");
            let (client, fields) = source::open(operator).await?;
            for day in days {
                let pass = Pass::of_day(*day, store, &place.config, (place.now)());
                let count = count(&client, &mut pass.map_err(Failure::input)?, &fields, &place.config).await;
                orders.push(count.map_err(|error| Failure::undone("count the orders in Salesforce", &error))?);
                bar.inc(1);
            }
            bar.finish_and_clear();
        }
        let calls_a_second = place.config.pace.yotpo_reviews;
        Ok(Self { days: days.len(), calls_a_second, takes: Takes::of(&orders, calls_a_second) })
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { days, calls_a_second, takes: Takes { orders, salesforce_calls, yotpo_calls, seconds, usd } } = self;
        let time = humantime::format_duration(Duration::from_secs(*seconds));
        let s = |n: u64| if n == 1 { "" } else { "s" };
        write!(
            f,
            "estimate: {days} day{}, {orders} order{}; {salesforce_calls} calls to Salesforce at the least, {yotpo_calls} to \
             Yotpo;\n{time} at {calls_a_second} calls a second (pace.yotpo_reviews, which the night's work shares); US$ {usd:.2}",
            s(*days as u64),
            s(*orders),
        )
    }
}

/// Calls that an order of a new customer takes at Yotpo Loyalty: two to look for the customer, one to send them, one for the order.
const LOYALTY_CALLS: u64 = 4;

/// The same of the loyalty flow.
#[derive(Debug, Serialize)]
pub(crate) struct OfLoyalty {
    orders: u64,
    /// At the most; what takes orders back is a call each on top.
    yotpo_calls: u64,
    calls_a_second: f64,
    seconds: u64,
    /// The day is before the start: its orders award points, and Yotpo mails about them.
    history: bool,
}

impl OfLoyalty {
    /// Asks the source for the day's orders.
    pub(crate) async fn of(
        place: &Place,
        day: BusinessDay,
        store: Option<&StoreName>,
        history: bool,
    ) -> Result<Self, Failure> {
        let Some(ours) = &place.config.loyalty else {
            return Err(Failure::input("the settings have no section `[loyalty]`"));
        };
        let starts = ours.stores.iter().filter(|(name, _)| store.is_none_or(|store| store == *name));
        if let Some((name, market)) = starts.into_iter().find(|(_, market)| day < market.start).filter(|_| !history) {
            let what = format!("{day} is before the start of store {name}, {}", market.start);
            return Err(Failure::input(what).hint("with --history its orders are sent all the same, and earn points"));
        }
        let spinner = progress::spinner(format!("counting the orders of {day}"));
        let undone = |error| Failure::undone("count the orders in Salesforce", &error);
        let client = place.salesforce(Flow::Loyalty).await?;
        let records = Records::of(&client, &place.config, ours, (place.now)()).await.map_err(undone)?;
        let orders = records.orders_of(day, store).await.map_err(undone)? as u64;
        spinner.finish_and_clear();
        let (yotpo_calls, calls_a_second) = (orders * LOYALTY_CALLS, place.config.pace.yotpo_loyalty);
        let seconds = Duration::from_secs(yotpo_calls).div_f64(calls_a_second).as_secs();
        Ok(Self { orders, yotpo_calls, calls_a_second, seconds, history })
    }
}

impl fmt::Display for OfLoyalty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, yotpo_calls, calls_a_second, seconds, history } = self;
        let time = humantime::format_duration(Duration::from_secs(*seconds));
        let s = if *orders == 1 { "" } else { "s" };
        write!(
            f,
            "estimate: {orders} order{s}; at the most {yotpo_calls} calls to Yotpo Loyalty, and one for each return and \
             cancellation;\n{time} at {calls_a_second} calls a second (pace.yotpo_loyalty, which all that call share)"
        )?;
        if *history {
            write!(
                f,
                "\nits orders are of before the start too: each awards points, and Yotpo mails its customers about them"
            )?;
        }
        Ok(())
    }
}
