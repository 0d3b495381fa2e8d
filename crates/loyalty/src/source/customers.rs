//! A Contact, or a person account, becomes what Yotpo is asked for. Pure.

use crate::{
    keys,
    message::{self, CustomerAsked, Gone},
    source::{
        fields::CustomerFields,
        item::{At, BadRow, Instead, Mapped, Mapping, Skip, revision, sent},
        person::Person,
    },
};
use config::StoreName;
use org::{clean, trim};
use salesforce::{BadField, Id, Record};

/// Why a customer is of no store by itself.
const NO_STORE: &str = "no_store";

/// What is asked for of the customer in `row`, whichever store it is for; or why nothing is.
pub(crate) fn asked(row: &Record, fields: &CustomerFields) -> Result<Result<CustomerAsked, Skip>, BadField> {
    let text = |path: &Option<String>| path.as_ref().and_then(|path| clean(&row.text(path)?));
    let is = |path: &Option<String>| path.as_ref().and_then(|path| Some(row.text(path)? == "true"));
    let (contact, customer_id, gone) = (row.id()?, customer_id(row, fields)?, gone(row)?);
    if gone.is_some() {
        return Ok(Ok(CustomerAsked { gone, ..nothing(contact, customer_id) }));
    }
    let email = match address(row.text(&fields.email).as_deref()) {
        Ok(email) => email,
        Err(skip) => return Ok(Err(skip)),
    };
    let (phone, country) = (text(&fields.phone), text(&fields.country));
    let asked = CustomerAsked {
        email,
        first_name: text(&fields.first_name),
        last_name: text(&fields.last_name),
        phone: phone.as_deref().and_then(e164),
        country: country.as_deref().and_then(country_code),
        has_account: is(&fields.has_account),
        opt_in: is(&fields.opt_in),
        // Sent whole or not at all: what is not among them is taken off at Yotpo.
        tags: fields.tags.as_ref().map(|path| tags(&row.text(path).unwrap_or_default())),
        ..nothing(contact, customer_id)
    };
    let left_out = usize::from(phone.is_some() && asked.phone.is_none())
        + usize::from(country.is_some() && asked.country.is_none());
    if left_out > 0 {
        tracing::warn!(contact = %asked.contact, left_out, "values of a customer that Yotpo would refuse are left out");
    }
    Ok(Ok(asked))
}

/// What is asked for of a customer of whom nothing but the name is known.
fn nothing(contact: Id, customer_id: String) -> CustomerAsked {
    CustomerAsked {
        contact,
        customer_id,
        email: String::new(),
        first_name: None,
        last_name: None,
        phone: None,
        country: None,
        has_account: None,
        opt_in: None,
        tags: None,
        twins: Vec::new(),
        absorbed: Vec::new(),
        gone: None,
    }
}

/// An address as it is compared: trimmed, in lower case.
pub(crate) fn address(text: Option<&str>) -> Result<String, Skip> {
    let email = trim(text.unwrap_or_default()).to_lowercase();
    match email.as_str() {
        "" => Err(Skip::NoEmail),
        email if !yotpo::is_email(email) => Err(Skip::InvalidEmail),
        _ => Ok(email),
    }
}

/// The id by which Yotpo knows the customer: the first that is not blank, at last the record's own.
pub(crate) fn customer_id(row: &Record, fields: &CustomerFields) -> Result<String, BadField> {
    let configured = fields.id.iter().find_map(|path| clean(&row.text(path)?));
    Ok(match configured {
        Some(id) => id,
        None => row.id()?.to_string(),
    })
}

/// What has become of a deleted record.
/// <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_merge.htm>
fn gone(row: &Record) -> Result<Option<Gone>, BadField> {
    if row.text("IsDeleted").as_deref() != Some("true") {
        return Ok(None);
    }
    let Some(master) = row.text("MasterRecordId") else { return Ok(Some(Gone::Deleted)) };
    let bad = |_| BadField { path: "MasterRecordId".to_owned(), expected: "a Salesforce id" };
    Ok(Some(Gone::Merged(Id::parse(&master).map_err(bad)?)))
}

/// A phone number as E.164 has it, without what is written between digits; `None` for one without its country.
fn e164(text: &str) -> Option<String> {
    let number: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}')).collect();
    let digits = number.strip_prefix('+')?;
    let is = (8..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    is.then_some(number)
}

fn country_code(text: &str) -> Option<String> {
    let code = text.to_ascii_uppercase();
    (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(code)
}

/// Separated by commas, each once, as the org has them: a multi-select picklist has semicolons.
fn tags(text: &str) -> String {
    let mut tags: Vec<&str> = Vec::new();
    for tag in text.split([',', ';']).map(trim).filter(|tag| !tag.is_empty()) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.join(",")
}

impl Mapping<'_> {
    /// What becomes of a customer that has changed: it goes to the store that its own record names. To others it goes by way of an
    /// order.
    pub(crate) fn customer(&self, row: &Record, person: &Person) -> Result<Mapped, BadRow> {
        let by = &self.fields.customer.routing;
        let Some(At { name, zone, .. }) = self.route(row, by) else {
            let (counted, unrouted) = (Self::written(row, self.config.time_zone)?, StoreName::unrouted());
            let names_one = [&by.store, &by.locale].into_iter().flatten().any(|path| row.text(path).is_some());
            if !names_one {
                return Ok(Mapped::Outside(unrouted, counted, NO_STORE));
            }
            let (key, revision) = (keys::customer(&unrouted, &row.id()?)?, revision(row)?);
            let instead = Instead { key, revision, store: &unrouted, counted, of: None };
            return Ok(instead.hold(crate::source::item::Hold::UnknownStore));
        };
        let (counted, revision) = (Self::written(row, zone)?, revision(row)?);
        match person.asked_in(name) {
            Ok(asked) => {
                let gone = asked.gone.is_some();
                let item = sent(&message::customer(name, revision, asked)?, name, counted)?;
                Ok(if gone { Mapped::IfKnown(item) } else { Mapped::Item(item) })
            }
            Err(skip) => {
                let key = keys::customer(name, &row.id()?)?;
                Ok(Instead { key, revision, store: name, counted, of: None }.skip(skip))
            }
        }
    }
}

#[cfg(test)]
#[path = "customers_tests.rs"]
mod tests;
