//! Histories of a day, each from one number: customers who buy, return, cancel and move, in any order, with messages that come twice or
//! late and functions that die. What Yotpo holds in the end, and what the org shows of it, follows from the history alone.

use crate::{
    clock,
    loyalty_town::{GUID, TROUBLED, Town, at, in_town},
};
use chrono::TimeDelta;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::collections::BTreeMap;

/// Histories that are played, from the first on. `LOYALTY_HISTORIES=1000` plays more.
const HISTORIES: u64 = 30;
const CUSTOMERS: usize = 3;
/// What an order is worth.
const WORTH: i64 = 50;

/// What happens in the org.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// A customer buys.
    Order(usize),
    /// Somebody buys who has no record.
    GuestsOrder,
    /// A part of an order, counted from the first, comes back; the whole dollars of it.
    Return(usize, i64),
    /// An order is cancelled.
    Cancellation(usize),
    /// A customer has another address.
    Address(usize),
    /// A job touches every record.
    Touch,
}

/// An order as the org has it.
#[derive(Debug)]
struct Bought {
    id: String,
    customer: Option<usize>,
    returned: i64,
    cancelled: bool,
}

/// What happens in a day, each some minutes after the one before.
fn history(rng: &mut ChaCha8Rng) -> Vec<(i64, Happens)> {
    let (mut orders, mut happened) = (0, Vec::new());
    for _ in 0..rng.random_range(6..20) {
        let an_order = |rng: &mut ChaCha8Rng| rng.random_range(0..orders.max(1));
        let next = match rng.random_range(0..10) {
            _ if orders == 0 => Happens::Order(0),
            0..3 => Happens::Order(rng.random_range(0..CUSTOMERS)),
            3 => Happens::GuestsOrder,
            // Four of them are less than an order: none is too much.
            4..7 => Happens::Return(an_order(rng), rng.random_range(1..13)),
            7 => Happens::Cancellation(an_order(rng)),
            8 => Happens::Address(rng.random_range(0..CUSTOMERS)),
            _ => Happens::Touch,
        };
        orders += usize::from(matches!(next, Happens::Order(_) | Happens::GuestsOrder));
        happened.push((rng.random_range(0..80), next));
    }
    happened
}

/// The org as the history leaves it.
struct Told {
    contacts: Vec<String>,
    addresses: Vec<String>,
    bought: Vec<Bought>,
}

impl Told {
    fn new(town: &Town) -> Self {
        let put = |n: usize| {
            let contact = json!({"Email": address(n, 0), "LastName": "Doe", "Account": {"Name": "Doe"},
                                 "SystemModstamp": clock::now().to_rfc3339()});
            town.lambda.sim.vendors().salesforce.put("Contact", &contact).unwrap()
        };
        let addresses = (0..CUSTOMERS).map(|n| address(n, 0)).collect();
        Self { contacts: (0..CUSTOMERS).map(put).collect(), addresses, bought: vec![] }
    }

    fn happens(&mut self, town: &Town, n: usize, what: Happens) {
        let (salesforce, now) = (&town.lambda.sim.vendors().salesforce, clock::now());
        let order = |more: serde_json::Value| {
            let mut order = json!({"OrderNumber": format!("{n:08}"), "Status": "Completed", "ActivatedDate": now.to_rfc3339(),
                                   "TotalAmount": WORTH, "SystemModstamp": now.to_rfc3339()});
            order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            salesforce.put("Order", &order).unwrap()
        };
        let bought = |id, customer| Bought { id, customer, returned: 0, cancelled: false };
        match what {
            Happens::Order(customer) => {
                let id = order(json!({"BillToContactId": self.contacts[customer]}));
                self.bought.push(bought(id, Some(customer)));
            }
            Happens::GuestsOrder => {
                let account =
                    json!({"Name": "Guest", "IsPersonAccount": true, "PersonEmail": format!("guest-{n}@example.com")});
                self.bought.push(bought(order(json!({"Account": account})), None));
            }
            Happens::Return(of, dollars) => {
                let of = &mut self.bought[of];
                // What comes back after four returns would be too much.
                if of.returned + dollars <= WORTH {
                    of.returned += dollars;
                    let returned = json!({"IsReductionOrder": true, "StatusCode": "Activated", "OriginalOrderId": of.id,
                                          "TotalAmount": -dollars, "SystemModstamp": now.to_rfc3339()});
                    salesforce.put("Order", &returned).unwrap();
                }
            }
            Happens::Cancellation(of) => {
                self.bought[of].cancelled = true;
                salesforce.patch("Order", &self.bought[of].id, &json!({"Status": "Cancelled"})).unwrap();
                salesforce.touch("Order", &self.bought[of].id, now).unwrap();
            }
            Happens::Address(customer) => {
                self.addresses[customer] = address(customer, n + 1);
                let contact = &self.contacts[customer];
                salesforce.patch("Contact", contact, &json!({"Email": self.addresses[customer]})).unwrap();
                salesforce.touch("Contact", contact, now).unwrap();
            }
            Happens::Touch => {
                salesforce.touch_all("Contact", now).unwrap();
                salesforce.touch_all("Order", now).unwrap();
            }
        }
    }

