use std::time::Duration;

use chrono::{DateTime, Utc};
use rest::{Class, Reply};
use serde::Deserialize;
use serde_json::Value;

use super::{Error, Outage};

/// What came of a query.
pub(crate) struct Answer {
    pub(crate) data: Value,
    pub(crate) cost: Option<Cost>,
}

/// A query's cost in points, and what is left of them:
/// <https://shopify.dev/docs/apps/build/apis/graphql-admin/rate-limits>.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cost {
    requested_query_cost: f64,
    throttle_status: Bucket,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    maximum_available: f64,
    currently_available: f64,
    restore_rate: f64,
}

#[derive(Deserialize)]
struct Body {
    data: Option<Value>,
    errors: Option<Value>,
    extensions: Option<Extensions>,
}

#[derive(Default, Deserialize)]
struct Extensions {
    cost: Option<Cost>,
}

/// A wait that Shopify gives no number for.
const A_WHILE: Duration = Duration::from_secs(2);

impl Cost {
    /// How long until the same can be asked again.
    pub(crate) fn wait(&self) -> Duration {
        let Bucket { currently_available, restore_rate, .. } = self.throttle_status;
        let seconds = (self.requested_query_cost - currently_available) / restore_rate;
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(A_WHILE)
    }

    fn never_fits(&self) -> bool {
        self.requested_query_cost > self.throttle_status.maximum_available
    }
}

/// The one table from HTTP status and GraphQL error to [`Error`]:
/// <https://shopify.dev/docs/api/usage/response-codes>, <https://shopify.dev/docs/api/admin-graphql#status_and_error_codes>.
/// A query is refused by Shopify's own words alone: proxies and firewalls speak the same statuses.
pub(crate) fn judge(reply: &Reply, now: DateTime<Utc>) -> Result<Answer, Error> {
    let status = reply.status;
    let retry_after = reply.retry_after(now);
    let unavailable =
        |code: &str| Error::Unavailable { retry_after, source: Outage::Status { status, code: code.to_owned() } };
    let body = reply.json::<Body>();
    let said = body.as_ref().ok().and_then(|body| body.errors.as_ref()).filter(|errors| is_said(errors));
    let cost = body.as_ref().ok().and_then(|body| body.extensions.as_ref()).and_then(|extensions| extensions.cost);
    let (code, message) = said.map(first).unwrap_or_default();
    Err(match (reply.class(), code.as_str()) {
        (Class::Success, _) if said.is_none() => {
            let Body { data, .. } = body?;
            let data = data.ok_or(Outage::Undocumented("neither data nor errors"))?;
            return Ok(Answer { data, cost });
        }
        (Class::Unauthorized, _) => Error::Unauthorized { error: "HTTP 401".to_owned() },
        (_, "MAX_COST_EXCEEDED") => Error::TooMuch,
        (Class::RateLimited, _) | (_, "THROTTLED") => match cost {
            Some(cost) if cost.never_fits() => Error::TooMuch,
            _ => Error::Throttled { wait: retry_after.or(cost.map(|cost| cost.wait())).unwrap_or(A_WHILE) },
        },
        (_, "ACCESS_DENIED") => Error::Denied { message },
        (_, "INTERNAL_SERVER_ERROR" | "TIMEOUT") => unavailable(&code),
        (Class::Refused, _) if said.is_some() && status == 403 => Error::Denied { message },
        (Class::Success | Class::Refused, _) if said.is_some() => Error::Refused { status, code, message },
        _ => unavailable(&code),
    })
}

fn is_said(errors: &Value) -> bool {
    match errors {
        Value::Null => false,
        Value::Array(errors) => !errors.is_empty(),
        _ => true,
    }
}

/// Code and message of the first error: `[{"message","extensions":{"code"}}]`, and outside GraphQL a text.
fn first(errors: &Value) -> (String, String) {
    let error = errors.get(0).unwrap_or(errors);
    let code = error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or_default();
    let message = error.get("message").and_then(Value::as_str).or(error.as_str()).unwrap_or("no reason given");
    // Shopify's earliest refusals for too many calls have no code.
    let code = if code.is_empty() && message == "Throttled" { "THROTTLED" } else { code };
    (code.to_owned(), message.chars().take(300).collect())
}
