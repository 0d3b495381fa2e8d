//! Which orders count as completed, and when they were: the condition of the settings as SOQL, and the field that says when.

use crate::{Find, Unfit, compare};
use chrono::{DateTime, Utc};
use config::{BusinessDay, FieldPath, Zone};
use salesforce::{BadField, Record, soql};

/// The checkbox of an order that takes goods back: what it returns was not bought, and nobody is asked for a review of it. Orgs
/// without reduction orders, and users who may not see it, do not have the field.
/// <https://help.salesforce.com/s/articleView?id=sales.orderreduction_overview.htm>
pub const REDUCTION: &str = "IsReductionOrder";

/// What kind of field says when an order was completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completed {
    /// An instant: the business day follows from the store's time zone.
    DateTime,
    /// A date: it is the business day.
    Date,
}

impl Find<'_> {
    /// The field that says when an order was completed.
    ///
    /// # Errors
    /// When there is none, or it cannot be used for that.
    pub async fn completed_at(&self, path: &FieldPath) -> Result<(String, Completed), Unfit> {
        let key = "salesforce.completed_at";
        let found = self.path("Order", key, path).await?;
        let unusable =
            |reason: &str| Unfit::Unusable { key, path: path.as_str().to_owned(), reason: reason.to_owned() };
        if found.field.calculated {
            return Err(unusable(
                "a formula: it can change without the order being touched; expected a stored date or date-time field",
            ));
        }
        match found.field.kind.as_str() {
            "datetime" => Ok((found.path, Completed::DateTime)),
            "date" => Ok((found.path, Completed::Date)),
            other => Err(unusable(&format!("a field of type {other}; expected a date or date-time field"))),
        }
    }

    /// A condition on orders, in SOQL. Returns are left out where the org has them, unless a clause names them.
    ///
    /// # Errors
    /// When a clause's field cannot be used.
    pub async fn orders(&self, key: &'static str, clauses: &[config::Clause]) -> Result<String, Unfit> {
        let (mut conditions, paths) = self.conditions("Order", key, clauses).await?;
        let order = self.schema.object("Order").await.map_err(Unfit::Salesforce)?;
        let says_otherwise = paths.iter().any(|path| path == REDUCTION);
        if !says_otherwise && order.field(REDUCTION).is_some_and(|field| field.filterable) {
            conditions.push(format!("{REDUCTION} = false"));
        }
        Ok(conditions.join(" AND "))
    }

    /// A condition on `object`, in SOQL: every clause holds.
    ///
    /// # Errors
    /// When a clause's field cannot be used.
    pub async fn condition(
        &self,
        object: &str,
        key: &'static str,
        clauses: &[config::Clause],
    ) -> Result<String, Unfit> {
        Ok(self.conditions(object, key, clauses).await?.0.join(" AND "))
    }

    /// Each clause, and the path that it is about.
    async fn conditions(
        &self,
        object: &str,
        key: &'static str,
        clauses: &[config::Clause],
    ) -> Result<(Vec<String>, Vec<String>), Unfit> {
        let (mut conditions, mut paths) = (Vec::with_capacity(clauses.len() + 1), Vec::with_capacity(clauses.len()));
        for clause in clauses {
            let found = self.path(object, key, &clause.field).await?;
            let unusable = |reason: &str| Unfit::Unusable { key, path: found.path.clone(), reason: reason.to_owned() };
            if found.field.calculated {
                return Err(unusable(
                    "a formula: an order would become completed without being touched, and not be found; expected a stored field",
                ));
            }
            if !found.field.filterable {
                return Err(unusable("a field that Salesforce cannot filter by"));
            }
            conditions.push(compare(&found.path, clause));
            paths.push(found.path);
        }
        Ok((conditions, paths))
    }
}

impl Completed {
    /// The business day, in `zone`, on which `row` was completed by the field `path`; none where it is empty.
    ///
    /// # Errors
    /// When the field cannot be read.
    pub fn day(self, row: &Record, path: &str, zone: Zone) -> Result<Option<BusinessDay>, BadField> {
        Ok(match self {
            Self::DateTime => row.datetime(path)?.map(|at| BusinessDay::of(at, zone)),
            Self::Date => row.date(path)?.map(BusinessDay::from),
        })
    }

    /// The instant; where the field is a date its midnight in UTC: to compare orders with each other.
    ///
    /// # Errors
    /// When the field cannot be read.
    pub fn instant(self, row: &Record, path: &str) -> Result<Option<DateTime<Utc>>, BadField> {
        match self {
            Self::DateTime => row.datetime(path),
            Self::Date => Ok(row.date(path)?.map(|date| date.and_time(chrono::NaiveTime::MIN).and_utc())),
        }
    }

    /// The start of a business day, as a literal that compares with the field.
    pub fn start_of(self, day: BusinessDay, zone: Zone) -> String {
        match self {
            Self::DateTime => soql::datetime(day.window(zone).start),
            Self::Date => soql::date(day.date()),
        }
    }
}
