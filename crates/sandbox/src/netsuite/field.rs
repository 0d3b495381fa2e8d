//! One property: what it holds, and what becomes of a value that is sent for it.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::error::Refusal;
use super::fields::ADDRESS;
use super::kind::Kind;

/// What a reference refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Customer,
    Transaction,
    Item,
    Subsidiary,
    Currency,
    /// `-1` is the custom one.
    PriceLevel,
    /// A list that is not simulated: any id will do.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    ExternalId,
    /// Of so many characters at most.
    Text(usize),
    Email,
    Phone,
    Date,
    Number,
    Flag,
    Choice(&'static [&'static str]),
    To(Target),
    Address,
    AddressBook,
    /// `SuiteTax`'s details, kept as they come.
    TaxDetails,
}

impl Shape {
    /// The value as the account keeps it: text, numbers as decimal text, references as internal ids.
    pub(crate) fn take(self, account: &Account, name: &str, path: &str, value: &Value) -> Result<Value, Refusal> {
        let invalid = || Refusal::invalid_value(value, name, path);
        let text = || value.as_str().ok_or_else(invalid);
        match self {
            Self::Text(longest) => short(text()?, name, longest),
            Self::Number => decimal(value).map(|number| json!(number.to_string())).ok_or_else(invalid),
            Self::Flag => value.as_bool().map(Value::Bool).ok_or_else(invalid),
            Self::ExternalId => {
                let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
                let id = text()?;
                if id.is_empty() || !id.chars().all(is_plain) { Err(invalid()) } else { Ok(value.clone()) }
            }
            Self::Email => {
                let email = text()?;
                let halves = email.split_once('@').filter(|(local, domain)| !local.is_empty() && domain.contains('.'));
                let is_email = halves.is_some() && !email.contains(char::is_whitespace);
                if is_email { short(email, name, 254) } else { Err(invalid()) }
            }
            Self::Phone => {
                let digits = text()?.chars().filter(char::is_ascii_digit).count();
                let too_short = "Phone number should have seven digits or more.";
                if digits < 7 { Err(Refusal::user(too_short).at(path)) } else { short(text()?, name, 32) }
            }
            Self::Date => {
                let date: Result<NaiveDate, _> = text()?.get(..10).unwrap_or_default().parse();
                date.map(|date| json!(date.to_string())).map_err(|_| invalid())
            }
            Self::Choice(choices) => {
                let id = id_of(value).ok_or_else(invalid)?;
                if choices.contains(&id.as_str()) { Ok(json!(id)) } else { Err(invalid()) }
            }
            Self::To(target) => refer(account, target, value).map(|id| json!(id)).ok_or_else(invalid),
            Self::Address => address(name, path, value),
            Self::AddressBook => address_book(path, value),
            Self::TaxDetails => value["items"].as_array().map(|_| value.clone()).ok_or_else(invalid),
        }
    }

    /// As a GET shows it.
    pub(crate) fn show(self, account: &Account, value: &Value) -> Value {
        match self {
            Self::Number => value.as_str().and_then(|text| text.parse().ok()).map_or(Value::Null, number),
            Self::To(target) => {
                let id = value.as_str().unwrap_or_default();
                let shown = id.parse().ok().and_then(|number| name_of(account, target, number));
                json!({"links": [], "id": id, "refName": shown.unwrap_or_else(|| id.to_owned())})
            }
            Self::Choice(_) => json!({"id": value}),
            _ => value.clone(),
        }
    }
}

fn short(text: &str, name: &str, longest: usize) -> Result<Value, Refusal> {
    if text.chars().count() > longest {
        let said =
            format!("The field {name} contained more than the maximum number ( {longest} ) of characters allowed.");
        return Err(Refusal::user(&said).at(name));
    }
    Ok(json!(text))
}

/// A JSON number (or its text) without going through a double.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

/// A decimal as a JSON number.
pub(crate) fn number(decimal: Decimal) -> Value {
    serde_json::from_str(&decimal.normalize().to_string()).unwrap_or(Value::Null)
}

