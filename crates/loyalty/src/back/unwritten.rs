//! What a row that Salesforce did not write means for the delivery.

use delivery::Undelivered;
use ledger::ErrorClass;
use salesforce::{Unwritten, UnwrittenReason};

/// Why nothing is written of a customer whom the org does not know.
pub(crate) const NO_CONTACT: &str = "no_contact";

/// Reads a row's refusal: each stands for itself, the others of its collection were written.
pub(crate) fn undelivered(unwritten: &Unwritten) -> Undelivered {
    let again = |class| Undelivered::Failed { class, may_land: false, floor: None };
    let parked = |class, reason| Undelivered::Parked { class, reason, error: unwritten.to_string() };
    match unwritten.reason {
        UnwrittenReason::Locked => again(ErrorClass::Conflict),
        UnwrittenReason::Busy => again(ErrorClass::Internal),
        UnwrittenReason::Gone => Undelivered::Skipped(NO_CONTACT.to_owned()),
        UnwrittenReason::Access => parked(ErrorClass::Misconfigured, "no_access"),
        UnwrittenReason::Duplicate => parked(ErrorClass::Conflict, "duplicate_row"),
        UnwrittenReason::Refused => parked(ErrorClass::BadRecord, "refused_row"),
    }
}

/// Reads the failure of a whole call: none of its rows is known to be written, and to write them again is harmless.
pub(crate) fn of_call(error: &salesforce::Error) -> Undelivered {
    use salesforce::Error;
    let class = match error {
        Error::SessionExpired | Error::Unauthorized { .. } => ErrorClass::Unauthorized,
        error if error.is_quota() => ErrorClass::RateLimited,
        Error::Unavailable { .. } | Error::TooMuch { .. } | Error::CursorExpired => ErrorClass::Unavailable,
        _ => ErrorClass::Misconfigured,
    };
    Undelivered::Failed { class, may_land: false, floor: None }
}

/// An outcome for each row of a collection, in their order.
pub(crate) fn outcomes<T>(
    rows: usize,
    written: Result<Vec<Result<T, Unwritten>>, salesforce::Error>,
) -> impl Iterator<Item = Result<(), Undelivered>> {
    let results = match written {
        Ok(results) => results
            .into_iter()
            .map(|result| {
                result.map(drop).map_err(|row| {
                    tracing::warn!(error = &row as &dyn std::error::Error, "a row was not written");
                    undelivered(&row)
                })
            })
            .collect(),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the rows could not be written");
            vec![Err(of_call(&error)); rows]
        }
    };
    results.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_come_back_and_what_the_org_refuses_waits_for_a_person() {
        let of = |reason| undelivered(&Unwritten { reason, code: "CODE".to_owned(), fields: vec!["F__c".to_owned()] });
        assert!(matches!(of(UnwrittenReason::Locked), Undelivered::Failed { may_land: false, .. }));
        assert!(matches!(of(UnwrittenReason::Busy), Undelivered::Failed { .. }));
        assert_eq!(of(UnwrittenReason::Gone), Undelivered::Skipped("no_contact".to_owned()));
        for (reason, word) in [
            (UnwrittenReason::Access, "no_access"),
            (UnwrittenReason::Duplicate, "duplicate_row"),
            (UnwrittenReason::Refused, "refused_row"),
        ] {
            let Undelivered::Parked { reason, error, .. } = of(reason) else { panic!("{word}") };
            assert_eq!(reason, word);
            assert!(error.contains("CODE") && error.contains("F__c"), "{error}");
        }
    }
}
