//! The flows that there are: the only place that knows them, what the stack has of each, and whose words it is told in.

use clap::ValueEnum;
use config::Relay;
use ledger::DeliveryKey;
use serde::Serialize;
use shopify::{OrderId, ShopDomain};

/// A flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Flow {
    /// Completed Salesforce orders become Yotpo purchases
    Reviews,
    /// Shopify's orders, customers and refunds become NetSuite's
    Erp,
    /// The org's customers, orders and returns become Yotpo Loyalty's, and points, tiers and rewards come back
    Loyalty,
}

/// A queue and its dead-letter queue, by the outputs that have their URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub(crate) const ALL: [Self; 3] = [Self::Reviews, Self::Erp, Self::Loyalty];

    /// The name in delivery keys.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Reviews => reviews::FLOW,
            Self::Erp => erp::FLOW,
            Self::Loyalty => loyalty::FLOW,
        }
    }

    /// What is said of one of several, by whose it is; of the only one as it is.
    pub(crate) fn own(self, what: &str, of: &[Self]) -> String {
        match of {
            [_] => what.to_owned(),
            _ => format!("{} {what}", self.as_str()),
        }
    }

    pub(crate) const fn queues(self) -> &'static [Queues] {
        match self {
            Self::Reviews => &[Queues { queue: "ReviewsQueueUrl", dead_letters: "ReviewsDeadLetterQueueUrl" }],
            Self::Erp => &[Queues { queue: "ErpQueueUrl", dead_letters: "ErpDeadLetterQueueUrl" }],
            Self::Loyalty => &[
                Queues { queue: "LoyaltyQueueUrl", dead_letters: "LoyaltyDeadLetterQueueUrl" },
                Queues { queue: "WritebackQueueUrl", dead_letters: "WritebackDeadLetterQueueUrl" },
            ],
        }
    }

    /// Those that a delivery's messages go through: what comes back into the org has queues of its own.
    pub(crate) fn queues_of(self, key: &DeliveryKey) -> Queues {
        use loyalty::keys::kind::{REWARD, STATE};
        let comes_back = self == Self::Loyalty && matches!(key.kind(), Some(STATE | REWARD));
        self.queues()[usize::from(comes_back)]
    }

    /// Its functions, by the outputs that have their names.
    pub(crate) const fn functions(self) -> &'static [&'static str] {
        match self {
            Self::Reviews => &["ReviewsProducerFunction", "ReviewsConsumerFunction", "ReviewsReconcilerFunction"],
            Self::Erp => &["ShopifyWebhookFunction", "NetsuiteWorkerFunction", "ErpReconcilerFunction"],
            Self::Loyalty => &[
                "LoyaltyProducerFunction",
                "LoyaltyConsumerFunction",
                "LoyaltyWebhookFunction",
                "LoyaltyWritebackFunction",
                "LoyaltyReconcilerFunction",
            ],
        }
    }

    /// The function that reads a day at the source; none where the source tells by itself.
    pub(crate) const fn producer(self) -> Option<Function> {
        match self {
            Self::Reviews => Some(Function { output: "ReviewsProducerFunction", name: reviews::PRODUCER }),
            Self::Erp => None,
            Self::Loyalty => Some(Function { output: "LoyaltyProducerFunction", name: loyalty::PRODUCER }),
        }
    }

    /// The function that proves a day.
    pub(crate) const fn reconciler(self) -> Function {
        match self {
            Self::Reviews => Function { output: "ReviewsReconcilerFunction", name: reviews::RECONCILER },
            Self::Erp => Function { output: "ErpReconcilerFunction", name: erp::RECONCILER },
            Self::Loyalty => Function { output: "LoyaltyReconcilerFunction", name: loyalty::RECONCILER },
        }
    }

    /// The functions that a schedule starts.
    pub(crate) fn by_day(self) -> impl Iterator<Item = Function> {
        self.producer().into_iter().chain([self.reconciler()])
    }

    /// Whether orders may fit none of its stores.
    pub(crate) const fn has_unrouted(self) -> bool {
        matches!(self, Self::Reviews | Self::Loyalty)
    }

    /// What the ledger must know of its destination.
    pub(crate) fn protocol(self, config: &Relay) -> ledger::Flow {
        match self {
            Self::Reviews => reviews::start::flow(config),
            Self::Erp => erp::start::flow(config),
            Self::Loyalty => loyalty::policy::of(config),
        }
    }

    /// The vendor that knows what is to be delivered.
    pub(crate) const fn source(self) -> &'static str {
        match self {
            Self::Reviews | Self::Loyalty => "Salesforce",
            Self::Erp => "Shopify",
        }
    }

    /// The vendor that it is delivered to.
    pub(crate) const fn destination(self) -> &'static str {
        match self {
            Self::Reviews => "Yotpo",
            Self::Erp => "NetSuite",
            Self::Loyalty => "Yotpo Loyalty",
        }
    }

    /// A delivery key, for examples.
    const fn example(self) -> &'static str {
        match self {
            Self::Reviews => "reviews/801RO000000AbcDYAS",
            Self::Erp => "erp/acme.myshopify.com/order/5678",
            Self::Loyalty => "loyalty/default/order/801RO000000AbcDYAS",
        }
    }

    /// The delivery that is named by its whole key, or, of reviews, by the id at the source alone.
    fn key(self, typed: &str) -> Option<DeliveryKey> {
        match self {
            Self::Reviews => {
                let id = typed.strip_prefix(reviews::FLOW).and_then(|rest| rest.strip_prefix('/')).unwrap_or(typed);
                reviews::message::key(&salesforce::Id::parse(id).ok()?).ok()
            }
            Self::Erp => {
                let key = DeliveryKey::try_from(typed.to_owned()).ok()?;
                let [flow, shop, kind, id] = typed.split('/').collect::<Vec<_>>().try_into().ok()?;
                let known = flow == erp::FLOW && ["order", "customer", "refund"].contains(&kind);
                (known && shop.parse::<ShopDomain>().is_ok() && id.parse::<u64>().is_ok()).then_some(key)
            }
            Self::Loyalty => {
                let key = DeliveryKey::try_from(typed.to_owned()).ok()?;
                let known = key.flow() == loyalty::FLOW && loyalty::keys::kind::ALL.contains(&key.kind()?);
                known.then_some(key)
            }
        }
    }

    /// A text of the help with the names of `{source}` and `{destination}`, of a command that is about this flow alone.
    pub(crate) fn told(self, text: &str) -> String {
        text.replace("{source}", self.source()).replace("{destination}", self.destination())
    }
}

