//! Whether a day has fewer orders, or sends fewer, than can be true. Pure.
//!
//! A user who lost the right to see records is answered 200 and no rows; a setting that is wrong skips every order for one
//! reason. Both look like a day on which nothing was to be done.

use crate::Certificate;
use config::BusinessDay;

/// Fewer orders than this prove nothing.
const ORDERS: usize = 20;
/// Of a hundred that are usual, or were skipped, so many are hardly one.
const HARDLY: usize = 5;
/// The one reason to skip that is about the day and nothing else: of a day that is so old, all orders have it.
const OLD: &str = "older_than_six_months";

/// The same weekday of the four weeks before.
pub(crate) fn weeks_before(day: BusinessDay) -> impl Iterator<Item = BusinessDay> {
    std::iter::successors(Some(day), |day| Some((0..7).fold(*day, |day, _| day.previous()))).skip(1).take(4)
}

/// Whether `day` is quiet. `weeks`: the certificates that there are of the same weekday of the last four weeks.
///
/// Usual is their mean: one odd week decides nothing, and a store of three weeks has three. Days that were quiet themselves do
/// not count, so that a week of trouble does not make the next one usual. What is skipped for one reason is compared with
/// nothing: a setting that is wrong from the first day on would be usual soon.
pub(crate) fn is_quiet<'a>(day: &Certificate, weeks: impl IntoIterator<Item = &'a Certificate>) -> bool {
    let weeks: Vec<&Certificate> = weeks.into_iter().filter(|week| !week.quiet).collect();
    let usual = |of: fn(&Certificate) -> usize| {
        weeks.iter().map(|week| of(week)).sum::<usize>().checked_div(weeks.len()).unwrap_or(0)
    };
    let hardly = |of: fn(&Certificate) -> usize| {
        let usual = usual(of);
        usual >= ORDERS && of(day) * 100 <= usual * HARDLY
    };
    let one_reason = day.ledger.skipped.iter().filter(|(reason, _)| *reason != OLD).map(|(_, n)| *n).max();
    let completed = day.source.completed;
    let all_for_one = one_reason.is_some_and(|n| completed >= ORDERS && (completed - n) * 100 <= completed * HARDLY);
    hardly(|certificate| certificate.source.completed) || hardly(sent) || all_for_one
}

/// Orders that are sent, or to be sent.
fn sent(certificate: &Certificate) -> usize {
    let counts = &certificate.ledger;
    counts.confirmed + counts.accepted + counts.pending + counts.uncertain + counts.missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// So many confirmed, and skipped for lack of an address, and parked.
    fn day(confirmed: usize, skipped: usize, parked: usize) -> Certificate {
        let by_reason = if skipped > 0 { json!({"no_email": skipped}) } else { json!({}) };
        serde_json::from_value(json!({
            "store": "default", "business_day": "2026-11-20", "issued_at": "2026-11-21T03:00:00Z", "config_sha256": "",
            "source": {"completed": confirmed + skipped + parked},
            "ledger": {"confirmed": confirmed, "accepted": 0, "pending": 0, "skipped": by_reason, "rejected": {},
                       "parked": parked, "uncertain": 0, "missing": 0},
            "destination": {"found": confirmed, "unexpected": 0}, "repaired": 0, "complete": parked == 0,
        }))
        .unwrap()
    }

    fn quiet(certificate: Certificate) -> Certificate {
        Certificate { quiet: true, ..certificate }
    }

    #[test]
    fn the_weeks_before_have_the_same_weekday() {
        let days: Vec<_> = weeks_before("2026-11-20".parse().unwrap()).map(|day| day.to_string()).collect();
        assert_eq!(days, ["2026-11-13", "2026-11-06", "2026-10-30", "2026-10-23"]);
    }

    #[test]
    fn a_day_without_orders_is_quiet_where_twenty_are_usual() {
        let weeks = |orders: &[usize]| orders.iter().map(|n| day(*n, 0, 0)).collect::<Vec<_>>();
        for (orders, expected) in [
            (&[][..], false),
            (&[20, 20, 20, 20], true),
            (&[20, 20, 20, 19], false),
            (&[500], true),
            // One odd week decides nothing.
            (&[100, 0, 30, 30], true),
            (&[30, 0, 0, 0], false),
        ] {
            assert_eq!(is_quiet(&day(0, 0, 0), &weeks(orders)), expected, "{orders:?}");
        }
        // Hardly one: five in a hundred.
        let weeks = weeks(&[400, 400]);
        assert!(is_quiet(&day(20, 0, 0), &weeks));
        assert!(!is_quiet(&day(21, 0, 0), &weeks));
    }

    #[test]
    fn a_week_of_trouble_does_not_become_usual() {
        let weeks = [quiet(day(0, 0, 0)), quiet(day(0, 0, 0)), quiet(day(0, 0, 0)), day(40, 0, 0)];
        assert!(is_quiet(&day(0, 0, 0), &weeks));
        assert!(!is_quiet(&day(30, 0, 0), &weeks));
    }

    #[test]
    fn a_day_that_sends_hardly_one_is_quiet_whatever_becomes_of_the_others() {
        let weeks = [day(90, 10, 0), day(90, 10, 0)];
        assert!(is_quiet(&day(4, 50, 46), &weeks), "skipped and parked");
        assert!(is_quiet(&day(0, 0, 100), &weeks), "parked");
        assert!(!is_quiet(&day(60, 40, 0), &weeks));
    }

    #[test]
    fn a_reason_that_skips_everything_makes_the_first_day_quiet() {
        assert!(is_quiet(&day(0, 20, 0), []));
        assert!(is_quiet(&day(5, 95, 0), []));
        assert!(!is_quiet(&day(6, 94, 0), []));
        assert!(!is_quiet(&day(0, 19, 0), []), "too few to tell");
        assert!(is_quiet(&day(0, 50, 0), [&day(0, 50, 0)]), "it was wrong then too");
        let mut old = day(0, 0, 0);
        old.source.completed = 50;
        old.ledger.skipped = [(OLD.to_owned(), 50)].into();
        assert!(!is_quiet(&old, []), "that is about the day alone");
    }
}
