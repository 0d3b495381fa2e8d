use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{Id, parse_datetime};

/// One row of a query.  Its fields are found by the names Salesforce answers with, which are those of describe
/// (see [`Schema::resolve`](crate::Schema::resolve)), whatever case the query used.
///
/// `Debug` shows the id only: rows hold personal data.  For tests: `serde_json::from_value::<Record>(json!({…}))`.
#[derive(Clone, Default)]
pub struct Record(BTreeMap<String, Content>);

#[derive(Clone)]
enum Content {
    /// Text, number, boolean or null.
    Plain(Value),
    /// The row of a lookup, or a compound field such as an address.
    Row(Record),
    /// The rows of a subquery.
    Children(Children),
}

/// The rows of a subquery, and where those are that did not fit.
#[derive(Clone)]
pub(crate) struct Children {
    pub(crate) records: Vec<Record>,
    pub(crate) next: Option<String>,
}

/// A field whose content is not what was asked for.  Names the field and not the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{path}`: expected {expected}")]
pub struct BadField {
    /// The path that was asked for.
    pub path: String,
    /// What should have been there.
    pub expected: &'static str,
}

impl Record {
    /// A field as text, by its path (`BillToContact.Email`).  Booleans are `true` and `false`, numbers plain decimals as a
    /// person would write them, though Salesforce answers `4711.0` and `1.25E7`: `4711`, `12500000`, `49.99`.  `None`: null,
    /// absent, or behind a lookup that is null; and a whole number with a point and more digits than are read exactly (15):
    /// another number would be worse than none.
    pub fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        match self.content(path)? {
            Content::Plain(Value::String(text)) => Some(Cow::Borrowed(text)),
            Content::Plain(Value::Number(number)) => plain(number).map(Cow::Owned),
            Content::Plain(Value::Bool(is)) => Some(Cow::Owned(is.to_string())),
            _ => None,
        }
    }

    /// The rows of a subquery, by its relationship's name (`OrderItems`).  Complete; empty if there are none (for
    /// which Salesforce sends null).
    pub fn children(&self, relationship: &str) -> &[Record] {
        match self.0.get(relationship) {
            Some(Content::Children(children)) => &children.records,
            _ => &[],
        }
    }

    /// The field `Id`.
    pub fn id(&self) -> Result<Id, BadField> {
        self.text("Id")
            .and_then(|id| Id::parse(&id).ok())
            .ok_or_else(|| BadField { path: "Id".to_owned(), expected: "a Salesforce id" })
    }

    /// A dateTime field; `None` if it is null.
    pub fn datetime(&self, path: &str) -> Result<Option<DateTime<Utc>>, BadField> {
        let expected = "a dateTime such as 2026-11-20T18:04:31.000+0000";
        self.read(path, expected, |text| parse_datetime(text).ok())
    }

    /// A date field; `None` if it is null.
    pub fn date(&self, path: &str) -> Result<Option<NaiveDate>, BadField> {
        self.read(path, "a date such as 2026-11-20", |text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
    }

    fn read<T>(&self, path: &str, expected: &'static str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, BadField> {
        let Some(text) = self.text(path) else {
            return Ok(None);
        };
        parse(&text).map(Some).ok_or_else(|| BadField { path: path.to_owned(), expected })
    }

    fn content(&self, path: &str) -> Option<&Content> {
        match path.split_once('.') {
            None => self.0.get(path),
            Some((relationship, rest)) => match self.0.get(relationship)? {
                Content::Row(record) => record.content(rest),
                _ => None,
            },
        }
    }

    /// What the record holds that can hold rows: its subqueries, and those behind its lookups.
    pub(crate) fn children_mut(&mut self) -> impl Iterator<Item = &mut Children> {
        let mut found = Vec::new();
        let mut records = vec![self];
        while let Some(record) = records.pop() {
            for content in record.0.values_mut() {
                match content {
                    Content::Plain(_) => {}
                    Content::Row(record) => records.push(record),
                    Content::Children(children) => found.push(children),
                }
            }
        }
        found.into_iter()
    }
}

