//! What a failed call to Yotpo Reviews means for the delivery: the table from the vendor's words to ours.

use delivery::Undelivered;
use ledger::ErrorClass;
use yotpo::{Effect, Error};

/// The class of a failure that has no delivery to speak of.
pub fn class(error: &Error) -> ErrorClass {
    match undelivered(error) {
        Undelivered::Failed { class, .. } => class,
        _ => ErrorClass::BadRecord,
    }
}

/// Reads a failure. A repeated `order_id` is not created again
/// (<https://core-api.yotpo.com/v1.0/reference/create-an-order-within-the-yotpo-system-metadata>), so that
/// even a call of unknown outcome may simply be made again.
pub fn undelivered(error: &Error) -> Undelivered {
    let may_land = error.effect() == Effect::Unknown;
    let again = |class| Undelivered::Failed { class, may_land, floor: error.retry_after() };
    match error {
        Error::Unauthorized => again(ErrorClass::Unauthorized),
        Error::RateLimited { .. } => again(ErrorClass::RateLimited),
        Error::Unavailable { effect: Effect::None, .. } => again(ErrorClass::Unavailable),
        Error::Unavailable { effect: Effect::Unknown, .. } => again(ErrorClass::Uncertain),
        // The message may quote the buyer: only status, code and field are kept.
        Error::Refused { status, code, field, .. } => {
            let field = field.as_deref().unwrap_or("not named");
            Undelivered::Rejected(format!("Yotpo refused it: HTTP {status}, code {code}, field {field}"))
        }
        Error::Invalid(invalid) => Undelivered::Rejected(invalid.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_failure_has_its_outcome() {
        let floor = Some(Duration::from_secs(7));
        let limited = undelivered(&Error::RateLimited { retry_after: floor });
        assert_eq!(limited, Undelivered::Failed { class: ErrorClass::RateLimited, may_land: false, floor });
        let unauthorized = undelivered(&Error::Unauthorized);
        let class = ErrorClass::Unauthorized;
        assert_eq!(unauthorized, Undelivered::Failed { class, may_land: false, floor: None });
        for (effect, class) in [(Effect::None, ErrorClass::Unavailable), (Effect::Unknown, ErrorClass::Uncertain)] {
            let source = yotpo::Outage::Status { status: 503, code: 503 };
            let lost = undelivered(&Error::Unavailable { effect, retry_after: None, source });
            assert_eq!(lost, Undelivered::Failed { class, may_land: effect == Effect::Unknown, floor: None });
        }
    }

    #[test]
    fn a_refusal_keeps_what_helps_and_nothing_of_the_buyer() {
        let refused =
            Error::Refused { status: 400, code: 400, message: "jane@example.com".into(), field: Some("email".into()) };
        let Undelivered::Rejected(reason) = undelivered(&refused) else { panic!("not rejected") };
        assert_eq!(reason, "Yotpo refused it: HTTP 400, code 400, field email");
    }
}
