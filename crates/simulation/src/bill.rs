//! What a run costs in the units that AWS bills: requests, write units, milliseconds, bytes of logs.
//!
//! Only what depends on the number of orders is counted. What an idle stack costs (empty receives, runs of the schedule
//! that find nothing to do) does not, and neither does computing: simulated time stands still while anybody computes, so
//! that a function's milliseconds are what it waits for, which is the pace and the latencies of [`crate`].

use crate::{expression::Item, functions::Function, permission::Call};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// SQS bills each 64 KiB of a call as a request. <https://aws.amazon.com/sqs/pricing/>
const SQS_CHUNK: usize = 64 * 1024;
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>
const WRITE_UNIT: usize = 1024;
const READ_UNIT: usize = 4 * 1024;

/// The two lines that Lambda itself writes about an invocation at system log level `INFO`, with X-Ray on.
/// <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>
const PLATFORM_LINES: &str = concat!(
    r#"{"time":"2026-11-21T02:15:00.123Z","type":"platform.start","record":{"requestId":"79b4f56e-95b1-4643-9700-2807f4e68189","version":"123"}}"#,
    "\n",
    r#"{"time":"2026-11-21T02:15:05.123Z","type":"platform.report","record":{"requestId":"79b4f56e-95b1-4643-9700-2807f4e68189","metrics":{"durationMs":5123.456,"billedDurationMs":5124,"memorySizeMB":256,"maxMemoryUsedMB":28},"tracing":{"spanId":"24e2f3b1a9c0d7e8","type":"X-Amzn-Trace-Id","value":"Root=1-691fd1a4-3b1f5c2a7d9e8f0a1b2c3d4e;Parent=4f5e6d7c8b9a0f1e;Sampled=1;Lineage=1:7b1a2c3d:0"},"status":"success"}}"#,
    "\n",
);

/// What one function did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Invocations.
    pub invocations: u64,
    /// Their time together, waiting only.
    pub waited_ms: u64,
    /// Calls to SQS, the event source mapping's receives and deletions among them, by operation.
    pub sqs_requests: BTreeMap<String, u64>,
    /// DynamoDB's write request units, refused conditions and the index included.
    pub write_units: u64,
    /// Halves of DynamoDB's read request units.
    pub half_read_units: u64,
    /// Calls to Secrets Manager.
    pub secret_reads: u64,
    /// What the function printed at the default level, and Lambda about it.
    pub log_bytes: u64,
}

/// What a run costs, and what it was for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Orders delivered.
    pub orders: u64,
    /// What each function did.
    pub functions: BTreeMap<Function, Usage>,
    /// What the table holds in the end, in bytes of items.
    pub stored_bytes: u64,
    /// The calls that were made to AWS, as permissions name them.
    pub calls: BTreeSet<Call>,
}

impl Bill {
    /// The sum of something over all functions, for each delivered order.
    pub fn an_order(&self, of: impl Fn(&Usage) -> u64) -> f64 {
        self.an_order_of(self.functions.values().map(of).sum())
    }

    /// A sum, for each delivered order.
    pub fn an_order_of(&self, sum: u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "no night has 2^53 of anything")]
        let (sum, orders) = (sum as f64, self.orders.max(1) as f64);
        sum / orders
    }

    pub(crate) fn of(&mut self, function: Function) -> &mut Usage {
        self.functions.entry(function).or_default()
    }

    /// A call that a function makes; `bytes` is the size of its body.
    pub(crate) fn request(&mut self, function: Function, operation: &str, request: &Value, bytes: usize) {
        let usage = self.of(function);
        match operation {
            "GetSecretValue" => usage.secret_reads += 1,
            "GetItem" | "BatchGetItem" | "UpdateItem" | "Query" => {}
            operation => usage.sqs(operation, bytes),
        }
        self.calls.insert(Call::of(function, operation, request));
    }

    /// An invocation is over.
    pub(crate) fn invoked(&mut self, function: Function, waited: chrono::TimeDelta) {
        let usage = self.of(function);
        usage.invocations += 1;
        usage.waited_ms += u64::try_from(waited.num_milliseconds()).unwrap_or(0);
        usage.log_bytes += PLATFORM_LINES.len() as u64;
    }
}

