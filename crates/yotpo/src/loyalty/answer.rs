//! What an answer means. Yotpo documents neither codes nor bodies of errors ("coming soon"), so the status decides, and what it says is
//! only repeated.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rest::{Class, Reply};
use serde_json::Value;

use crate::answer::black_out;
use crate::{Effect, Error, Outage};

/// The one table from HTTP status to [`Error`]. A record is refused by an answer in JSON alone: proxies, gateways and firewalls speak
/// the same statuses. `spent`: how long the rate headers ask to wait.
pub(super) fn judge(
    reply: &Reply,
    now: DateTime<Utc>,
    spent: Option<Duration>,
    personal: &[&str],
) -> Result<(), Error> {
    let status = reply.status;
    let retry_after = reply.retry_after(now).max(spent);
    let unavailable =
        |effect| Error::Unavailable { effect, retry_after, source: Outage::Status { status, code: status.into() } };
    let said = reply.json::<Value>().ok().filter(|body| body.is_object() || body.is_array());
    Err(match (reply.class(), status) {
        (Class::Success, _) => return Ok(()),
        (Class::Unauthorized, _) => Error::Unauthorized,
        (Class::RateLimited, _) => Error::RateLimited { retry_after },
        // The keys are known and may not; no record's fault.
        (_, 402 | 403) if said.is_some() => Error::Unauthorized,
        _ if is_unknown(reply) => return Ok(()),
        (_, 400 | 409 | 413 | 422) => match said {
            Some(said) => Error::Refused {
                status,
                code: status.into(),
                message: black_out(message(&said).unwrap_or("no reason given"), personal),
                field: None,
            },
            None => unavailable(Effect::None),
        },
        // 423 too: the customer's record is in use.
        (Class::Refused, _) => unavailable(Effect::None),
        (Class::Unavailable | Class::Unexpected, _) => unavailable(Effect::Unknown),
    })
}

/// Whether it says that there is no such customer: 404 in JSON, or without a word. A page in HTML is no answer of Yotpo's.
pub(super) fn is_unknown(reply: &Reply) -> bool {
    reply.status == 404 && (reply.body.trim_ascii().is_empty() || reply.json::<Value>().is_ok())
}

/// 404 to a call that creates: the address is not there, which is a fault of the set-up or passes.
pub(super) fn absent(reply: &Reply) -> Error {
    let status = reply.status;
    let source = Outage::Status { status, code: status.into() };
    Error::Unavailable { effect: Effect::None, retry_after: None, source }
}

/// The reason, wherever it stands: `message`, `error`, the first of `errors`, as text or in an object of its own.
fn message(said: &Value) -> Option<&str> {
    match said {
        Value::String(text) => Some(text),
        Value::Array(list) => list.iter().find_map(message),
        Value::Object(fields) => ["message", "error", "errors"].iter().find_map(|key| message(fields.get(*key)?)),
        _ => None,
    }
}