/// `{"id": "5"}`, `{"id": 5}`, `"5"` or `5`.
fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::Object(reference) => reference.get("id").filter(|id| !id.is_object()).and_then(id_of),
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

/// The internal id of what is referred to, if there is such a thing.
fn refer(account: &Account, target: Target, value: &Value) -> Option<String> {
    if let Some(external) = value.get("externalId").and_then(Value::as_str).filter(|_| value.get("id").is_none()) {
        let id = match target {
            Target::Customer => account.records.by_external(Kind::Customer, external),
            Target::Transaction => account.records.by_external(Kind::SalesOrder, external),
            Target::Item => {
                let found = |item: &&super::lists::Item| item.external_id.as_deref() == Some(external);
                account.lists.items.iter().find(found).map(|item| item.id)
            }
            _ => None,
        };
        return id.map(|id| id.to_string());
    }
    let id = id_of(value)?;
    match target {
        Target::PriceLevel => id.parse::<i64>().ok().filter(|id| (-1..=10).contains(id)).map(|_| id),
        Target::Any => id.parse::<u64>().ok().map(|_| id),
        _ => id.parse().ok().and_then(|number| name_of(account, target, number)).map(|_| id),
    }
}

/// The name of what has this id.
pub(crate) fn name_of(account: &Account, target: Target, id: u64) -> Option<String> {
    match target {
        Target::Customer => {
            let record = account.records.get(id).filter(|record| record.kind == Kind::Customer)?;
            record.text("entityId").map(str::to_owned)
        }
        Target::Transaction => {
            account.records.get(id).filter(|record| record.kind.is_transaction()).map(|_| id.to_string())
        }
        Target::Item => account.lists.item(id).filter(|item| !item.inactive).map(|item| item.item_id.clone()),
        Target::Subsidiary => account.lists.subsidiary(id).map(str::to_owned),
        Target::Currency => account.lists.currency(id).map(|currency| currency.symbol.to_owned()),
        Target::PriceLevel | Target::Any => None,
    }
}

fn address(name: &str, path: &str, value: &Value) -> Result<Value, Refusal> {
    let sent = value.as_object().ok_or_else(|| Refusal::invalid_value(value, name, path))?;
    let mut kept = Map::new();
    for (key, value) in sent {
        let path = format!("{path}.{key}");
        if value.is_null() {
            continue;
        }
        let known = ADDRESS.iter().find(|(known, _)| known.eq_ignore_ascii_case(key));
        if let Some((known, longest)) = known {
            let text = value.as_str().ok_or_else(|| Refusal::invalid_value(value, key, &path))?;
            kept.insert((*known).to_owned(), short(text, known, *longest)?);
        } else if key == "country" {
            let id = id_of(value).filter(|id| id.len() == 2 && id.bytes().all(|byte| byte.is_ascii_uppercase()));
            let id = id.ok_or_else(|| Refusal::invalid_value(value, key, &path))?;
            kept.insert("country".to_owned(), json!({"id": id}));
        } else if key == "override" {
            kept.insert(key.clone(), value.clone());
        } else {
            return Err(Refusal::unknown_property(&path));
        }
    }
    Ok(Value::Object(kept))
}

fn address_book(path: &str, value: &Value) -> Result<Value, Refusal> {
    let items = value["items"].as_array().ok_or_else(|| Refusal::invalid_value(value, "addressBook", path))?;
    let mut kept = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let path = format!("{path}.items[{place}]");
        let mut entry = Map::new();
        for (key, value) in item.as_object().into_iter().flatten() {
            match key.to_ascii_lowercase().as_str() {
                "addressbookaddress" => {
                    let address = address(key, &format!("{path}.{key}"), value)?;
                    entry.insert("addressBookAddress".to_owned(), address);
                }
                "label" | "defaultshipping" | "defaultbilling" | "isresidential" => {
                    entry.insert(key.clone(), value.clone());
                }
                _ => return Err(Refusal::unknown_property(&format!("{path}.{key}"))),
            }
        }
        kept.push(Value::Object(entry));
    }
    Ok(json!({"items": kept}))
}
