//! The functions that run here, each with everything that it does to the world: what is not on its list fails the run.

use Service::{Loyalty, NetSuite, Queue, Salesforce, Secrets, Shopify, Table, Yotpo};
use chrono::TimeDelta;
use sandbox::{loyalty as points, netsuite, salesforce, shopify, yotpo};
use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

/// What a call is made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Secrets Manager.
    Secrets,
    /// DynamoDB: the ledger.
    Table,
    /// SQS: the flow's queue and its dead-letter queue.
    Queue,
    /// Where orders come from.
    Salesforce,
    /// Where purchases go to.
    Yotpo,
    /// Where points come from.
    Loyalty,
    /// Where webhooks come from.
    Shopify,
    /// Where they go to.
    NetSuite,
}

impl Service {
    /// What the reviews flow calls.
    pub const OF_REVIEWS: [Self; 5] = [Secrets, Table, Queue, Salesforce, Yotpo];

    /// Whether it is a vendor's, and not AWS's.
    pub(crate) fn is_vendor(self) -> bool {
        matches!(self, Salesforce | Yotpo | Loyalty | Shopify | NetSuite)
    }
}

/// Calls of one operation: to what, the operation (a vendor's endpoint as the sandbox names it), and what they are about, as
/// [`crate::Effect::about`] says it.
pub type Calls = (Service, &'static str, &'static [&'static str]);

/// A function, as the template has it. Its name is its identity.
#[derive(Clone, Copy)]
pub struct Function {
    /// The name of its binary.
    pub name: &'static str,
    /// The flow that it belongs to.
    pub flow: &'static str,
    /// How long an invocation may take.
    pub timeout: TimeDelta,
    /// Whether it is handed the queue's messages.
    pub consumes: bool,
    /// How many at a time.
    pub batch: usize,
    /// Everything that it does.
    pub calls: &'static [Calls],
}

/// X-Ray's header as Lambda hands it over: to what the schedule starts, and to what a queue's messages do.
pub(crate) const PRODUCERS_TRACE: &str =
    "Root=1-691fd1a4-3b1f5c2a7d9e8f0a1b2c3d4e;Parent=4f5e6d7c8b9a0f1e;Sampled=1;Lineage=1:7b1a2c3d:0";
const CONSUMERS_TRACE: &str =
    "Root=1-691fd1c7-9a8b7c6d5e4f3a2b1c0d9e8f;Parent=0a1b2c3d4e5f6a7b;Sampled=1;Lineage=1:4d3c2b1a:0";

/// What there is nothing more to say about.
const ONLY: &[&str] = &[""];
const QUEUE: &[&str] = &["queue"];
const BOTH_QUEUES: &[&str] = &["queue", "dead-letters"];

/// `reviews-producer`.
pub const REVIEWS_PRODUCER: Function = Function {
    name: reviews::PRODUCER,
    flow: reviews::FLOW,
    timeout: TimeDelta::seconds(900),
    consumes: false,
    batch: 0,
    calls: &[
        (Secrets, "GetSecretValue", &["salesforce"]),
        (Table, "GetItem", &["check", "cursor", "pass", "pause"]),
        (Table, "BatchGetItem", &["reviews"]),
        (Table, "UpdateItem", &["cursor first", "cursor", "due", "outside", "pass first", "pass", "run"]),
        (Table, "UpdateItem", &["reviews parked", "reviews rejected", "reviews skipped"]),
        (Queue, "GetQueueAttributes", BOTH_QUEUES),
        (Queue, "SendMessageBatch", BOTH_QUEUES),
        (Salesforce, salesforce::TOKEN.name(), ONLY),
        (Salesforce, salesforce::DESCRIBE.name(), ONLY),
        (Salesforce, salesforce::QUERY.name(), ONLY),
        (Salesforce, salesforce::NEXT.name(), ONLY),
    ],
};

/// `reviews-consumer`.
pub const REVIEWS_CONSUMER: Function = Function {
    name: reviews::CONSUMER,
    flow: reviews::FLOW,
    timeout: TimeDelta::seconds(60),
    consumes: true,
    batch: 10,
    calls: &[
        (Secrets, "GetSecretValue", &["yotpo"]),
        (Table, "GetItem", &["check", "pause"]),
        (Table, "UpdateItem", &["reviews claimed", "reviews accepted", "reviews pending"]),
        (Table, "UpdateItem", &["reviews parked", "reviews rejected"]),
        (Queue, "GetQueueAttributes", BOTH_QUEUES),
        (Queue, "SendMessageBatch", BOTH_QUEUES),
        (Queue, "ChangeMessageVisibilityBatch", QUEUE),
        (Yotpo, yotpo::TOKEN.name(), ONLY),
        (Yotpo, yotpo::CREATE.name(), ONLY),
    ],
};

/// `reviews-reconciler`.
pub const REVIEWS_RECONCILER: Function = Function {
    name: reviews::RECONCILER,
    flow: reviews::FLOW,
    timeout: TimeDelta::seconds(900),
    consumes: false,
    batch: 0,
    calls: &[
        (Secrets, "GetSecretValue", &["salesforce", "yotpo"]),
        (Table, "GetItem", &["certificate", "check", "cursor", "due", "part", "pass", "pause"]),
        (Table, "BatchGetItem", &["reviews"]),
        (Table, "Query", &["open"]),
        (Table, "UpdateItem", &["certificate", "due", "part", "pass first", "pass", "run"]),
        (Table, "UpdateItem", &["reviews confirmed", "reviews parked", "reviews pending", "reviews skipped"]),
        (Queue, "GetQueueAttributes", BOTH_QUEUES),
        (Queue, "SendMessageBatch", BOTH_QUEUES),
        (Salesforce, salesforce::TOKEN.name(), ONLY),
        (Salesforce, salesforce::DESCRIBE.name(), ONLY),
        (Salesforce, salesforce::QUERY.name(), ONLY),
        (Salesforce, salesforce::NEXT.name(), ONLY),
        (Yotpo, yotpo::TOKEN.name(), ONLY),
        (Yotpo, yotpo::READ.name(), ONLY),
    ],
};

/// `shopify-webhook`.
pub const SHOPIFY_WEBHOOK: Function = Function {
    name: erp::WEBHOOK,
    flow: erp::FLOW,
    timeout: TimeDelta::seconds(4),
    consumes: false,
    batch: 0,
    calls: &[
        (Secrets, "GetSecretValue", &["shopify"]),
        (Table, "GetItem", &["check"]),
        (Table, "UpdateItem", &["order parked", "redacted first", "redacted"]),
        (Queue, "GetQueueAttributes", BOTH_QUEUES),
        (Queue, "SendMessageBatch", BOTH_QUEUES),
    ],
};

/// `netsuite-worker`.
pub const NETSUITE_WORKER: Function = Function {
    name: erp::WORKER,
    flow: erp::FLOW,
    timeout: TimeDelta::seconds(150),
    consumes: true,
    batch: 1,
    calls: &[
        (Secrets, "GetSecretValue", &["netsuite", "shopify"]),
        (Table, "GetItem", &["check", "pause", "redacted"]),
        (Table, "BatchGetItem", &["order", "refund", "customer"]),
        (Table, "UpdateItem", &["slot first", "slot"]),
        (
            Table,
            "UpdateItem",
            &["order claimed", "order accepted", "order confirmed", "order pending", "order uncertain"],
        ),
        (Table, "UpdateItem", &["order skipped", "order parked", "order rejected"]),
        (Table, "UpdateItem", &["customer claimed", "customer accepted", "customer pending", "customer skipped"]),
        (Table, "UpdateItem", &["customer parked", "customer rejected", "customer confirmed", "customer uncertain"]),
        (Table, "UpdateItem", &["refund claimed", "refund accepted", "refund confirmed", "refund pending"]),
        (Table, "UpdateItem", &["refund uncertain", "refund skipped", "refund parked", "refund rejected"]),
        (Queue, "GetQueueAttributes", BOTH_QUEUES),
        (Queue, "SendMessageBatch", BOTH_QUEUES),
        (Queue, "ChangeMessageVisibilityBatch", QUEUE),
        (Shopify, shopify::TOKEN.name(), ONLY),
        (Shopify, shopify::GRAPHQL.name(), ONLY),
        (NetSuite, netsuite::TOKEN.name(), ONLY),
        (NetSuite, netsuite::CREATE.name(), ONLY),
        (NetSuite, netsuite::READ.name(), ONLY),
        (NetSuite, netsuite::UPDATE.name(), ONLY),
        (NetSuite, netsuite::QUERY.name(), ONLY),
    ],
};

/// `loyalty-producer`.
pub const LOYALTY_PRODUCER: Function = Function {
    name: loyalty::PRODUCER,
    flow: loyalty::FLOW,
    timeout: TimeDelta::seconds(900),
    consumes: false,
    batch: 0,
    calls: &[
        (Secrets, "GetSecretValue", &["salesforce"]),
        (Table, "GetItem", &["check", "cursor", "pass", "pause"]),
        (Table, "BatchGetItem", &["order", "customer", "refund", "action"]),
        (Table, "Query", &["open"]),
        (Table, "UpdateItem", &["cursor first", "cursor", "due", "pass first", "pass", "run"]),
        (Table, "UpdateItem", &["order parked", "order rejected", "order skipped"]),
        (Table, "UpdateItem", &["customer parked", "customer rejected", "customer skipped"]),
        (Table, "UpdateItem", &["refund parked", "refund rejected", "refund skipped"]),
        (Table, "UpdateItem", &["action parked", "action rejected", "action skipped"]),
        (Queue, "GetQueueAttributes", BOTH_QUEUES),
        (Queue, "SendMessageBatch", BOTH_QUEUES),
        (Salesforce, salesforce::TOKEN.name(), ONLY),
        (Salesforce, salesforce::DESCRIBE.name(), ONLY),
        (Salesforce, salesforce::QUERY.name(), ONLY),
        (Salesforce, salesforce::NEXT.name(), ONLY),
    ],
};

/// `loyalty-consumer`.
pub const LOYALTY_CONSUMER: Function = Function {
    name: loyalty::CONSUMER,
    flow: loyalty::FLOW,
    timeout: TimeDelta::seconds(60),
    consumes: true,
    batch: 10,
    calls: &[
        (Secrets, "GetSecretValue", &["yotpo", "salesforce"]),
        (Table, "GetItem", &["check", "balance", "order", "customer", "pause"]),
        (Table, "BatchGetItem", &["order", "customer"]),
        (Table, "UpdateItem", &["balance"]),
        (Table, "UpdateItem", &["customer claimed", "customer accepted", "customer pending"]),
        (Table, "UpdateItem", &["customer skipped", "customer parked", "customer rejected"]),
        (Table, "UpdateItem", &["order claimed", "order accepted", "order pending", "order uncertain"]),
        (Table, "UpdateItem", &["order skipped", "order parked", "order rejected"]),
        (Table, "UpdateItem", &["refund claimed", "refund accepted", "refund pending", "refund uncertain"]),
        (Table, "UpdateItem", &["refund skipped", "refund parked", "refund rejected"]),
        (Table, "UpdateItem", &["action claimed", "action accepted", "action pending", "action uncertain"]),
        (Table, "UpdateItem", &["action skipped", "action parked", "action rejected"]),
        (Queue, "GetQueueAttributes", &["queue", "dead-letters", "hints"]),
        (Queue, "SendMessageBatch", &["queue", "dead-letters", "hints"]),
        (Queue, "ChangeMessageVisibilityBatch", QUEUE),
        (Salesforce, salesforce::TOKEN.name(), ONLY),
        (Salesforce, salesforce::QUERY.name(), ONLY),
        (Loyalty, points::READ.name(), ONLY),
        (Loyalty, points::CUSTOMERS.name(), ONLY),
        (Loyalty, points::ORDERS.name(), ONLY),
        (Loyalty, points::REFUNDS.name(), ONLY),
        (Loyalty, points::ACTIONS.name(), ONLY),
    ],
};

/// `loyalty-reconciler`.
pub const LOYALTY_RECONCILER: Function = Function {
    name: loyalty::RECONCILER,
    flow: loyalty::FLOW,
    timeout: TimeDelta::seconds(900),
    consumes: false,
    batch: 0,
    calls: &[
        (Secrets, "GetSecretValue", &["salesforce", "yotpo"]),
        (Table, "GetItem", &["balance", "certificate", "check", "cursor", "due", "part", "pass", "pause"]),
        (Table, "BatchGetItem", &["order", "refund", "customer", "action"]),
        (Table, "Query", &["open"]),
        (Table, "UpdateItem", &["certificate", "due", "part", "pass first", "pass", "run"]),
        (Table, "UpdateItem", &["order parked", "order pending", "order rejected", "order skipped"]),
        (Table, "UpdateItem", &["customer parked", "customer rejected", "customer skipped"]),
        (Table, "UpdateItem", &["refund parked", "refund rejected", "refund skipped"]),
        (Table, "UpdateItem", &["action parked", "action rejected", "action skipped"]),
        (Queue, "GetQueueAttributes", &["queue", "dead-letters", "hints"]),
        (Queue, "SendMessageBatch", &["queue", "dead-letters", "hints"]),
        (Salesforce, salesforce::TOKEN.name(), ONLY),
        (Salesforce, salesforce::DESCRIBE.name(), ONLY),
        (Salesforce, salesforce::QUERY.name(), ONLY),
        (Salesforce, salesforce::NEXT.name(), ONLY),
        (Loyalty, points::READ.name(), ONLY),
    ],
};

/// `erp-reconciler`.
pub const ERP_RECONCILER: Function = Function {
    name: erp::RECONCILER,
    flow: erp::FLOW,
    timeout: TimeDelta::seconds(900),
    consumes: false,
    batch: 0,
    calls: &[
        (Secrets, "GetSecretValue", &["netsuite", "shopify"]),
        (Table, "GetItem", &["certificate", "check", "cursor", "due", "part", "pass", "pause"]),
        (Table, "BatchGetItem", &["order", "refund", "customer"]),
        (Table, "Query", &["open"]),
        (Table, "UpdateItem", &["certificate", "cursor first", "cursor", "due", "part", "pass first", "pass", "run"]),
        (Table, "UpdateItem", &["slot first", "slot"]),
        (Table, "UpdateItem", &["order confirmed", "order parked", "order pending", "order skipped"]),
        (Table, "UpdateItem", &["refund confirmed", "refund parked", "refund pending", "refund skipped"]),
        (Queue, "GetQueueAttributes", BOTH_QUEUES),
        (Queue, "SendMessageBatch", BOTH_QUEUES),
        (Shopify, shopify::TOKEN.name(), ONLY),
        (Shopify, shopify::GRAPHQL.name(), ONLY),
        (NetSuite, netsuite::TOKEN.name(), ONLY),
        (NetSuite, netsuite::QUERY.name(), ONLY),
    ],
};

/// The functions of the reviews flow.
pub const FUNCTIONS: &[Function] = &[REVIEWS_PRODUCER, REVIEWS_CONSUMER, REVIEWS_RECONCILER];
/// Those of the erp flow.
pub const ERP_FUNCTIONS: &[Function] = &[SHOPIFY_WEBHOOK, NETSUITE_WORKER, ERP_RECONCILER];

impl Function {
    /// The trace of its invocations.
    pub(crate) fn trace(self) -> &'static str {
        if self.consumes { CONSUMERS_TRACE } else { PRODUCERS_TRACE }
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Function {}

impl PartialOrd for Function {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Function {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Who makes a call: a function's process on a machine.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) function: Function,
    pub(crate) machine: usize,
    pub(crate) process: u64,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.function, self.process)
    }
}
