//! Salesforce from inside the process.

use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::instance::Instance;
use super::kind::Kind;
use super::objects::Object;
use super::org::{BadRecord, Document};
use super::routes::routes;
use super::schema::Field;
use super::settings::Settings;
use crate::call::Host;
use crate::controls::Controls;

/// Reads and changes the org; cheap to clone. Every method takes effect at once.
#[derive(Clone)]
pub struct Salesforce(Arc<Host<Instance>>);

impl Salesforce {
    pub(crate) fn new(base_url: &str, controls: Arc<Controls>) -> Self {
        let instance = Instance { base_url: base_url.to_owned(), ..Instance::default() };
        Self(Arc::new(Host::new(instance, controls)))
    }

    pub(crate) fn routes(&self) -> Router {
        routes().with_state(Arc::clone(&self.0))
    }

    /// The content of the secret `{stack}/salesforce` (client credentials).
    pub fn secret(&self) -> Value {
        let Instance { base_url, app, .. } = &*self.0.lock();
        json!({"login_url": base_url, "client_id": app.client_id, "client_secret": app.client_secret})
    }

    /// The content of the secret `{stack}/salesforce` for the JWT bearer flow, without `private_key_pem`: any
    /// RS256 key will do, since the signature is not verified.
    pub fn jwt_secret(&self) -> Value {
        let Instance { base_url, app, .. } = &*self.0.lock();
        json!({"login_url": base_url, "client_id": app.client_id, "username": app.username})
    }

    /// The connected app gets another secret; every session ends.
    pub fn rotate_secret(&self, secret: &str) {
        let mut instance = self.0.lock();
        secret.clone_into(&mut instance.app.client_secret);
        instance.sessions.clear();
    }

    /// Adds a record, or replaces the one of the same id or number. The document is nested: fields, parents as
    /// documents (`BillToContact`), children as lists of documents (`OrderItems`). What is absent is generated (id,
    /// number), now (`SystemModstamp`), or null. Returns the record's id. An object that an org need not have
    /// (`OrderHistory`) is there from its first record on.
    ///
    /// # Errors
    /// When there is no such object, a key is not in its schema, or a value does not fit its field.
    pub fn put(&self, object: &str, document: &Value) -> Result<String, BadRecord> {
        let now = self.0.controls.now();
        let id = self.0.lock().org.replace(named(object)?, fields(document)?, now)?;
        Ok(id.to_string())
    }

    /// Changes fields of a record, named by id or number; children, if given, replace those there.
    /// `SystemModstamp` is now unless given.
    ///
    /// # Errors
    /// When there is no such record, or the fields do not fit.
    pub fn patch(&self, object: &str, key: &str, changed: &Value) -> Result<(), BadRecord> {
        let now = self.0.controls.now();
        self.0.lock().org.patch(named(object)?, key, fields(changed)?, now)
    }

    /// Changes only the stamp, as a batch job may.
    ///
    /// # Errors
    /// When there is no such record.
    pub fn touch(&self, object: &str, key: &str, stamp: DateTime<Utc>) -> Result<(), BadRecord> {
        self.patch(object, key, &json!({"SystemModstamp": stamp.to_rfc3339()}))
    }

    /// Stamps every record anew, as a mass update does.
    ///
    /// # Errors
    /// When there is no such object.
    pub fn touch_all(&self, object: &str, stamp: DateTime<Utc>) -> Result<(), BadRecord> {
        self.0.lock().org.touch_all(named(object)?, stamp);
        Ok(())
    }

    /// Removes a record, named by id or number, and what is part of it.
    ///
    /// # Errors
    /// When there is no such record.
    pub fn remove(&self, object: &str, key: &str) -> Result<(), BadRecord> {
        let (org, object) = (&mut self.0.lock().org, named(object)?);
        org.remove(object, org.look_up(object, key)?);
        Ok(())
    }

    /// A record as a nested document, by id or number.
    pub fn record(&self, object: &str, key: &str) -> Option<Value> {
        let (org, object) = (&self.0.lock().org, Object::find(object)?);
        Some(Value::Object(org.document(object, org.look_up(object, key).ok()?)))
    }

    /// Every record of an object as a nested document, by stamp and id; none where there is no such object.
    pub fn records(&self, object: &str) -> Vec<Value> {
        let org = &self.0.lock().org;
        let Some(object) = Object::find(object) else { return Vec::new() };
        let rows = org.table(object).since(DateTime::<Utc>::MIN_UTC);
        rows.map(|row| Value::Object(org.document(object, row))).collect()
    }

    /// Adds a custom field, or replaces the field of that name. `kind` is a type in describe's words
    /// (`datetime`, `date`, `string`, `boolean`, …).
    ///
    /// # Errors
    /// When there is no such object or type.
    pub fn add_field(&self, object: &str, name: &str, kind: &str) -> Result<(), BadRecord> {
        let kind = Kind::find(kind).ok_or_else(|| BadRecord(format!("no type `{kind}`")))?;
        self.0.lock().org.table_mut(named(object)?).schema.add(Field::new(name, kind));
        Ok(())
    }

    /// Removes a field, as in an org that does not have it (`CurrencyIsoCode`, `PersonEmail`).
    ///
    /// # Errors
    /// When there is no such object.
    pub fn remove_field(&self, object: &str, name: &str) -> Result<(), BadRecord> {
        self.0.lock().org.table_mut(named(object)?).schema.remove(name);
        Ok(())
    }

    /// How many orders there are.
    pub fn orders(&self) -> usize {
        self.0.lock().org.table(Object::Order).len()
    }

    /// Every query locator is forgotten.
    pub fn expire_cursors(&self) {
        self.0.lock().cursors.expire();
    }

    /// Changes settings: `salesforce.set(|settings| settings.page_size = Some(25))`.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.0.lock().settings);
    }
}

fn named(object: &str) -> Result<Object, BadRecord> {
    Object::find(object).ok_or_else(|| BadRecord(format!("no object `{object}`")))
}

fn fields(document: &Value) -> Result<&Document, BadRecord> {
    document.as_object().ok_or_else(|| BadRecord("not a document".to_owned()))
}
