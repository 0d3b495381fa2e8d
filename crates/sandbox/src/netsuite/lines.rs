//! The sublist `item` of a request: lines with a number change that line, those without are added.
//! <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_159795512874.html>

use serde_json::{Map, Value};

use super::account::Account;
use super::error::Refusal;
use super::field::{Shape, decimal};
use super::fields;
use super::line::Row;
use super::request::NameCheck;

/// The lines that a transaction has once the sublist is applied to `before`. With `replace`, numbered lines are
/// changed, the others removed, and those without a number added.
pub(crate) fn apply(
    account: &Account,
    before: &[Row],
    sublist: &Value,
    replace: bool,
    digits: u32,
    names: &mut NameCheck,
) -> Result<Vec<Row>, Refusal> {
    let sent = sublist["items"].as_array().ok_or_else(|| Refusal::invalid_value(sublist, "item", "item"))?;
    let mut rows = before.to_vec();
    let mut touched = Vec::new();
    for (place, line) in sent.iter().enumerate() {
        let path = format!("item.items[{place}]");
        let line = line.as_object().ok_or_else(|| Refusal::invalid_value(line, "item", &path))?;
        let number = line.get("line").filter(|number| !number.is_null());
        let before = match number {
            None => None,
            Some(number) => {
                let known = rows.iter().position(|row| number.as_u64() == Some(row.number));
                Some(known.ok_or_else(|| Refusal::invalid_value(number, "line", &format!("{path}.line")))?)
            }
        };
        let next = rows.iter().map(|row| row.number).max().unwrap_or(0) + 1;
        let row = change(account, before.map(|place| &rows[place]), next, line, &path, digits, names)?;
        touched.push(row.number);
        match before {
            Some(place) => rows[place] = row,
            None => rows.push(row),
        }
    }
    if replace {
        if rows.iter().any(|row| !touched.contains(&row.number) && !row.fulfilled.max(row.billed).is_zero()) {
            return Err(Refusal::user("You cannot delete a line that has been fulfilled or billed.").at("item"));
        }
        rows.retain(|row| touched.contains(&row.number));
    }
    Ok(rows)
}

fn change(
    account: &Account,
    before: Option<&Row>,
    next: u64,
    sent: &Map<String, Value>,
    path: &str,
    digits: u32,
    names: &mut NameCheck,
) -> Result<Row, Refusal> {
    let taken = take(account, sent, path, names)?;
    let item = taken.get("item").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let mut row = match (before, item) {
        (Some(before), _) => before.clone(),
        (None, Some(item)) => Row::new(next, item),
        (None, None) => return Err(Refusal::missing("item").at(format!("{path}.item"))),
    };
    row.item = item.unwrap_or(row.item);
    let (mut rate, mut amount, mut priced) = (None, None, before.is_none());
    for (name, value) in taken {
        let number = || decimal(&value);
        match name.as_str() {
            "item" => priced |= before.is_some_and(|before| before.item != row.item),
            "quantity" => {
                row.quantity = number().unwrap_or_default();
                priced = true;
            }
            "rate" => (rate, priced) = (number(), true),
            "amount" => (amount, priced) = (number(), true),
            "price" => {
                row.price = value.as_str().map(str::to_owned);
                priced = true;
            }
            "isClosed" => row.closed = value == true,
            _ if value.is_null() => drop(row.fields.remove(&name)),
            _ => drop(row.fields.insert(name, value)),
        }
    }
    if priced {
        let own = account.lists.item(row.item).and_then(|item| item.price);
        row.price(rate, amount, own, digits);
    }
    if let Some(before) = before {
        if account.settings.fixed_shipped && row.closed && !before.closed && !before.fulfilled.is_zero() {
            return Err(
                Refusal::user("A line that has been fulfilled cannot be closed.").at(format!("{path}.isClosed"))
            );
        }
        row.check_change(before, path)?;
    }
    Ok(row)
}

/// The properties of a line under their canonical names; nulls stay, to clear.
fn take(
    account: &Account,
    sent: &Map<String, Value>,
    path: &str,
    names: &mut NameCheck,
) -> Result<Map<String, Value>, Refusal> {
    let mut taken = Map::new();
    for (name, value) in sent {
        let path = format!("{path}.{name}");
        let known = fields::line(name).or_else(|| {
            let custom = account.settings.custom_fields.get(name).filter(|name| name.starts_with("custcol"));
            custom.map(|_| ("", Shape::Text(300)))
        });
        match known {
            None if name == "line" => {}
            None => names.unknown(&path)?,
            Some((known, shape)) => {
                let known = if known.is_empty() { name } else { known };
                let value = if value.is_null() { Value::Null } else { shape.take(account, known, &path, value)? };
                taken.insert(known.to_owned(), value);
            }
        }
    }
    Ok(taken)
}
