//! The loyalty flow's reconciler as it is shipped, with producer and consumers, in the simulated AWS: what was lost is sent, a day is
//! proven though Yotpo shows no orders, and what the org says wrongly of a customer is mended.

use crate::{
    clock,
    fault::{BrokenPromise, Odds},
    loyalty_town::{DAY, GUID, TROUBLED, at, in_town},
    vendors,
};
use function::Event;
use reconciliation::{Balances, Certificate};
use sandbox::loyalty as yotpo;
use serde_json::{Value, json};

#[test]
fn a_day_with_drops_and_kills_ends_complete() {
    let mut lost = 0;
    for seed in 0..12 {
        in_town(seed, TROUBLED, Some(BrokenPromise::Delivery), async |town| {
            let orders: Vec<(u32, String)> = (0..8).map(|n| (n, town.order(n, 7 + i64::from(n)).0)).collect();
            for (n, order) in &orders {
                if n % 3 == 0 {
                    town.give_back(order, 16);
                }
            }
            town.produce_until(27).await;
            lost += orders.iter().filter(|(_, order)| town.sale(order).is_none()).count();
            let mut certificate = None;
            for hour in 28..60 {
                clock::until(at(hour)).await;
                certificate = town.look().await.or(certificate);
                if certificate.as_ref().is_some_and(|certificate| certificate.complete) && hour > 40 {
                    break;
                }
            }
            let certificate = certificate.unwrap();
            let trace = town.lambda.sim.lock().trace().to_owned();
            assert!(certificate.complete, "{seed}: {certificate:?} {trace}");
            assert_eq!((certificate.source.completed, certificate.ledger.accepted), (8, 8), "{seed}");
            assert_eq!(certificate.destination, None);
            for (n, order) in &orders {
                let expected = if n % 3 == 0 { (40, 1_000) } else { (50, 0) };
                assert_eq!(town.sale(order), Some(expected), "{seed}: {order} {trace}");
            }
        });
    }
    assert!(lost > 0, "nothing was lost that the reconciler had to find");
}

#[test]
fn an_order_that_nobody_sent_is_delivered_with_its_return() {
    in_town(1, Odds::NONE, None, async |town| {
        let (usual, _) = town.order(1, 20);
        town.give_back(&usual, 21);
        town.produce_until(26).await;
        // Its stamp is older than whatever a pass reads again, and it was not there then.
        let (order, _) = town.order(2, 8);
        town.give_back(&order, 9);
        town.produce_until(30).await;
        assert_eq!((town.sale(&usual), town.sale(&order)), (Some((40, 1_000)), None));
        let first = town.look().await.unwrap();
        assert_eq!((first.complete, first.ledger.pending, first.source.completed), (false, 1, 2), "{first:?}");
        clock::until(at(31)).await;
        // While its message waits nothing else counts as lost: the return is found by the next look.
        assert_eq!(town.sale(&order), Some((50, 0)));
        let second = town.look().await.unwrap();
        assert_eq!((second.complete, second.ledger.accepted), (true, 2), "{second:?}");
        clock::until(at(32)).await;
        assert_eq!(town.sale(&order), Some((40, 1_000)));
        let said = serde_json::to_value(&second).unwrap();
        assert_eq!((&said["destination"], &said["balances"]["sampled"]), (&Value::Null, &json!(2)));
    });
}

