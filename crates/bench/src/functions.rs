//! The functions, and what each is fed. Another function is another entry.

use axum::body::Bytes;
use chrono::Utc;
use sandbox::{
    InProcess,
    shopify::{Mischief, Mix, Webhook},
};
use serde_json::{Value, json};

/// A function's binary, and what it is measured with.
pub(crate) struct Function {
    /// Its binary's name.
    pub(crate) name: &'static str,
    /// The megabytes that it is deployed with.
    pub(crate) memory: u64,
    /// Beside what every function is told.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// What it asks Secrets Manager for.
    pub(crate) secrets: Vec<(&'static str, Value)>,
    pub(crate) cases: Vec<Case>,
}

/// One kind of event.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) event: Event,
}

/// What is handed over, and what has to be answered.
pub(crate) struct Event {
    pub(crate) body: Bytes,
    /// How many messages are in it.
    pub(crate) messages: u32,
    /// How long the function may take, in seconds, as the template has it.
    pub(crate) timeout: u64,
    /// In the answer; otherwise the figures are of something else.
    pub(crate) answered: &'static str,
    /// What whoever waits for the answer waits for, in seconds; none: nobody does.
    pub(crate) within: Option<u64>,
}

/// Every function that there is something to feed with. `vendor`: where Yotpo is.
pub(crate) fn all(vendor: &str) -> Vec<Function> {
    vec![shopify_webhook(), reviews_consumer(vendor)]
}

const SHOP: &str = "acme.myshopify.com";
const MEBIBYTE: usize = 1024 * 1024;

/// An order's webhook, and the same with so many lines that it is this long.
fn shopify_webhook() -> Function {
    let shops = InProcess::new(1, "http://127.0.0.1:9", Utc::now);
    let (_, told) = shops.shopify.place(SHOP, &Mix::default(), Utc::now());
    let order = told.into_iter().find(|webhook| webhook.topic.starts_with("orders/"));
    let case = |name, least: usize| {
        let webhook = order.clone().map(|webhook| long(webhook, least));
        let sent = webhook.map(|webhook| shops.shopify.plan(&[webhook], &Mischief::default()));
        let sent = sent.into_iter().flatten().next();
        let (headers, body) = sent.map(|sent| (sent.headers, sent.body)).unwrap_or_default();
        let headers: serde_json::Map<String, Value> =
            headers.into_iter().map(|(name, value)| (name.to_lowercase(), value.into())).collect();
        let event = json!({
            "version": "2.0", "routeKey": "POST /shopify", "rawPath": "/shopify", "rawQueryString": "",
            "headers": headers, "body": body, "isBase64Encoded": false,
            "requestContext": {
                "accountId": "000000000000", "apiId": "a", "domainName": "a.execute-api.eu-central-1.amazonaws.com",
                "requestId": "r", "stage": "$default", "routeKey": "POST /shopify", "time": "21/Nov/2026:10:00:00 +0000",
                "timeEpoch": 1, "http": {"method": "POST", "path": "/shopify", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                    "userAgent": "Shopify-Captain-Hook"},
            },
        });
        let (body, answered) = (event.to_string().into(), "\"statusCode\":200");
        Case { name, event: Event { body, messages: 1, timeout: 4, answered, within: Some(5) } }
    };
    Function {
        name: "shopify-webhook",
        memory: 128,
        environment: &[],
        secrets: vec![("shopify", shops.shopify.webhook_secret(&[SHOP]))],
        cases: vec![case("an order", 0), case("1 MiB", MEBIBYTE), case("4 MiB", 4 * MEBIBYTE)],
    }
}

/// The order with its first line again and again, each a line of its own, until its webhook is as long.
fn long(mut webhook: Webhook, least: usize) -> Webhook {
    if webhook.body.len() >= least {
        return webhook;
    }
    let mut order: Value = serde_json::from_str(&webhook.body).unwrap_or_default();
    let line = order["line_items"][0].clone();
    let each = line.to_string().len() + 1;
    let more = (least - webhook.body.len()).div_ceil(each);
    if let Some(lines) = order["line_items"].as_array_mut() {
        lines.extend((1_u64..).take(more).map(|number| {
            let mut line = line.clone();
            line["id"] = number.into();
            line
        }));
    }
    webhook.body = order.to_string();
    webhook
}

/// A batch of ten orders that nobody has seen before: each is claimed, posted to Yotpo and recorded.
fn reviews_consumer(vendor: &str) -> Function {
    let messages: u32 = 10;
    let today = Utc::now().date_naive();
    let record = |number: u32| {
        let products: serde_json::Map<String, Value> = (1..=3)
            .map(|line| (format!("SKU-{line}"), json!({"name": "A thing with a name", "price": "19.90"})))
            .collect();
        let body = json!({
            "key": format!("reviews/801RO00000{number:08}"), "revision": Utc::now().timestamp_millis(),
            "hash": format!("{number:032x}"), "store": "default", "day": today,
            "purchase": {
                "email": format!("jane.{number}@example.com"), "customer_name": "Jane Doe", "order_id": format!("{number:08}"),
                "order_date": today, "currency_iso": "EUR", "platform": "commerce_cloud", "products": products,
            },
        });
        json!({
            "messageId": format!("00000000-0000-0000-0000-{number:012}"), "receiptHandle": "r", "body": body.to_string(),
            "attributes": {
                "ApproximateReceiveCount": "1", "SentTimestamp": Utc::now().timestamp_millis().to_string(),
                "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0",
            },
            "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "awsRegion": "eu-central-1",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:queue",
        })
    };
    let event = json!({"Records": (1..=messages).map(record).collect::<Vec<_>>()});
    let (body, answered) = (event.to_string().into(), "\"batchItemFailures\":[]");
    Function {
        name: "reviews-consumer",
        memory: 256,
        environment: &[("VENDOR_CONCURRENCY", "1"), ("MAX_RECEIVE_COUNT", "5")],
        secrets: vec![(
            "yotpo",
            json!({"reviews_url": vendor, "stores": {"default": {"app_key": "key", "secret_key": "of no use"}}}),
        )],
        cases: vec![Case { name: "ten orders", event: Event { body, messages, timeout: 60, answered, within: None } }],
    }
}
