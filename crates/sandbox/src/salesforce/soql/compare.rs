//! How SOQL compares: text without regard to case, ids with it, and nothing but `=`, `!=` and `IN` sees null.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use super::ast::Operator;
use super::literal::Glob;
use crate::salesforce::cell::Cell;

/// Instants from and to, where there is a bound.
pub(super) type Window = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The right side of a comparison.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Cell(Operator, Cell),
    /// A pattern in lower case.
    Like(Vec<Glob>),
}

impl Operand {
    pub(super) fn accepts(&self, cell: &Cell) -> bool {
        match self {
            Self::Like(pattern) => match cell {
                Cell::Text(text) => like(&text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>(), pattern),
                _ => false,
            },
            Self::Cell(Operator::Equal, value) => equal(cell, value),
            Self::Cell(Operator::NotEqual, value) => !equal(cell, value),
            Self::Cell(operator, value) => cells(cell, value).is_some_and(|order| match operator {
                Operator::Less => order.is_lt(),
                Operator::LessOrEqual => order.is_le(),
                Operator::Greater => order.is_gt(),
                Operator::GreaterOrEqual => order.is_ge(),
                Operator::Equal | Operator::NotEqual | Operator::Like => false,
            }),
        }
    }

    /// The instants or dates that this accepts; none if it accepts only null.
    pub(super) fn window(&self) -> Option<Window> {
        let Self::Cell(operator, cell) = self else { return Some((None, None)) };
        let at = match cell {
            Cell::DateTime(at) => *at,
            Cell::Date(date) => date.and_time(chrono::NaiveTime::MIN).and_utc(),
            Cell::Null if *operator == Operator::Equal => return None,
            _ => return Some((None, None)),
        };
        Some(match operator {
            Operator::Less | Operator::LessOrEqual => (None, Some(at)),
            Operator::Greater | Operator::GreaterOrEqual => (Some(at), None),
            Operator::Equal | Operator::NotEqual | Operator::Like => (None, None),
        })
    }

    /// A lower bound of the instants that this accepts.
    pub(super) fn least(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Cell(Operator::Equal | Operator::Greater | Operator::GreaterOrEqual, value) => value.as_datetime(),
            _ => None,
        }
    }
}

fn equal(a: &Cell, b: &Cell) -> bool {
    match (a, b) {
        (Cell::Null, Cell::Null) => true,
        _ => cells(a, b) == Some(Ordering::Equal),
    }
}

/// Nothing, when one of them is null or they are of different types.
pub(super) fn cells(a: &Cell, b: &Cell) -> Option<Ordering> {
    match (a, b) {
        (Cell::Text(a), Cell::Text(b)) => Some(text(a, b)),
        (Cell::Id(a), Cell::Id(b)) => Some(a.cmp(b)),
        (Cell::Bool(a), Cell::Bool(b)) => Some(a.cmp(b)),
        (Cell::Number(a), Cell::Number(b)) => a.partial_cmp(b),
        (Cell::DateTime(a), Cell::DateTime(b)) => Some(a.cmp(b)),
        (Cell::Date(a), Cell::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn text(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let lower = |byte: u8| byte.to_ascii_lowercase();
        return a.bytes().map(lower).cmp(b.bytes().map(lower));
    }
    a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
}

fn like(text: &[char], pattern: &[Glob]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((Glob::AnyMany, rest)) => (0..=text.len()).any(|skipped| like(&text[skipped..], rest)),
        Some((Glob::AnyOne, rest)) => !text.is_empty() && like(&text[1..], rest),
        Some((Glob::Char(c), rest)) => text.first() == Some(c) && like(&text[1..], rest),
    }
}
