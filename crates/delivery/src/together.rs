//! Many deliveries by one call: each under a claim of its own, and each with a result of its own.

use crate::{Claim, Invocation, Message, Undelivered, Worker, worker::Disposal};
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use ledger::{Delivery, DeliveryKey, EffectHash, ErrorClass, Event, Outcome, Revision, Verdict};
use queue::{Batch, InvalidBatch, Received, TraceHeader};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, time::Duration};
use telemetry::{Metric, Metrics};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

/// Claims, and ends, that are written down at once.
const AT_ONCE: usize = 20;

/// What the destination has now: the source as of `revision`, which is not older than the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InPlace {
    /// The version that was written.
    pub revision: Revision,
    /// Its effect.
    pub hash: EffectHash,
}

/// A message whose delivery could be claimed.
pub struct Claimed<'a, P> {
    /// What it says.
    pub message: &'a Message<P>,
    /// Leave to call.
    pub claim: Claim<'a>,
    /// To be entered by what is said about this delivery alone.
    pub span: Span,
}

/// A message of the batch, read.
struct Parsed<'a, P> {
    received: &'a Received,
    message: Message<P>,
    span: Span,
}

impl Worker {
    /// Handles a batch until `deadline` by one call for all that could be claimed. `call` answers with a result each, in their order;
    /// what is in place is confirmed. Copies and older versions of one delivery share its end. `steps`: calls that follow one another
    /// for all together, for which time is left after the last that is made for one alone ([`Claim::latest`]).
    ///
    /// # Errors
    /// When the event is not an SQS batch; the whole of it goes back.
    pub async fn consume_together<P: DeserializeOwned>(
        &self,
        event: queue::Event,
        deadline: DateTime<Utc>,
        metrics: Metrics,
        steps: u32,
        call: impl AsyncFnOnce(&[Claimed<'_, P>]) -> Vec<Result<InPlace, Undelivered>>,
    ) -> Result<(queue::Response, Metrics), InvalidBatch> {
        let begun = Instant::now();
        let batch = Batch::from_event(event)?;
        let invocation = self.invocation(deadline, metrics).await;
        let mut returned: Vec<(&Received, Duration)> = Vec::new();
        let mut parsed: Vec<Parsed<'_, P>> = Vec::new();
        for received in &batch.messages {
            match Message::parse(&received.body) {
                Ok(message) => {
                    let trace = received.trace.as_ref().map(TraceHeader::as_str);
                    let span = telemetry::delivery(message.delivery.key.as_str(), trace);
                    parsed.push(Parsed { received, message, span });
                }
                Err(unreadable) => {
                    let disposal = self.dead_letter_unreadable(received, &unreadable.to_string(), &invocation).await;
                    returned.extend(disposal.delay().map(|delay| (received, delay)));
                }
            }
        }
        let deliveries: Vec<&Delivery> = parsed.iter().map(|one| &one.message.delivery).collect();
        let (leaders, followers) = led(&deliveries);
        let ends = self.deliver_together(&parsed, &leaders, &invocation, steps, call).await;
        let of = |one: &usize| leaders.iter().position(|leader| leader == one).map(|place| ends[place]);
        for (follower, leader) in followers {
            // What the leader's end says of the delivery holds for its older versions too: under a pause, its copy has them in it.
            if let Some(Disposal::Return(delay)) = of(&leader) {
                returned.push((parsed[follower].received, delay));
            } else if !invocation.is_paused(&parsed[follower].message.delivery.store) {
                invocation.count(Metric::AlreadyDelivered, &parsed[follower].message.delivery.store);
            }
        }
        let led = leaders.iter().zip(&ends);
        returned.extend(led.filter_map(|(leader, end)| Some((parsed[*leader].received, end.delay()?))));
        self.give_back(&returned, begun).await;
        let response = batch.response(returned.iter().map(|(message, _)| message.id.as_str()));
        Ok((response, invocation.into_metrics()))
    }

    /// The end of each leader, in their order.
    async fn deliver_together<P>(
        &self,
        parsed: &[Parsed<'_, P>],
        leaders: &[usize],
        invocation: &Invocation,
        steps: u32,
        call: impl AsyncFnOnce(&[Claimed<'_, P>]) -> Vec<Result<InPlace, Undelivered>>,
    ) -> Vec<Disposal> {
        let latest = invocation.latest_call(self.times.call_timeout * (steps + 1));
        let claims: Vec<Result<Claimed<'_, P>, Disposal>> = stream::iter(leaders)
            .map(|leader| {
                let one = &parsed[*leader];
                let claiming = self.claim_one(&one.message, one.received, invocation, latest);
                let span = one.span.clone();
                async move {
                    let claim = Box::pin(claiming).instrument(span.clone()).await?;
                    Ok(Claimed { message: &one.message, claim, span })
                }
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let mut ends = vec![Disposal::Delete; leaders.len()];
        let (mut places, mut claimed) = (Vec::new(), Vec::new());
        for (place, claim) in claims.into_iter().enumerate() {
            match claim {
                Ok(claim) => {
                    places.push(place);
                    claimed.push(claim);
                }
                Err(disposal) => ends[place] = disposal,
            }
        }
        if claimed.is_empty() {
            return ends;
        }
        let called = tokio::time::timeout(invocation.room(), Box::pin(call(&claimed))).await;
        let mut results = called.unwrap_or_else(|_out_of_time| {
            tracing::warn!("the call was given up: the invocation is out of time");
            Vec::new()
        });
        // What nothing is said of may have been called.
        let unsaid = || Err(Undelivered::Failed { class: ErrorClass::Uncertain, may_land: true, floor: None });
        results.resize_with(claimed.len(), unsaid);
        let settled: Vec<(usize, Disposal)> = stream::iter(places.iter().zip(&claimed).zip(results))
            .map(|((place, one), result)| {
                let settling = self.settle_one(one, parsed[leaders[*place]].received, result);
                async move { (*place, Box::pin(settling).instrument(one.span.clone()).await) }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (place, disposal) in settled {
            ends[place] = disposal;
        }
        ends
    }

    async fn claim_one<'a, P>(
        &'a self,
        message: &'a Message<P>,
        received: &Received,
        invocation: &'a Invocation,
        latest: Instant,
    ) -> Result<Claim<'a>, Disposal> {
        let delivery = &message.delivery;
        if let Some(disposal) = self.held_back(delivery, received, invocation).await {
            return Err(disposal);
        }
        let held = self.accounts.get(&delivery.store).and_then(|account| account.pace.held());
        if held.is_some() || latest <= Instant::now() {
            let wait = self.backoff(received.receives, held);
            return Err(self.back(received, invocation, delivery, wait).await);
        }
        match self.claim_received(delivery, received, invocation, latest).await {
            Ok(claim) => Ok(claim),
            Err(unclaimed) => Err(self.refused(unclaimed, delivery, received, invocation).await),
        }
    }

    async fn settle_one<P>(
        &self,
        one: &Claimed<'_, P>,
        received: &Received,
        result: Result<InPlace, Undelivered>,
    ) -> Disposal {
        match result {
            Ok(in_place) => self.put_in_place(&one.claim, received, in_place).await,
            Err(undelivered) => self.settle(&one.claim, received, Err(undelivered)).await,
        }
    }

    /// The destination has said of this very delivery what it has now: accepted, and confirmed.
    async fn put_in_place(&self, claim: &Claim<'_>, received: &Received, in_place: InPlace) -> Disposal {
        let InPlace { revision, hash } = in_place;
        let unchanged = claim.applied.as_ref() == Some(&hash);
        claim.note(&Ok(()));
        let accepted = self.finish_with(claim, Outcome::Accepted, Some(hash.clone())).await;
        let delivery = Delivery { revision, hash, ..claim.delivery.clone() };
        let recorded = accepted == Some(Verdict::Recorded) && self.confirm(delivery).await;
        if !recorded {
            // Writing the same once more is harmless.
            let wait = self.backoff(claim.attempt, None);
            return self.back(received, claim.invocation, claim.delivery, wait).await;
        }
        claim.tell_done(unchanged);
        claim.invocation.count(Metric::Confirmed, &claim.delivery.store);
        self.measure_latency(claim, received);
        Disposal::Delete
    }

    /// Whether the ledger knows now that this version is there, or a newer one.
    async fn confirm(&self, delivery: Delivery) -> bool {
        match self.ledger.put(&Event::Confirm { delivery }).await {
            Ok(Verdict::Recorded | Verdict::Superseded) => true,
            Ok(_) => false,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, error_class = %ErrorClass::Internal, "what is in place is not recorded");
                false
            }
        }
    }
}

/// The places of the newest message of each delivery, and of those that ask for nothing that it does not: an older version, or the
/// same again.
fn led(deliveries: &[&Delivery]) -> (Vec<usize>, Vec<(usize, usize)>) {
    let mut newest: BTreeMap<&DeliveryKey, usize> = BTreeMap::new();
    for (place, delivery) in deliveries.iter().enumerate() {
        let known = newest.entry(&delivery.key).or_insert(place);
        if deliveries[*known].revision < delivery.revision {
            *known = place;
        }
    }
    let (mut leaders, mut followers) = (Vec::new(), Vec::new());
    for (place, own) in deliveries.iter().enumerate() {
        let leader = newest[&own.key];
        let first = deliveries[leader];
        let follows = own.revision < first.revision || (own.revision == first.revision && own.hash == first.hash);
        if leader != place && follows {
            followers.push((place, leader));
        } else {
            leaders.push(place);
        }
    }
    (leaders, followers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn delivery(key: &str, revision: i64, effect: &str) -> Delivery {
        let key = DeliveryKey::try_from(format!("loyalty/default/state/{key}")).unwrap();
        let hash = EffectHash::of(effect.as_bytes());
        Delivery { key, revision: Revision(revision), hash, store: "default".to_owned(), day: None, triggered_at: None }
    }

    #[test]
    fn ten_hints_at_one_customer_are_one_delivery() {
        let all: Vec<Delivery> = (0..10).map(|n| delivery("a", n % 5, "x")).chain([delivery("b", 0, "x")]).collect();
        let (leaders, followers) = led(&all.iter().collect::<Vec<_>>());
        assert_eq!(leaders, [4, 10]);
        assert!(followers.iter().all(|(_, leader)| *leader == 4) && followers.len() == 9);
    }

    #[test]
    fn two_effects_of_one_revision_are_two_deliveries() {
        let all = [delivery("a", 1, "x"), delivery("a", 1, "y"), delivery("a", 0, "y")];
        let (leaders, followers) = led(&all.iter().collect::<Vec<_>>());
        assert_eq!((leaders, followers), (vec![0, 1], vec![(2, 0)]));
    }

    proptest! {
        #[test]
        fn nothing_is_left_out_and_nobody_follows_what_is_older(
            all in prop::collection::vec(("[ab]", 0..4_i64, "[xy]"), 0..12)
        ) {
            let all: Vec<Delivery> = all.iter().map(|(key, revision, effect)| delivery(key, *revision, effect)).collect();
            let (leaders, followers) = led(&all.iter().collect::<Vec<_>>());
            let mut places: Vec<usize> = leaders.iter().copied().chain(followers.iter().map(|(place, _)| *place)).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..all.len()).collect::<Vec<_>>());
            for (place, leader) in followers {
                prop_assert!(leaders.contains(&leader));
                prop_assert!(all[place].key == all[leader].key && all[place].revision <= all[leader].revision);
            }
        }
    }
}
