//! What arrived, as NetSuite keeps it.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use super::account::Account;
use super::line::Row;
use super::records::Record;
use super::{render, transaction};

/// The line field that the pipeline names Shopify's lines in.
const RELAY_LINE: &str = "custcol_order_relay_line";

/// One write of a record through the API.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stamp {
    /// When it took effect.
    pub at: DateTime<Utc>,
    /// `create` or `update`.
    pub by: &'static str,
    /// `custbody_order_relay` after it.
    pub stamp: Option<String>,
}

/// A line of a transaction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Its number.
    pub line: u64,
    /// The item's SKU.
    pub item: String,
    /// `custcol_order_relay_line`.
    pub relay_line: Option<String>,
    /// As ordered.
    pub quantity: Decimal,
    /// A piece.
    pub rate: Decimal,
    /// By NetSuite's arithmetic.
    pub amount: Decimal,
    /// Nothing more leaves.
    pub closed: bool,
    /// Pieces that have left.
    pub fulfilled: Decimal,
    /// Pieces that are invoiced.
    pub billed: Decimal,
}

/// A sales order, credit memo or return authorization.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Transaction {
    /// `salesOrder`, `creditMemo`, `returnAuthorization`
    pub kind: &'static str,
    /// Internal id.
    pub id: u64,
    /// External id.
    pub external_id: Option<String>,
    /// External id of its customer.
    pub customer: Option<String>,
    /// ISO code.
    pub currency: String,
    /// SuiteQL's letter: `A` to `H`.
    pub status: &'static str,
    /// The sum of all lines, closed ones too: what NetSuite shows.
    pub total: Decimal,
    /// The same with closed lines counting for what had left.
    pub live_total: Decimal,
    /// All its lines.
    pub lines: Vec<Line>,
    /// Every write through the API; a person's edits are not among them.
    pub stamps: Vec<Stamp>,
    /// As a GET would show it.
    pub document: Value,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Customer {
    /// Internal id.
    pub id: u64,
    /// External id.
    pub external_id: Option<String>,
    /// Its e-mail.
    pub email: Option<String>,
    /// Every write through the API.
    pub stamps: Vec<Stamp>,
    /// As a GET would show it.
    pub document: Value,
}

pub(crate) fn transaction(account: &Account, record: &Record) -> Transaction {
    let currency = record.reference("currency").and_then(|id| account.lists.currency(id));
    let customer = record.reference("entity").and_then(|id| account.records.get(id));
    Transaction {
        kind: record.kind.name(),
        id: record.id,
        external_id: record.external_id().map(str::to_owned),
        customer: customer.and_then(Record::external_id).map(str::to_owned),
        currency: currency.map_or_else(String::new, |currency| currency.symbol.to_owned()),
        status: transaction::status(account, record).0,
        total: transaction::total(record),
        live_total: transaction::live_total(account, record),
        lines: record.rows.iter().map(|row| line(account, row)).collect(),
        stamps: record.stamps.clone(),
        document: render::document(account, record, true),
    }
}

fn line(account: &Account, row: &Row) -> Line {
    Line {
        line: row.number,
        item: account.lists.item(row.item).map_or_else(String::new, |item| item.item_id.clone()),
        relay_line: row.fields.get(RELAY_LINE).and_then(Value::as_str).map(str::to_owned),
        quantity: row.quantity,
        rate: row.rate,
        amount: row.amount,
        closed: row.closed,
        fulfilled: row.fulfilled,
        billed: row.billed,
    }
}

pub(crate) fn customer(account: &Account, record: &Record) -> Customer {
    Customer {
        id: record.id,
        external_id: record.external_id().map(str::to_owned),
        email: record.text("email").map(str::to_owned),
        stamps: record.stamps.clone(),
        document: render::document(account, record, true),
    }
}