impl Usage {
    /// A call to SQS.
    pub(crate) fn sqs(&mut self, operation: &str, bytes: usize) {
        *self.sqs_requests.entry(operation.to_owned()).or_default() += bytes.div_ceil(SQS_CHUNK).max(1) as u64;
    }

    /// All calls to SQS.
    pub fn all_sqs_requests(&self) -> u64 {
        self.sqs_requests.values().sum()
    }

    /// A write that found `before` and left `after`, in table and index; a refused one leaves what it found.
    pub(crate) fn write(&mut self, before: Option<&Item>, after: Option<&Item>) {
        let larger = before.map_or(0, size).max(after.map_or(0, size));
        self.write_units += larger.div_ceil(WRITE_UNIT).max(1) as u64;
        let entry = |item: Option<&Item>| {
            let item = item.filter(|item| item.contains_key("open_flow") && item.contains_key("open_since"))?;
            Some((item["open_flow"].clone(), item["open_since"].clone()))
        };
        self.write_units += match (entry(before), entry(after)) {
            _ if before == after => 0,
            (None, None) => 0,
            // Another key: deleted there and put here.
            (Some(before), Some(after)) if before != after => 2,
            _ => larger.div_ceil(WRITE_UNIT) as u64,
        };
    }

    /// A read of one item, or of none.
    pub(crate) fn read(&mut self, item: Option<&Item>, consistent: bool) {
        let units = item.map_or(0, size).div_ceil(READ_UNIT).max(1) as u64;
        self.half_read_units += if consistent { 2 * units } else { units };
    }
}

/// An item's size as DynamoDB counts it: names and values in UTF-8, two digits a byte.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
pub(crate) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &Value) -> usize {
    let Some((kind, value)) = value.as_object().and_then(|object| object.iter().next()) else { return 1 };
    match (kind.as_str(), value) {
        ("S", Value::String(text)) => text.len(),
        ("N", Value::String(digits)) => digits.len().div_ceil(2) + 1,
        ("L", Value::Array(values)) => 3 + values.iter().map(|value| 1 + value_size(value)).sum::<usize>(),
        ("SS" | "NS", Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::len).sum(),
        ("M", Value::Object(members)) => 3 + members.iter().map(|(k, v)| 1 + k.len() + value_size(v)).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn item(value: Value) -> Item {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_write_costs_its_size_and_its_place_in_the_index() {
        let cost = |before: Option<&Item>, after: Option<&Item>| {
            let mut usage = Usage::default();
            usage.write(before, after);
            usage.write_units
        };
        let small = item(json!({"k": {"S": "reviews/1"}, "n": {"N": "1"}}));
        let large = item(json!({"k": {"S": "x".repeat(1024)}}));
        let open = item(json!({"k": {"S": "reviews/1"}, "open_flow": {"S": "reviews"}, "open_since": {"N": "5"}}));
        let mut later = open.clone();
        later.insert("open_since".to_owned(), json!({"N": "6"}));
        assert_eq!(cost(None, Some(&small)), 1);
        assert_eq!(cost(None, Some(&large)), 2, "one byte more than a unit");
        assert_eq!(cost(Some(&small), Some(&open)), 2, "it enters the index");
        assert_eq!(cost(Some(&open), Some(&small)), 2, "it leaves it");
        assert_eq!(cost(Some(&open), Some(&later)), 3, "it moves there");
        assert_eq!(cost(Some(&open), Some(&open)), 1, "a refused condition");
    }

    #[test]
    fn reads_and_calls_are_billed_in_chunks() {
        let mut usage = Usage::default();
        usage.read(None, true);
        usage.read(None, false);
        assert_eq!(usage.half_read_units, 3);
        usage.sqs("SendMessageBatch", SQS_CHUNK + 1);
        usage.sqs("SendMessageBatch", 1);
        assert_eq!(usage.all_sqs_requests(), 3);
    }
}
