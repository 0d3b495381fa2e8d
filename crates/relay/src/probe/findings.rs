//! What the readings of a Yotpo account say about what is assumed. Pure.

use super::finding::{Finding, Verdict};
use std::time::Duration;
use yotpo::PurchaseRow;

/// How a wait for a purchase ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// It was there so long after it was accepted, at most: it is looked for now and then.
    Within(Duration),
    /// It was not there after all this time.
    NotAfter(Duration),
}

/// The latest day from which a reading shows the order that is dated ten days ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShownFrom {
    /// The day after tomorrow, when nothing has a date yet.
    Ahead,
    /// Three days ago.
    Recent,
    /// The day before its date: where the flow begins to read.
    Before,
    /// Long before that.
    LongBefore,
}

/// How long until a purchase can be read back.
pub(super) fn delay(shown: Shown, missing_after: Duration) -> Finding {
    let (verdict, found) = match shown {
        Shown::Within(time) if time < missing_after => (Verdict::Holds, format!("shown within {}", rough(time))),
        Shown::Within(time) => (Verdict::DoesNotHold, format!("shown only within {}", rough(time))),
        Shown::NotAfter(time) if time >= missing_after => (Verdict::DoesNotHold, not_shown(time)),
        Shown::NotAfter(time) => (Verdict::NotFoundOut, format!("{}: --patience says how long", not_shown(time))),
    };
    let missing_after = humantime::format_duration(missing_after);
    let assumed = format!("shown {missing_after} after it was accepted at the latest (protocol.missing_after)");
    Finding { question: "How long until a purchase can be read back?", assumed, found, verdict, set: None }
}

/// What became of an order that was posted again with another name and product; `None`: nothing that can be read.
pub(super) fn repeat(readings: Option<(&[PurchaseRow], &[PurchaseRow])>) -> Finding {
    let (verdict, found) = match readings {
        None => (Verdict::NotFoundOut, "the purchases were not shown in time".to_owned()),
        Some((before, after)) => {
            let (lost, new) = (without(before, after), without(after, before));
            match (lost, new) {
                (0, 0) => (Verdict::Holds, "the same rows before and after; names are not read".to_owned()),
                (0, new) => (Verdict::DoesNotHold, format!("rows created by the second post: {new}")),
                (lost, new) => (Verdict::DoesNotHold, format!("rows gone or changed: {lost}, new: {new}")),
            }
        }
    };
    let assumed =
        "nothing is created again or changed, so that a post without an answer is simply made again".to_owned();
    Finding { question: "What does a repeated order id do?", assumed, found, verdict, set: None }
}

/// What `since_date` is compared with; `None`: nothing that can be read.
pub(super) fn since_date(shown: Option<ShownFrom>) -> Finding {
    let (verdict, found) = match shown {
        None => (Verdict::NotFoundOut, "the purchases were not shown in time"),
        Some(ShownFrom::Ahead) => (Verdict::Holds, "nothing: the order is shown whatever the date"),
        Some(ShownFrom::Recent) => {
            (Verdict::Holds, "the time of creation: an order dated ten days ago is shown from three days ago on")
        }
        Some(ShownFrom::Before) => {
            (Verdict::Holds, "the order's date: one of ten days ago is not shown from three days ago on")
        }
        Some(ShownFrom::LongBefore) => {
            (Verdict::DoesNotHold, "neither: an order is not shown from the day before its date on")
        }
    };
    let assumed =
        "the order's date or the time of creation, so that reading begins with the earlier, less a day".to_owned();
    Finding { question: "What is since_date compared with?", assumed, found: found.to_owned(), verdict, set: None }
}

fn not_shown(time: Duration) -> String {
    format!("not shown after {}", humantime::format_duration(Duration::from_secs(time.as_secs())))
}

/// How many of `these` rows are not among `others`.
fn without(these: &[PurchaseRow], others: &[PurchaseRow]) -> usize {
    these.iter().filter(|row| !others.contains(row)).count()
}

/// Rounded up: to five seconds, from a minute on to minutes.
fn rough(time: Duration) -> humantime::FormattedDuration {
    let seconds = time.as_secs_f64().ceil().max(1.0);
    let step = if seconds > 60.0 { 60.0 } else { 5.0 };
    humantime::format_duration(Duration::from_secs_f64((seconds / step).ceil() * step))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS: Duration = Duration::from_hours(6);

    fn row(id: u64, product: &str) -> PurchaseRow {
        PurchaseRow {
            id: Some(id),
            order_id: "relay-probe-1".to_owned(),
            product_sku: Some(product.to_owned()),
            order_date: Some("2026-11-21T00:00:00Z".to_owned()),
            created_at: Some("2026-11-21T06:30:00Z".to_owned()),
        }
    }

    #[test]
    fn a_purchase_has_until_it_counts_as_missing() {
        for (shown, verdict, says) in [
            (Shown::Within(Duration::from_millis(3)), Verdict::Holds, "shown within 5s"),
            (Shown::Within(Duration::from_secs(61)), Verdict::Holds, "shown within 2m"),
            (Shown::Within(HOURS + Duration::from_secs(1)), Verdict::DoesNotHold, "shown only within 6h 1m"),
            (Shown::NotAfter(Duration::from_millis(600_400)), Verdict::NotFoundOut, "not shown after 10m: --patience"),
            (Shown::NotAfter(HOURS), Verdict::DoesNotHold, "not shown after 6h"),
        ] {
            let finding = delay(shown, HOURS);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.starts_with(says) && finding.assumed.contains("6h"), "{finding:?}");
        }
    }

    #[test]
    fn a_repeat_is_harmless_if_nothing_differs() {
        let before = [row(1, "relay-probe")];
        let second = row(2, "relay-probe-again");
        let changed = PurchaseRow { order_date: None, ..before[0].clone() };
        for (after, verdict, says) in [
            (vec![before[0].clone()], Verdict::Holds, "the same rows"),
            (vec![before[0].clone(), second.clone()], Verdict::DoesNotHold, "rows created by the second post: 1"),
            (vec![second], Verdict::DoesNotHold, "rows gone or changed: 1, new: 1"),
            (vec![changed], Verdict::DoesNotHold, "rows gone or changed: 1, new: 1"),
            (vec![], Verdict::DoesNotHold, "rows gone or changed: 1, new: 0"),
        ] {
            let finding = repeat(Some((&before, &after)));
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.starts_with(says), "{finding:?}");
        }
        assert_eq!(repeat(None).verdict, Verdict::NotFoundOut);
    }

    #[test]
    fn reading_from_the_day_before_must_show_the_order_whatever_is_compared() {
        for (shown, verdict, says) in [
            (Some(ShownFrom::Recent), Verdict::Holds, "the time of creation"),
            (Some(ShownFrom::Before), Verdict::Holds, "the order's date"),
            (Some(ShownFrom::Ahead), Verdict::Holds, "nothing"),
            (Some(ShownFrom::LongBefore), Verdict::DoesNotHold, "neither"),
            (None, Verdict::NotFoundOut, "the purchases were not shown"),
        ] {
            let finding = since_date(shown);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.found.starts_with(says), "{finding:?}");
        }
    }
}
