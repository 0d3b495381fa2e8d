//! What makes a customer whole. <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1544786455.html>

use serde_json::json;

use super::account::Account;
use super::error::Refusal;
use super::kind::Kind;
use super::records::Record;

/// A new customer: names as its type needs them, a subsidiary, and an entity id that nobody else has.
pub(crate) fn complete(account: &Account, record: &mut Record) -> Result<(), Refusal> {
    let is_person = record.fields.get("isPerson") == Some(&json!(true));
    record.fields.insert("isPerson".to_owned(), json!(is_person));
    if !account.settings.one_world {
        record.fields.entry("subsidiary").or_insert_with(|| json!("1"));
    }
    for name in [if is_person { "lastName" } else { "companyName" }, "subsidiary"] {
        if record.text(name).is_none_or(|text| text.trim().is_empty()) {
            return Err(Refusal::missing(name));
        }
    }
    if account.settings.auto_numbering {
        record.fields.insert("entityId".to_owned(), json!(format!("CUST{}", record.id)));
    } else if record.text("entityId").is_none() {
        let names = if is_person { ["firstName", "lastName"] } else { ["companyName", ""] };
        let names: Vec<&str> = names.iter().filter_map(|name| record.text(name)).collect();
        record.fields.insert("entityId".to_owned(), json!(names.join(" ")));
    }
    record.fields.entry("currency").or_insert_with(|| json!("1"));
    check(account, record)
}

/// The entity id is unique in the account, whatever the case.
pub(crate) fn check(account: &Account, record: &Record) -> Result<(), Refusal> {
    let entity_id = record.text("entityId").unwrap_or_default().to_lowercase();
    let is_taken = account.records.of(Kind::Customer).any(|other| {
        other.id != record.id && other.text("entityId").is_some_and(|taken| taken.to_lowercase() == entity_id)
    });
    if is_taken { Err(Refusal::user("This entity already exists.").at("entityId")) } else { Ok(()) }
}
