//! The webhook: what Yotpo tells of becomes hints on the write-back's queue. Nothing that it says is believed; no vendor is called, and
//! nothing is written to the ledger.

use crate::{
    hint::{self, HintMessage, RewardHint},
    tokens::Tokens,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use config::StoreName;
use function::{
    Checked, ColdStart, Environment, Invoked,
    webhook::{Request, Status},
};
use ledger::DeliveryKey;
use queue::{Entry, Queue, body};
use secrets::Secrets;
use std::time::Duration;
use telemetry::{Metric, Metrics};
use yotpo::loyalty::LoyaltyEvent;

/// How long a message that SQS does not accept for now is sent again: Yotpo is waiting.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Bodies beyond this are no events.
const LONGEST: usize = 256 * 1024;

/// What the webhook works with; built once at cold start.
pub struct Webhook {
    /// Which store an event is of.
    pub tokens: Tokens,
    /// The write-back's queue.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
    /// The clock.
    pub now: fn() -> DateTime<Utc>,
}

/// What became of a request, for the log.
#[derive(Default)]
struct Told {
    status: u16,
    store: Option<StoreName>,
    topic: Option<String>,
    keys: Vec<DeliveryKey>,
}

/// SQS did not take what Yotpo told: it may come again, and the nightly pass makes up for it.
#[derive(Debug, thiserror::Error)]
enum Untold {
    #[error("SQS has not taken it")]
    Queue(#[from] queue::Unavailable),
    #[error("it makes no message")]
    Json(#[from] serde_json::Error),
}

impl Webhook {
    /// From its environment.
    ///
    /// # Errors
    /// When the secret cannot be used, or the stack has no loyalty flow.
    pub async fn of(environment: Environment) -> Result<Self, ColdStart> {
        let stores = crate::start::loyalty(&environment.config)?.stores.keys().cloned().collect();
        let (secrets, name) = (Secrets::new(&environment.aws), environment.secret("yotpo"));
        let Environment { aws, queue, dead_letters, now, .. } = environment;
        let tokens = Tokens::load(secrets, name, stores, now).await?;
        Ok(Self { tokens, queue: Queue::new(&aws, queue), dead_letters: Queue::new(&aws, dead_letters), now })
    }

    /// Whether the webhook could work.
    pub async fn check(&self, mut checked: Checked) -> Checked {
        checked.queues(&self.queue, &self.dead_letters).await;
        checked
    }

    /// Answers a request: 200 once SQS has what it says, or nothing is to be done about it; 401 if no store has its token, 404 if it
    /// has none; 500 if it could not be kept.
    pub async fn answer(&self, request: Request, invoked: &Invoked, metrics: &mut Metrics) -> Status {
        let told = self.hear(&request, invoked, metrics).await;
        tracing::info!(
            answer = told.status,
            store = told.store.as_ref().map(tracing::field::display),
            topic = told.topic,
            delivery_key = told.keys.first().map(tracing::field::display),
            messages = told.keys.len(),
            "webhook"
        );
        Status(told.status)
    }

    async fn hear(&self, request: &Request, invoked: &Invoked, metrics: &mut Metrics) -> Told {
        let Some(token) = request.path_parameters.get("token").filter(|token| !token.is_empty()) else {
            return Told { status: 404, ..Told::default() };
        };
        let Some(store) = self.tokens.store(token).await else {
            return Told { status: 401, ..Told::default() };
        };
        metrics.count(Metric::WebhookReceived, None, 1);
        let event = read(request).and_then(|body| serde_json::from_slice::<LoyaltyEvent>(&body).ok());
        let topic = event.as_ref().and_then(topic);
        let told = Told { status: 200, store: Some(store.clone()), topic, keys: Vec::new() };
        let messages = event.map(|event| self.messages(&store, &event)).unwrap_or_default();
        if messages.is_empty() {
            // Another copy would say as little; customers that it may be about are read by night.
            metrics.count(Metric::WebhookUnhandled, None, 1);
            return told;
        }
        match self.send(&messages, invoked).await {
            Ok(()) => Told { keys: messages.into_iter().map(|message| message.delivery.key).collect(), ..told },
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, error_class = %ledger::ErrorClass::Unavailable, "not kept");
                Told { status: 500, ..told }
            }
        }
    }

    /// What is to be looked at: the customer, and the reward that it tells of.
    fn messages(&self, store: &StoreName, event: &LoyaltyEvent) -> Vec<HintMessage> {
        let Some(customer) = event.external_id() else { return Vec::new() };
        let told = event.reward().map(|told| RewardHint {
            customer: customer.to_owned(),
            redemption: told.redemption,
            code: told.code,
            option: told.option,
            points: told.points,
        });
        let reward = told.and_then(|told| hint::reward(store, told).ok());
        let state = hint::state(store, (self.now)(), customer).ok();
        reward.into_iter().chain(state).collect()
    }

    async fn send(&self, messages: &[HintMessage], invoked: &Invoked) -> Result<(), Untold> {
        for message in messages {
            let entry = Entry::new(body::json(message)?).traced(invoked.trace.clone());
            self.queue.send_one(entry, PATIENCE).await?;
        }
        Ok(())
    }
}

/// The body as it was sent, unless it is too long for an event.
fn read(request: &Request) -> Option<Vec<u8>> {
    let body = request.body.as_deref().filter(|body| body.len() <= LONGEST)?;
    if request.is_base64_encoded { STANDARD.decode(body).ok() } else { Some(body.as_bytes().to_vec()) }
}

/// The topic, if it is one and not whatever somebody wrote there.
fn topic(event: &LoyaltyEvent) -> Option<String> {
    let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '/' | '_');
    event.topic.clone().filter(|topic| topic.len() <= 60 && topic.chars().all(plain))
}
