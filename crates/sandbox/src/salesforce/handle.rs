//! Salesforce from inside the process.

use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::instance::Instance;
use super::org::BadRecord;
use super::routes::routes;
use super::schema::{Field, Kind, Object};
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

    /// Adds an order, or replaces the one of the same `Id` or `OrderNumber`. The document is nested:
    /// fields, `BillToContact`, `Account`, and `OrderItems` as an array with `Product2`. Absent ids are generated,
    /// `SystemModstamp` is now unless given. Returns the order's id.
    ///
    /// # Errors
    /// When a key is not in the org's schema, or a value does not fit its field.
    pub fn put_order(&self, document: &Value) -> Result<String, BadRecord> {
        let now = self.0.controls.now();
        let empty = Map::new();
        let id = self.0.lock().org.put_order(document.as_object().unwrap_or(&empty), now)?;
        Ok(id.to_string())
    }

    /// Changes fields of an order, named by id or order number; `OrderItems`, if given, replaces its lines.
    /// `SystemModstamp` is now unless given.
    ///
    /// # Errors
    /// When there is no such order, or the fields do not fit.
    pub fn patch_order(&self, key: &str, fields: &Value) -> Result<(), BadRecord> {
        let now = self.0.controls.now();
        let empty = Map::new();
        self.0.lock().org.patch_order(key, fields.as_object().unwrap_or(&empty), now)?;
        Ok(())
    }

    /// As a job does that changes nothing but the stamp.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn touch_order(&self, key: &str, stamp: DateTime<Utc>) -> Result<(), BadRecord> {
        self.patch_order(key, &json!({"SystemModstamp": stamp.to_rfc3339()}))
    }

    /// An order got this status then, as its history says: from now on the org tracks it.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn note_status(&self, key: &str, status: &str, at: DateTime<Utc>) -> Result<(), BadRecord> {
        self.0.lock().org.note_status(key, status, at)
    }

    /// A mass update of the whole history.
    pub fn touch_all_orders(&self, stamp: DateTime<Utc>) {
        let org = &mut self.0.lock().org;
        let rows: Vec<u32> = org.table(Object::Order).all().collect();
        for row in rows {
            org.touch(row, stamp);
        }
    }

    /// Removes an order, named by id or order number.
    ///
    /// # Errors
    /// When there is no such order.
    pub fn remove_order(&self, key: &str) -> Result<(), BadRecord> {
        let org = &mut self.0.lock().org;
        let row = org.find_order(key).ok_or(BadRecord::NotFound)?;
        org.remove_order(row);
        Ok(())
    }

    /// An order as a nested document, by id or order number.
    pub fn order(&self, key: &str) -> Option<Value> {
        let org = &self.0.lock().org;
        Some(org.document(org.find_order(key)?))
    }

    /// Adds a custom field to `Order`, or replaces the field of that name. `kind` is a type in describe's words
    /// (`datetime`, `date`, `string`, `boolean`, …); false when there is no such type.
    pub fn add_order_field(&self, name: &str, kind: &str, calculated: bool) -> bool {
        let Some(kind) = Kind::find(kind) else { return false };
        let field = Field { calculated, ..Field::new(name, kind) };
        self.0.lock().org.schema_mut(Object::Order).add(field);
        true
    }

    /// Removes a field from an object, as in an org that does not have it (`CurrencyIsoCode`, `PersonEmail`).
    /// False when there is no such object.
    pub fn remove_field(&self, object: &str, name: &str) -> bool {
        let Some(object) = Object::find(object) else { return false };
        self.0.lock().org.schema_mut(object).remove(name);
        true
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
