//! Conditions and orders over the rows of a table.

use std::cmp::Ordering;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::ast::{Condition, Expression, Literal, Operator};
use super::tables::Table;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Text(String),
    Number(Decimal),
    Date(NaiveDate),
}

impl Cell {
    /// As the answer shows it: everything is text, dates in the account's format.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.normalize().to_string()),
            Self::Date(date) => Some(date.format("%-m/%-d/%Y").to_string()),
        }
    }

    fn compare(&self, literal: &Literal) -> Option<Ordering> {
        match (self, literal) {
            (Self::Text(text), Literal::Text(other)) => Some(text.as_str().cmp(other)),
            (Self::Text(text), Literal::Number(number)) => Some(text.parse::<Decimal>().ok()?.cmp(number)),
            (Self::Number(number), Literal::Number(other)) => Some(number.cmp(other)),
            (Self::Number(number), Literal::Text(text)) => Some(number.cmp(&text.parse().ok()?)),
            (Self::Date(date), Literal::Date(other)) => Some(date.cmp(other)),
            (Self::Date(date), Literal::Text(text)) => {
                Some(date.cmp(&NaiveDate::parse_from_str(text, "%m/%d/%Y").ok()?))
            }
            _ => None,
        }
    }

    /// Nulls last.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(text), Self::Text(other)) => text.cmp(other),
            (Self::Number(number), Self::Number(other)) => number.cmp(other),
            (Self::Date(date), Self::Date(other)) => date.cmp(other),
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Greater,
            (_, Self::Null) => Ordering::Less,
            _ => Ordering::Equal,
        }
    }
}

/// The value of an expression in a row.
pub(super) fn value(table: &Table, row: &[Cell], expression: &Expression) -> Cell {
    let place = table.columns.iter().position(|column| column == expression.column());
    let cell = place.and_then(|place| row.get(place)).cloned().unwrap_or(Cell::Null);
    match (expression, cell) {
        (Expression::Lower(_), Cell::Text(text)) => Cell::Text(text.to_lowercase()),
        (Expression::Upper(_), Cell::Text(text)) => Cell::Text(text.to_uppercase()),
        (Expression::IsoDate(_), Cell::Date(date)) => Cell::Text(date.to_string()),
        (_, cell) => cell,
    }
}

/// `None` is SQL's unknown.
pub(super) fn holds(table: &Table, row: &[Cell], condition: &Condition) -> Option<bool> {
    match condition {
        Condition::And(parts) => parts.iter().map(|part| holds(table, row, part)).reduce(and).flatten(),
        Condition::Or(parts) => parts.iter().map(|part| holds(table, row, part)).reduce(or).flatten(),
        Condition::Not(inner) => holds(table, row, inner).map(|held| !held),
        Condition::IsNull(left) => Some(value(table, row, left) == Cell::Null),
        Condition::Compare(left, operator, right) => {
            value(table, row, left).compare(right).map(|order| operator.admits(order))
        }
        Condition::In(left, values) => {
            let left = value(table, row, left);
            (left != Cell::Null).then(|| values.iter().any(|right| left.compare(right) == Some(Ordering::Equal)))
        }
        Condition::Like(left, pattern) => match value(table, row, left) {
            Cell::Text(text) => Some(like(&text, pattern)),
            _ => None,
        },
    }
}

fn and(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    if one == Some(false) || other == Some(false) { Some(false) } else { one.and(other) }
}

fn or(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    if one == Some(true) || other == Some(true) { Some(true) } else { one.and(other) }
}

impl Operator {
    fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// `%` stands for any text, `_` for one character.
fn like(text: &str, pattern: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('%') => {
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| like(&text[at..], rest.as_str()))
        }
        Some(first) => {
            let mut left = text.chars();
            left.next().is_some_and(|character| first == '_' || first == character)
                && like(left.as_str(), rest.as_str())
        }
    }
}
