//! sObject Collections: up to 200 rows a call, each written or not by itself:
//! <https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_update.htm>.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Asks, Client};
use crate::error::Outage;
use crate::row::{Row, Unwritten, UnwrittenReason, Upserted};
use crate::{Error, Id};

/// One result, in the order of the rows.
#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    id: Option<String>,
    success: bool,
    #[serde(default)]
    created: bool,
    #[serde(default)]
    errors: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(rename = "statusCode", default)]
    code: String,
    #[serde(default)]
    fields: Option<Vec<String>>,
}

impl Client {
    /// Writes to rows that there are, at most [`MOST_ROWS`](crate::MOST_ROWS), by their ids: `PATCH …/composite/sobjects`.  One result each, in their
    /// order; an id that there is not makes no new row.  As long as the values do not depend on what is there, repeating it is harmless.
    pub async fn update(&self, object: &str, rows: &[Row<Id>]) -> Result<Vec<Result<(), Unwritten>>, Error> {
        let records = rows.iter().map(|row| record(object, ("id", row.key.as_str()), row)).collect();
        let results = self.write(&["composite", "sobjects"], records).await?;
        Ok(results.into_iter().map(|result| result.map(drop)).collect())
    }

    /// Writes to rows, at most [`MOST_ROWS`](crate::MOST_ROWS), by the value of an external id, and makes those that there are not:
    /// `PATCH …/composite/sobjects/{object}/{key}`.  The external id has to be unique, and no two rows may have the same.
    pub async fn upsert(
        &self,
        object: &str,
        key: &str,
        rows: &[Row<String>],
    ) -> Result<Vec<Result<Upserted, Unwritten>>, Error> {
        let records = rows.iter().map(|row| record(object, (key, &row.key), row)).collect();
        let results = self.write(&["composite", "sobjects", object, key], records).await?;
        let upserted = |answered: Answered| {
            let id = answered.id.as_deref().and_then(|id| Id::parse(id).ok());
            let id = id.ok_or(Outage::Undocumented("a row that was written without an id"))?;
            Ok(Upserted { id, created: answered.created })
        };
        results.into_iter().map(|result| result.map(upserted).map_or_else(|e| Ok(Err(e)), |it| it.map(Ok))).collect()
    }

    async fn write(&self, resource: &[&str], records: Vec<Value>) -> Result<Vec<Result<Answered, Unwritten>>, Error> {
        let sent = records.len();
        if sent == 0 {
            return Ok(Vec::new());
        }
        self.check_quota()?;
        let mut path = vec!["services", "data", self.api_version.as_str()];
        path.extend(resource);
        let body = json!({"allOrNone": false, "records": records});
        let reply = self.send(|instance| Ok(instance.join(&path)), Asks::Write(&body)).await?;
        let answered: Vec<Answered> = reply.json()?;
        if answered.len() != sent {
            return Err(Outage::Undocumented("a collection with another number of results than of rows").into());
        }
        Ok(answered.into_iter().map(Answered::result).collect())
    }
}

impl Answered {
    fn result(self) -> Result<Answered, Unwritten> {
        if self.success {
            return Ok(self);
        }
        let said = self.errors.into_iter().next();
        let (code, fields) = said.map_or_else(Default::default, |said| (said.code, said.fields.unwrap_or_default()));
        Err(Unwritten { reason: UnwrittenReason::of(&code), code, fields })
    }
}

fn record<K>(object: &str, (key, value): (&str, &str), row: &Row<K>) -> Value {
    let mut record: Map<String, Value> = row.values.clone().into_iter().collect();
    record.insert("attributes".to_owned(), json!({"type": object}));
    record.insert(key.to_owned(), value.into());
    Value::Object(record)
}
