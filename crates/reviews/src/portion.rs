//! How much of a pass one query asks for. All of it, until the source says, or shows by its silence, that it cannot do so much
//! at once: then completion time is cut into windows, pages are smaller, and ids are asked for before orders. Kept with the
//! pass's checkpoint, so that the next run does not begin with too much again. Pure.

use org::Position;
use salesforce::Error;
use serde::{Deserialize, Serialize};

/// Completion time is cut no finer, in milliseconds.
pub(crate) const LEAST: i64 = 15 * 60 * 1000;
/// Dates are cut no finer.
pub(crate) const DAY: i64 = 24 * 60 * 60 * 1000;
/// Rows of a small page: the fewest that Salesforce can be asked for.
const FEW_ROWS: u16 = 200;
/// So many windows in a row that were answered, and the next is twice as wide.
const GROWS_AFTER: u32 = 4;

/// How much of a pass one query asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Portion {
    /// Pages are small.
    few_rows: bool,
    /// Ids are asked for first, and orders by their ids.
    by_id: bool,
    /// Completion time is read in parts.
    pub(crate) cut: Option<Cut>,
}

/// Completion time in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cut {
    /// The part under way.
    pub(crate) part: Part,
    /// How wide windows are, in milliseconds.
    width: i64,
    /// How wide they certainly cannot be.
    too_wide: Option<i64>,
    /// Windows in a row that were answered at this width.
    answered: u32,
    /// What had been read of a larger part when it was cut up: whatever was completed before the instant is read up to the
    /// position. The larger parts come first.
    read: Vec<(i64, Position)>,
}

/// Parts of a pass, in the order in which they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Part {
    /// Orders that do not say when they were completed.
    Undated,
    /// Those completed before the pass's days.
    Earlier,
    /// A window of the pass's days that begins here, in milliseconds.
    From(i64),
    /// Those completed after them.
    Later,
}

/// What a pass asks for: completion time from `first` to `end`, in milliseconds; of dates, that of their midnight in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: i64,
    pub(crate) end: i64,
    /// Nothing narrower is asked for, and widths are multiples of it.
    pub(crate) least: i64,
    /// Orders of no date, and of dates outside, may be asked for too.
    pub(crate) open: bool,
}

impl Portion {
    /// Whether one query asks for everything, in pages of Salesforce's size.
    pub(crate) fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Rows of a page, if not as many as Salesforce likes.
    pub(crate) fn rows_of_a_page(&self) -> Option<u16> {
        self.few_rows.then_some(FEW_ROWS)
    }

    /// Whether ids are asked for first.
    pub(crate) fn is_by_id(&self) -> bool {
        self.by_id
    }

    /// Asks for less from now on; false if less cannot be asked for. `after`: how far the part under way is read.
    pub(crate) fn narrow(&mut self, range: &Range, after: &mut Option<Position>, error: &Error) -> bool {
        let Error::TooMuch { code } = error else { return false };
        let said = code.as_deref();
        // Silence may come of a page that is large, and a code of how much is looked through.
        if said.is_none_or(|code| code == "OPERATION_TOO_LARGE") && !self.few_rows {
            self.few_rows = true;
            return true;
        }
        if said.is_none_or(|code| matches!(code, "QUERY_TIMEOUT" | "OPERATION_TOO_LARGE"))
            && self.halve(range, after, said.is_some())
        {
            return true;
        }
        !std::mem::replace(&mut self.by_id, true)
    }

    fn halve(&mut self, range: &Range, after: &mut Option<Position>, said: bool) -> bool {
        let Some(cut) = &mut self.cut else {
            let width = half(range.end - range.first, range.least);
            if width >= range.end - range.first {
                return false;
            }
            let part = if range.open { Part::Undated } else { Part::From(range.first) };
            let read = after.take().map(|position| (i64::MAX, position)).into_iter().collect();
            self.cut = Some(Cut { part, width, too_wide: None, answered: 0, read });
            return true;
        };
        let Part::From(from) = cut.part else { return false };
        let to = cut.to(from, range);
        let width = half(to - from, range.least);
        if width >= to - from {
            return false;
        }
        // Silence alone may come of something else, unless half as much was answered just now.
        if said || cut.answered > 0 {
            cut.too_wide = Some(cut.too_wide.map_or(to - from, |known| known.min(to - from)));
        }
        cut.read.extend(after.take().map(|position| (to, position)));
        (cut.width, cut.answered) = (width, 0);
        true
    }

    /// Goes on to the next part, when one is read; false if it was the last.
    pub(crate) fn next_part(&mut self, range: &Range) -> bool {
        let Some(cut) = &mut self.cut else { return false };
        cut.part = match cut.part {
            Part::Undated => Part::Earlier,
            Part::Earlier => Part::From(range.first),
            Part::From(from) => {
                let to = cut.to(from, range);
                cut.read.retain(|(until, _)| *until > to);
                cut.answered += 1;
                let wider = cut.width * 2;
                if cut.answered >= GROWS_AFTER && cut.too_wide.is_none_or(|known| wider < known / 4 * 3) {
                    (cut.width, cut.answered) = (wider, 0);
                }
                match to < range.end {
                    true => Part::From(to),
                    false if range.open => Part::Later,
                    false => return false,
                }
            }
            Part::Later => return false,
        };
        true
    }

    /// How far the part under way was read as part of a larger one.
    pub(crate) fn read(&self, range: &Range) -> Option<&Position> {
        let cut = self.cut.as_ref()?;
        match cut.part {
            Part::From(from) => cut.read.iter().rev().find(|(until, _)| cut.to(from, range) <= *until),
            _ => cut.read.first().filter(|(until, _)| *until == i64::MAX),
        }
        .map(|(_, position)| position)
    }
}

impl Cut {
    /// Where the window that begins at `from` ends: it never reaches beyond a part of which more was read.
    pub(crate) fn to(&self, from: i64, range: &Range) -> i64 {
        let to = from.saturating_add(self.width).min(range.end);
        self.read.iter().map(|(until, _)| *until).filter(|until| *until > from).fold(to, i64::min)
    }
}

fn half(width: i64, least: i64) -> i64 {
    (width / 2).div_euclid(least).max(1) * least
}

#[cfg(test)]
#[path = "portion_tests.rs"]
mod tests;
