use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sandbox::loyalty::{self, Excess, Mischief, Repeats, Term};
use sandbox::{Fault, Rule};
use serde_json::{Value, json};

use crate::client::{Bench, Reply};

const GUID: &str = "guid-us";

/// An account, and the headers that it is called with.
fn account(bench: &Bench) -> [(&'static str, String); 2] {
    bench.sandbox.set_now(start());
    let secret = bench.sandbox.loyalty.add_to_secret(json!({}), &[("default", GUID)]);
    let store = &secret["stores"]["default"];
    assert!(store["webhook_token"].as_str().unwrap().len() >= 32);
    ["loyalty_guid", "loyalty_api_key"].map(|key| {
        let header = if key == "loyalty_guid" { "x-guid" } else { "x-api-key" };
        (header, store[key].as_str().unwrap().to_owned())
    })
}

fn start() -> DateTime<Utc> {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

fn send(bench: &Bench, keys: &[(&str, String); 2], method: &str, path: &str, body: &Value) -> Reply {
    let headers: Vec<_> = keys.iter().map(|(name, value)| (*name, value.as_str())).collect();
    bench.send(method, path, &headers, body)
}

fn post(bench: &Bench, keys: &[(&str, String); 2], resource: &str, body: &Value) -> u16 {
    send(bench, keys, "POST", &format!("/api/v2/{resource}"), body).status
}

fn read(bench: &Bench, keys: &[(&str, String); 2], query: &str) -> Value {
    send(bench, keys, "GET", &format!("/api/v2/customers?with_history=true&{query}"), &Value::Null).json()
}

fn order(id: &str, email: &str, cents: i64) -> Value {
    json!({
        "order_id": id, "customer_email": email, "customer_id": "C1", "total_amount_cents": cents, "currency_code": "USD",
        "status": "paid", "created_at": "2026-11-20T07:00:00Z",
    })
}

fn refund(id: &str, order: &str, cents: i64) -> Value {
    json!({"id": id, "order_id": order, "total_amount_cents": cents, "currency": "USD"})
}

fn balance(bench: &Bench) -> i64 {
    bench.sandbox.loyalty.standing(GUID, "C1").unwrap().balance
}

#[test]
fn orders_earn_refunds_take_back_and_parts_add_up() {
    let bench = Bench::start();
    let keys = account(&bench);
    let customer = json!({"id": "C1", "email": "Jane@example.com", "first_name": "Jane", "opt_in": true});
    assert_eq!(post(&bench, &keys, "customers", &customer), 200);
    assert_eq!(post(&bench, &keys, "orders", &order("1", "jane@example.com", 25_050)), 200);
    let shown = read(&bench, &keys, "customer_email=JANE%40example.com");
    assert_eq!((&shown["points_balance"], &shown["vip_tier_name"]), (&json!(250), &json!("Silver")));
    assert_eq!((&shown["thirty_party_id"], &shown["opt_in"]), (&json!("C1"), &json!(true)));
    assert_eq!(shown["vip_tier_expiration"], "2027-11-20");
    for part in ["a", "b", "c"] {
        assert_eq!(post(&bench, &keys, "refunds", &refund(part, "1", 8_350)), 200);
    }
    let shown = read(&bench, &keys, "customer_id=C1");
    assert_eq!((&shown["points_balance"], &shown["vip_tier_name"]), (&json!(0), &json!("Bronze")));
    assert_eq!(shown["history_items"].as_array().unwrap().len(), 4);
    let sale = &bench.sandbox.loyalty.sales()[0];
    assert_eq!((sale.refunded, sale.points, sale.effects, sale.refunds.len()), (25_050, 0, 1, 3));
}

#[test]
fn refunds_are_worked_on_later_and_lost_without_a_word() {
    let bench = Bench::start();
    let keys = account(&bench);
    bench.sandbox.loyalty.set(|settings| settings.refund_after_ms = 60_000);
    post(&bench, &keys, "orders", &order("1", "jane@example.com", 10_000));
    for (id, order, currency) in [("good", "1", "USD"), ("unknown", "2", "USD"), ("foreign", "1", "EUR")] {
        let mut refund = refund(id, order, 1_000);
        refund["currency"] = json!(currency);
        assert_eq!(post(&bench, &keys, "refunds", &refund), 200);
    }
    assert_eq!((balance(&bench), bench.sandbox.loyalty.lost()[GUID].len()), (100, 0));
    // An order that comes before Yotpo works on its refund is in time.
    post(&bench, &keys, "orders", &order("3", "jane@example.com", 500));
    bench.sandbox.set_now(start() + TimeDelta::minutes(2));
    assert_eq!(balance(&bench), 95);
    let lost = &bench.sandbox.loyalty.lost()[GUID];
    let reasons: Vec<_> = lost.iter().map(|lost| (lost.id.as_deref().unwrap(), lost.reason)).collect();
    assert_eq!(reasons, [("unknown", "no such order"), ("foreign", "another currency than the order's")]);
}

#[test]
fn what_is_not_documented_can_be_set() {
    let bench = Bench::start();
    let keys = account(&bench);
    let loyalty = &bench.sandbox.loyalty;
    let again = |repeats| {
        loyalty.set(|settings| settings.repeated_order = repeats);
        post(&bench, &keys, "orders", &order("1", "jane@example.com", 20_000));
        balance(&bench)
    };
    post(&bench, &keys, "orders", &order("1", "jane@example.com", 10_000));
    assert_eq!([Repeats::Ignored, Repeats::Replace, Repeats::CountAgain].map(again), [100, 200, 400]);
    loyalty.set(|settings| settings.repeated_refund = Repeats::Ignored);
    for _ in 0..2 {
        post(&bench, &keys, "refunds", &refund("a", "1", 10_000));
    }
    assert_eq!(balance(&bench), 300);
    for (excess, left) in [(Excess::Lost, 0), (Excess::Cut, 0), (Excess::Applied, -20)] {
        let id = format!("{excess:?}");
        post(&bench, &keys, "orders", &order(&id, "jane@example.com", 1_000));
        loyalty.set(|settings| settings.excess = excess);
        let before = balance(&bench) - 10;
        post(&bench, &keys, "refunds", &refund(&id, &id, 3_000));
        let taken = balance(&bench) - before;
        assert_eq!(taken, if excess == Excess::Lost { 10 } else { left }, "{excess:?}");
    }
}

#[test]
fn an_address_follows_the_id_and_nobody_is_taken_over_unseen() {
    let bench = Bench::start();
    let keys = account(&bench);
    let loyalty = &bench.sandbox.loyalty;
    post(&bench, &keys, "orders", &order("1", "old@example.com", 1_000));
    post(&bench, &keys, "orders", &order("2", "new@example.com", 1_000));
    assert_eq!(loyalty.standing(GUID, "C1").unwrap().email, "new@example.com");
    // An order that comes late with the old address puts it back.
    post(&bench, &keys, "orders", &order("3", "old@example.com", 1_000));
    assert_eq!(loyalty.standing(GUID, "C1").unwrap().email, "old@example.com");
    loyalty.enrol(GUID, Some("C2"), "second@example.com", None);
    let taken = json!({"id": "C1", "email": "second@example.com"});
    assert_eq!(post(&bench, &keys, "customers", &taken), 422);
    let over = json!({"id": "C3", "email": "second@example.com"});
    assert_eq!(post(&bench, &keys, "customers", &over), 200);
    assert_eq!(loyalty.standing(GUID, "C3").unwrap().takeovers, 1);
    loyalty.anonymize(GUID, "C3");
    assert_eq!(send(&bench, &keys, "GET", "/api/v2/customers?customer_id=C3", &Value::Null).status, 404);
}

#[test]
fn rewards_cost_points_and_are_used_by_an_order() {
    let bench = Bench::start();
    let keys = account(&bench);
    let loyalty = &bench.sandbox.loyalty;
    post(&bench, &keys, "orders", &order("1", "jane@example.com", 100_000));
    loyalty.events(&Mischief::default());
    let reward = loyalty.redeem(GUID, "C1", (149, "$5 off"), 500).unwrap();
    assert_eq!(balance(&bench), 500);
    let event = &loyalty.events(&Mischief::default())[0];
    assert_eq!((event.topic, &event.body["redemption"]["id"]), ("swell/redemption/created", &json!(reward.id)));
    assert_eq!(event.body["customer"]["points_balance"], 500);
    let used = json!({"coupon_code": reward.code});
    let mut second = order("2", "jane@example.com", 1_000);
    second["coupon_code"] = used["coupon_code"].clone();
    post(&bench, &keys, "orders", &second);
    assert_eq!(loyalty.redemptions(GUID)[0].1.used_by.as_deref(), Some("2"));
    let shown = read(&bench, &keys, "customer_id=C1");
    let coupon = shown["history_items"].as_array().unwrap().iter().find(|line| line["status"] == reward.code.as_str());
    assert_eq!(coupon.unwrap()["points"], -500);
}

#[test]
fn events_come_late_double_or_never() {
    let bench = Bench::start();
    let keys = account(&bench);
    let tell = |mischief: Mischief| {
        for n in 0..50 {
            let id = format!("{}-{n}", mischief.seed);
            post(&bench, &keys, "orders", &order(&id, "jane@example.com", 1_000));
        }
        bench.sandbox.loyalty.events(&mischief)
    };
    assert!(tell(Mischief { seed: 2, never: 1.0, ..Mischief::default() }).is_empty());
    let late_within = Duration::from_mins(1);
    let events = tell(Mischief { seed: 3, double: 1.0, late: 0.5, late_within, ..Mischief::default() });
    assert_eq!(events.iter().filter(|event| event.topic == "swell/points/earned").count(), 100);
    assert!(events.is_sorted_by_key(|event| event.after) && events.iter().any(|event| event.after > Duration::ZERO));
    assert!(events[0].body["customer"]["points_balance"].is_i64());
}

#[test]
fn actions_tiers_for_life_and_members_only() {
    let bench = Bench::start();
    let keys = account(&bench);
    let loyalty = &bench.sandbox.loyalty;
    loyalty.program(GUID, |program| {
        (program.term, program.members_only) = (Term::Lifetime, true);
        program.actions.insert("Survey".to_owned(), 1_500);
    });
    loyalty.enrol(GUID, Some("C1"), "jane@example.com", None);
    let act = |name: &str| {
        let action = json!({"type": "CustomAction", "customer_email": "jane@example.com", "action_name": name, "history_title": "t"});
        post(&bench, &keys, "actions", &action)
    };
    assert_eq!((act("Survey"), act("unknown")), (200, 200));
    assert_eq!(loyalty.standing(GUID, "C1").unwrap().tier.as_deref(), Some("Gold"));
    loyalty.adjust(GUID, "C1", -1_500, "Correction");
    let standing = loyalty.standing(GUID, "C1").unwrap();
    assert_eq!((standing.tier.as_deref(), standing.balance, standing.earned), (Some("Gold"), 0, 1_500));
    post(&bench, &keys, "orders", &order("1", "jane@example.com", 10_000));
    assert_eq!(balance(&bench), 0, "only who has opted in earns");
    loyalty.opt(GUID, "C1", true);
    post(&bench, &keys, "orders", &order("2", "jane@example.com", 10_000));
    assert_eq!(balance(&bench), 100);
}

#[test]
fn limits_keys_and_faults_are_those_of_an_account() {
    let bench = Bench::start();
    let keys = account(&bench);
    let wrong = [("x-guid", GUID.to_owned()), ("x-api-key", "no".to_owned())];
    assert_eq!(post(&bench, &wrong, "orders", &order("1", "jane@example.com", 1_000)), 401);
    bench.sandbox.loyalty.set(|settings| (settings.per_second, settings.per_minute) = (Some(2), Some(100)));
    bench.sandbox.set_now(start() + TimeDelta::minutes(1));
    let replies: Vec<Reply> =
        (0..3).map(|_| send(&bench, &keys, "GET", "/commerce-cloud/vip_tiers", &Value::Null)).collect();
    // The clock may have gone on to the next second in between.
    assert_eq!(replies[0].header("ratelimit-limit"), "2");
    assert_eq!(replies[0].header("x-ratelimit-limit-minute"), "100");
    assert!(replies[0].status == 200 && replies.iter().all(|reply| matches!(reply.status, 200 | 429)));
    bench.sandbox.loyalty.set(|settings| (settings.per_second, settings.per_minute) = (None, Some(0)));
    assert_eq!(post(&bench, &keys, "orders", &order("1", "jane@example.com", 1_000)), 429);
    bench.sandbox.loyalty.set(|settings| settings.per_minute = None);
    let rule = Rule { subject: Some("1".into()), next: Some(1), ..Rule::always(loyalty::ORDERS, Fault::SilentDrop) };
    bench.sandbox.add_fault(rule);
    assert_eq!(post(&bench, &keys, "orders", &order("1", "jane@example.com", 1_000)), 200);
    assert!(bench.sandbox.loyalty.sales().is_empty());
    let sums = &bench.sandbox.report().loyalty[GUID];
    assert!(sums.orders == 0 && sums.peak >= 1, "{sums:?}");
}
