//! A condition on an order, as data: quoting its values is the query builder's job, so that a value stays a value.

use serde::Deserialize;

use crate::FieldPath;

/// `field` is (or is not) one of `values`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Clause {
    /// The field of Order, or of a record above it.
    pub field: FieldPath,
    /// `true` for `is_not`: none of the values.
    pub negated: bool,
    /// Never empty, all of one kind; a decimal stands alone (SOQL's `IN` takes none reliably), and a boolean but for `is`, where
    /// both may be named.
    pub values: Vec<Literal>,
}

/// A value to compare with; never yet quoted for SOQL.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a string, a number or a boolean")]
pub enum Literal {
    /// A checkbox's value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Decimal(f64),
    /// A text, of any characters.
    Text(String),
}

impl Clause {
    /// For the defaults, which a test parses.
    pub(crate) fn text(field: &str, value: &str) -> Self {
        Self { field: FieldPath::known(field), negated: false, values: vec![Literal::Text(value.to_owned())] }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    field: FieldPath,
    is: Option<Vec<Literal>>,
    is_not: Option<Vec<Literal>>,
}

impl TryFrom<Raw> for Clause {
    type Error = &'static str;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        let (negated, values) = match (raw.is, raw.is_not) {
            (Some(values), None) => (false, values),
            (None, Some(values)) => (true, values),
            _ => return Err("expected exactly one of `is = […]` and `is_not = […]`"),
        };
        let Some((first, rest)) = values.split_first() else {
            return Err("expected at least one value to compare with");
        };
        if rest.iter().any(|v| kind(v) != kind(first)) {
            return Err("expected values of one kind: all strings, or all whole numbers");
        }
        let both = matches!(values.as_slice(), [Literal::Boolean(a), Literal::Boolean(b)] if a != b && !negated);
        if !rest.is_empty() && !both && matches!(first, Literal::Boolean(_) | Literal::Decimal(_)) {
            return Err("expected one value: only strings and whole numbers can be listed");
        }
        if matches!(first, Literal::Decimal(d) if !d.is_finite()) {
            return Err("expected a finite number");
        }
        Ok(Self { field: raw.field, negated, values })
    }
}

fn kind(literal: &Literal) -> std::mem::Discriminant<Literal> {
    std::mem::discriminant(literal)
}
