//! `relay order`: what became of one order.

mod erp;
mod life;
mod look;
mod places;

use crate::{answer::Answer, deployed::Purpose, failure::Failure, flow::Flow, options::Options, place::Place};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};

const EXAMPLES: &str = "\
Examples:
  relay order 00000107                    by the id that Yotpo knows
  relay order 801RO000000AbcDYAS          by its Salesforce id
  relay order 00000107 --payload          with what was or would be sent: names and addresses of buyers
  relay order '#1001' --flow erp          by its name at Shopify
  relay order 820982911946154508          by its Shopify id; or by its NetSuite id, or erp/acme.myshopify.com/order/5678

It asks the source, the ledger, the queues and the destination; if one does not answer, the others are shown, and the exit code \
is 3. To look at a message is to receive it: it is hidden for a few seconds, and given back. Messages that are being delivered \
or wait for their time cannot be seen: they are counted, and the exit code is 3 where the order's may be among them. A \
Salesforce id, or an order's delivery key, is found by the ledger even where the source has lost the order. Of an order of Shopify its \
customer's and its refunds' deliveries are shown with it; a shop without access to its Admin API is not asked.

Exit code 1: nobody knows the order.";

const WHICH: &str = "Salesforce id of 15 or 18 characters, or the order id that Yotpo gets; of the erp flow Shopify's id or name, \
                     NetSuite's id, or the delivery key";
const PAGES: &str = "Pages of Yotpo's purchases to read, of 200 rows each, from the day before the order's";
/// Shopify's ids are longer than the numbers that orders have elsewhere.
const LONG: usize = 11;

/// What `relay order` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[arg(help = WHICH)]
    order: String,
    /// Show what was or would be sent, and the messages: names and addresses of buyers
    #[arg(long)]
    payload: bool,
    /// Messages of the queue to look at, at the most; the dead-letter queue is looked at whole
    #[arg(long, default_value_t = 500, value_name = "N")]
    messages: usize,
    #[arg(long, default_value_t = 25, value_name = "N", help = PAGES)]
    pages: u32,
}

/// The life of an order of whichever flow.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Lived {
    Reviews(Box<life::Life>),
    Erp(Box<erp::Life>),
}

pub(crate) async fn run(options: &Options, arguments: Arguments) -> Result<Lived, Failure> {
    let Arguments { order, payload, messages, pages } = arguments;
    if order.trim().is_empty() {
        return Err(Failure::input(format!("`` names no order: expected a {WHICH}")));
    }
    let place = Place::find(options, Purpose::Read).await?;
    match meant(&order, &place.flows) {
        Flow::Erp => {
            let far = erp::Far { payload, messages };
            erp::look(&place, &order, &far).await.map(|life| Lived::Erp(Box::new(life)))
        }
        Flow::Reviews => {
            let order = order.parse().map_err(|error: reviews::named::NoName| Failure::input(error))?;
            let asked = look::Asked { order, payload, messages, pages };
            look::look(&place, &asked).await.map(|life| Lived::Reviews(Box::new(life)))
        }
        Flow::Loyalty => Err(Failure::input("of the loyalty flow the orders' lives are not shown here").hint(
            "`relay parked list` and `relay dlq show` have what went wrong; docs/RUNBOOK.md, *Of the loyalty flow*, has the query \
             of what was logged",
        )),
    }
}

/// Whose order is meant, of the flows that are asked for: the only one's, or whose names look so.
fn meant(order: &str, flows: &[Flow]) -> Flow {
    if let [flow] = flows {
        return *flow;
    }
    let order = order.trim();
    let is_long = order.len() >= LONG && order.bytes().all(|byte| byte.is_ascii_digit());
    if order.starts_with("loyalty/") {
        return Flow::Loyalty;
    }
    if is_long || order.starts_with("erp/") || order.contains('#') { Flow::Erp } else { Flow::Reviews }
}

impl Answer for Lived {
    fn print(&self, to: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Reviews(life) => life.print(to),
            Self::Erp(life) => life.print(to),
        }
    }

    fn is_well(&self) -> bool {
        match self {
            Self::Reviews(life) => life.is_well(),
            Self::Erp(life) => life.is_well(),
        }
    }

    fn is_whole(&self) -> bool {
        match self {
            Self::Reviews(life) => life.is_whole(),
            Self::Erp(life) => life.is_whole(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orders_name_says_whose_it_is() {
        let all = Flow::ALL;
        for (order, flow) in [
            ("00000107", Flow::Reviews),
            ("801RO000000AbcDYAS", Flow::Reviews),
            ("#1001", Flow::Erp),
            ("US-#1001", Flow::Erp),
            ("820982911946154508", Flow::Erp),
            ("erp/acme.myshopify.com/order/5678", Flow::Erp),
            ("loyalty/default/order/801RO000000AbcDYAS", Flow::Loyalty),
        ] {
            assert_eq!(meant(order, &all), flow, "{order}");
        }
        assert_eq!(meant("00000107", &[Flow::Erp]), Flow::Erp);
        assert_eq!(meant("#1001", &[Flow::Reviews]), Flow::Reviews);
    }
}
