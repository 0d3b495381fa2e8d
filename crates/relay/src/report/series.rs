//! What the plot by day shows: a column a day, or a week where there are too many days to tell apart.

use config::BusinessDay;
use reviews::history::{Day, Standing};

/// More days than this are shown by week.
const MOST_DAYS: usize = 70;

/// Orders of a day, or of the week that begins with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) first: BusinessDay,
    pub(super) confirmed: usize,
    pub(super) accepted: usize,
    pub(super) open: usize,
    /// A certificate says so.
    pub(super) known: bool,
}

impl Column {
    pub(super) fn height(&self) -> usize {
        self.confirmed + self.accepted + self.open
    }
}

/// Whether the plot is by week.
pub(super) fn is_weekly(days: &[Day]) -> bool {
    days.len() > MOST_DAYS
}

/// The columns, in order of time.
pub(super) fn columns(days: &[Day]) -> Vec<Column> {
    let length = if is_weekly(days) { 7 } else { 1 };
    let column = |days: &[Day]| {
        let sum = |of: fn(&Day) -> usize| days.iter().map(of).sum();
        let (confirmed, accepted) = (sum(|day| day.confirmed), sum(|day| day.accepted));
        let known = days.iter().any(|day| matches!(day.standing, Standing::Complete | Standing::NotComplete));
        Some(Column { first: days.first()?.business_day, confirmed, accepted, open: sum(|day| day.open), known })
    };
    days.chunks(length).filter_map(column).collect()
}

/// Where an axis ends that has to hold `highest`, and how far apart its marks are: 1, 2 or 5 times a power of ten, five marks
/// at most.
pub(super) fn axis(highest: usize) -> (usize, usize) {
    let powers = std::iter::successors(Some(1_usize), |power| power.checked_mul(10));
    let steps = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    let step = steps.into_iter().find(|step| step.saturating_mul(5) >= highest).unwrap_or(highest);
    (highest.max(1).div_ceil(step) * step, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(n: usize) -> Vec<Day> {
        let first: BusinessDay = "2026-01-01".parse().unwrap();
        let each = std::iter::successors(Some(first), |day| Some(day.next())).take(n).enumerate();
        each.map(|(n, business_day)| Day {
            business_day,
            standing: Standing::Complete,
            completed: n + 2,
            confirmed: n,
            accepted: 1,
            open: 1,
            skipped: 0,
            rejected: 0,
        })
        .collect()
    }

    #[test]
    fn many_days_are_shown_by_week_and_add_up_to_the_same() {
        for n in [1, 7, MOST_DAYS, MOST_DAYS + 1, 400] {
            let (days, columns) = (days(n), columns(&days(n)));
            let all: usize = columns.iter().map(Column::height).sum();
            assert_eq!(all, days.iter().map(|day| day.completed).sum::<usize>());
            assert_eq!(columns.len(), if n > MOST_DAYS { n.div_ceil(7) } else { n });
            assert_eq!(columns[0].first, days[0].business_day);
        }
    }

    #[test]
    fn an_axis_has_round_marks_and_few_of_them() {
        let axes = [0, 1, 5, 6, 38, 99, 100, 101, 12_345].map(axis);
        let expected = [(1, 1), (1, 1), (5, 1), (6, 2), (40, 10), (100, 20), (100, 20), (150, 50), (15_000, 5_000)];
        assert_eq!(axes, expected);
    }
}
