//! The two spans whose fields every line within them carries.

use tracing::{Span, error_span};

/// The name by which the log layer knows the span that starts an invocation.
pub(crate) const INVOCATION: &str = "invocation";

/// The span of one invocation: its lines carry `request_id` and, if there is one, `trace_id`, the trace id of X-Ray's
/// header `trace`.
///
/// From here on lines outside any span, such as those of a connection's task, carry this request id too.
/// It takes the place of `lambda_runtime`'s own `TracingLayer`: use `lambda_runtime::Runtime` without that layer.
pub fn invocation(request_id: &str, trace: Option<&str>) -> Span {
    // Of level error, so that no log level switches it off.
    error_span!("invocation", request_id, trace_id = trace.map(id))
}

/// The span of the work on one delivery: its lines carry `delivery_key`, and as `trace_id` that of the message's trace if
/// it has one, which began in the invocation that sent it; `request_id` says which invocation works on it.
pub fn delivery(key: &str, trace: Option<&str>) -> Span {
    error_span!("delivery", delivery_key = key, trace_id = trace.map(id))
}

/// The trace id in a header: what X-Ray is searched by. The rest would be bytes in every line.
fn id(header: &str) -> &str {
    header.split(';').find_map(|part| part.strip_prefix("Root=")).unwrap_or(header)
}
