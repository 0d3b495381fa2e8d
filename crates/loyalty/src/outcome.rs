//! What a failed call to Yotpo Loyalty means for the delivery: the table from the vendor's words to ours.

use delivery::Undelivered;
use ledger::ErrorClass;
use yotpo::{Effect, Error};

/// Reads a failure. Whether a call of unknown outcome may be made again is the policy's to say.
pub fn undelivered(error: &Error) -> Undelivered {
    let may_land = error.effect() == Effect::Unknown;
    let again = |class| Undelivered::Failed { class, may_land, floor: error.retry_after() };
    match error {
        Error::Unauthorized => again(ErrorClass::Unauthorized),
        Error::RateLimited { .. } => again(ErrorClass::RateLimited),
        Error::Unavailable { effect: Effect::None, .. } => again(ErrorClass::Unavailable),
        Error::Unavailable { effect: Effect::Unknown, .. } => again(ErrorClass::Uncertain),
        // The message may quote the customer: only status and field are kept.
        Error::Refused { status, field, .. } => {
            let field = field.as_deref().unwrap_or("not named");
            Undelivered::Rejected(format!("Yotpo refused it: HTTP {status}, field {field}"))
        }
        Error::Invalid(invalid) => Undelivered::Rejected(invalid.to_string()),
    }
}

/// A person decides about it; `error` holds nothing personal.
pub(crate) fn parked(class: ErrorClass, reason: &'static str, error: impl Into<String>) -> Undelivered {
    Undelivered::Parked { class, reason, error: error.into() }
}

/// Nothing was called, since our own books cannot be used, or a message cannot be made.
pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Undelivered {
    tracing::error!(error, error_class = %ErrorClass::Internal, "what has to be known before the call is not");
    Undelivered::Spared { class: ErrorClass::Internal, floor: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_failure_has_its_outcome() {
        let floor = Some(Duration::from_secs(7));
        let source = || yotpo::Outage::Status { status: 503, code: 503 };
        let lost = |effect| Error::Unavailable { effect, retry_after: floor, source: source() };
        for (error, class, may_land, floor) in [
            (Error::RateLimited { retry_after: floor }, ErrorClass::RateLimited, false, floor),
            (Error::Unauthorized, ErrorClass::Unauthorized, false, None),
            (lost(Effect::None), ErrorClass::Unavailable, false, floor),
            (lost(Effect::Unknown), ErrorClass::Uncertain, true, floor),
        ] {
            assert_eq!(undelivered(&error), Undelivered::Failed { class, may_land, floor }, "{error:?}");
        }
    }

    #[test]
    fn a_refusal_keeps_what_helps_and_nothing_of_the_customer() {
        let message = "jane@example.com is no address".to_owned();
        let refused = Error::Refused { status: 422, code: 422, message, field: None };
        let Undelivered::Rejected(reason) = undelivered(&refused) else { panic!("not rejected") };
        assert_eq!(reason, "Yotpo refused it: HTTP 422, field not named");
    }
}