/// A delivery as it is typed: its key, or its id at the source alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Typed {
    text: String,
    #[serde(skip)]
    key: Option<DeliveryKey>,
    /// An order's, of whichever shop.
    #[serde(skip)]
    order: Option<OrderId>,
    /// That of a record of the org's: of the loyalty flow whatever is made of it, and of an order what takes it back.
    #[serde(skip)]
    record: Option<salesforce::Id>,
}

impl Typed {
    /// Whether this delivery is meant.
    pub(crate) fn means(&self, key: &DeliveryKey) -> bool {
        let is_order =
            |order: OrderId| key.flow() == erp::FLOW && key.kind() == Some("order") && key.id().parse() == Ok(order.0);
        let is_of = |record: &salesforce::Id| {
            key.flow() == loyalty::FLOW && key.as_str().split('/').any(|segment| segment == record.as_str())
        };
        self.key.as_ref() == Some(key) || self.order.is_some_and(is_order) || self.record.as_ref().is_some_and(is_of)
    }
}

impl std::fmt::Display for Typed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key.as_ref().map_or(self.text.as_str(), DeliveryKey::as_str))
    }
}

/// A delivery as it is typed, of whichever flow.
pub(crate) fn typed(text: &str) -> Result<Typed, String> {
    let key = Flow::ALL.into_iter().find_map(|flow| flow.key(text));
    let order = text.parse().ok().map(OrderId);
    let record = salesforce::Id::parse(text).ok();
    if key.is_some() || order.is_some() {
        return Ok(Typed { text: text.to_owned(), key, order, record });
    }
    let each = Flow::ALL.map(|flow| format!("{} id or a delivery key such as {}", flow.source(), flow.example()));
    Err(format!("expected a {}", each.join(", or a ")))
}

