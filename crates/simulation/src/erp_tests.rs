//! The erp flow as it is shipped, in the simulated AWS, between a Shopify that sends twice, late and out of order, and a NetSuite that
//! loses answers. What counts is what NetSuite holds in the end: each order once, at its newest state, for the right amount.

use crate::{
    erp_cases::erp_cases,
    erp_day::{ErpDay, Forgets},
    erp_report::ErpReport,
    fault::Fault,
    lambda::Lambda,
};
use chrono::TimeDelta;
use sandbox::{Endpoint, netsuite, shopify::Mix};

impl ErpReport {
    /// How often NetSuite was called so.
    fn times(&self, endpoint: Endpoint) -> u64 {
        let named = self.effects.iter().filter(|(effect, _)| effect.operation == endpoint.name());
        named.map(|(_, times)| times).sum()
    }

    fn assert_well(&self) {
        if let Some(text) = self.failure() {
            panic!("{text}");
        }
    }
}

impl ErpDay {
    async fn goes_well(&self) -> (ErpReport, Lambda) {
        let (report, lambda) = self.happens().await;
        report.assert_well();
        (report, lambda)
    }

    /// Orders so far apart that none waits for another, at a NetSuite that takes three seconds for a call.
    fn unloaded(seed: u64, orders: usize) -> Self {
        Self { call_ms: 3_000, ..Self::calm(seed, orders) }.every(600)
    }

    /// One order without changes.
    fn lonely(seed: u64) -> Self {
        let mut day = Self::unloaded(seed, 1);
        (day.stories[0].tags, day.stories[0].changes) = (0, 0);
        day.stories[0].mix = Mix { guests: 0.0, gift_cards: 0.0, ..Mix::default() };
        day
    }
}

#[tokio::test(start_paused = true)]
async fn orders_reach_netsuite_as_they_are() {
    let (report, _) = ErpDay::calm(1, 30).goes_well().await;
    assert!(report.times(netsuite::CREATE) >= 30 && report.times(netsuite::UPDATE) > 0 && report.memos > 0);
}

#[tokio::test(start_paused = true)]
async fn updates_that_change_nothing_mapped_cost_no_call() {
    let mut day = ErpDay::calm(2, 10);
    day.stories[0].changes = 0;
    let (report, _) = day.goes_well().await;
    // Each order was tagged twice after it was there.
    assert_eq!((report.orders, report.times(netsuite::UPDATE), report.times(netsuite::READ)), (10, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_was_lost_doubles_nothing_and_rewrites_nothing() {
    let written = |lambda: &Lambda| -> usize {
        let transactions = lambda.sim.vendors().netsuite.transactions();
        transactions.iter().map(|one| one.stamps.len()).sum()
    };
    let (_, once) = ErpDay::calm(3, 12).goes_well().await;
    let (_, twice) = ErpDay { forgets: Forgets::Afterwards, ..ErpDay::calm(3, 12) }.goes_well().await;
    assert_eq!(written(&twice), written(&once), "what is there is read, and left alone");
}

#[tokio::test(start_paused = true)]
async fn from_a_ledger_that_was_lost_half_way_it_goes_on() {
    let day = ErpDay { reconciled: true, ..ErpDay::calm(4, 12) }.forgetting();
    let _ = day.goes_well().await;
}

/// What `make simulate` shows of thousands of orders, of a few: whatever goes wrong on the way, each order is there once at its newest
/// state, the certificate is complete, and hardly a call is made that was not needed.
#[tokio::test(start_paused = true)]
async fn every_promise_holds_of_a_small_day() {
    for case in erp_cases(1, 24) {
        let (report, _) = case.day.happens().await;
        let twin = match case.twin {
            Some(twin) => Some(twin.happens().await.0),
            None => None,
        };
        for report in [Some(&report), twin.as_ref()].into_iter().flatten() {
            assert_eq!(report.failure(), None, "{}", case.name);
        }
        let (said, wrong) = (case.judge)(&report, twin.as_ref());
        println!("{}\n{report}\n{said}\n", case.name);
        assert_eq!(wrong, Vec::<String>::new(), "{}", case.name);
    }
}

/// An order is claimed by the first of its events, and the others look again within seconds.
#[tokio::test(start_paused = true)]
async fn what_shopify_says_is_in_netsuite_within_half_a_minute() {
    let (report, _) = ErpDay::unloaded(6, 12).goes_well().await;
    assert!(report.percentile(95) < TimeDelta::seconds(30), "{report}");
}

/// Who is new orders twice: one order brings the customer, the other waits for it.
#[tokio::test(start_paused = true)]
async fn two_orders_of_a_new_buyer_in_one_second_are_there_within_a_minute() {
    let mut day = ErpDay::lonely(7);
    day.stories[0].orders = 2;
    day.stories[0].every = TimeDelta::zero();
    day.stories[0].mix = Mix { guests: 0.0, returning: 1.0, gift_cards: 0.0, ..Mix::default() };
    let (report, lambda) = day.goes_well().await;
    assert_eq!((report.orders, lambda.sim.vendors().netsuite.customers().len()), (2, 1));
    assert!(report.percentile(100) < TimeDelta::minutes(1), "{report}");
}

/// Whatever call of an order's it was that took effect and was not answered.
#[tokio::test(start_paused = true)]
async fn after_a_cut_connection_that_took_effect_all_is_done_within_three_minutes() {
    for (endpoint, nth) in [(netsuite::CREATE, 1), (netsuite::CREATE, 2), (netsuite::QUERY, 1)] {
        let guests = [0.0, 1.0];
        for guest in guests {
            let mut day = ErpDay { strike: Some((endpoint, nth, Fault::LostAfter)), ..ErpDay::lonely(8) };
            day.stories[0].mix.guests = guest;
            let (report, _) = day.goes_well().await;
            let drained = report.drained.unwrap();
            assert!(
                report.faults == 1 && drained < TimeDelta::minutes(3),
                "{endpoint:?} {nth}: {drained}\n{}",
                report.trace
            );
        }
    }
}

/// What was changed while the answer to an update was lost: the update after it does not wait for the call to settle.
#[tokio::test(start_paused = true)]
async fn a_change_after_a_lost_answer_is_there_within_three_minutes() {
    let mut day = ErpDay { strike: Some((netsuite::CREATE, 2, Fault::LostAfter)), ..ErpDay::lonely(9) };
    (day.stories[0].changes, day.stories[0].within) = (3, 20);
    let (report, _) = day.goes_well().await;
    assert!(report.faults == 1 && report.percentile(100) < TimeDelta::minutes(3), "{report}\n{}", report.trace);
}
