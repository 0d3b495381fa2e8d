//! What a function says: JSON logs, metrics in CloudWatch's embedded metric format.
//!
//! One line of standard output is one JSON object, whose top level has no key twice. Lines carry the function's name and
//! the request id of the invocation (`init` before the first), and `delivery_key` where they are about a delivery.
//! Nothing here knows what is personal: callers log ids, never names, addresses or payloads.

mod fields;
mod init;
mod lines;
mod metric;
mod metrics;
mod spans;

pub use init::{OURS, UnknownLevel, dispatch, init};
pub use metric::Metric;
pub use metrics::Metrics;
pub use spans::{delivery, invocation};
