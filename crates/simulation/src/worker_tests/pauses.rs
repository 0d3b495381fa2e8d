//! The worker under a pause: one message at a time, as the erp's and the loyalty flow's workers have it, and many by one call, as the
//! write-back does.

use super::*;
use crate::fault::{Down, Outage};
use delivery::{Claimed, InPlace};
use serde_json::Value;

const PAUSE: &str = "pause/reviews";

impl Stage {
    fn note_pause(&self, about: &[(&str, Value)]) {
        let about = about.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let item = about.chain([("k".to_owned(), json!({ "S": PAUSE }))]).collect();
        self.sim.lock().table.keep(PAUSE, item);
    }

    fn pause(&self) {
        let now = json!({"N": clock::now().timestamp_millis().to_string()});
        self.note_pause(&[("* since", now), ("* by", json!({"S": "jane"})), ("* why", json!({"S": "wrong prices"}))]);
    }

    fn resume(&self) {
        self.note_pause(&[("* ended", json!({"N": clock::now().timestamp_millis().to_string()}))]);
    }

    fn waiting(&self) -> usize {
        self.sim.lock().queues.len()
    }

    /// Polls the queue for so long, and makes one call for all that could be claimed.
    async fn work_together(&self, time: TimeDelta) {
        let call = async |claimed: &[Claimed<'_, Payload>]| {
            let mut there = self.there.lock().unwrap();
            let one = |one: &Claimed<'_, Payload>| {
                let Delivery { key, revision, hash, .. } = &one.message.delivery;
                there.effects.push((key.as_str().to_owned(), one.message.payload.value));
                Ok(InPlace { revision: *revision, hash: hash.clone() })
            };
            claimed.iter().map(one).collect()
        };
        let handle = async |worker: &Worker, event, deadline, metrics| {
            worker.consume_together(event, deadline, metrics, 1, &call).await
        };
        self.poll(time, handle).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_delivery_is_neither_called_nor_counted_as_tried() {
    let (stage, refund, customer) = (stage(None), key("refund"), key("customer"));
    // Its answer is lost, and under the pause nobody looks.
    stage.there.lock().unwrap().losing = 1;
    stage.send(&refund, 1, 7, None);
    stage.work_for(TimeDelta::seconds(15)).await;
    assert_eq!(stage.state(&refund), "uncertain");
    let attempts = |key: &str| stage.sim.lock().table.number(key, "attempts");
    let (tried, looks) = (attempts(&refund), stage.there.lock().unwrap().looks);
    stage.pause();
    stage.send(&customer, 1, 9, None);
    stage.work(72).await;
    {
        let there = stage.there.lock().unwrap();
        assert_eq!((there.effects.len(), there.looks, there.read_back), (1, looks, 0));
    }
    assert_eq!((attempts(&refund), stage.state(&customer).as_str(), stage.waiting()), (tried, "absent", 2));
    stage.resume();
    stage.work(1).await;
    assert_eq!(stage.there.lock().unwrap().effects, [(refund.clone(), 7), (customer.clone(), 9)]);
    assert_eq!((stage.state(&customer).as_str(), stage.waiting(), stage.letters()), ("accepted", 0, vec![]));
}

/// Under a pause nothing could come that it waits for.
#[tokio::test(start_paused = true)]
async fn what_waits_for_another_delivery_has_its_two_days_anew_when_the_pause_ends() {
    let (stage, order, customer) = (stage(None), key("order"), key("customer"));
    stage.send(&order, 1, 1, Some(&customer));
    stage.work(36).await;
    stage.pause();
    stage.work(30).await;
    stage.resume();
    stage.work(40).await;
    assert_eq!((stage.state(&order).as_str(), stage.letters()), ("pending", vec![]));
    stage.send(&customer, 1, 9, None);
    stage.work(1).await;
    assert_eq!((stage.state(&order).as_str(), stage.letters()), ("accepted", vec![]));
    let waiting = key("award");
    stage.send(&waiting, 1, 1, Some("reviews/default/customer/2"));
    stage.work(50).await;
    assert_eq!(stage.state(&waiting), "parked", "a pause that was over before counts for nothing");
}

#[tokio::test(start_paused = true)]
async fn where_nobody_knows_whether_it_is_paused_nothing_is_called() {
    let (stage, refund) = (stage(None), key("refund"));
    let (from, until) = (TimeDelta::zero(), TimeDelta::hours(3));
    stage.sim.lock().outage = Some((NOON, Outage { service: Service::Table, how: Down::Refused, from, until }));
    stage.send(&refund, 1, 7, None);
    stage.work(2).await;
    assert_eq!((stage.there.lock().unwrap().effects.len(), stage.waiting()), (0, 1));
    stage.work(3).await;
    assert_eq!((stage.there.lock().unwrap().of(&refund), stage.letters()), (vec![7], vec![]));
}

/// Runs what it is told once as it is, and with a kill at every effect that it had; each time all must be there as it says.
fn at_every_kill(tell: &impl AsyncFn(&Stage)) {
    let run = |kill: Option<Kill>| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(tokio::task::LocalSet::new().run_until(async {
            let stage = stage(kill);
            Box::pin(tell(&stage)).await;
            assert_eq!((stage.letters().len(), stage.waiting()), (0, 0), "{kill:?}");
            let world = stage.sim.lock();
            (world.effects.clone(), world.kill_struck)
        }))
    };
    let (effects, _) = run(None);
    assert!(effects.len() >= 3, "{effects:?}");
    for (effect, times) in effects {
        for occurrence in 1..=times.min(6) {
            for moment in Moment::ALL {
                let kill = Kill { effect, moment, occurrence };
                assert!(run(Some(kill)).1, "{kill:?} did not strike");
            }
        }
    }
}

#[test]
fn a_kill_at_every_effect_under_a_pause_loses_and_doubles_nothing() {
    at_every_kill(&async |stage| {
        stage.pause();
        for kind in ["refund", "customer"] {
            stage.send(&key(kind), 1, 7, None);
        }
        stage.work(1).await;
        assert!(stage.there.lock().unwrap().effects.is_empty(), "nothing is called under a pause");
        stage.resume();
        stage.work(2).await;
        assert_eq!(stage.there.lock().unwrap().of(&key("refund")), [7]);
        assert!(stage.there.lock().unwrap().of(&key("customer")).iter().all(|value| *value == 7));
        assert!(!stage.there.lock().unwrap().of(&key("customer")).is_empty());
    });
}

/// Those that follow are deleted with the first, whose copy has in it what they asked for.
#[test]
fn followers_of_what_is_paused_are_not_lost() {
    at_every_kill(&async |stage| {
        let customer = key("customer");
        stage.pause();
        for (revision, value) in [(1, 10), (2, 20), (3, 30), (3, 30)] {
            stage.send(&customer, revision, value, None);
        }
        stage.send("reviews/default/customer/2", 1, 1, None);
        stage.work_together(TimeDelta::hours(1)).await;
        assert!(stage.there.lock().unwrap().effects.is_empty(), "nothing is called under a pause");
        assert!(stage.waiting() >= 2, "{}", stage.waiting());
        stage.resume();
        stage.work_together(TimeDelta::hours(2)).await;
        let there = stage.there.lock().unwrap();
        assert!(there.of(&customer).iter().all(|value| *value == 30), "{:?}", there.of(&customer));
        assert!(!there.of(&customer).is_empty());
        assert!(there.of("reviews/default/customer/2").iter().all(|value| *value == 1));
        assert!(!there.of("reviews/default/customer/2").is_empty());
    });
}
