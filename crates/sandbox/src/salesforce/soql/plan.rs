//! A query with its names resolved, and its evaluation: from the org to the rows that match, in order.

use std::cmp::Ordering;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::compare::{self, Operand, Window};
use crate::salesforce::cell::Cell;
use crate::salesforce::objects::{Object, Parent};
use crate::salesforce::org::{Org, Reference};
use crate::salesforce::schema::{DELETED, ID, STAMP};

/// A field, possibly of a parent: the references to follow, then the column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(super) hops: Vec<(usize, Object)>,
    pub(super) column: usize,
}

/// What is shown of a record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// Columns with the names they are shown under.
    pub(crate) fields: Vec<(usize, String)>,
    /// References, where they lead, what is shown of it.
    pub(crate) parents: Vec<(usize, Parent, Selection)>,
    /// Child relationships: name, the children's reference, which of them.
    pub(crate) children: Vec<(&'static str, Reference, Arc<Plan>)>,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Is(Column, Operand),
    In(Column, Vec<Operand>),
}

#[derive(Debug, Clone)]
pub(super) struct SortKey {
    pub(super) column: Column,
    pub(super) descending: bool,
    pub(super) nulls_last: bool,
}

/// A query ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) object: Object,
    pub(crate) selection: Selection,
    /// `COUNT()`: the number alone is wanted.
    pub(crate) counts: bool,
    /// `queryAll`: rows that are deleted too.
    pub(crate) deleted: bool,
    pub(super) test: Option<Test>,
    pub(super) order: Vec<SortKey>,
    pub(super) limit: Option<usize>,
    pub(super) offset: usize,
}

impl Plan {
    /// The rows that match, sorted and cut.
    pub(crate) fn rows(&self, org: &Org) -> Vec<u32> {
        let from = self.test.as_ref().and_then(Test::stamped_from).unwrap_or(DateTime::<Utc>::MIN_UTC);
        self.matching(org, org.table(self.object).since(from), self.is_by_stamp())
    }

    /// How many hours of a field the condition asks for, in the widest of its alternatives that is bounded on both sides.
    pub(crate) fn hours_of(&self, org: &Org, field: &str) -> Option<f64> {
        let (column, _) = org.table(self.object).schema.find(field)?;
        let windows = self.test.as_ref()?.windows(column);
        let bounded = windows.into_iter().filter_map(|(from, to)| Some((to? - from?).as_seconds_f64() / 3600.0));
        bounded.max_by(f64::total_cmp)
    }

    /// Those of one record's children that match, sorted and cut.
    pub(crate) fn rows_of(&self, org: &Org, children: Vec<u32>) -> Vec<u32> {
        self.matching(org, children.into_iter(), false)
    }

    fn matching(&self, org: &Org, candidates: impl Iterator<Item = u32>, sorted: bool) -> Vec<u32> {
        let shown = |row: &u32| self.deleted || *org.cell(self.object, *row, DELETED) != Cell::Bool(true);
        let holds = |row: &u32| self.test.as_ref().is_none_or(|test| test.holds(org, self.object, *row));
        let matches = candidates.filter(|row| shown(row) && holds(row));
        let limit = self.limit.unwrap_or(usize::MAX);
        if sorted || self.order.is_empty() {
            return matches.skip(self.offset).take(limit).collect();
        }
        let mut rows: Vec<u32> = matches.collect();
        rows.sort_by(|a, b| self.compare(org, *a, *b));
        rows.into_iter().skip(self.offset).take(limit).collect()
    }

    /// Whether the index by stamp and id already has the order that is asked for.
    fn is_by_stamp(&self) -> bool {
        let is = |(key, column): (&SortKey, usize)| {
            key.column.hops.is_empty() && key.column.column == column && !key.descending
        };
        self.order.len() <= 2 && self.order.iter().zip([STAMP, ID]).all(is)
    }

    fn compare(&self, org: &Org, a: u32, b: u32) -> Ordering {
        let of_key = |key: &SortKey| {
            let (a, b) = (key.column.cell(org, self.object, a), key.column.cell(org, self.object, b));
            match (*a == Cell::Null, *b == Cell::Null) {
                (true, true) => Ordering::Equal,
                (true, false) if key.nulls_last => Ordering::Greater,
                (true, false) => Ordering::Less,
                (false, true) if key.nulls_last => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => {
                    let forward = compare::cells(a, b).unwrap_or(Ordering::Equal);
                    if key.descending { forward.reverse() } else { forward }
                }
            }
        };
        self.order.iter().map(of_key).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

const NULL: Cell = Cell::Null;

impl Column {
    /// Null also where a parent on the way is missing.
    fn cell<'a>(&self, org: &'a Org, object: Object, row: u32) -> &'a Cell {
        let (mut object, mut row) = (object, row);
        for (reference, to) in &self.hops {
            let Some(parent) = org.parent(object, row, *reference, *to) else {
                return &NULL;
            };
            (object, row) = (*to, parent);
        }
        org.cell(object, row, self.column)
    }
}

fn overlap((a, b): Window, (c, d): Window) -> Option<Window> {
    let (from, to) = (a.max(c), [b, d].into_iter().flatten().min());
    from.zip(to).is_none_or(|(from, to)| from < to).then_some((from, to))
}

impl Test {
    fn holds(&self, org: &Org, object: Object, row: u32) -> bool {
        match self {
            Self::And(tests) => tests.iter().all(|test| test.holds(org, object, row)),
            Self::Or(tests) => tests.iter().any(|test| test.holds(org, object, row)),
            Self::Not(test) => !test.holds(org, object, row),
            Self::Is(column, operand) => operand.accepts(column.cell(org, object, row)),
            Self::In(column, operands) => {
                let cell = column.cell(org, object, row);
                operands.iter().any(|operand| operand.accepts(cell))
            }
        }
    }

    /// What it accepts of a column with instants or dates: a window for each alternative.
    fn windows(&self, column: usize) -> Vec<Window> {
        match self {
            Self::And(tests) => tests.iter().fold(vec![(None, None)], |all, test| {
                let further = test.windows(column);
                all.iter().flat_map(|window| further.iter().filter_map(|other| overlap(*window, *other))).collect()
            }),
            Self::Or(tests) => tests.iter().flat_map(|test| test.windows(column)).collect(),
            Self::Is(of, operand) if of.hops.is_empty() && of.column == column => {
                operand.window().into_iter().collect()
            }
            _ => vec![(None, None)],
        }
    }

    /// An instant before which no matching record can be stamped, so that the index need not be read from its beginning.
    fn stamped_from(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::And(tests) => tests.iter().filter_map(Self::stamped_from).max(),
            Self::Or(tests) => tests.iter().map(Self::stamped_from).collect::<Option<Vec<_>>>()?.into_iter().min(),
            Self::Is(column, operand) if column.hops.is_empty() && column.column == STAMP => operand.least(),
            _ => None,
        }
    }
}
