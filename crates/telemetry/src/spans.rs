//! The two spans whose fields every line within them carries.

use tracing::{Span, error_span};

/// The name by which the log layer knows the span that starts an invocation.
pub(crate) const INVOCATION: &str = "invocation";

/// The span of one invocation: its lines carry `request_id` and, if there is one, `trace_id` (the X-Ray header).
///
/// From here on lines outside any span, such as those of a connection's task, carry this request id too.
/// It takes the place of `lambda_runtime`'s own `TracingLayer`: use `lambda_runtime::Runtime` without that layer.
pub fn invocation(request_id: &str, trace_id: Option<&str>) -> Span {
    // Of level error, so that no log level switches it off.
    error_span!("invocation", request_id, trace_id)
}

/// The span of the work on one delivery: its lines carry `delivery_key`.
pub fn delivery(key: &str) -> Span {
    error_span!("delivery", delivery_key = key)
}
