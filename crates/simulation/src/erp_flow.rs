//! The erp flow's functions, as API Gateway and a queue start them, and Shopify, which sends and sends again.

use crate::{
    functions::{NETSUITE_WORKER, SHOPIFY_WEBHOOK},
    lambda::{Lambda, Process},
    mapping,
};
use erp::{apply::Applier, webhook::Webhook};
use function::{Environment, Invoked};
use rest::Client;
use sandbox::shopify::Delivery;
use serde_json::{Value, json};
use std::{convert::Infallible, time::Duration};
use telemetry::Metrics;

/// Shopify tries again so often, over four hours.
/// <https://shopify.dev/changelog/updates-to-webhook-retry-mechanism>
const RETRIES: u32 = 8;

pub(crate) async fn webhook(lambda: &Lambda, machine: usize) -> Option<Process<Webhook>> {
    let make = async |environment: Environment, _: Client| erp::start::webhook(environment).await;
    lambda.start(SHOPIFY_WEBHOOK, machine, make).await
}

async fn worker(lambda: &Lambda, machine: usize) -> Option<Process<Applier>> {
    let receives = lambda.scenario.max_receives;
    let make = async |environment: Environment, http: Client| {
        // Boxed: it is large.
        Box::pin(Applier::of(environment, http, receives, fastrand::f64)).await
    };
    lambda.start(NETSUITE_WORKER, machine, make).await
}

/// One delivery of Shopify's, tried until it is answered with a 200; what each try was answered with, 0 for nothing.
pub(crate) async fn deliver(lambda: Lambda, machine: usize, delivery: Delivery) -> Vec<u16> {
    let mut answers = Vec::new();
    for retry in 0..=RETRIES {
        let status = request(&lambda, machine, &delivery).await.unwrap_or_default();
        answers.push(status);
        if status == 200 || !delivery.kind.is_genuine() {
            break;
        }
        tokio::time::sleep(Duration::from_mins(1 << retry.min(6))).await;
    }
    answers
}

/// A request, on a process of its own; nothing, if the function fails or is killed.
async fn request(lambda: &Lambda, machine: usize, delivery: &Delivery) -> Option<u16> {
    let process = webhook(lambda, machine).await?;
    ask(lambda, &process, delivery).await
}

/// A request to a process that may have had others before.
pub(crate) async fn ask(lambda: &Lambda, process: &Process<Webhook>, delivery: &Delivery) -> Option<u16> {
    let headers: serde_json::Map<String, Value> =
        delivery.headers.iter().map(|(name, value)| (name.to_lowercase(), json!(value))).collect();
    let request = json!({
        "version": "2.0", "routeKey": "POST /shopify", "rawPath": "/shopify", "rawQueryString": "",
        "headers": headers, "body": delivery.body, "isBase64Encoded": false,
        "requestContext": {"http": {"method": "POST", "path": "/shopify"}, "timeEpoch": 0},
    });
    let request = serde_json::from_value(request).ok()?;
    let run = async |webhook: &Webhook, invoked: &Invoked, metrics: &mut Metrics| {
        Ok::<_, Infallible>(Box::pin(webhook.answer(request, invoked, metrics)).await)
    };
    Some(lambda.invoke(process, SHOPIFY_WEBHOOK.timeout, run).await?.answer.0)
}

/// A poller of the queue, with workers on its machine.
pub(crate) async fn work(lambda: Lambda, machine: usize) {
    let batch = async |process: &Process<Applier>, event: queue::Event| {
        let run = async |worker: &Applier, invoked: &Invoked, metrics: &mut Metrics| {
            let counting = std::mem::replace(metrics, Metrics::new("", "", ""));
            let (response, counted) = Box::pin(worker.consume(event, invoked.deadline, counting)).await?;
            *metrics = counted;
            Ok::<_, queue::InvalidBatch>(response)
        };
        lambda.invoke(process, NETSUITE_WORKER.timeout, run).await.map(|ended| ended.answer)
    };
    let start = async || worker(&lambda, machine).await;
    mapping::poll(&lambda, NETSUITE_WORKER, start, batch).await;
}
