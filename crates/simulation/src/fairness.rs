//! Whose messages a fair queue delivers first: a standard queue whose messages name a group.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, VecDeque};

/// A group is noisy that takes more than this share of the processing time, counted here by receives. Its other rule, thirty messages of
/// one group in flight, needs more workers than are simulated.
const SHARE: f64 = 0.1;
/// What counts as lately; AWS does not say.
const LATELY: TimeDelta = TimeDelta::minutes(5);

/// What was received lately, by group.
#[derive(Default)]
pub(crate) struct Fairness {
    lately: VecDeque<(DateTime<Utc>, String)>,
    counts: BTreeMap<String, u32>,
    /// Groups are named and mean nothing: what a queue that is not fair would do.
    pub(crate) off: bool,
}

/// A message, as far as it matters here.
pub(crate) trait Grouped {
    /// Its group.
    fn group(&self) -> Option<&str>;
}

impl Fairness {
    pub(crate) fn received(&mut self, group: Option<&str>, now: DateTime<Utc>) {
        while self.lately.front().is_some_and(|(at, _)| *at + LATELY < now) {
            if let Some((_, group)) = self.lately.pop_front()
                && let Some(count) = self.counts.get_mut(&group)
            {
                *count -= 1;
            }
        }
        if let Some(group) = group {
            self.lately.push_back((now, group.to_owned()));
            *self.counts.entry(group.to_owned()).or_default() += 1;
        }
    }

    fn is_noisy(&self, group: &str) -> bool {
        let all = u32::try_from(self.lately.len()).unwrap_or(u32::MAX);
        let own = self.counts.get(group).copied().unwrap_or_default();
        f64::from(own) > SHARE * f64::from(all)
    }

    /// Those of groups that are not noisy; all of them, if there is none.
    pub(crate) fn first<'a, M: Grouped + 'a>(
        &self,
        messages: impl Iterator<Item = (&'a String, &'a M)>,
    ) -> Vec<&'a String> {
        let noisy: BTreeMap<&str, bool> =
            self.counts.keys().map(|group| (group.as_str(), !self.off && self.is_noisy(group))).collect();
        let is_quiet =
            |message: &M| message.group().is_some_and(|group| !noisy.get(group).copied().unwrap_or_default());
        let (mut quiet, mut others) = (Vec::new(), Vec::new());
        for (id, message) in messages {
            if is_quiet(message) { quiet.push(id) } else { others.push(id) }
        }
        if quiet.is_empty() { others } else { quiet }
    }
}
