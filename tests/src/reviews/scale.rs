//! A day of any size is reconciled in little memory: `RECONCILE_ORDERS=100000` for the figure in docs/PERFORMANCE.md.

use crate::stage::{ACCOUNT, Stage, dynamodb};
use chrono::Utc;
use sandbox::Expected;
use serde_json::{Value, json};
use std::time::Instant;

/// Of so many orders one has not been confirmed yet.
const UNCONFIRMED: usize = 10;
/// The function has 256.
const MEBIBYTES: u64 = 128;

fn post(url: &str, body: &Value) -> Value {
    let answer = ureq::post(url).header("Content-Type", "application/json").send(body.to_string());
    serde_json::from_str(&answer.unwrap().body_mut().read_to_string().unwrap()).unwrap()
}

/// Yotpo has had all of them for long.
fn seed_destination(stage: &Stage, day: &str, orders: &[Expected]) {
    let base = stage.sandbox.base_url();
    let secret = format!("{ACCOUNT}-secret");
    let secret = json!({"client_id": ACCOUNT, "client_secret": secret, "grant_type": "client_credentials"});
    let utoken = post(&format!("{base}/oauth/token"), &secret)["access_token"].clone();
    for chunk in orders.chunks(500) {
        let purchase = |order: &Expected| {
            let product = json!({"url": "https://shop.example/p", "name": "Thing", "price": "5"});
            let products: serde_json::Map<_, _> =
                order.products.iter().map(|id| (id.clone(), product.clone())).collect();
            json!({
                "email": order.email, "customer_name": order.customer_name, "order_id": order.order_id,
                "order_date": day, "products": products,
            })
        };
        let purchases: Vec<Value> = chunk.iter().map(purchase).collect();
        let body = json!({"utoken": utoken, "validate_data": true, "platform": "general", "orders": purchases});
        post(&format!("{base}/apps/{ACCOUNT}/purchases/mass_create.json"), &body);
    }
}

/// The ledger says of one in ten that it was accepted, of the others that they are confirmed.
fn seed_ledger(stage: &Stage, day: &str, orders: &[Expected]) {
    let table = stage.stack.output("LedgerTable").unwrap();
    let now = Utc::now().timestamp_millis();
    let number = |n: i64| json!({"N": n.to_string()});
    for (index, chunk) in orders.chunks(25).enumerate() {
        let put = |(place, order): (usize, &Expected)| {
            let word = if (index * 25 + place) % UNCONFIRMED == 0 { "accepted" } else { "confirmed" };
            json!({"PutRequest": {"Item": {
                "k": {"S": format!("reviews/{}", order.id)}, "state": {"S": word}, "revision": number(1),
                "hash": {"S": "0".repeat(32)}, "store": {"S": "default"}, "day": {"S": day}, "attempts": number(1),
                "accepted_at": number(now), "updated_at": number(now), "expires_at": number(now / 1000 + 86_400),
            }}})
        };
        let puts: Vec<Value> = chunk.iter().enumerate().map(put).collect();
        dynamodb(stage.emulator.endpoint(), "BatchWriteItem", &json!({"RequestItems": {table: puts}}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_orders_fit_into_the_function() {
    let orders = std::env::var("RECONCILE_ORDERS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000);
    let stage = Stage::set().await;
    let mut spec = Stage::yesterday(orders);
    spec.awkward = false;
    let manifest = stage.sandbox.seed_day(&spec).unwrap();
    let day = spec.business_day.to_string();
    seed_destination(&stage, &day, &manifest.expected);
    seed_ledger(&stage, &day, &manifest.expected);

    let (memory, begun) = (stage.emulator.watch_memory(), Instant::now());
    let certificates = stage.reconcile(&json!({"business_day": day, "store": "default"})).await;
    let seconds = begun.elapsed().as_secs_f64();
    let peak = memory.peaks().iter().map(|peak| peak.kib).max().unwrap();
    println!(
        "{orders} orders in {seconds:.1} s, {} of them confirmed; peak memory {} MiB",
        orders / UNCONFIRMED,
        peak / 1024
    );
    assert_eq!(certificates[0]["complete"], true, "{certificates:?}");
    assert_eq!(certificates[0]["destination"], json!({"found": orders, "unexpected": 0}));
    assert!(peak < MEBIBYTES * 1024, "{peak} KiB");
}
