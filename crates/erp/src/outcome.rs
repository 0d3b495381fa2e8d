//! What a failed call to NetSuite means for the delivery: the table from the vendor's words to ours.

use delivery::Undelivered;
use ledger::ErrorClass;
use netsuite::{Error, RefusalReason, Said};

/// What becomes of a delivery whose call failed so.
pub fn undelivered(error: &Error) -> Undelivered {
    let again = |class, may_land| Undelivered::Failed { class, may_land, floor: error.retry_after() };
    match error {
        Error::Unauthorized { .. } => again(ErrorClass::Unauthorized, false),
        Error::RateLimited { .. } => again(ErrorClass::RateLimited, false),
        Error::Conflict(_) | Error::Unavailable { may_land: false, .. } => again(ErrorClass::Unavailable, false),
        Error::Unavailable { may_land: true, .. } => again(ErrorClass::Uncertain, true),
        Error::Refused { reason, said } => refused(*reason, said),
    }
}

/// The same of a call that only reads: whatever became of it, nothing has happened.
pub fn unread(error: &Error) -> Undelivered {
    match undelivered(error) {
        Undelivered::Failed { floor, .. } if error.may_land() => {
            Undelivered::Failed { class: ErrorClass::Unavailable, may_land: false, floor }
        }
        other => other,
    }
}

fn refused(reason: RefusalReason, said: &Said) -> Undelivered {
    let class = match reason {
        RefusalReason::Permission | RefusalReason::SetUp => ErrorClass::Misconfigured,
        RefusalReason::Locked | RefusalReason::ClosedPeriod | RefusalReason::AlreadyExists => ErrorClass::BadRecord,
        // What was sent breaks a rule, and breaks it again.
        RefusalReason::Content | RefusalReason::Missing => {
            return Undelivered::Rejected(format!("NetSuite refused it: {said}"));
        }
    };
    Undelivered::Parked { class, reason: reason.word(), error: format!("NetSuite refuses it: {said}") }
}

/// The HTTP status of a failed call, for the log; 0 where there was no answer.
pub fn status(error: &Error) -> u16 {
    use netsuite::Outage;
    match error {
        Error::Unauthorized { .. } => 401,
        Error::RateLimited { .. } => 429,
        Error::Conflict(said) | Error::Refused { said, .. } => said.status,
        Error::Unavailable { source, .. } => match source {
            Outage::Said(said) => said.status,
            Outage::Foreign(status) => *status,
            Outage::Transport(_) | Outage::Unreadable(_) | Outage::Undocumented(_) => 0,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn said(status: u16) -> Said {
        Said { status, code: "USER_ERROR".to_owned(), path: Some("item.items[0].item".to_owned()), detail: None }
    }

    #[test]
    fn every_failure_has_its_outcome() {
        let floor = Some(Duration::from_secs(7));
        let lost =
            |may_land| Error::Unavailable { may_land, retry_after: floor, source: netsuite::Outage::Foreign(502) };
        for (error, class, may_land, floor) in [
            (Error::Unauthorized { code: "invalid_grant".to_owned() }, ErrorClass::Unauthorized, false, None),
            (Error::RateLimited { retry_after: floor }, ErrorClass::RateLimited, false, floor),
            (Error::Conflict(said(409)), ErrorClass::Unavailable, false, None),
            (lost(false), ErrorClass::Unavailable, false, floor),
            (lost(true), ErrorClass::Uncertain, true, floor),
        ] {
            assert_eq!(undelivered(&error), Undelivered::Failed { class, may_land, floor }, "{error:?}");
        }
        let class = ErrorClass::Unavailable;
        assert_eq!(unread(&lost(true)), Undelivered::Failed { class, may_land: false, floor });
    }

    #[test]
    fn a_refusal_is_a_persons_or_final_by_what_it_is_about() {
        let of = |reason| undelivered(&Error::Refused { reason, said: said(400) });
        let Undelivered::Rejected(content) = of(RefusalReason::Content) else { panic!("not rejected") };
        assert_eq!(content, "NetSuite refused it: HTTP 400, USER_ERROR at item.items[0].item");
        for (about, class, word) in [
            (RefusalReason::Permission, ErrorClass::Misconfigured, "permission"),
            (RefusalReason::SetUp, ErrorClass::Misconfigured, "set_up"),
            (RefusalReason::Locked, ErrorClass::BadRecord, "locked"),
            (RefusalReason::ClosedPeriod, ErrorClass::BadRecord, "closed_period"),
            (RefusalReason::AlreadyExists, ErrorClass::BadRecord, "already_exists"),
        ] {
            let Undelivered::Parked { class: found, reason, .. } = of(about) else { panic!("{about:?} is not parked") };
            assert_eq!((found, reason), (class, word));
        }
    }
}
