//! Orders of simulated shops, and whatever becomes of them, in the two shapes in which Shopify shows them: a webhook's and the Admin
//! API's. The simulated shops write each in code of their own.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use chrono::{DateTime, TimeZone as _, Utc};
use config::{Relay, Tax};
use erp::{
    map::{self, NoMemo, OrderLine, Settings, Skip},
    message::order_delivery,
};
use proptest::prelude::*;
use rust_decimal::Decimal;
use sandbox::{
    InProcess,
    shopify::{Mischief, Mix, Story, Truth},
};
use shopify::{Credentials, Event, Order, OrderId, ShopDomain, Unverified, admin::Client};
use std::{collections::BTreeMap, time::Duration};

const SHOP: &str = "acme.myshopify.com";

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).unwrap()
}

/// As shipped, with an item for whatever may be charged.
fn config() -> Relay {
    let shipped = include_str!("../../../infra/config/relay.toml");
    let named = ["tip", "duties", "fees", "custom"]
        .into_iter()
        .fold(shipped.to_owned(), |text, charge| text.replace(&format!("\n#{charge} = "), &format!("\n{charge} = ")));
    Relay::parse(&named, "relay.toml").unwrap()
}

/// Shops whose clock stands still, so that points do not come back: there are enough.
fn told(seed: u64, mix: Mix) -> (InProcess, BTreeMap<OrderId, Order>) {
    let shops = InProcess::new(seed, "http://127.0.0.1:9", start);
    shops.shopify.set(|settings| settings.points = 1e9);
    let story = Story { mix, changes: 6, ..Story::new(SHOP, 6, start()) };
    let plan = shops.shopify.plan(&shops.shopify.tell(&story), &Mischief::default());
    let (shop, credentials) = credentials(&shops);
    let mut orders = BTreeMap::new();
    for delivery in plan {
        let headers = delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request = Unverified::new(headers, &delivery.body, false).unwrap();
        let verified = request.verify(credentials.shops[&shop].secrets()).unwrap();
        if let Some(Event::Order(order)) = verified.event().unwrap() {
            orders.insert(order.id, *order);
        }
    }
    (shops, orders)
}

fn credentials(shops: &InProcess) -> (ShopDomain, Credentials) {
    (SHOP.parse().unwrap(), serde_json::from_value(shops.shopify.secret(&[SHOP])).unwrap())
}

fn admin(shops: &InProcess) -> Client {
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

fn chance() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(0.3), Just(1.0)]
}

prop_compose! {
    fn mix()(
        guests in chance(), discounts in chance(), foreign in chance(), unshipped in chance(), gift_cards in chance(), tips in chance(),
        custom_lines in chance(),
    ) -> Mix {
        Mix { guests, discounts, foreign, unshipped, gift_cards, tips, custom_lines, ..Mix::default() }
    }
}

/// What NetSuite would make of the lines.
fn total(lines: &[OrderLine]) -> Decimal {
    lines.iter().map(|line| line.rate * Decimal::from(line.quantity) + line.tax).sum()
}

/// What is left of an order once its memos are taken off, and of which a refund keeps more than it gives back: none.
fn left(order: &Order, settings: &Settings<'_>) -> Option<Decimal> {
    let effect = map::order(order, settings).unwrap();
    assert!(!effect.sums.differ(), "{:?}", effect.sums);
    let mut left = total(&effect.lines);
    for refund in &order.refunds {
        match map::refund(refund, order, settings) {
            Ok(memo) => left -= total(&memo.lines),
            Err(NoMemo::Skip(Skip::OrderReduced)) => {}
            Err(NoMemo::Parked(parked)) if parked.reason == "negative_memo" => return None,
            Err(other) => panic!("{other:?}"),
        }
    }
    Some(left)
}

fn cases() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(24) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn one_order_has_one_effect_hash_from_either_shape(seed in any::<u64>(), mix in mix()) {
        let (shops, orders) = told(seed, mix);
        let (client, config) = (admin(&shops), config());
        let (erp, shop) = (config.erp.as_ref().unwrap(), SHOP.parse().unwrap());
        let settings = Settings::of(erp, SHOP);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        prop_assert_eq!(orders.len(), 6);
        for (id, told) in &orders {
            let shown = runtime.block_on(client.order(*id)).unwrap().unwrap();
            let delivery = |order: &Order| order_delivery(order, &shop, &settings, None).unwrap();
            prop_assert_eq!(delivery(told), delivery(&shown));
            let memos = |order: &Order| -> Vec<_> {
                order.refunds.iter().map(|refund| map::refund(refund, order, &settings).ok().map(|memo| memo.hash())).collect()
            };
            prop_assert_eq!(memos(told), memos(&shown));
        }
    }

    /// Whatever the shop says that an order is worth after discounts, edits, refunds and cancellations.
    #[test]
    fn the_lines_of_any_order_less_its_memos_are_what_the_shop_says(seed in any::<u64>(), mix in mix()) {
        let (shops, orders) = told(seed, mix);
        let config = config();
        let erp = config.erp.as_ref().unwrap();
        prop_assert_eq!(erp.tax, Tax::Item);
        let settings = Settings::of(erp, SHOP);
        let truths: BTreeMap<u64, Truth> = shops.shopify.truths().into_iter().map(|truth| (truth.id, truth)).collect();
        for (id, order) in &orders {
            let Some(left) = left(order, &settings) else { continue };
            prop_assert_eq!(left, truths[&id.0].current_total, "order {}", id);
        }
    }
}
