//! What waits: in the queues, in the ledger; and what is left of the vendors' quotas.

use crate::{
    failure::{Failure, chain},
    flow::Flow,
    operator::Operator,
};
use chrono::{DateTime, Utc};
use queue::Depth;
use serde::Serialize;

/// Costs one call; its answer says how many were made.
const CHEAP_QUERY: &str = "SELECT Id FROM Order LIMIT 1";

/// What waits.
#[derive(Debug, Serialize)]
pub(crate) struct Backlog {
    pub(super) queues: Vec<Queues>,
    /// The deliveries that something went wrong with, by flow and state.
    pub(super) deliveries: Vec<OpenState>,
}

/// What waits in a queue of a flow, and in its dead-letter queue.
#[derive(Debug, Serialize)]
pub(crate) struct Queues {
    pub(super) flow: Flow,
    pub(super) queue: Waiting,
    pub(super) dead_letters: Waiting,
}

/// How many messages a queue holds, as SQS counts them: approximately.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Waiting {
    pub(super) visible: u64,
    pub(super) in_flight: u64,
    pub(super) delayed: u64,
}

impl Waiting {
    pub(super) fn total(&self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

impl From<Depth> for Waiting {
    fn from(Depth { visible, in_flight, delayed }: Depth) -> Self {
        Self { visible, in_flight, delayed }
    }
}

/// The deliveries in one state.
#[derive(Debug, Serialize)]
pub(crate) struct OpenState {
    pub(super) flow: Flow,
    /// One of the ledger's states: `parked`, `rejected`, `uncertain`; `pending` and `claimed` after a failed attempt.
    pub(super) state: &'static str,
    pub(super) deliveries: usize,
    /// Since when something is wrong with the oldest.
    pub(super) oldest: DateTime<Utc>,
}

/// What the vendors allow.
#[derive(Debug, Serialize)]
pub(crate) struct Quotas {
    pub(super) salesforce: Salesforce,
    /// Calls a second to each store's account, all functions together: `pace.yotpo_reviews`.
    pub(super) yotpo_calls_a_second: f64,
}

/// The org's API calls of the last 24 hours, all integrations together.
#[derive(Debug, Serialize)]
pub(crate) struct Salesforce {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) used: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<u64>,
    /// Runs stop at this share: `salesforce.quota_share`.
    pub(super) quota_share: f64,
    /// Why nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

pub(super) async fn queues(flow: Flow, operator: &Operator) -> Result<Queues, Failure> {
    let (queue, letters) = tokio::join!(operator.queue.depth(), operator.dead_letters.depth());
    let depth = |depth: Result<Depth, queue::Unavailable>| {
        depth.map(Waiting::from).map_err(|error| Failure::undone("read the queues", &error))
    };
    Ok(Queues { flow, queue: depth(queue)?, dead_letters: depth(letters)? })
}

pub(super) async fn deliveries(flow: Flow, operator: &Operator) -> Result<Vec<OpenState>, Failure> {
    let open = operator.ledger.open_by_state().await.map_err(|error| Failure::undone("read the ledger", &error))?;
    let open = open.into_iter().map(|(state, open)| OpenState {
        flow,
        state: state.as_str(),
        deliveries: open.deliveries,
        oldest: open.oldest.into(),
    });
    Ok(open.collect())
}

/// Asks Salesforce; that it does not answer is part of the answer.
pub(super) async fn quotas(operator: &reviews::operate::Operator) -> Quotas {
    let config = &operator.config;
    let mut salesforce = Salesforce { used: None, max: None, quota_share: config.salesforce.quota_share, error: None };
    match operator.salesforce().await {
        Ok(client) => match client.query(CHEAP_QUERY).await {
            Ok(page) => (salesforce.used, salesforce.max) = (page.usage.map(|u| u.used), page.usage.map(|u| u.max)),
            Err(error) => salesforce.error = Some(chain(&error)),
        },
        Err(error) => salesforce.error = Some(chain(&error)),
    }
    Quotas { salesforce, yotpo_calls_a_second: config.pace.yotpo_reviews }
}
