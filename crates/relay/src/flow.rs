//! The flows that there are: the only place that knows them, what the stack has of each, and whose words it is told in.

use crate::{failure::Failure, progress};
use clap::ValueEnum;
use delivery::{Anew, redrive::Resend};
use ledger::DeliveryKey;
use reviews::{
    anew::{Orders, source_id},
    operate::Operator,
};
use serde::Serialize;
use std::collections::HashMap;

/// A flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Flow {
    /// Completed Salesforce orders become Yotpo purchases
    Reviews,
}

/// A queue and its dead-letter queue, by the outputs that have their URLs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queues {
    pub(crate) queue: &'static str,
    pub(crate) dead_letters: &'static str,
}

/// A function that works through days: a schedule starts it, which bears its name, and so does a person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function {
    /// The output that has the deployed name.
    pub(crate) output: &'static str,
    /// Its name in the ledger.
    pub(crate) name: &'static str,
}

impl Flow {
    pub(crate) const ALL: [Self; 1] = [Self::Reviews];

    /// The name in delivery keys.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Reviews => reviews::FLOW,
        }
    }

    /// What is said of one of several, by whose it is; of the only one as it is.
    pub(crate) fn own(self, what: &str) -> String {
        match Self::ALL.as_slice() {
            [_] => what.to_owned(),
            _ => format!("{} {what}", self.as_str()),
        }
    }

    pub(crate) const fn queues(self) -> &'static [Queues] {
        match self {
            Self::Reviews => &[Queues { queue: "ReviewsQueueUrl", dead_letters: "ReviewsDeadLetterQueueUrl" }],
        }
    }

    /// Its functions, by the outputs that have their names.
    pub(crate) const fn functions(self) -> &'static [&'static str] {
        match self {
            Self::Reviews => &["ReviewsProducerFunction", "ReviewsConsumerFunction", "ReviewsReconcilerFunction"],
        }
    }

    /// The function that reads a day at the source.
    pub(crate) const fn producer(self) -> Function {
        match self {
            Self::Reviews => Function { output: "ReviewsProducerFunction", name: reviews::PRODUCER },
        }
    }

    /// The function that proves a day.
    pub(crate) const fn reconciler(self) -> Function {
        match self {
            Self::Reviews => Function { output: "ReviewsReconcilerFunction", name: reviews::RECONCILER },
        }
    }

    /// The vendor that knows what is to be delivered.
    pub(crate) const fn source(self) -> &'static str {
        match self {
            Self::Reviews => "Salesforce",
        }
    }

    /// The vendor that it is delivered to.
    pub(crate) const fn destination(self) -> &'static str {
        match self {
            Self::Reviews => "Yotpo",
        }
    }

    /// A delivery key, for examples.
    const fn example(self) -> &'static str {
        match self {
            Self::Reviews => "reviews/801RO000000AbcDYAS",
        }
    }

    /// A delivery key as it is typed: whole, or the id at the source alone.
    fn key(self, typed: &str) -> Option<DeliveryKey> {
        match self {
            Self::Reviews => {
                let id = typed.strip_prefix(reviews::FLOW).and_then(|rest| rest.strip_prefix('/')).unwrap_or(typed);
                reviews::message::key(&salesforce::Id::parse(id).ok()?).ok()
            }
        }
    }

    /// What each of these deliveries asks for now, made anew from the source, which is not asked for none.
    pub(crate) async fn anew(
        self,
        operator: &Operator,
        keys: impl IntoIterator<Item = &DeliveryKey>,
    ) -> Result<HashMap<DeliveryKey, Anew>, Failure> {
        match self {
            Self::Reviews => orders(operator, keys).await,
        }
    }

    /// The message of a delivery that can be sent, or why there is none.
    pub(crate) fn message(self, anew: Option<Anew>) -> Result<Resend, String> {
        Err(match anew {
            Some(Anew::Send(resend)) => return Ok(*resend),
            Some(Anew::Skip(reason)) => format!("it would be skipped: {reason}"),
            Some(Anew::Park(reason)) => format!("it would be parked again: {reason}"),
            Some(Anew::NotOver) => "its business day is not over; the producer will send it".to_owned(),
            Some(Anew::Gone) => format!("{} has no such completed order", self.source()),
            None => "its key names no order".to_owned(),
        })
    }
}

