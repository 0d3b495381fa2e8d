//! The kinds of orders, and what must become of each.

use super::outcome::Outcome;

/// What is special about an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ordinary,
    NoEmail,
    InvalidEmail,
    PersonAccountEmail,
    LastNameOnly,
    NoLines,
    NoValidProducts,
    OneBadLine,
    BadProductIds,
    SameProductTwice,
    UnknownStore,
    TestOrder,
    AtDayStart,
    AtLastMoment,
    NonAsciiName,
    ControlCharacters,
    OneLine,
    Lines250,
    Lines600,
    RefusedByYotpo,
    NoCompletionDate,
    TouchedAfterTheDay,
    // Completed, and dated so that they are not of the day:
    DateToCome,
    DateSoonToCome,
    LongBefore,
    // Not to be picked up:
    NotCompleted,
    Draft,
    DayBefore,
    DayBeforeTouched,
    AtDayEnd,
    DayAfter,
    Reduction,
}

/// Once in every day with awkward orders. Those that matter most come first: a short day has only these.
pub(super) const ONCE: &[Kind] = &[
    Kind::NoEmail,
    Kind::InvalidEmail,
    Kind::RefusedByYotpo,
    Kind::UnknownStore,
    Kind::NoCompletionDate,
    Kind::TestOrder,
    Kind::NoValidProducts,
    Kind::AtDayStart,
    Kind::AtLastMoment,
    Kind::PersonAccountEmail,
    Kind::OneBadLine,
    Kind::BadProductIds,
    Kind::NoLines,
    Kind::NonAsciiName,
    Kind::ControlCharacters,
    Kind::OneLine,
    Kind::Lines250,
    Kind::Lines600,
    Kind::TouchedAfterTheDay,
    Kind::SameProductTwice,
    Kind::LastNameOnly,
];

/// In every fiftieth order besides.
pub(super) const FREQUENT: &[Kind] = &[
    Kind::NoEmail,
    Kind::InvalidEmail,
    Kind::PersonAccountEmail,
    Kind::OneBadLine,
    Kind::TestOrder,
    Kind::NonAsciiName,
    Kind::TouchedAfterTheDay,
];

/// Not of the day, or not completed.
pub(super) const OUTSIDE: &[Kind] = &[
    Kind::NotCompleted,
    Kind::NotCompleted,
    Kind::Draft,
    Kind::DayBefore,
    Kind::DayBeforeTouched,
    Kind::AtDayEnd,
    Kind::DayAfter,
    Kind::Reduction,
];

/// Dated far from the day; only with `other_dates`.
pub(super) const OTHER_DATES: &[Kind] = &[Kind::DateToCome, Kind::DateSoonToCome, Kind::LongBefore];

impl Kind {
    pub(super) fn outcome(self) -> Outcome {
        let skipped = |reason: &str| Outcome::Skipped { reason: reason.to_owned() };
        let parked = |reason: &str| Outcome::Parked { reason: reason.to_owned() };
        match self {
            Self::NoEmail => skipped("no_email"),
            Self::InvalidEmail => skipped("invalid_email"),
            Self::NoLines | Self::NoValidProducts => skipped("no_valid_products"),
            Self::TestOrder => skipped("test_order"),
            Self::UnknownStore => parked("unknown_store"),
            Self::NoCompletionDate => parked("no_completion_date"),
            Self::DateToCome | Self::DateSoonToCome => parked("future_completion_date"),
            Self::RefusedByYotpo => Outcome::Rejected,
            Self::NotCompleted
            | Self::Draft
            | Self::DayBefore
            | Self::DayBeforeTouched
            | Self::AtDayEnd
            | Self::DayAfter
            | Self::LongBefore
            | Self::Reduction => Outcome::OutOfScope,
            Self::Ordinary
            | Self::PersonAccountEmail
            | Self::LastNameOnly
            | Self::OneBadLine
            | Self::BadProductIds
            | Self::SameProductTwice
            | Self::AtDayStart
            | Self::AtLastMoment
            | Self::NonAsciiName
            | Self::ControlCharacters
            | Self::OneLine
            | Self::Lines250
            | Self::Lines600
            | Self::TouchedAfterTheDay => Outcome::Delivered,
        }
    }
}
