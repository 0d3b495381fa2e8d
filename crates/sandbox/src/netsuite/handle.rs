//! NetSuite from inside the process.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::account::Account;
use super::book::{self, Customer, Transaction};
use super::keys::Certificate;
use super::kind::Kind;
use super::lists::Item;
use super::load::Concurrency;
use super::record;
use super::records::Record;
use super::request::NameCheck;
use super::routes::routes;
use super::settings::Settings;
use crate::call::Host;
use crate::controls::Controls;

/// There is no record with that external id, or no such line, or the change was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("netsuite: {0}")]
pub struct NoSuchRecord(String);

/// Reads and changes the account; cheap to clone. Every method takes effect at once.
#[derive(Clone)]
pub struct Netsuite(Arc<Host<Account>>);

impl Netsuite {
    pub(crate) fn new(base_url: &str, controls: Arc<Controls>) -> Self {
        let account = Account { base_url: base_url.to_owned(), ..Account::default() };
        Self(Arc::new(Host::new(account, controls)))
    }

    pub(crate) fn routes(&self) -> Router {
        routes().with_state(Arc::clone(&self.0))
    }

    /// The content of the secret `{stack}/netsuite` for OAuth 2.0, with a P-256 key (ES256).
    pub fn secret(&self) -> Value {
        self.certified("sandbox-certificate-ec", Certificate::ec)
    }

    /// The same with a 3072 bit RSA key (PS256), which takes a moment to make.
    pub fn rsa_secret(&self) -> Value {
        self.certified("sandbox-certificate-rsa", Certificate::rsa)
    }

    /// The content of the secret `{stack}/netsuite` for token-based authentication.
    pub fn token_based_secret(&self) -> Value {
        let Account { base_url, access, .. } = &*self.0.lock();
        let token = &access.token_based;
        json!({
            "account_id": access.account_id, "base_url": base_url, "consumer_key": token.consumer_key,
            "consumer_secret": token.consumer_secret, "token_id": token.token_id, "token_secret": token.token_secret,
        })
    }

    fn certified<E>(&self, id: &str, make: fn(&str) -> Result<Certificate, E>) -> Value {
        let Account { base_url, access, .. } = &mut *self.0.lock();
        if !access.certificates.iter().any(|certificate| certificate.id == id) {
            access.certificates.extend(make(id));
        }
        let pem = access.certificates.iter().find(|one| one.id == id).map_or("", |one| &one.private_pem);
        json!({
            "account_id": access.account_id, "base_url": base_url, "client_id": access.client_id,
            "certificate_id": id, "private_key_pem": pem,
        })
    }

    /// Certificates are withdrawn and access tokens end: what [`Netsuite::secret`] gave out is no longer good, what it
    /// gives out next has a new key.
    pub fn revoke(&self) {
        let access = &mut self.0.lock().access;
        access.certificates.clear();
        access.expire();
    }

