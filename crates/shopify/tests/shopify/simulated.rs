//! Against simulated shops, which sign, change orders and write both shapes in code of their own.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use sandbox::InProcess;
use sandbox::shopify::{Mischief, Mix, Story};
use shopify::admin::{Client, Error, Search};
use shopify::{Credentials, Event, Order, OrderId, ShopDomain, Unverified};

const SHOP: &str = "acme.myshopify.com";

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

/// Whose clock stands still, so that points do not come back: there are enough.
fn shops() -> InProcess {
    let shops = InProcess::new(7, "http://127.0.0.1:9", start);
    shops.shopify.set(|settings| settings.points = 1e9);
    shops
}

fn story(orders: usize) -> Story {
    let mix = Mix { guests: 0.3, foreign: 0.5, tips: 0.3, custom_lines: 0.2, gift_cards: 0.3, ..Mix::default() };
    Story { mix, changes: 6, ..Story::new(SHOP, orders, start()) }
}

fn credentials(shops: &InProcess) -> (ShopDomain, Credentials) {
    (SHOP.parse().unwrap(), serde_json::from_value(shops.shopify.secret(&[SHOP])).unwrap())
}

fn client(shops: &InProcess) -> Client {
    let (shop, credentials) = credentials(shops);
    let simulated = shops.clone();
    let exchange = move |request| -> rest::Exchange {
        let simulated = simulated.clone();
        Box::pin(async move { Ok(simulated.call(request).await) })
    };
    let http = rest::Client::in_process(Duration::from_secs(30), exchange);
    let access = credentials.shops[&shop].access().unwrap();
    Client::new(http, credentials.admin_url(&shop).unwrap(), access, "2026-10", start)
}

/// The state that each order's last webhook tells of, every genuine one read and every other one refused.
fn told(shops: &InProcess, story: &Story) -> BTreeMap<OrderId, Order> {
    let webhooks = shops.shopify.tell(story);
    let (shop, credentials) = credentials(shops);
    let mut orders = BTreeMap::new();
    let mischief = Mischief { tampered: 0.2, forged: 0.2, duplicates: 0.2, ..Mischief::default() };
    for delivery in shops.shopify.plan(&webhooks, &mischief) {
        let headers = delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request = Unverified::new(headers, &delivery.body, false).unwrap();
        let verified = request.verify(credentials.shops[&shop].secrets());
        assert_eq!(verified.is_ok(), delivery.kind.is_genuine(), "{:?}", delivery.kind);
        let Ok(verified) = verified else { continue };
        if let Some(Event::Order(order)) = verified.event().unwrap() {
            orders.insert(order.id, *order);
        }
    }
    orders
}

/// Both shapes of an order, but for what its customer has become since: the Admin API shows that.
fn assert_same(a: &Order, b: &Order) {
    let [a, b] = [a, b].map(|order| {
        let mut order = order.clone();
        if let Some(customer) = &mut order.customer {
            (customer.updated_at, customer.default_address) = (None, None);
        }
        order
    });
    let json = |order: &Order| serde_json::to_value(order).unwrap();
    for (field, value) in json(&a).as_object().unwrap() {
        assert_eq!(value, &json(&b)[field], "{field}");
    }
    assert!(a == b);
}

#[tokio::test]
async fn whatever_becomes_of_orders_webhooks_and_admin_api_say_the_same() {
    let shops = shops();
    let told = told(&shops, &story(20));
    assert!(told.len() == 20 && told.values().any(|order| order.refunds.len() > 1), "{}", told.len());
    let client = client(&shops);
    for (id, order) in &told {
        let read = client.order(*id).await.unwrap().unwrap();
        assert_same(&read, order);
    }
    assert!(client.scopes().await.unwrap().contains(&"read_orders".to_owned()));
}

#[tokio::test]
async fn all_orders_come_though_a_full_page_costs_too_much() {
    let shops = shops();
    let told = told(&shops, &story(15));
    shops.shopify.set(|settings| settings.dearest = 100.0);
    let client = client(&shops);
    let (mut read, mut after) = (BTreeMap::new(), None);
    loop {
        let page = client.orders(Search::UpdatedSince(start()), after.as_ref()).await.unwrap();
        assert!(page.unreadable.is_empty(), "{:?}", page.unreadable);
        read.extend(page.orders.into_iter().map(|order| (order.id, order)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(read.keys().collect::<Vec<_>>(), told.keys().collect::<Vec<_>>());
    for (id, order) in &read {
        assert_same(order, &told[id]);
    }
}

#[tokio::test]
async fn a_scope_that_is_not_granted_is_named() {
    let shops = shops();
    let told = told(&shops, &story(1));
    shops.shopify.set(|settings| settings.scopes.retain(|scope| scope != "read_orders"));
    let id = *told.keys().next().unwrap();
    let error = client(&shops).order(id).await.unwrap_err();
    assert!(matches!(&error, Error::Denied { message } if message.contains("read_orders")), "{error:?}");
}
