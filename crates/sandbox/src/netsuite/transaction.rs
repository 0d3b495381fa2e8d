//! What makes a transaction whole: defaults, lines, totals and status.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::account::Account;
use super::error::Refusal;
use super::field::decimal;
use super::kind::Kind;
use super::line::rounded;
use super::lines;
use super::records::Record;
use super::request::NameCheck;

/// A new transaction: what was not sent comes from its customer, today, and the next number.
pub(crate) fn complete(account: &Account, record: &mut Record, now: DateTime<Utc>) -> Result<(), Refusal> {
    let customer = record.reference("entity").and_then(|id| account.records.get(id));
    let customer = customer.ok_or_else(|| Refusal::missing("entity"))?;
    let of_customer = |name: &str| customer.fields.get(name).cloned().unwrap_or_else(|| json!("1"));
    let number = format!("{}{}", if record.kind == Kind::SalesOrder { "SO" } else { "CM" }, record.id);
    let defaults = [
        ("subsidiary", of_customer("subsidiary")),
        ("currency", of_customer("currency")),
        ("tranDate", json!(now.date_naive().to_string())),
        ("tranId", json!(number)),
        ("orderStatus", json!("B")),
    ];
    for (name, default) in defaults {
        record.fields.entry(name).or_insert(default);
    }
    if record.fields["subsidiary"] != of_customer("subsidiary") {
        return Err(Refusal::invalid_value(&record.fields["subsidiary"], "subsidiary", "subsidiary"));
    }
    Ok(())
}

/// Applies the sublist. A transaction has at least one line.
pub(crate) fn set_lines(
    account: &Account,
    record: &mut Record,
    sublist: Option<&Value>,
    replace: bool,
    names: &mut NameCheck,
) -> Result<(), Refusal> {
    let sublist = sublist.ok_or_else(|| Refusal::missing("item"))?;
    let rows = lines::apply(account, &record.rows, sublist, replace, digits(account, record), names)?;
    if rows.is_empty() {
        return Err(Refusal::missing("item"));
    }
    record.rows = rows;
    Ok(())
}

/// Digits of the transaction's currency.
pub(crate) fn digits(account: &Account, record: &Record) -> u32 {
    let currency = record.reference("currency").and_then(|id| account.lists.currency(id));
    currency.map_or(2, |currency| currency.digits)
}

/// NetSuite's total: all lines, closed ones too, and the tax that `SuiteTax` was told of.
pub(crate) fn total(record: &Record) -> Decimal {
    record.rows.iter().map(|row| row.amount).sum::<Decimal>() + tax(record)
}

fn tax(record: &Record) -> Decimal {
    let details = record.fields.get("taxDetails").and_then(|details| details["items"].as_array());
    details.into_iter().flatten().filter_map(|detail| decimal(&detail["taxAmount"])).sum()
}

/// What is left of it once closed lines count for no more than what had left.
pub(crate) fn live_total(account: &Account, record: &Record) -> Decimal {
    let digits = digits(account, record);
    let live = |row: &super::line::Row| {
        if row.closed { rounded(row.fulfilled * row.rate, digits) } else { row.amount }
    };
    record.rows.iter().map(live).sum::<Decimal>() + tax(record)
}

/// `A` pending approval, `B` pending fulfilment, `D` partially fulfilled, `F` pending billing, `G` billed, `H` closed.
pub(crate) fn status(account: &Account, record: &Record) -> (&'static str, &'static str) {
    if record.kind != Kind::SalesOrder {
        return if record.kind == Kind::CreditMemo { ("A", "Open") } else { ("B", "Pending Receipt") };
    }
    let is_good = |item: u64| account.lists.item(item).is_some_and(|item| item.price.is_some());
    let open: Vec<_> = record.rows.iter().filter(|row| !row.closed).collect();
    let goods: Vec<_> = open.iter().filter(|row| is_good(row.item)).collect();
    if open.is_empty() && record.rows.iter().all(|row| row.billed.is_zero()) {
        ("H", "Closed")
    } else if record.rows.iter().any(|row| !row.billed.is_zero()) && goods.iter().all(|row| row.billed >= row.quantity)
    {
        ("G", "Billed")
    } else if !goods.is_empty() && goods.iter().all(|row| row.fulfilled >= row.quantity) {
        ("F", "Pending Billing")
    } else if record.rows.iter().any(|row| !row.fulfilled.is_zero()) {
        ("D", "Partially Fulfilled")
    } else if record.text("orderStatus") == Some("A") {
        ("A", "Pending Approval")
    } else {
        ("B", "Pending Fulfillment")
    }
}
