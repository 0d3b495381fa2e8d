//! The erp flow's functions, as API Gateway, a queue and the schedule start them, and Shopify, which sends and sends again.

use crate::{
    functions::{ERP_RECONCILER, NETSUITE_WORKER, SHOPIFY_WEBHOOK},
    lambda::{Lambda, Process},
    mapping,
};
use erp::{apply::Applier, reconcile::Reconciler, webhook::Webhook};
use function::{Environment, Event, Invoked};
use reconciliation::Certificate;
use rest::Client;
use sandbox::shopify::Delivery;
use serde_json::{Value, json};
use std::{cell::RefCell, convert::Infallible, time::Duration};
use telemetry::Metrics;

/// Shopify tries again so often, over four hours.
/// <https://shopify.dev/changelog/updates-to-webhook-retry-mechanism>
const RETRIES: u32 = 8;

pub(crate) async fn webhook(lambda: &Lambda, machine: usize) -> Option<Process<Webhook>> {
    let make = async |environment: Environment, _: Client| erp::start::webhook(environment).await;
    lambda.start(SHOPIFY_WEBHOOK, machine, make).await
}

/// API Gateway: a request at a time for each process, and those that are warm are kept.
pub(crate) struct Gateway {
    lambda: Lambda,
    machine: usize,
    warm: RefCell<Vec<Process<Webhook>>>,
}

impl Gateway {
    pub(crate) fn new(lambda: Lambda, machine: usize) -> Self {
        Self { lambda, machine, warm: RefCell::default() }
    }

    /// One delivery of Shopify's, tried until it is answered with a 200; what each try was answered with, 0 for nothing.
    pub(crate) async fn deliver(&self, delivery: &Delivery) -> Vec<u16> {
        let mut answers = Vec::new();
        for retry in 0..=RETRIES {
            let status = self.request(delivery).await.unwrap_or_default();
            answers.push(status);
            if status == 200 || !delivery.kind.is_genuine() {
                break;
            }
            tokio::time::sleep(Duration::from_mins(1 << retry.min(6))).await;
        }
        answers
    }

    /// A request; nothing, if the function fails or is killed.
    async fn request(&self, delivery: &Delivery) -> Option<u16> {
        let warm = self.warm.borrow_mut().pop();
        let process = match warm {
            Some(process) => Some(process),
            None => webhook(&self.lambda, self.machine).await,
        }?;
        let answer = ask(&self.lambda, &process, delivery).await;
        if !self.lambda.sim.lock().is_dead(process.caller.process) {
            self.warm.borrow_mut().push(process);
        }
        answer
    }
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
    let receives = lambda.scenario.max_receives;
    let batch = async |process: &Process<Applier>, event: queue::Event| {
        let run = async |worker: &Applier, invoked: &Invoked, metrics: &mut Metrics| {
            let counting = std::mem::replace(metrics, Metrics::new("", "", ""));
            let (response, counted) = Box::pin(worker.consume(event, invoked.deadline, counting)).await?;
            *metrics = counted;
            Ok::<_, queue::InvalidBatch>(response)
        };
        lambda.invoke(process, NETSUITE_WORKER.timeout, run).await.map(|ended| ended.answer)
    };
    let make = async |environment: Environment, http: Client| {
        // Boxed: it is large.
        Box::pin(Applier::of(environment, http, receives, fastrand::f64)).await
    };
    let start = async || lambda.start(NETSUITE_WORKER, machine, make).await;
    mapping::poll(&lambda, NETSUITE_WORKER, start, batch).await;
}

/// One run of the reconciler, on a process of its own; its certificates.
pub(crate) async fn reconcile(lambda: Lambda, machine: usize, event: Event) -> Vec<Certificate> {
    let make =
        async |environment: Environment, http: Client| Box::pin(Reconciler::of(environment, http, fastrand::f64)).await;
    let Some(process) = lambda.start(ERP_RECONCILER, machine, make).await else { return Vec::new() };
    let run = async |reconciler: &Reconciler, invoked: &Invoked, metrics: &mut Metrics| {
        Box::pin(reconciler.run(event, invoked, metrics)).await
    };
    let Some(ended) = lambda.invoke(&process, ERP_RECONCILER.timeout, run).await else { return Vec::new() };
    lambda.sim.lock().say(&format!("{:?} certifies {} days", process.caller, ended.answer.days.certificates.len()));
    ended.answer.days.certificates
}
