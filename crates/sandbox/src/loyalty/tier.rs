//! Which tier a customer has, and until when.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};

use super::member::Member;
use super::program::{Program, Term};

/// The tier that follows from what was earned, by its place in the program.
pub(super) fn tier(program: &Program, member: &Member, now: DateTime<Utc>) -> Option<usize> {
    let earned = member.earned(since(program.term, now));
    let reached = program.tiers.iter().rposition(|tier| earned >= tier.points);
    match program.term {
        Term::Lifetime => reached.max(member.tier.map(|(place, _)| place)),
        Term::Year | Term::CalendarYear => reached,
    }
}

/// The last day of a tier that was entered then; one for life has none.
pub(super) fn ends(term: Term, entered: DateTime<Utc>) -> Option<NaiveDate> {
    let day = entered.date_naive();
    match term {
        Term::Lifetime => None,
        Term::Year => day.checked_add_months(Months::new(12)),
        Term::CalendarYear => NaiveDate::from_ymd_opt(day.year() + 1, 12, 31),
    }
}

fn since(term: Term, now: DateTime<Utc>) -> DateTime<Utc> {
    let day = match term {
        Term::Lifetime => None,
        Term::Year => {
            now.date_naive().checked_sub_months(Months::new(12)).and_then(|day| day.checked_add_days(Days::new(1)))
        }
        Term::CalendarYear => NaiveDate::from_ymd_opt(now.year() - 1, 1, 1),
    };
    day.map_or(DateTime::<Utc>::MIN_UTC, |day| day.and_time(NaiveTime::MIN).and_utc())
}
