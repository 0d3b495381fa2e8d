//! What it would take to run days, before they are run.

use crate::{failure::Failure, place::Place, progress, source};
use config::{BusinessDay, StoreName};
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