/// A number without exponent and without zeros that say nothing.  `Display` of a float gives the fewest digits that tell it
/// from its neighbours, so never more than Salesforce sent.
fn plain(number: &serde_json::Number) -> Option<String> {
    // With its point and a zero, so many digits are below 2^53, up to which the parser and a float know every number.
    const EXACT: f64 = 900_000_000_000_000.0;
    match number.as_f64() {
        Some(0.0) => Some("0".to_owned()),
        Some(float) if number.is_f64() => (float.abs() < EXACT).then(|| float.to_string()),
        _ => Some(number.to_string()),
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Record, D::Error> {
        record(serde_json::Map::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn record(map: serde_json::Map<String, Value>) -> Result<Record, &'static str> {
    // `attributes` (type and address of the row) is of no use to anyone and as long as the rest.
    let fields = map.into_iter().filter(|(name, _)| name != "attributes");
    fields.map(|(name, value)| Ok((name, content(value)?))).collect::<Result<_, _>>().map(Record)
}

fn content(value: Value) -> Result<Content, &'static str> {
    match value {
        Value::Object(mut map) => match map.remove("records") {
            Some(Value::Array(rows)) => Ok(Content::Children(Children {
                records: rows.into_iter().map(row).collect::<Result<_, _>>()?,
                next: next(&mut map)?,
            })),
            Some(_) => Err("`records` of a subquery is not an array"),
            None => Ok(Content::Row(record(map)?)),
        },
        plain => Ok(Content::Plain(plain)),
    }
}

fn row(value: Value) -> Result<Record, &'static str> {
    match value {
        Value::Object(map) => record(map),
        _ => Err("a row of a subquery is not an object"),
    }
}

fn next(map: &mut serde_json::Map<String, Value>) -> Result<Option<String>, &'static str> {
    match (map.remove("nextRecordsUrl"), map.remove("done")) {
        (Some(Value::String(next)), _) => Ok(Some(next)),
        (_, Some(Value::Bool(false))) => Err("a subquery is not done and says not where the rest is"),
        _ => Ok(None),
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}, {} fields)", self.text("Id").as_deref().unwrap_or("no Id"), self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn order() -> Record {
        serde_json::from_value(json!({
            "attributes": {"type": "Order", "url": "/services/data/v66.0/sobjects/Order/801RO000000AbcDYAS"},
            "Id": "801RO000000AbcDYAS",
            "TotalAmount": 149.97,
            "Quantity": 3.0,
            "IsReductionOrder": false,
            "OriginalOrderId": null,
            "EffectiveDate": "2026-11-19",
            "ActivatedDate": "2026-11-20T18:04:31.000+0000",
            "BillToContact": {"attributes": {"type": "Contact"}, "Email": "jane@example.com", "Account": {"Name": "Acme"}},
            "ShipToContact": null,
            "BillingAddress": {"city": "Graz"},
            "OrderItems": {"totalSize": 2, "done": true, "records": [
                {"Product2": {"ProductCode": "A"}}, {"Product2": {"ProductCode": "B"}}
            ]},
            "Nothing": null
        }))
        .unwrap()
    }

    #[test]
    fn fields_are_found_by_path() {
        let order = order();
        let text = |path| order.text(path).map(Cow::into_owned);
        assert_eq!(text("BillToContact.Email").as_deref(), Some("jane@example.com"));
        assert!(matches!(order.text("BillToContact.Email"), Some(Cow::Borrowed(_))));
        assert_eq!(text("BillToContact.Account.Name").as_deref(), Some("Acme"));
        assert_eq!(text("BillingAddress.city").as_deref(), Some("Graz"));
        assert_eq!(text("TotalAmount").as_deref(), Some("149.97"));
        assert_eq!(text("Quantity").as_deref(), Some("3"));
        assert_eq!(text("IsReductionOrder").as_deref(), Some("false"));
        for nothing in
            ["OriginalOrderId", "ShipToContact.Email", "Absent", "BillToContact", "OrderItems", "Id.x", "", "."]
        {
            assert_eq!(text(nothing), None, "{nothing}");
        }
        let codes: Vec<_> =
            order.children("OrderItems").iter().filter_map(|item| item.text("Product2.ProductCode")).collect();
        assert_eq!(codes, ["A", "B"]);
        assert!(order.children("Nothing").is_empty() && order.children("Absent").is_empty());
    }

    #[test]
    fn a_number_is_written_as_a_person_would() {
        for (json, written) in [
            ("4711.0", "4711"),
            ("4711", "4711"),
            ("-4711.0", "-4711"),
            ("49.99", "49.99"),
            ("49.90", "49.9"),
            ("0.0", "0"),
            ("-0.0", "0"),
            ("1.25E7", "12500000"),
            ("1.0e-7", "0.0000001"),
            ("4.006381333931E12", "4006381333931"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("899999999999999.0", "899999999999999"),
            ("0.1", "0.1"),
        ] {
            let row: Record = serde_json::from_str(&format!(r#"{{"Number__c": {json}}}"#)).unwrap();
            assert_eq!(row.text("Number__c").as_deref(), Some(written), "{json}");
        }
        // The parser makes this ...394.
        let row: Record = serde_json::from_str(r#"{"Number__c": 7205917142290393.0}"#).unwrap();
        assert_eq!(row.text("Number__c"), None);
    }

    proptest! {
        /// What is written is the number, in digits, a point and a sign, and in no more digits than it came with.
        #[test]
        fn a_number_keeps_its_value_and_gets_no_digits(digits in 1_u64..900_000_000_000_000, scale in 0..12_u32, sign in "-?") {
            let (ones, rest) = (digits / 10_u64.pow(scale), digits % 10_u64.pow(scale));
            let decimal = if scale == 0 { format!("{sign}{ones}.0") } else { format!("{sign}{ones}.{rest:0width$}", width = scale as usize) };
            let row: Record = serde_json::from_str(&format!(r#"{{"N": {decimal}, "E": {sign}{digits}e-{scale}}}"#)).unwrap();
            let written = row.text("N").unwrap().into_owned();
            prop_assert!(written.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit() || b == b'.'), "{}", written);
            prop_assert!(written.len() <= decimal.len(), "{} of {}", written, decimal);
            prop_assert_eq!(written.parse::<f64>(), decimal.parse::<f64>());
            prop_assert_eq!(row.text("E").unwrap(), written.as_str());
            prop_assert!(!written.contains('.') || !written.ends_with(['0', '.']), "{}", written);
        }
    }

    #[test]
    fn times_and_ids_are_read_or_refused_by_name() {
        let order = order();
        assert_eq!(order.id().unwrap().as_str(), "801RO000000AbcDYAS");
        assert_eq!(order.datetime("ActivatedDate").unwrap().unwrap().timestamp(), 1_795_197_871);
        assert_eq!(order.date("EffectiveDate").unwrap(), NaiveDate::from_ymd_opt(2026, 11, 19));
        assert_eq!(order.datetime("Nothing"), Ok(None));
        let error = order.datetime("BillToContact.Email").unwrap_err();
        assert!(error.to_string().contains("BillToContact.Email") && !error.to_string().contains("jane"), "{error}");
        assert!(order.date("ActivatedDate").is_err());
        assert!(order.children("OrderItems")[0].id().is_err());
    }

    #[test]
    fn nothing_personal_is_in_the_debug_form() {
        assert_eq!(format!("{:?}", order()), "Record(801RO000000AbcDYAS, 12 fields)");
    }
}
