//! The days of a run: looked at one after the other, as far as time allows, and named where they were not.

use crate::{Certificate, Failed, Looked, Reconciliation, StoreDay, Task};
use function::ran::Ended;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use telemetry::Metrics;

/// What a reconciler answers with: each store and day that was to be looked at is certified or in one of the two lists, but for
/// `unrouted` where every record fits a store.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Answer {
    /// A certificate for each store and business day that was looked at to the end.
    pub certificates: Vec<Certificate>,
    /// What could not be looked at, since a vendor cannot be read now.
    #[serde(default)]
    pub unreadable: Vec<StoreDay>,
    /// What was not looked at, or not to the end: time was up, or a vendor's quota of calls.
    #[serde(default)]
    pub unfinished: Vec<StoreDay>,
    /// The flow is paused: nothing was looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

impl Answer {
    /// How the run ended, for whoever asks later.
    pub fn ended(&self) -> Ended {
        match self.certificates.as_slice() {
            _ if self.paused => Ended::Paused,
            _ if !self.unreadable.is_empty() || !self.unfinished.is_empty() => Ended::NotFinished,
            [] => Ended::NothingCertified,
            all if all.iter().all(|certificate| certificate.complete) => Ended::Complete,
            _ => Ended::NotComplete,
        }
    }
}

impl Reconciliation<'_> {
    /// Looks at each day until time is up; a store that cannot be read is not looked at again. However this ends, what was not looked at
    /// is named in `answer`.
    ///
    /// # Errors
    /// When the ledger fails, and those of a look.
    pub async fn look_at_all<E: From<Failed>>(
        &self,
        tasks: &[Task],
        answer: &mut Answer,
        metrics: &mut Metrics,
        look: impl AsyncFn(&Task, &mut Metrics) -> Result<Looked, E>,
    ) -> Result<(), E> {
        answer.unfinished = tasks.iter().map(Task::named).collect();
        let mut unreadable = BTreeSet::new();
        for (index, task) in tasks.iter().enumerate() {
            if !unreadable.contains(&task.store) {
                self.begin(task).await?;
                // Boxed: it is large.
                match Box::pin(look(task, metrics)).await? {
                    Looked::Certified(certificate) => answer.certificates.push(*certificate),
                    Looked::Nothing => {}
                    Looked::Unreadable => drop(unreadable.insert(&task.store)),
                    Looked::OutOfTime => {
                        tracing::info!(days_left = tasks.len() - index, "out of time; the next run goes on");
                        break;
                    }
                }
            }
            let named = answer.unfinished.remove(0);
            if unreadable.contains(&task.store) {
                answer.unreadable.push(named);
            }
            if self.out_of_time() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Destination, SourceCount, Tally};
    use chrono::DateTime;
    use config::StoreName;
    use serde_json::json;

    /// An answer with a certificate of `default`, complete or not.
    fn certified(complete: bool) -> Answer {
        let day = "2026-11-20".parse().unwrap();
        let certificate = Certificate {
            store: "default".to_owned().try_into().unwrap(),
            business_day: day,
            issued_at: DateTime::UNIX_EPOCH,
            config_sha256: String::new(),
            source: SourceCount { completed: 0 },
            ledger: Tally::default(),
            destination: Some(Destination::default()),
            totals: None,
            balances: None,
            repaired: 0,
            quiet: false,
            complete,
        };
        Answer { certificates: vec![certificate], ..Answer::default() }
    }

    #[test]
    fn a_run_that_left_a_day_out_does_not_say_complete() {
        let left = || vec![StoreDay { store: StoreName::unrouted(), business_day: "2026-11-20".parse().unwrap() }];
        assert_eq!(Answer::default().ended(), Ended::NothingCertified);
        assert_eq!([true, false].map(|complete| certified(complete).ended()), [Ended::Complete, Ended::NotComplete]);
        for complete in [true, false] {
            let unreadable = Answer { unreadable: left(), ..certified(complete) };
            let unfinished = Answer { unfinished: left(), ..certified(complete) };
            assert_eq!([unreadable.ended(), unfinished.ended()], [Ended::NotFinished; 2]);
        }
        let said = serde_json::to_value(Answer { unreadable: left(), ..Answer::default() }).unwrap();
        let day = json!({"store": "unrouted", "business_day": "2026-11-20"});
        assert_eq!(said, json!({"certificates": [], "unreadable": [day], "unfinished": []}));
    }
}
