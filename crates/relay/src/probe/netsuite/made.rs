//! The records that are made to find something out, and taken away again.

use netsuite::{Client, Creation, Error, RecordId, suiteql::literal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cell::RefCell;

/// A record of ours at NetSuite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Record {
    #[serde(rename = "type")]
    pub(super) record_type: &'static str,
    pub(super) id: RecordId,
}

/// Every record that was made, in the order in which they were.
pub(super) struct Made<'a> {
    client: &'a Client,
    records: RefCell<Vec<Record>>,
    /// External ids of transactions that may be there though nobody said so.
    asked: RefCell<Vec<String>>,
}

#[derive(Deserialize)]
struct Row {
    id: RecordId,
}

impl<'a> Made<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, records: RefCell::default(), asked: RefCell::default() }
    }

    /// Creates a record with this external id.
    pub(super) async fn create(
        &self,
        record_type: &'static str,
        external_id: &str,
        body: &Value,
    ) -> Result<Creation, Error> {
        if record_type != CUSTOMER {
            self.asked.borrow_mut().push(external_id.to_owned());
        }
        let created = self.client.create(record_type, body).await?;
        if let Creation::Created(id) = &created {
            self.note(record_type, id);
        }
        Ok(created)
    }

    /// Makes one record of another.
    pub(super) async fn transform(
        &self,
        record_type: &str,
        id: &RecordId,
        into: &'static str,
        body: &Value,
    ) -> Result<RecordId, Error> {
        let made = self.client.transform(record_type, id, into, body).await?;
        self.note(into, &made);
        Ok(made)
    }

    /// The transactions with this external id, all of them.
    pub(super) async fn of(&self, external_id: &str) -> Result<Vec<RecordId>, Error> {
        let Ok(external_id) = literal(external_id) else { return Ok(Vec::new()) };
        let query = format!("SELECT id FROM transaction WHERE externalid = {external_id}");
        let rows: Vec<Row> = self.client.suiteql(&query).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    fn note(&self, record_type: &'static str, id: &RecordId) {
        let record = Record { record_type, id: id.clone() };
        let mut records = self.records.borrow_mut();
        if !records.contains(&record) {
            records.push(record);
        }
    }

    /// Deletes all of it, the last first; what is left, and why.
    pub(super) async fn take_away(&self) -> (Vec<Record>, Vec<Record>, Option<Error>) {
        let asked = self.asked.take();
        let mut why = None;
        for external_id in asked {
            match self.of(&external_id).await {
                Ok(ids) => ids.iter().for_each(|id| self.note(SALES_ORDER, id)),
                Err(error) => why = Some(error),
            }
        }
        let mut records = self.records.take();
        // What came of an order before it, and whoever it is for after it.
        let rank = |record: &Record| match record.record_type {
            CUSTOMER => 2,
            SALES_ORDER => 1,
            _ => 0,
        };
        records.sort_by_key(rank);
        let (mut gone, mut left) = (Vec::new(), Vec::new());
        for record in records {
            match self.client.delete(record.record_type, &record.id).await {
                Ok(()) => gone.push(record),
                Err(error) => {
                    why = Some(error);
                    left.push(record);
                }
            }
        }
        (gone, left, why)
    }
}

pub(super) const CUSTOMER: &str = "customer";
pub(super) const SALES_ORDER: &str = "salesOrder";
pub(super) const FULFILMENT: &str = "itemFulfillment";