#[test]
fn a_balance_that_differs_is_reported_and_mended() {
    in_town(1, Odds::NONE, None, async |town| {
        let (_, contact) = town.order(1, 8);
        town.order(2, 9);
        town.produce_until(26).await;
        // Nobody has written anything back yet.
        let by_hand = || Event::Day { day: DAY.parse().unwrap(), store: None, history: false };
        let balances = |certificate: Option<Certificate>| certificate.unwrap().balances;
        assert_eq!(balances(town.look().await), Some(Balances { sampled: 2, differ: 2 }));
        assert_eq!(town.write_back().await, 2);
        assert_eq!(town.contact(&contact)["Yotpo_Points_Balance__c"].as_f64(), Some(50.0));
        clock::until(at(28)).await;
        assert_eq!(balances(town.look_by(by_hand()).await), Some(Balances { sampled: 2, differ: 0 }));
        // Somebody writes over it: what was written back last is what would be written.
        let wrong = json!({"Yotpo_Points_Balance__c": 5000});
        town.lambda.sim.vendors().salesforce.patch("Contact", &contact, &wrong).unwrap();
        clock::until(at(29)).await;
        let certificate = town.look_by(by_hand()).await.unwrap();
        assert_eq!((certificate.balances, certificate.complete), (Some(Balances { sampled: 2, differ: 1 }), true));
        assert_eq!(town.write_back().await, 1);
        assert_eq!(town.contact(&contact)["Yotpo_Points_Balance__c"].as_f64(), Some(50.0));
        clock::until(at(30)).await;
        assert_eq!(balances(town.look_by(by_hand()).await), Some(Balances { sampled: 2, differ: 0 }));
    });
}

/// An order that is worth something else there than it was sent for is found by what its customer has spent.
#[test]
fn a_spend_that_differs_is_reported() {
    in_town(1, Odds::NONE, None, async |town| {
        let (order, contact) = town.order(1, 8);
        town.produce_until(26).await;
        town.look().await.unwrap();
        town.write_back().await;
        let vendors = town.lambda.sim.vendors();
        vendors.loyalty.set(|settings| settings.repeated_order = yotpo::Repeats::Replace);
        vendors.loyalty.program(GUID, |program| program.statuses.clear());
        let body = json!({"customer_email": "c1@example.com", "customer_id": contact, "order_id": order,
                          "total_amount_cents": 4_000, "currency_code": "USD", "status": "paid"});
        let request = http::Request::post(format!("{}/api/v2/orders", vendors::URL))
            .header("x-guid", GUID)
            .header("x-api-key", format!("{GUID}-api-key"))
            .header("content-type", "application/json")
            .body(body.to_string().into())
            .unwrap();
        assert_eq!(vendors.call(request).await.status(), 200);
        let points = vendors.loyalty.standing(GUID, &contact).unwrap().balance;
        vendors.salesforce.patch("Contact", &contact, &json!({"Yotpo_Points_Balance__c": points})).unwrap();
        vendors.salesforce.patch("Contact", &contact, &json!({"Yotpo_Points_Earned__c": points})).unwrap();
        let by_hand = Event::Day { day: DAY.parse().unwrap(), store: None, history: false };
        let certificate = town.look_by(by_hand).await.unwrap();
        assert_eq!((certificate.balances, certificate.complete), (Some(Balances { sampled: 1, differ: 1 }), true));
        assert_eq!(town.differing(), 0, "no reading mends it");
    });
}

/// No event of Yotpo's ever comes, and no hint of the consumer's.
#[test]
fn a_day_of_which_nothing_is_told_is_right_after_the_night() {
    in_town(1, Odds::NONE, None, async |town| {
        let people: Vec<(String, String)> = (0..30).map(|n| town.order(n, 7 + i64::from(n % 12))).collect();
        town.give_back(&people[3].0, 20);
        town.produce_until(26).await;
        town.lambda.sim.lock().queues.hints.clear();
        town.look().await;
        let read =
            || town.lambda.sim.vendors().report().counters.get(&yotpo::READ).map_or(0, |counters| counters.calls);
        let before = read();
        town.write_back().await;
        assert_eq!(read() - before, 30, "each is read once");
        for (n, (_, contact)) in people.iter().enumerate() {
            let points = if n == 3 { 40.0 } else { 50.0 };
            assert_eq!(town.contact(contact)["Yotpo_Points_Balance__c"].as_f64(), Some(points), "{n}");
        }
        // Once a night.
        clock::until(at(29)).await;
        town.look().await;
        assert_eq!(town.lambda.sim.lock().queues.hints.len(), 0);
    });
}
