//! The worker: each message of a batch is delivered under a claim of its own, and what is not done goes back.

use crate::{Accounts, Claim, Hooks, Invocation, Message, Reading, Undelivered, claim::Unclaimed};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use ledger::{Backoff, Delivery, ErrorClass, Event, Ledger};
use queue::{Batch, Entry, InvalidBatch, Queue, TraceHeader};
use serde::de::DeserializeOwned;
use std::time::Duration;
use telemetry::{Metric, Metrics};
use tokio::time::Instant;
use tracing::Instrument as _;

/// What a delivery needs, beside the flow's own clients; built once at cold start.
pub struct Worker {
    /// The flow's ledger.
    pub ledger: Ledger,
    /// The queue that the messages come from.
    pub queue: Queue,
    /// Its dead-letter queue.
    pub dead_letters: Queue,
    /// The vendor's accounts.
    pub accounts: Accounts,
    /// The protocol's times.
    pub times: config::Protocol,
    /// How soon what somebody else is at is looked at again, counted by receives and without jitter, where its holder mostly ends
    /// long before a claim could be had over a dead one; `None`: when that is so.
    pub looks: Option<Backoff>,
    /// How often SQS delivers a message before it moves it away itself.
    pub max_receives: u32,
    /// Uniform in `0.0..1.0`, for the jitter.
    pub random: fn() -> f64,
}

/// What is to become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposal {
    /// It has done its work, or lies elsewhere: SQS may delete it.
    Delete,
    /// Back to the queue, visible again after this long.
    Return(Duration),
}

impl Disposal {
    /// For how long it is hidden, where it comes back.
    pub(crate) fn delay(self) -> Option<Duration> {
        match self {
            Self::Delete => None,
            Self::Return(delay) => Some(delay),
        }
    }
}

