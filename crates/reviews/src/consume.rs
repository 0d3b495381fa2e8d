//! The consumer: a batch of messages, each delivered under a claim of its own; what is not done goes back.

use crate::{
    deliver::{Deliverer, Disposal},
    invocation::{Account, Invocation},
};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use queue::{Batch, InvalidBatch};
use std::{sync::Mutex, time::Duration};
use telemetry::Metrics;
use tokio::time::Instant;

/// Deliveries under way at once in one invocation.
const CONCURRENT_DELIVERIES: usize = 10;

impl Deliverer {
    /// Handles a batch until `deadline`; the answer names the messages that are to come back.
    ///
    /// # Errors
    /// When the event is not an SQS batch; the whole of it goes back.
    pub async fn consume(
        &self,
        event: queue::Event,
        deadline: DateTime<Utc>,
        metrics: Metrics,
    ) -> Result<(queue::Response, Metrics), InvalidBatch> {
        let begun = Instant::now();
        let batch = Batch::from_event(event)?;
        let remaining = (deadline - (self.now)()).to_std().unwrap_or(Duration::ZERO);
        let invocation = Invocation {
            deadline,
            timer: begun + remaining,
            metrics: Mutex::new(metrics),
            accounts: self.config.stores.keys().map(|name| (name.clone(), Account::default())).collect(),
        };
        let shared = &invocation;
        let returned: Vec<(&queue::Message, Duration)> = stream::iter(&batch.messages)
            .map(|message| async move { (message, self.deliver(message, shared).await) })
            .buffer_unordered(CONCURRENT_DELIVERIES)
            .filter_map(|(message, disposal)| async move {
                match disposal {
                    Disposal::Delete => None,
                    Disposal::Return(delay) => Some((message, delay)),
                }
            })
            .collect()
            .await;
        if let Err(error) = self.queue.hide(&returned, begun).await {
            // The queue's own visibility time-out applies: later, but they come back.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "messages keep the queue's own visibility time-out"
            );
        }
        let response = batch.response(returned.iter().map(|(message, _)| message.id.as_str()));
        let metrics = invocation.metrics.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok((response, metrics))
    }
}
