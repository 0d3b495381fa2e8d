//! What an account shows to SuiteQL, a table for each name.

use chrono::DateTime;
use rust_decimal::Decimal;
use serde_json::Value;

use super::evaluate::Cell;
use crate::netsuite::account::Account;
use crate::netsuite::kind::Kind;
use crate::netsuite::line::Row;
use crate::netsuite::records::Record;
use crate::netsuite::transaction;

pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// The table of this name.
pub(super) fn find(account: &Account, name: &str) -> Option<Table> {
    match name {
        "customer" => Some(customers(account)),
        "transaction" => Some(transactions(account)),
        "transactionline" => Some(lines(account)),
        "item" => Some(items(account)),
        "currency" => Some(currencies(account)),
        "subsidiary" => Some(subsidiaries(account)),
        _ => None,
    }
}

fn table(columns: &[&str], custom: &[String], rows: Vec<Vec<Cell>>) -> Table {
    let columns = columns.iter().map(|name| (*name).to_owned()).chain(custom.iter().cloned()).collect();
    Table { columns, rows }
}

fn custom(account: &Account, prefix: &str) -> Vec<String> {
    account.settings.custom_fields.iter().filter(|name| name.starts_with(prefix)).cloned().collect()
}

fn text(value: Option<&Value>) -> Cell {
    value.and_then(Value::as_str).map_or(Cell::Null, |text| Cell::Text(text.to_owned()))
}

fn id(value: Option<u64>) -> Cell {
    value.map_or(Cell::Null, |id| Cell::Number(id.into()))
}

/// `T` or `F`.
fn flag(value: bool) -> Cell {
    Cell::Text(if value { "T" } else { "F" }.to_owned())
}

fn date(at: DateTime<chrono::Utc>) -> Cell {
    Cell::Date(at.date_naive())
}

fn customers(account: &Account) -> Table {
    let texts = ["externalid", "entityid", "email", "firstname", "lastname", "companyname", "phone"];
    let columns =
        [&["id"], &texts[..], &["isperson", "isinactive", "subsidiary", "currency", "datecreated", "lastmodifieddate"]];
    let custom = custom(account, "custentity");
    let row = |record: &Record| {
        let named = |name: &str| {
            record.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let mut row = vec![id(Some(record.id))];
        row.extend(texts.iter().map(|name| text(named(name))));
        row.extend(["isperson", "isinactive"].map(|name| flag(named(name) == Some(&Value::Bool(true)))));
        row.extend(["subsidiary", "currency"].map(|name| id(record.reference(name))));
        row.extend([date(record.created), date(record.modified)]);
        row.extend(custom.iter().map(|name| text(named(name))));
        row
    };
    table(&columns.concat(), &custom, account.records.of(Kind::Customer).map(row).collect())
}

fn transactions(account: &Account) -> Table {
    let columns = [
        "id",
        "externalid",
        "type",
        "recordtype",
        "tranid",
        "otherrefnum",
        "entity",
        "memo",
        "currency",
        "foreigntotal",
        "total",
        "trandate",
        "status",
        "createddate",
        "lastmodifieddate",
    ];
    let custom = custom(account, "custbody");
    let row = |record: &Record| {
        let is_credit = account.settings.ledger_signs && record.kind != Kind::SalesOrder;
        let total = transaction::total(record);
        let total = Cell::Number(if is_credit { -total } else { total });
        let named = |name: &str| text(record.fields.get(name));
        let day = record.text("tranDate").and_then(|day| day.parse().ok()).map_or(Cell::Null, Cell::Date);
        let mut row = vec![
            id(Some(record.id)),
            named("externalId"),
            Cell::Text(record.kind.code().to_owned()),
            Cell::Text(record.kind.name().to_lowercase()),
            named("tranId"),
            named("otherRefNum"),
            id(record.reference("entity")),
            named("memo"),
            id(record.reference("currency")),
            total.clone(),
            total,
            day,
            Cell::Text(transaction::status(account, record).0.to_owned()),
            date(record.created),
            date(record.modified),
        ];
        row.extend(custom.iter().map(|name| named(name)));
        row
    };
    let records = account.records.all().filter(|record| record.kind.is_transaction());
    table(&columns, &custom, records.map(row).collect())
}

fn lines(account: &Account) -> Table {
    let columns = [
        "transaction",
        "id",
        "linesequencenumber",
        "item",
        "quantity",
        "rate",
        "foreignamount",
        "netamount",
        "isclosed",
        "mainline",
        "taxline",
        "quantityshiprecv",
        "quantitybilled",
    ];
    let custom = custom(account, "custcol");
    let mut rows = Vec::new();
    for record in account.records.all().filter(|record| record.kind.is_transaction()) {
        // In the ledger a sale is a credit.
        let sign =
            if account.settings.ledger_signs && record.kind == Kind::SalesOrder { -Decimal::ONE } else { Decimal::ONE };
        rows.push(main_line(record, -sign * transaction::total(record), account.settings.ledger_signs, custom.len()));
        rows.extend(record.rows.iter().map(|row| line(record, row, sign, &custom)));
    }
    table(&columns, &custom, rows)
}

fn main_line(record: &Record, total: Decimal, signed: bool, custom: usize) -> Vec<Cell> {
    let total = if signed { total } else { total.abs() };
    let mut row = vec![id(Some(record.id)), id(Some(0)), id(Some(0)), Cell::Null, Cell::Null, Cell::Null];
    row.extend([
        Cell::Number(total),
        Cell::Number(total),
        flag(false),
        flag(true),
        flag(false),
        Cell::Null,
        Cell::Null,
    ]);
    row.extend(vec![Cell::Null; custom]);
    row
}

fn line(record: &Record, row: &Row, sign: Decimal, custom: &[String]) -> Vec<Cell> {
    let mut cells = vec![
        id(Some(record.id)),
        id(Some(row.number)),
        id(Some(row.number)),
        id(Some(row.item)),
        Cell::Number(sign * row.quantity),
        Cell::Number(row.rate),
        Cell::Number(sign * row.amount),
        Cell::Number(sign * row.amount),
        flag(row.closed),
        flag(false),
        flag(false),
        Cell::Number(row.fulfilled),
        Cell::Number(row.billed),
    ];
    cells.extend(custom.iter().map(|name| text(row.fields.get(name))));
    cells
}

fn items(account: &Account) -> Table {
    let rows = account.lists.items.iter().map(|item| {
        let external = item.external_id.clone().map_or(Cell::Null, Cell::Text);
        vec![id(Some(item.id)), Cell::Text(item.item_id.clone()), external, flag(item.inactive)]
    });
    table(&["id", "itemid", "externalid", "isinactive"], &[], rows.collect())
}

fn currencies(account: &Account) -> Table {
    let rows = account.lists.currencies.iter();
    let rows = rows.map(|one| vec![id(Some(one.id)), Cell::Text(one.symbol.to_owned()), flag(false)]);
    table(&["id", "symbol", "isinactive"], &[], rows.collect())
}

fn subsidiaries(account: &Account) -> Table {
    let rows = (1..).zip(&account.lists.subsidiaries);
    let rows = rows.map(|(number, name)| vec![id(Some(number)), Cell::Text((*name).to_owned()), flag(false)]);
    table(&["id", "name", "isinactive"], &[], rows.collect())
}
