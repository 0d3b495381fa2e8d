//! The rules in force, and the decision for each call.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::fault::{Fault, Moment};
use super::rule::Rule;
use super::target::Endpoint;

/// A rule in force and how often it has struck.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActiveRule {
    /// Its number, from 1 in the order of adding.
    pub id: u64,
    /// The rule.
    pub rule: Rule,
    /// Calls that it was about, struck or not.
    pub seen: u64,
    /// Calls that it struck.
    pub fired: u64,
    /// When it began; its `seconds` run from here.
    pub began: Option<DateTime<Utc>>,
}

/// What is to happen to one call.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Disturbance {
    pub(crate) delay_before: Duration,
    pub(crate) delay_after: Duration,
    pub(crate) fault: Option<Fault>,
}

/// All rules, in the order in which they were added, and the counts they depend on.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    seed: u64,
    active: Vec<ActiveRule>,
    calls: HashMap<(Endpoint, String), u64>,
}

impl Rules {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    pub(crate) fn add(&mut self, rule: Rule, now: DateTime<Utc>) -> u64 {
        let id = self.active.last().map_or(1, |last| last.id + 1);
        let began = rule.after.is_none().then_some(now);
        self.active.push(ActiveRule { id, rule, seen: 0, fired: 0, began });
        id
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
        self.calls.clear();
    }

    pub(crate) fn active(&self) -> &[ActiveRule] {
        &self.active
    }

    /// Decides about the next call of `endpoint` for `subject`. The first rule that strikes wins; delays add up.
    pub(crate) fn decide(&mut self, endpoint: Endpoint, subject: &str, now: DateTime<Utc>) -> Disturbance {
        if self.active.is_empty() {
            return Disturbance::default();
        }
        let nth = self.calls.entry((endpoint, subject.to_owned())).or_default();
        *nth += 1;
        let mut disturbance = Disturbance::default();
        for one in &mut self.active {
            let is_delay = matches!(one.rule.fault, Fault::Delay { .. });
            if disturbance.fault.is_some() && !is_delay {
                continue;
            }
            let dice = chance(self.seed, one.id, endpoint, subject, *nth);
            if !one.strikes(endpoint, subject, dice, now) {
                continue;
            }
            match &one.rule.fault {
                Fault::Delay { ms, moment: Moment::Before } => disturbance.delay_before += Duration::from_millis(*ms),
                Fault::Delay { ms, moment: Moment::After } => disturbance.delay_after += Duration::from_millis(*ms),
                fault => disturbance.fault = Some(fault.clone()),
            }
        }
        disturbance
    }
}

impl ActiveRule {
    fn strikes(&mut self, endpoint: Endpoint, subject: &str, dice: f64, now: DateTime<Utc>) -> bool {
        let rule = &self.rule;
        if !rule.target.includes(endpoint) || rule.subject.as_deref().is_some_and(|id| id != subject) {
            return false;
        }
        self.seen += 1;
        if self.seen <= rule.after.unwrap_or(0) || self.fired >= rule.next.unwrap_or(u64::MAX) {
            return false;
        }
        let began = *self.began.get_or_insert(now);
        let over = rule.seconds.is_some_and(|seconds| (now - began).as_seconds_f64() >= seconds);
        if over || dice >= rule.share.unwrap_or(1.0) {
            return false;
        }
        self.fired += 1;
        true
    }
}

/// A number in `[0, 1)` from the arguments alone: FNV-1a over them, then the finaliser of `SplitMix64`.
fn chance(seed: u64, rule: u64, endpoint: Endpoint, subject: &str, nth: u64) -> f64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let numbers = [seed, rule, nth].into_iter().flat_map(u64::to_le_bytes);
    for byte in numbers.chain(endpoint.name().bytes()).chain(subject.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exactly what a double holds")]
    let fraction = (hash >> 11) as f64 / (1_u64 << 53) as f64;
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Target;

    const READ: Endpoint = Endpoint("shop.read");
    const WRITE: Endpoint = Endpoint("shop.write");

    fn shop() -> Target {
        Target("shop".into())
    }

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    #[test]
    fn the_order_of_concurrent_calls_does_not_change_what_each_of_them_meets() {
        let outcome = |order: &[&str]| {
            let mut rules = Rules::new(7);
            rules.add(Rule { share: Some(0.5), ..Rule::always(shop(), Fault::status(500)) }, now());
            let mut met: Vec<_> =
                order.iter().map(|id| ((*id).to_owned(), rules.decide(WRITE, id, now()).fault.is_some())).collect();
            met.sort();
            met
        };
        let orders: Vec<String> = (0..200).map(|n| n.to_string()).collect();
        let forth: Vec<&str> = orders.iter().map(String::as_str).collect();
        let back: Vec<&str> = forth.iter().rev().copied().collect();
        assert_eq!(outcome(&forth), outcome(&back));
        let struck = outcome(&forth).iter().filter(|(_, struck)| *struck).count();
        assert!((60..140).contains(&struck), "{struck} of 200");
    }

    #[test]
    fn after_and_next_count_calls_of_the_target_only() {
        let mut rules = Rules::new(1);
        let rule = Rule { after: Some(2), next: Some(1), ..Rule::always(READ, Fault::ExpireTokens) };
        rules.add(rule, now());
        let mut met = Vec::new();
        for _ in 0..5 {
            assert_eq!(rules.decide(WRITE, "", now()), Disturbance::default());
            met.push(rules.decide(READ, "", now()).fault.is_some());
        }
        assert_eq!(met, [false, false, true, false, false]);
    }

    #[test]
    fn an_outage_ends_by_itself() {
        let mut rules = Rules::new(1);
        rules.add(Rule::outage(shop(), Some(30.0)), now());
        let at = |rules: &mut Rules, seconds| {
            rules.decide(READ, "", now() + chrono::TimeDelta::seconds(seconds)).fault.is_some()
        };
        assert!(at(&mut rules, 0) && at(&mut rules, 29));
        assert!(!at(&mut rules, 30));
    }

    #[test]
    fn a_rule_for_one_order_leaves_the_others_alone_and_delays_add_to_other_faults() {
        let mut rules = Rules::new(1);
        let cut = Fault::Cut { moment: Moment::After };
        let rule = Rule { subject: Some("7".into()), ..Rule::always(WRITE, cut.clone()) };
        rules.add(rule, now());
        rules.add(Rule::always(shop(), Fault::Delay { ms: 5, moment: Moment::Before }), now());
        assert_eq!(rules.decide(WRITE, "8", now()).fault, None);
        let disturbance = rules.decide(WRITE, "7", now());
        assert_eq!(disturbance.fault, Some(cut));
        assert_eq!(disturbance.delay_before, Duration::from_millis(5));
    }
}