impl Worker {
    /// Handles a batch until `deadline`, `at_once` messages at a time: `call` makes a delivery's calls under its claim. The answer
    /// names the messages that are to come back.
    ///
    /// # Errors
    /// When the event is not an SQS batch; the whole of it goes back.
    pub async fn consume<P: DeserializeOwned>(
        &self,
        event: queue::Event,
        deadline: DateTime<Utc>,
        metrics: Metrics,
        at_once: usize,
        call: impl AsyncFn(&Message<P>, &Claim<'_>) -> Result<(), Undelivered>,
    ) -> Result<(queue::Response, Metrics), InvalidBatch> {
        let hooks = Hooks {
            skip: |_: &Message<P>| None,
            read_back: async |_: &Message<P>, _: Reading| Ok(false),
            reread: async |_: &Message<P>, _: Reading| Ok(None),
        };
        self.consume_with(event, deadline, metrics, at_once, &hooks, call).await
    }

    /// The same, with what the flow says of a message beside its call.
    ///
    /// # Errors
    /// When the event is not an SQS batch; the whole of it goes back.
    pub async fn consume_with<P: DeserializeOwned>(
        &self,
        event: queue::Event,
        deadline: DateTime<Utc>,
        metrics: Metrics,
        at_once: usize,
        hooks: &Hooks<
            impl Fn(&Message<P>) -> Option<String>,
            impl AsyncFn(&Message<P>, Reading) -> Result<bool, Undelivered>,
            impl AsyncFn(&Message<P>, Reading) -> Result<Option<Entry>, Undelivered>,
        >,
        call: impl AsyncFn(&Message<P>, &Claim<'_>) -> Result<(), Undelivered>,
    ) -> Result<(queue::Response, Metrics), InvalidBatch> {
        let begun = Instant::now();
        let batch = Batch::from_event(event)?;
        let invocation = self.invocation(deadline, metrics).await;
        let (shared, call) = (&invocation, &call);
        let returned: Vec<(&queue::Received, Duration)> = stream::iter(&batch.messages)
            .map(|message| async move { (message, self.deliver(message, shared, hooks, call).await) })
            .buffer_unordered(at_once)
            .filter_map(|(message, disposal)| async move { Some((message, disposal.delay()?)) })
            .collect()
            .await;
        self.give_back(&returned, begun).await;
        let response = batch.response(returned.iter().map(|(message, _)| message.id.as_str()));
        Ok((response, invocation.into_metrics()))
    }

    /// What a batch has in common, until `deadline`: also what is paused, which is read once.
    pub(crate) async fn invocation(&self, deadline: DateTime<Utc>, metrics: Metrics) -> Invocation {
        let remaining = (deadline - self.ledger.now()).to_std().unwrap_or(Duration::ZERO);
        let pauses = self.ledger.pauses().await.inspect_err(|error| {
            let error = error as &dyn std::error::Error;
            tracing::error!(error, "whether the flow is paused is not known; nothing is called");
        });
        Invocation::new(deadline, remaining, metrics, self.accounts.keys(), pauses.ok())
    }

    /// Hides what comes back, each for its own delay, counted from when the batch was received, which was no later than `begun`.
    pub(crate) async fn give_back(&self, returned: &[(&queue::Received, Duration)], begun: Instant) {
        if let Err(error) = self.queue.hide(returned, begun).await {
            // The queue's own visibility time-out applies: later, but they come back.
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "messages keep the queue's own visibility time-out");
        }
    }

    async fn deliver<P: DeserializeOwned>(
        &self,
        received: &queue::Received,
        invocation: &Invocation,
        hooks: &Hooks<
            impl Fn(&Message<P>) -> Option<String>,
            impl AsyncFn(&Message<P>, Reading) -> Result<bool, Undelivered>,
            impl AsyncFn(&Message<P>, Reading) -> Result<Option<Entry>, Undelivered>,
        >,
        call: &impl AsyncFn(&Message<P>, &Claim<'_>) -> Result<(), Undelivered>,
    ) -> Disposal {
        let message = match Message::parse(&received.body) {
            Ok(message) => message,
            Err(unreadable) => return self.dead_letter_unreadable(received, &unreadable.to_string(), invocation).await,
        };
        let trace = received.trace.as_ref().map(TraceHeader::as_str);
        let span = telemetry::delivery(message.delivery.key.as_str(), trace);
        // Boxed: it is tens of kilobytes, and moved about.
        Box::pin(self.deliver_message(&message, received, invocation, hooks, call)).instrument(span).await
    }

    async fn deliver_message<P>(
        &self,
        message: &Message<P>,
        received: &queue::Received,
        invocation: &Invocation,
        hooks: &Hooks<
            impl Fn(&Message<P>) -> Option<String>,
            impl AsyncFn(&Message<P>, Reading) -> Result<bool, Undelivered>,
            impl AsyncFn(&Message<P>, Reading) -> Result<Option<Entry>, Undelivered>,
        >,
        call: &impl AsyncFn(&Message<P>, &Claim<'_>) -> Result<(), Undelivered>,
    ) -> Disposal {
        let delivery = &message.delivery;
        if let Some(disposal) = self.held_back(delivery, received, invocation).await {
            return disposal;
        }
        if let Some(reason) = (hooks.skip)(message)
            && let Some(disposal) = self.skip_unclaimed(delivery, received, invocation, reason).await
        {
            return disposal;
        }
        let account = self.accounts.get(&delivery.store);
        let latest = invocation.latest_call(self.times.call_timeout);
        let held = || account.and_then(|account| account.pace.held());
        let spared = || held().is_some() || latest <= Instant::now() || invocation.has_given_up(&delivery.store);
        // Where the last invocation was refused, one delivery finds out whether it still is so.
        let _probing = match account {
            Some(account) if !spared() => account.probe(latest).await,
            _ => None,
        };
        if spared() {
            let wait = self.backoff(received.receives, held());
            return self.back(received, invocation, delivery, wait).await;
        }
        let claim = match self.claim_received(delivery, received, invocation, latest).await {
            Ok(claim) => claim,
            Err(Unclaimed::Settling(until)) => {
                let reading = Reading { latest, trace: received.trace.clone() };
                let seen = self.look(delivery, invocation, (hooks.read_back)(message, reading)).await;
                let wait = self.next_look(&delivery.key, until);
                return if seen { Disposal::Delete } else { self.back(received, invocation, delivery, wait).await };
            }
            Err(Unclaimed::Conflict) => {
                let reading = Reading { latest, trace: received.trace.clone() };
                return self.contradict(delivery, received, invocation, (hooks.reread)(message, reading)).await;
            }
            Err(unclaimed) => return self.refused(unclaimed, delivery, received, invocation).await,
        };
        // Whatever a call does, there is time left to write down how it ended.
        let called = tokio::time::timeout(invocation.room(), call(message, &claim)).await;
        let result = called.unwrap_or_else(|_out_of_time| {
            tracing::warn!("the call was given up: the invocation is out of time");
            Err(Undelivered::Failed { class: ErrorClass::Uncertain, may_land: true, floor: None })
        });
        self.settle(&claim, received, result).await
    }

    /// Leave to call for what was received, until the invocation's deadline.
    pub(crate) async fn claim_received<'a>(
        &'a self,
        delivery: &'a Delivery,
        received: &queue::Received,
        invocation: &'a Invocation,
        latest: Instant,
    ) -> Result<Claim<'a>, Unclaimed> {
        let event = |token| Event::Claim { delivery: delivery.clone(), token, lease_end: invocation.deadline.into() };
        let claim = self.claim(delivery, invocation, latest, event).await?;
        Ok(Claim { trace: received.trace.clone(), ..claim })
    }

    /// What is to become of a message whose delivery could not be claimed.
    pub(crate) async fn refused(
        &self,
        unclaimed: Unclaimed,
        delivery: &Delivery,
        received: &queue::Received,
        invocation: &Invocation,
    ) -> Disposal {
        match unclaimed {
            Unclaimed::Done => {
                tracing::info!("settled before; the message is dropped");
                invocation.count(Metric::AlreadyDelivered, &delivery.store);
                Disposal::Delete
            }
            Unclaimed::Held(until) | Unclaimed::Settling(until) => {
                // If its holder has died.
                let free = self.millis().until(until).max(self.times.held_at_least);
                let wait = self.looks.map_or(free, |looks| free.min(looks.most(received.receives)));
                tracing::info!(wait_seconds = wait.as_secs(), "held by another worker; back to the queue");
                self.back(received, invocation, delivery, wait).await
            }
            // What is in conflict has been looked after.
            Unclaimed::Unasked | Unclaimed::Conflict => {
                self.back(received, invocation, delivery, self.backoff(received.receives, None)).await
            }
        }
    }
}
