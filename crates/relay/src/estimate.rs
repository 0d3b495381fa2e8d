//! What it would take to run days, before they are run.

use crate::{failure::Failure, place::Place, progress, source};
use config::{BusinessDay, StoreName};
use reviews::{estimate, operate::Operator, pages::count, select::Pass};
use serde::Serialize;
use std::{fmt, time::Duration};

/// An estimate: what the source counts, at the configured pace and list prices.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Estimate {
    days: usize,
    orders: u64,
    salesforce_calls: u64,
    yotpo_calls: u64,
    calls_a_second: f64,
    seconds: u64,
    usd: f64,
}

impl Estimate {
    /// Asks the source how many orders the days have: one call a day where that is not too much for one, and no order is read.
    pub(crate) async fn of(
        place: &Place,
        operator: &Operator,
        days: &[BusinessDay],
        store: Option<&StoreName>,
    ) -> Result<Self, Failure> {
        let calls_a_second = place.config.pace.yotpo_reviews;
        if days.is_empty() {
            return Ok(Self { calls_a_second, ..Self::default() });
        }
        let bar = progress::bar(days.len() as u64, "counting the orders of each day");
        let (client, fields) = source::open(operator).await?;
        let mut orders = Vec::with_capacity(days.len());
        for day in days {
            let mut pass = Pass::of_day(*day, store.cloned(), &place.config, (place.now)()).map_err(Failure::input)?;
            let count = count(&client, &mut pass, &fields, &place.config).await;
            orders.push(count.map_err(|error| Failure::undone("count the orders in Salesforce", &error))?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let estimate = estimate::Estimate::of(&orders, calls_a_second);
        let estimate::Estimate { orders, salesforce_calls, yotpo_calls, seconds, usd } = estimate;
        Ok(Self { days: days.len(), orders, salesforce_calls, yotpo_calls, calls_a_second, seconds, usd })
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { days, orders, salesforce_calls, yotpo_calls, calls_a_second, seconds, usd } = self;
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
