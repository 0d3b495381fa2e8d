//! What a failed call to Yotpo Reviews means for the delivery: the table from the vendor's words to ours.

use ledger::ErrorClass;
use std::time::Duration;
use yotpo::{Effect, Error};

/// What is to be done about a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// Try again, not before this long from now.
    Again {
        /// Why.
        class: ErrorClass,
        /// What the vendor asked for.
        floor: Option<Duration>,
        /// Whether the call may have taken effect.
        effect: Effect,
    },
    /// Refused for good.
    Rejected(String),
}

impl Failure {
    /// How long the account asks to be left alone.
    pub fn floor(&self) -> Option<Duration> {
        match self {
            Self::Again { floor, .. } => *floor,
            Self::Rejected(_) => None,
        }
    }

    /// Whether the vendor could not be reached or did not work.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Again { class: ErrorClass::Unavailable | ErrorClass::Uncertain, .. })
    }
}

/// The class of a failure that has no delivery to speak of.
pub fn class(error: &Error) -> ErrorClass {
    match failure(error) {
        Failure::Again { class, .. } => class,
        Failure::Rejected(_) => ErrorClass::BadRecord,
    }
}

/// Reads a failure. A repeated `order_id` is not created again
/// (<https://core-api.yotpo.com/v1.0/reference/create-an-order-within-the-yotpo-system-metadata>), so that
/// even a call of unknown outcome may simply be made again.
pub fn failure(error: &Error) -> Failure {
    let again = |class| Failure::Again { class, floor: error.retry_after(), effect: error.effect() };
    match error {
        Error::Unauthorized => again(ErrorClass::Unauthorized),
        Error::RateLimited { .. } => again(ErrorClass::RateLimited),
        Error::Unavailable { effect: Effect::None, .. } => again(ErrorClass::Unavailable),
        Error::Unavailable { effect: Effect::Unknown, .. } => again(ErrorClass::Uncertain),
        // The message may quote the buyer: only status, code and field are kept.
        Error::Refused { status, code, field, .. } => {
            let field = field.as_deref().unwrap_or("not named");
            Failure::Rejected(format!("Yotpo refused it: HTTP {status}, code {code}, field {field}"))
        }
        Error::Invalid(invalid) => Failure::Rejected(invalid.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_outcome() {
        let floor = Some(Duration::from_secs(7));
        let limited = failure(&Error::RateLimited { retry_after: floor });
        assert_eq!(limited, Failure::Again { class: ErrorClass::RateLimited, floor, effect: Effect::None });
        let unauthorized = failure(&Error::Unauthorized);
        assert_eq!(unauthorized, Failure::Again { class: ErrorClass::Unauthorized, floor: None, effect: Effect::None });
        for (effect, class) in [(Effect::None, ErrorClass::Unavailable), (Effect::Unknown, ErrorClass::Uncertain)] {
            let source = yotpo::Outage::Status { status: 503, code: 503 };
            let lost = failure(&Error::Unavailable { effect, retry_after: None, source });
            assert_eq!(lost, Failure::Again { class, floor: None, effect });
        }
    }

    #[test]
    fn a_refusal_keeps_what_helps_and_nothing_of_the_buyer() {
        let refused =
            Error::Refused { status: 400, code: 400, message: "jane@example.com".into(), field: Some("email".into()) };
        let Failure::Rejected(reason) = failure(&refused) else { panic!("not rejected") };
        assert_eq!(reason, "Yotpo refused it: HTTP 400, code 400, field email");
    }
}