    /// Changes settings: `netsuite.set(|settings| settings.call_ms = 3_000)`.
    pub fn set(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.0.lock().settings);
    }

    /// Calls at one time, now and at most.
    pub fn concurrency(&self) -> Concurrency {
        self.0.lock().load.figures()
    }

    /// Adds an item, or replaces the one with that SKU; returns its internal id.
    pub fn put_item(&self, item: Item) -> u64 {
        self.0.lock().lists.put(item)
    }

    /// Its items.
    pub fn items(&self) -> Vec<Item> {
        self.0.lock().lists.items.clone()
    }

    /// A person enters a record in the account: `customer`, `salesOrder`, …, in the REST API's shape. Returns its
    /// internal id.
    ///
    /// # Errors
    /// When the account refuses it.
    pub fn put(&self, kind: &str, document: &Value) -> Result<u64, NoSuchRecord> {
        let now = self.0.controls.now();
        let account = &mut *self.0.lock();
        let kind = Kind::find(kind).ok_or_else(|| NoSuchRecord(format!("no record type `{kind}`")))?;
        record::insert(account, kind, object(document)?, &mut NameCheck::strict(), now)
            .map_err(|refusal| NoSuchRecord(refusal.detail))
    }

    /// Sales orders, credit memos and return authorizations, in the order of their creation.
    pub fn transactions(&self) -> Vec<Transaction> {
        let account = &*self.0.lock();
        let records = account.records.all().filter(|record| record.kind.is_transaction());
        records.map(|record| book::transaction(account, record)).collect()
    }

    /// The transaction with this external id.
    pub fn transaction(&self, external_id: &str) -> Option<Transaction> {
        let account = &*self.0.lock();
        let record = find(account, external_id).filter(|record| record.kind.is_transaction())?;
        Some(book::transaction(account, record))
    }

    /// The customers, in the order of their creation.
    pub fn customers(&self) -> Vec<Customer> {
        let account = &*self.0.lock();
        account.records.of(Kind::Customer).map(|record| book::customer(account, record)).collect()
    }

    /// How often a record with this external id was created. Two is a double.
    pub fn creations(&self, external_id: &str) -> u64 {
        let creations = &self.0.lock().records.creations;
        creations.iter().filter(|((_, known), _)| known == external_id).map(|(_, count)| count).sum()
    }

    /// What is there twice: external ids created more than once, and lines that name the same Shopify line within one
    /// transaction, each in a sentence.
    pub fn doubles(&self) -> Vec<String> {
        let account = &*self.0.lock();
        let created = account.records.creations.iter().filter(|(_, count)| **count > 1);
        let created = created.map(|((kind, id), count)| format!("{} {id} was created {count} times", kind.name()));
        let mut doubles: Vec<String> = created.collect();
        for record in account.records.all().filter(|record| record.kind.is_transaction()) {
            let shown = book::transaction(account, record);
            let mut seen = BTreeMap::<String, u64>::new();
            shown
                .lines
                .into_iter()
                .filter_map(|line| line.relay_line)
                .for_each(|name| *seen.entry(name).or_default() += 1);
            let id = shown.external_id.unwrap_or_default();
            let twice = seen.into_iter().filter(|(_, count)| *count > 1);
            doubles.extend(twice.map(|(name, count)| format!("{} {id} has line {name} {count} times", shown.kind)));
        }
        doubles
    }

    /// The warehouse ships so many more of a line.
    ///
    /// # Errors
    /// When there is no such order or line.
    pub fn fulfil(&self, external_id: &str, line: u64, quantity: u32) -> Result<(), NoSuchRecord> {
        self.row(external_id, line, |row| row.fulfilled += Decimal::from(quantity))
    }

    /// So many more of a line are invoiced.
    ///
    /// # Errors
    /// When there is no such order or line.
    pub fn bill(&self, external_id: &str, line: u64, quantity: u32) -> Result<(), NoSuchRecord> {
        self.row(external_id, line, |row| row.billed += Decimal::from(quantity))
    }

    fn row(
        &self,
        external_id: &str,
        line: u64,
        change: impl FnOnce(&mut super::line::Row),
    ) -> Result<(), NoSuchRecord> {
        let account = &mut *self.0.lock();
        let id = find(account, external_id).map(|record| record.id);
        let record = id.and_then(|id| account.records.get_mut(id)).ok_or_else(|| no_record(external_id))?;
        let row = record.rows.iter_mut().find(|row| row.number == line);
        change(row.ok_or_else(|| NoSuchRecord(format!("{external_id} has no line {line}")))?);
        Ok(())
    }

    /// A person edits a record by hand, in the shape of a PATCH; the stamp is not touched.
    ///
    /// # Errors
    /// When there is no such record, or the account refuses the change.
    pub fn edit(&self, external_id: &str, changed: &Value) -> Result<(), NoSuchRecord> {
        let now = self.0.controls.now();
        let account = &mut *self.0.lock();
        let record = find(account, external_id).ok_or_else(|| no_record(external_id))?;
        let (id, written) = (record.id, record.stamps.len());
        record::change(account, id, object(changed)?, false, &mut NameCheck::strict(), now)
            .map_err(|refusal| NoSuchRecord(refusal.detail))?;
        if let Some(record) = account.records.get_mut(id) {
            record.stamps.truncate(written);
        }
        Ok(())
    }

    /// A workflow locks a record, or lets it go: it can be neither read nor changed by REST, SuiteQL shows it.
    ///
    /// # Errors
    /// When there is no such record.
    pub fn lock(&self, external_id: &str, locked: bool) -> Result<(), NoSuchRecord> {
        let account = &mut *self.0.lock();
        let id = find(account, external_id).map(|record| record.id);
        let record = id.and_then(|id| account.records.get_mut(id)).ok_or_else(|| no_record(external_id))?;
        record.locked = locked;
        Ok(())
    }

    /// From now on a script of the account refuses records with this external id, in these words, which may hold
    /// personal data as those of real scripts do. `None`: no longer.
    pub fn refuse(&self, external_id: &str, words: Option<&str>) {
        let scripts = &mut self.0.lock().scripts;
        match words {
            Some(words) => drop(scripts.insert(external_id.to_owned(), words.to_owned())),
            None => drop(scripts.remove(external_id)),
        }
    }
}

fn find<'a>(account: &'a Account, external_id: &str) -> Option<&'a Record> {
    Kind::ALL
        .into_iter()
        .find_map(|kind| account.records.by_external(kind, external_id))
        .and_then(|id| account.records.get(id))
}

fn no_record(external_id: &str) -> NoSuchRecord {
    NoSuchRecord(format!("no record with the external id `{external_id}`"))
}

fn object(document: &Value) -> Result<&Map<String, Value>, NoSuchRecord> {
    document.as_object().ok_or_else(|| NoSuchRecord("not a document".to_owned()))
}
