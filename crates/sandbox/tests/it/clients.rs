//! What our own clients make of the vendors' simulators: they were written from the vendors' pages, each without the other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use netsuite::{Creation, Error, Http, RecordKey, RefusalReason};
use sandbox::shopify::{Change, Delivery, Mischief, Mix, Privacy, Story};
use serde::Deserialize;
use serde_json::{Value, json};
use shopify::admin::{Client as Admin, Search};
use shopify::{Credentials, Event, Order, OrderId, ShopDomain, Unverified};

use crate::client::Bench;

const SHOP: &str = "acme.myshopify.com";

fn start() -> DateTime<Utc> {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

fn random() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}

fn http() -> Http {
    Http::new(Duration::from_secs(20)).unwrap()
}

fn netsuite_client(secret: Value) -> netsuite::Client {
    netsuite::Client::new(http(), serde_json::from_value(secret).unwrap(), Utc::now, random)
}

#[derive(Debug, Deserialize)]
struct Row {
    id: netsuite::RecordId,
}

#[test]
fn netsuites_client_logs_in_each_way_and_creates_reads_changes_asks() {
    let bench = Bench::start();
    let account = &bench.sandbox.netsuite;
    let item = account.items()[10].id.to_string();
    let customer = json!({"externalId": "shopify_customer_1", "isPerson": true, "lastName": "Featherby"});
    bench.runtime.block_on(async {
        for (place, secret) in
            [account.secret(), account.rsa_secret(), account.token_based_secret()].into_iter().enumerate()
        {
            let client = netsuite_client(secret);
            let created = client.create("customer", &customer).await.unwrap();
            assert_eq!(created == Creation::AlreadyExists, place > 0, "{created:?}");
            let name = format!("shopify_order_{place}");
            let lines = json!([{"item": {"id": item}, "quantity": 2, "rate": 1.25, "price": {"id": "-1"}}]);
            let order =
                json!({"externalId": name, "entity": {"externalId": "shopify_customer_1"}, "item": {"items": lines}});
            assert!(matches!(client.create("salesOrder", &order).await.unwrap(), Creation::Created(_)));
            assert_eq!(client.create("salesOrder", &order).await.unwrap(), Creation::AlreadyExists);
            let key = RecordKey::External(&name);
            client.patch("salesOrder", key, &json!({"memo": "O'Neil"}), None).await.unwrap();
            let read = client.get("salesOrder", key, true).await.unwrap().unwrap();
            assert_eq!((&read["memo"], &read["total"]), (&json!("O'Neil"), &json!(2.5)));
            assert!(client.get("salesOrder", RecordKey::External("nobody"), true).await.unwrap().is_none());
            let rows: Vec<Row> =
                client.suiteql(&format!("SELECT id FROM transaction WHERE externalid = '{name}'")).await.unwrap();
            assert_eq!(rows[0].id.as_str(), read["id"].as_str().unwrap());
            let body = json!({"type": "salesOrder", "externalId": name, "stamp": "s", "fields": {"memo": "m"}});
            let answer: Value =
                client.restlet("customscript_order_relay", "customdeploy_order_relay", &body).await.unwrap();
            assert_eq!(answer["already"], false);
            assert_eq!(client.governance_limits().await.unwrap().account_concurrency_limit, 5);
            assert!(client.metadata("salesOrder").await.unwrap()["properties"].get("memo").is_some());
        }
        let client = netsuite_client(account.secret());
        account.lock("shopify_order_0", true).unwrap();
        let refused = client.get("salesOrder", RecordKey::External("shopify_order_0"), false).await.unwrap_err();
        assert!(matches!(refused, Error::Refused { reason: RefusalReason::Locked, .. }), "{refused:?}");
        account.refuse("shopify_order_1", Some("Ysolde Zimmerthal has no credit"));
        let refused =
            client.patch("salesOrder", RecordKey::External("shopify_order_1"), &json!({"memo": ""}), None).await;
        assert!(!format!("{:?}", refused.unwrap_err()).contains("Ysolde"));
    });
}

fn read(credentials: &Credentials, delivery: &Delivery) -> Option<Event> {
    let headers = delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let request = Unverified::new(headers, &delivery.body, false).unwrap();
    let shop = &credentials.shops[&SHOP.parse::<ShopDomain>().unwrap()];
    request.verify(shop.secrets()).ok()?.event().unwrap()
}

/// What may differ between the two: the webhook's customer may have no stamp, and have moved since.
fn comparable(mut order: Order) -> Order {
    if let Some(customer) = &mut order.customer {
        (customer.updated_at, customer.default_address) = (None, None);
    }
    order
}

#[test]
fn shopifys_client_reads_one_order_from_webhooks_and_from_the_admin_api() {
    let bench = Bench::start();
    let shops = &bench.sandbox.shopify;
    let mix = Mix { tips: 0.2, custom_lines: 0.2, gift_cards: 0.2, foreign: 0.5, ..Mix::default() };
    let webhooks = shops.tell(&Story { mix, changes: 6, ..Story::new(SHOP, 30, start()) });
    let credentials: Credentials = serde_json::from_value(shops.secret(&[SHOP])).unwrap();
    let mischief = Mischief { tampered: 0.3, forged: 0.3, ..Mischief::default() };
    let mut last = BTreeMap::new();
    for delivery in shops.plan(&webhooks, &mischief) {
        let is_refused = read(&credentials, &delivery).is_none();
        let is_handled = !delivery.headers.contains(&("X-Shopify-Topic".to_owned(), "orders/edited".to_owned()));
        assert_eq!(is_refused, !delivery.kind.is_genuine() || !is_handled);
        if let Some(Event::Order(order)) = read(&credentials, &delivery) {
            last.insert(order.id, *order);
        }
    }
    let customer = shops.truths().iter().find_map(|truth| truth.customer).unwrap();
    let topics = [Privacy::DataRequest(customer), Privacy::CustomerRedact(customer), Privacy::ShopRedact];
    let asked: Vec<_> = topics.into_iter().filter_map(|topic| shops.privacy(SHOP, topic, start())).collect();
    let events = shops.plan(&asked, &Mischief::default());
    let events: Vec<_> = events.iter().filter_map(|delivery| read(&credentials, delivery)).collect();
    assert!(matches!(events[..], [Event::DataRequest(_), Event::CustomerRedact(_), Event::ShopRedact(_)]));
    let shop: ShopDomain = SHOP.parse().unwrap();
    let access = credentials.shops[&shop].access().unwrap();
    let admin = Admin::new(http(), credentials.admin_url(&shop).unwrap(), access, "2026-10", Utc::now);
    bench.runtime.block_on(async {
        let mut seen = BTreeMap::new();
        let mut after = None;
        loop {
            let page = admin.orders(Search::UpdatedSince(start()), after.as_ref()).await.unwrap();
            assert!(page.unreadable.is_empty(), "{:?}", page.unreadable);
            seen.extend(page.orders.into_iter().map(|order| (order.id, order)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 30);
        for (id, order) in seen {
            let (told, asked) = (comparable(last.remove(&id).unwrap()), comparable(order));
            assert_eq!(serde_json::to_value(&told).unwrap(), serde_json::to_value(&asked).unwrap());
        }
        let id = OrderId(shops.truths()[0].id);
        shops.change(SHOP, id.0, Change::Note, start()).unwrap();
        let order = admin.order(id).await.unwrap().unwrap();
        assert!(order.note.is_some());
        if let Some(customer) = order.customer {
            assert!(admin.customer(customer.id).await.unwrap().is_some());
        }
        assert!(admin.scopes().await.unwrap().contains(&"read_orders".to_owned()));
    });
}
