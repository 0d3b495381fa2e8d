//! One value of a record.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::id::SfId;
use super::kind::Kind;

/// A value, typed by its field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Text(Box<str>),
    Id(SfId),
    Bool(bool),
    Number(f64),
    DateTime(DateTime<Utc>),
    Date(NaiveDate),
}

impl Cell {
    /// Reads a JSON value for a field of `kind`; the error says what was expected.
    pub(crate) fn read(kind: Kind, value: &Value) -> Result<Self, &'static str> {
        let text = || value.as_str().ok_or("a string");
        if value.is_null() {
            return Ok(if kind == Kind::Boolean { Self::Bool(false) } else { Self::Null });
        }
        Ok(match kind {
            Kind::Id | Kind::Reference => Self::Id(text()?.parse().map_err(|_| "an id of 15 or 18 characters")?),
            Kind::Boolean => Self::Bool(value.as_bool().ok_or("true or false")?),
            Kind::Double | Kind::Currency => Self::Number(value.as_f64().ok_or("a number")?),
            Kind::Date => Self::Date(text()?.parse().map_err(|_| "a date such as 2026-11-20")?),
            Kind::DateTime => Self::DateTime(read_datetime(text()?).ok_or("a dateTime with an offset")?),
            // Salesforce stores an empty text as null.
            _ => match text()? {
                "" => Self::Null,
                some => Self::Text(some.into()),
            },
        })
    }

    /// As Salesforce renders it, dateTimes with an offset that has no colon.
    pub(crate) fn render(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::from(&**text),
            Self::Id(id) => Value::from(id.as_str()),
            Self::Bool(is) => Value::from(*is),
            Self::Number(number) => Value::from(*number),
            Self::DateTime(at) => Value::from(at.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()),
            Self::Date(date) => Value::from(date.to_string()),
        }
    }

    pub(crate) fn as_id(&self) -> Option<SfId> {
        if let Self::Id(id) = self { Some(*id) } else { None }
    }

    pub(crate) fn as_datetime(&self) -> Option<DateTime<Utc>> {
        if let Self::DateTime(at) = self { Some(*at) } else { None }
    }
}

/// RFC 3339, or Salesforce's form of it. Whole milliseconds, as Salesforce keeps them.
fn read_datetime(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()?;
    DateTime::from_timestamp_millis(at.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datetimes_are_rendered_as_salesforce_does() {
        for text in ["2026-11-20T18:04:31Z", "2026-11-20T19:04:31.000+01:00", "2026-11-20T18:04:31.000+0000"] {
            let cell = Cell::read(Kind::DateTime, &Value::from(text)).unwrap();
            assert_eq!(cell.render(), "2026-11-20T18:04:31.000+0000");
        }
        assert!(Cell::read(Kind::DateTime, &Value::from("2026-11-20")).is_err());
        assert!(Cell::read(Kind::Date, &Value::from("2026-11-20T00:00:00Z")).is_err());
    }
}