async fn orders(
    operator: &Operator,
    keys: impl IntoIterator<Item = &DeliveryKey>,
) -> Result<HashMap<DeliveryKey, Anew>, Failure> {
    let by_id: HashMap<_, _> = keys.into_iter().filter_map(|key| Some((source_id(key)?, key.clone()))).collect();
    if by_id.is_empty() {
        return Ok(HashMap::new());
    }
    let spinner = progress::spinner(format!("asking Salesforce for {} orders", by_id.len()));
    let client = operator.salesforce().await;
    let client = client.map_err(|error| Failure::undone("use Salesforce's secret", &error))?;
    let undone = |error| Failure::undone("ask Salesforce", &error);
    let orders = Orders::of(client, operator.ledger.clone(), &operator.config, (operator.now)()).await;
    let ids: Vec<_> = by_id.keys().cloned().collect();
    let found = orders.map_err(undone)?.ask(&ids).await.map_err(undone)?;
    spinner.finish_and_clear();
    Ok(found.into_iter().filter_map(|(id, anew)| Some((by_id.get(&id)?.clone(), anew))).collect())
}

/// A delivery's key as it is typed, of whichever flow.
pub(crate) fn key(typed: &str) -> Result<DeliveryKey, String> {
    Flow::ALL.into_iter().find_map(|flow| flow.key(typed)).ok_or_else(|| {
        let each = Flow::ALL.map(|flow| format!("{} id or a delivery key such as {}", flow.source(), flow.example()));
        format!("expected a {}", each.join(", or a "))
    })
}

/// What `--key` says of itself.
pub(crate) const KEY: &str = "Only of this order: its delivery key, or its {source} id; may be repeated";

/// A text of the help with the names of `{source}` and `{destination}`: `Salesforce`, or `Salesforce or Shopify` of several flows.
pub(crate) fn told(text: &str) -> String {
    let any = |of: fn(Flow) -> &'static str| {
        let mut names = Flow::ALL.map(of).to_vec();
        names.dedup();
        names.join(" or ")
    };
    text.replace("{source}", &any(Flow::source)).replace("{destination}", &any(Flow::destination))
}

/// Something of a flow, for scripts.
#[derive(Debug, Serialize)]
pub(crate) struct Of<T> {
    pub(crate) flow: Flow,
    #[serde(flatten)]
    pub(crate) of: T,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const TEMPLATE: &str = include_str!("../../../template.yaml");
    /// Functions and queues of the stack that are no flow's.
    const NO_FLOWS: [&str; 2] = ["RolloutCheckFunction", "ScheduleDeadLetterQueueUrl"];

    #[test]
    fn every_function_and_queue_of_the_stack_is_a_flows() {
        let (_, outputs) = TEMPLATE.split_once("\nOutputs:").unwrap();
        let outputs = outputs.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
        let outputs = outputs.filter(|name| name.ends_with("Function") || name.ends_with("QueueUrl"));
        let outputs: BTreeSet<&str> = outputs.filter(|name| !NO_FLOWS.contains(name)).collect();
        let ours = Flow::ALL.into_iter().flat_map(|flow| {
            let queues = flow.queues().iter().flat_map(|pair| [pair.queue, pair.dead_letters]);
            let by_day = [flow.producer().output, flow.reconciler().output];
            queues.chain(flow.functions().iter().copied()).chain(by_day)
        });
        assert_eq!(outputs, ours.collect());
    }

    #[test]
    fn a_delivery_is_named_by_its_key_or_by_its_id_alone() {
        for text in ["reviews/801RO000000AbcDYAS", "801RO000000AbcDYAS", "801RO000000AbcD"] {
            assert_eq!(key(text).unwrap().as_str(), "reviews/801RO000000AbcDYAS", "{text}");
        }
        for bad in ["", "reviews/", "erp/801RO000000AbcDYAS", "801RO000000abcdYAS", "all"] {
            assert!(key(bad).unwrap_err().contains("reviews/801RO000000AbcDYAS"), "{bad}");
        }
    }
}
