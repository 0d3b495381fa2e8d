use chrono::{DateTime, Utc};
use rest::{Class, Reply};
use serde::Deserialize;
use serde_json::Value;

use crate::{Effect, Error, Outage};

/// What Yotpo says about a call, in the body: `{"code":200,"message":"OK"}`, for reads within `status`; errors with
/// `errors` or, from the token check, with `error` and HTTP 200.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Verdict {
    code: Option<Value>,
    message: Option<Value>,
    error: Option<Value>,
    errors: Option<Value>,
    status: Option<Value>,
}

/// Codes by which Yotpo refuses what it was sent.  400 is documented
/// (<https://core-api.yotpo.com/v1.0/reference/create-an-order-within-the-yotpo-system-metadata>), the others are about the order
/// as much.  Every other 4xx is about the way that the call was made, and no order's fault.
const REFUSE: [u64; 4] = [400, 409, 413, 422];

/// The one table from HTTP status and body code to [`Error`].  The worse of the two counts: Yotpo answers 200 with code
/// 500, and its own cartridge reads the code first.  An order or a key is refused by Yotpo's own words alone: proxies, gateways
/// and firewalls speak the same statuses.  `personal` is blacked out of messages.
pub(crate) fn judge(reply: &Reply, now: DateTime<Utc>, personal: &[&str]) -> Result<(), Error> {
    let status = reply.status;
    let verdict = reply.json::<Verdict>();
    let body = verdict.as_ref().ok();
    let said = body.and_then(Verdict::code);
    let code = said.filter(|said| class(*said) != Class::Success).map_or(u64::from(status), |said| {
        // Both bad: the larger number leaves more open (500 over 400, 429 over 401).
        if reply.class() == Class::Success { said } else { said.max(u64::from(status)) }
    });
    let retry_after = reply.retry_after(now);
    let unavailable = |effect| Error::Unavailable { effect, retry_after, source: Outage::Status { status, code } };
    let own = body.is_some_and(Verdict::is_yotpos);
    Err(match (class(code), code) {
        (Class::Success, _) => match verdict {
            Err(unreadable) => unreadable.into(),
            Ok(Verdict { error: Some(Value::String(error)), .. }) if !error.is_empty() => Error::Unauthorized,
            Ok(verdict) if is_said(verdict.errors.as_ref()) && own => verdict.refusal(status, code, personal),
            Ok(Verdict { error, errors, .. }) if is_said(error.as_ref()) || is_said(errors.as_ref()) => {
                unavailable(Effect::Unknown)
            }
            Ok(_) => return Ok(()),
        },
        // 402, 403: the account may not; no order's fault, so no order is refused for it.
        (_, 401..=403) if own => Error::Unauthorized,
        (Class::RateLimited, _) => Error::RateLimited { retry_after },
        // The address is not there: a fault of the set-up, or passing, but no order's.
        (_, 404 | 405 | 410) => unavailable(Effect::None),
        _ if own && said.into_iter().chain([code]).all(|code| REFUSE.contains(&code)) => {
            verdict.unwrap_or_default().refusal(status, code, personal)
        }
        _ => unavailable(Effect::Unknown),
    })
}

/// Whether the answer to a login refuses the keys: OAuth's error (<https://www.rfc-editor.org/rfc/rfc6749#section-5.2>).
pub(crate) fn refuses_keys(reply: &Reply) -> bool {
    const ERRORS: [&str; 6] = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    ];
    let error = reply.json::<Verdict>().ok().and_then(|verdict| verdict.error);
    matches!(reply.status, 200 | 400 | 401 | 403)
        && error.as_ref().and_then(Value::as_str).is_some_and(|error| ERRORS.contains(&error))
}

fn class(code: u64) -> Class {
    // A code beyond 65535 is no status either.
    Class::of(u16::try_from(code).unwrap_or_default())
}

impl Verdict {
    fn code(&self) -> Option<u64> {
        let code = self.code.as_ref().or_else(|| self.status.as_ref()?.get("code"))?;
        code.as_u64().or_else(|| code.as_str()?.trim().parse().ok())
    }

    /// Whether an answer that is no success is Yotpo's: a code of no success with a message or errors, or errors order by order.
    fn is_yotpos(&self) -> bool {
        let explained = [self.message(), self.errors.as_ref()].into_iter().any(is_said);
        let of_an_order = self.errors.as_ref().and_then(|errors| errors.get(0)).is_some_and(|first| {
            first.get("error").is_some() && (first.get("order_id").is_some() || first.get("field").is_some())
        });
        of_an_order || (explained && self.code().is_some_and(|code| class(code) != Class::Success))
    }

    fn message(&self) -> Option<&Value> {
        self.message.as_ref().or_else(|| self.status.as_ref()?.get("message"))
    }

    /// The reason is in the first of `errors` (`{"order_id","field","error"}`), else in `message` or `error`.
    fn refusal(&self, status: u16, code: u64, personal: &[&str]) -> Error {
        let first = self.errors.as_ref().and_then(|errors| errors.get(0));
        let detail = |key| first.and_then(|first| first.get(key));
        let said = detail("error").or(self.message()).or(self.error.as_ref());
        let message = said.and_then(Value::as_str).unwrap_or("no reason given");
        let field = detail("field").and_then(Value::as_str);
        Error::Refused {
            status,
            code,
            message: black_out(message, personal),
            field: field.map(|field| black_out(field, personal)),
        }
    }
}

/// Whether a key says something: some answers have `"error":null`, `false` or an empty list.
fn is_said(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

/// Removes what is personal from a message, and all that looks like an e-mail address; at most 200 characters.
pub(crate) fn black_out(message: &str, personal: &[&str]) -> String {
    let mut message = message.to_owned();
    for text in personal.iter().filter(|text| !text.trim().is_empty()) {
        message = message.replace(text, "…");
    }
    let words = message.split_whitespace().map(|word| if word.contains('@') { "…" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(200).collect()
}