    /// Whether Yotpo and the org hold what follows from it; else what differs.
    fn holds(&self, town: &Town) -> Vec<String> {
        let (mut wrong, mut points) = (Vec::new(), BTreeMap::<usize, i64>::new());
        let mut differs = |what: String, is: String, expected: String| {
            if is != expected {
                wrong.push(format!("{what}: {is}, not {expected}"));
            }
        };
        for one in &self.bought {
            let left = if one.cancelled { 0 } else { WORTH - one.returned };
            if let Some(customer) = one.customer {
                *points.entry(customer).or_default() += left;
            }
            let sale = town.sale(&one.id);
            let expected = Some((left, (WORTH - left) * 100));
            // One that was cancelled before anybody sent it was never sent.
            if sale.is_some() || !one.cancelled {
                differs(format!("order {}", one.id), format!("{sale:?}"), format!("{expected:?}"));
            }
        }
        for (n, contact) in self.contacts.iter().enumerate() {
            let points = points.get(&n).copied().unwrap_or_default();
            let standing = town.lambda.sim.vendors().loyalty.standing(GUID, contact);
            let is = standing.map(|one| (one.email, one.balance));
            differs(contact.clone(), format!("{is:?}"), format!("{:?}", Some((&self.addresses[n], points))));
            let shown = town.contact(contact)["Yotpo_Points_Balance__c"].as_f64().unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
            differs(format!("{contact} in the org"), format!("{shown}"), format!("{}", points as f64));
        }
        let world = town.lambda.sim.lock();
        let keys: Vec<_> = world.queues.letters.iter().filter_map(crate::sqs::Letter::key).collect();
        differs("parked".to_owned(), format!("{keys:?}"), "[]".to_owned());
        wrong
    }
}

fn address(customer: usize, version: usize) -> String {
    format!("c{customer}-{version}@example.com")
}

/// Plays what follows from a number; what is wrong in the end.
fn play(seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let history = history(&mut rng);
    in_town(seed, TROUBLED, None, async |town| {
        let mut told = Told::new(town);
        let mut hour = 7;
        for (n, (minutes, what)) in history.iter().enumerate() {
            clock::until(clock::now() + TimeDelta::minutes(*minutes)).await;
            // What is late is produced an hour later, with what has happened by then.
            if clock::now() >= at(hour) {
                hour = (clock::now() - at(0)).num_hours() + 1;
                town.produce_until(hour).await;
            }
            told.happens(town, n, *what);
        }
        town.produce_until(40).await;
        for hour in 41..60 {
            clock::until(at(hour)).await;
            town.look().await;
            town.write_back().await;
            if hour > 50 && told.holds(town).is_empty() {
                break;
            }
        }
        let wrong = told.holds(town);
        assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}\n{history:?}\n{}", town.lambda.sim.lock().trace());
    });
}

#[test]
fn whatever_happens_in_a_day_points_addresses_and_the_org_follow_from_it() {
    let more = std::env::var("LOYALTY_HISTORIES").ok().and_then(|text| text.parse().ok());
    for seed in 0..more.unwrap_or(HISTORIES) {
        play(seed);
    }
}