/// What `--key` says of itself.
pub(crate) const KEY: &str = "Only of this order: its delivery key, or its {source} id; may be repeated";

/// A text of the help with the names of `{source}` and `{destination}` of every flow: `Salesforce or Shopify`.
pub(crate) fn told(text: &str) -> String {
    // Two flows may have one source.
    let any = |of: fn(Flow) -> &'static str| {
        let mut names = Flow::ALL.map(of).to_vec();
        names.sort_unstable();
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
    const NO_FLOWS: [&str; 4] = [
        "RolloutCheckFunction",
        "ScheduleDeadLetterQueueUrl",
        "ErpScheduleDeadLetterQueueUrl",
        "LoyaltyScheduleDeadLetterQueueUrl",
    ];

    #[test]
    fn every_function_and_queue_of_the_stack_is_a_flows() {
        let (_, outputs) = TEMPLATE.split_once("\nOutputs:").unwrap();
        let outputs = outputs.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
        let outputs = outputs.filter(|name| name.ends_with("Function") || name.ends_with("QueueUrl"));
        let outputs: BTreeSet<&str> = outputs.filter(|name| !NO_FLOWS.contains(name)).collect();
        let ours = Flow::ALL.into_iter().flat_map(|flow| {
            let queues = flow.queues().iter().flat_map(|pair| [pair.queue, pair.dead_letters]);
            let by_day = flow.by_day().map(|function| function.output);
            queues.chain(flow.functions().iter().copied()).chain(by_day)
        });
        assert_eq!(outputs, ours.collect());
    }

    #[test]
    fn a_delivery_is_named_by_its_key_or_by_its_id_alone() {
        let meant = |text: &str, key: &str| typed(text).unwrap().means(&DeliveryKey::try_from(key.to_owned()).unwrap());
        let order = "reviews/801RO000000AbcDYAS";
        for text in [order, "801RO000000AbcDYAS", "801RO000000AbcD"] {
            assert!(meant(text, order), "{text}");
            assert!(!meant(text, "reviews/801RO000000AbcEYAS"), "{text}");
        }
        let [order, refund] = ["order", "refund"].map(|kind| format!("erp/acme.myshopify.com/{kind}/5678"));
        assert!(meant(&order, &order) && meant("5678", &order) && meant(&refund, &refund));
        assert!(meant("5678", "erp/other.myshopify.com/order/5678"), "of whichever shop");
        assert!(!meant("5678", &refund) && !meant("567", &order) && !meant(&refund, &order));
        let loyal = |kind: &str| format!("loyalty/eu/{kind}");
        let [order, refund] = [loyal("order/801RO000000AbcDYAS"), loyal("refund/801RO000000AbcDYAS/cancel")];
        for text in [&refund, "801RO000000AbcDYAS", "801RO000000AbcD"] {
            assert!(meant(text, &refund), "{text}");
        }
        assert!(meant(&order, &order) && !meant(&order, &refund) && !meant("801RO000000AbcEYAS", &refund));
        for bad in [
            "",
            "reviews/",
            "loyalty/eu/cart/1",
            "erp/801RO000000AbcDYAS",
            "erp/acme.myshopify.com/cart/1",
            "801RO000000abcdYAS",
            "all",
        ] {
            let said = typed(bad).unwrap_err();
            assert!(Flow::ALL.iter().all(|flow| said.contains(flow.example())), "{bad}: {said}");
        }
    }
}
