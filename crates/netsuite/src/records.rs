//! Records: <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_1540391670.html>.

use rest::{Method, Reply, Request, Url};
use serde_json::Value;

use crate::{
    Creation, Error, Outage, RecordId, RecordKey, RefusalReason,
    client::{Client, Service},
};

impl Client {
    /// Creates a record: `POST /services/rest/record/v1/{record_type}`. The body's `externalId` makes a second attempt harmless:
    /// NetSuite refuses it, which is [`Creation::AlreadyExists`] and no error.
    pub async fn create(&self, record_type: &str, body: &Value) -> Result<Creation, Error> {
        let url = self.records(&[record_type]);
        match self.send(Service::WebService, Request::json(Method::Post, url, body)?).await {
            Ok(reply) => located(&reply)
                .map(Creation::Created)
                .ok_or_else(|| Outage::Undocumented("a creation that does not say what it made").into()),
            Err(Error::Refused { reason: RefusalReason::AlreadyExists, .. }) => Ok(Creation::AlreadyExists),
            Err(error) => Err(error),
        }
    }

    /// Reads a record, or finds that there is none. With `expand` it brings its sublists and addresses with it.
    ///
    /// Not a plain read: NetSuite loads the record for editing, runs the account's scripts, and refuses one that a workflow has
    /// locked ([`RefusalReason::Locked`]), which [`Client::suiteql`] still shows.
    pub async fn get(&self, record_type: &str, key: RecordKey<'_>, expand: bool) -> Result<Option<Value>, Error> {
        let mut url = self.records(&[record_type, &key.segment()]);
        if expand {
            url.query_pairs_mut().append_pair("expandSubResources", "true");
        }
        match self.send(Service::WebService, Request::get(url)).await {
            Ok(reply) => Ok(Some(reply.json().map_err(|error| Error::from(error).of_a_read())?)),
            Err(Error::Refused { reason: RefusalReason::Missing, .. }) => Ok(None),
            Err(error) => Err(error.of_a_read()),
        }
    }

    /// Changes a record. What the body leaves out stays, `null` clears. Lines of a sublist with their `line` are changed, lines
    /// without are added; `replace` names a sublist whose other lines go.
    pub async fn patch(
        &self,
        record_type: &str,
        key: RecordKey<'_>,
        body: &Value,
        replace: Option<&str>,
    ) -> Result<(), Error> {
        let mut url = self.records(&[record_type, &key.segment()]);
        if let Some(sublist) = replace {
            url.query_pairs_mut().append_pair("replace", sublist);
        }
        done(&self.send(Service::WebService, Request::json(Method::Patch, url, body)?).await?)
    }

    /// Creates or rewrites the record of an external id: `PUT …/eid:{external_id}`; its number, where NetSuite says it. Not for what
    /// others work on: it rewrites whatever it finds, and adds the lines of a sublist once more.
    pub async fn upsert(&self, record_type: &str, external_id: &str, body: &Value) -> Result<Option<RecordId>, Error> {
        let url = self.records(&[record_type, &RecordKey::External(external_id).segment()]);
        let reply = self.send(Service::WebService, Request::json(Method::Put, url, body)?).await?;
        done(&reply).map(|()| located(&reply))
    }

    /// Deletes a record, which the role must be allowed to: `DELETE …/{record_type}/{id}`. What others came of is refused.
    pub async fn delete(&self, record_type: &str, id: &RecordId) -> Result<(), Error> {
        let url = self.records(&[record_type, id.as_str()]);
        done(&self.send(Service::WebService, Request { method: Method::Delete, ..Request::get(url) }).await?)
    }

    /// Makes one record of another: `POST …/{record_type}/{id}/!transform/{into}`; its number. Of an order, `itemFulfillment` is what the
    /// warehouse does (<https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157901123882.html>).
    pub async fn transform(
        &self,
        record_type: &str,
        id: &RecordId,
        into: &str,
        body: &Value,
    ) -> Result<RecordId, Error> {
        let url = self.records(&[record_type, id.as_str(), "!transform", into]);
        let reply = self.send(Service::WebService, Request::json(Method::Post, url, body)?).await?;
        located(&reply).ok_or_else(|| Outage::Undocumented("a record that does not say what it is").into())
    }

    fn records(&self, segments: &[&str]) -> Url {
        self.credentials.suitetalk.join(&[&["services", "rest", "record", "v1"], segments].concat())
    }
}

/// A write answers 204, with or without the record's address. Any other success is a page of somebody else's.
fn done(reply: &Reply) -> Result<(), Error> {
    if reply.status == 204 || located(reply).is_some() {
        return Ok(());
    }
    Err(Outage::Undocumented("a write that answers with content").into())
}

/// The number at the end of `Location: …/salesOrder/647`.
fn located(reply: &Reply) -> Option<RecordId> {
    reply.header("location")?.rsplit('/').next()?.parse().ok()
}
