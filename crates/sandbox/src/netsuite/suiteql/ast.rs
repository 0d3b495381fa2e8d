//! A query as written. Names are in lower case, whatever was sent.

use chrono::NaiveDate;
use rust_decimal::Decimal;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    /// Each with the name that the answer has for it.
    pub(super) select: Vec<(Expression, String)>,
    pub(super) from: String,
    pub(super) condition: Option<Condition>,
    /// Descending where true.
    pub(super) order: Vec<(Expression, bool)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    Column(String),
    Lower(String),
    Upper(String),
    /// As `YYYY-MM-DD`.
    IsoDate(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Compare(Expression, Operator, Literal),
    Like(Expression, String),
    In(Expression, Vec<Literal>),
    IsNull(Expression),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(Decimal),
    Date(NaiveDate),
}

impl Expression {
    pub(super) fn column(&self) -> &str {
        let (Self::Column(name) | Self::Lower(name) | Self::Upper(name) | Self::IsoDate(name)) = self;
        name
    }
}
