//! The functions, and what each is fed. Another function is another entry.

use axum::body::Bytes;
use sandbox::{
    InProcess,
    shopify::{Mischief, Mix, Webhook},
};
use serde_json::{Value, json};

/// A function's binary, and what it is measured with.
pub(crate) struct Function {
    /// Its binary's name.
    pub(crate) name: &'static str,
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
    /// How long the function may take, in seconds, as the template has it.
    pub(crate) timeout: u64,
    /// In the answer; otherwise the figures are of something else.
    pub(crate) answered: &'static str,
    /// What whoever waits for the answer waits for, in seconds; none: nobody does.
    pub(crate) within: Option<u64>,
}

/// Every function that there is something to feed with.
pub(crate) fn all() -> Vec<Function> {
    vec![shopify_webhook()]
}

const SHOP: &str = "acme.myshopify.com";
const MEBIBYTE: usize = 1024 * 1024;

/// An order's webhook, and the same with so many lines that it is this long.
fn shopify_webhook() -> Function {
    let shops = InProcess::new(1, "http://127.0.0.1:9", chrono::Utc::now);
    let (_, told) = shops.shopify.place(SHOP, &Mix::default(), chrono::Utc::now());
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
        let event =
            Event { body: event.to_string().into(), timeout: 4, answered: "\"statusCode\":200", within: Some(5) };
        Case { name, event }
    };
    Function {
        name: "shopify-webhook",
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
