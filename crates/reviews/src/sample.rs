//! An order that nobody placed, to see whether orders can be mapped. It is never sent.

use crate::{
    fields::Fields,
    map::{Mapped, map},
    message::{Message, key, message},
};
use chrono::{DateTime, Utc};
use config::{BusinessDay, Relay};
use delivery::NotAMessage;
use ledger::Revision;
use org::LINES;
use queue::body;
use salesforce::Record;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use yotpo::{Product, Purchase};

const ID: &str = "801000000000001AAA";

/// Why the sample does not become a message.
#[derive(Debug, thiserror::Error)]
pub enum Unmappable {
    /// A rule leaves it out.
    #[error("a sample order of store {store} is not sent: {reason}")]
    Skipped {
        /// Of which store it was.
        store: String,
        /// The rule.
        reason: &'static str,
    },
    /// Yotpo would not take it.
    #[error("a sample order becomes a purchase that Yotpo does not take")]
    Invalid(#[from] yotpo::Invalid),
    /// It cannot be written as a message.
    #[error("a sample order cannot be written as a message")]
    Unwritten(#[from] serde_json::Error),
    /// It cannot be read as a row, which is a mistake in this file.
    #[error("the sample order has no id")]
    NoId(#[from] salesforce::BadField),
    /// Its id makes no key.
    #[error("the sample order has no delivery key")]
    NoKey(#[from] ledger::InvalidKey),
    /// What was written cannot be read.
    #[error("the message of a sample order cannot be read")]
    Unreadable(#[from] NotAMessage),
    /// What was read is not what was written.
    #[error("the message of a sample order is read as another one")]
    Altered,
}

/// Whether an order that has every configured field becomes a purchase in every store.
///
/// # Errors
/// When it does not.
pub fn is_mapped(fields: &Fields, config: &Relay, now: DateTime<Utc>) -> Result<(), Unmappable> {
    let row = row(fields)?;
    for (name, store) in &config.stores {
        let day = BusinessDay::of(now, store.time_zone).previous();
        match map(&row, fields, config, store, day, day) {
            Mapped::Send { purchase, .. } => survives(&row, name.as_str(), *purchase)?,
            Mapped::Skip(skip) => {
                return Err(Unmappable::Skipped { store: name.to_string(), reason: skip.as_str() });
            }
        }
    }
    Ok(())
}

/// Whether a purchase that is written as a message is read as the same, and is one that Yotpo takes.
///
/// # Errors
/// When it is not.
pub fn is_read_back(config: &Relay) -> Result<(), Unmappable> {
    let product = Product {
        url: None,
        name: Some("Sample".to_owned()),
        image: None,
        description: None,
        price: Some("1.00".to_owned()),
        specs: BTreeMap::new(),
    };
    let purchase = Purchase {
        email: "sample@example.com".to_owned(),
        customer_name: "Sample".to_owned(),
        order_id: "sample".to_owned(),
        order_date: chrono::NaiveDate::default(),
        currency_iso: None,
        platform: config.reviews.platform.clone(),
        products: [("sample".to_owned(), product)].into(),
        user_reference: None,
    };
    let row: Record = serde_json::from_value(json!({"Id": ID}))?;
    config.stores.keys().try_for_each(|name| survives(&row, name.as_str(), purchase.clone()))
}

fn survives(row: &Record, store: &str, purchase: Purchase) -> Result<(), Unmappable> {
    purchase.check()?;
    let message = message(key(&row.id()?)?, Revision(0), store, purchase)?;
    if Message::parse(&body::json(&message)?)? == message { Ok(()) } else { Err(Unmappable::Altered) }
}

/// A row with something in every configured field.
fn row(fields: &Fields) -> Result<Record, serde_json::Error> {
    let mut line = json!({"Id": "802000000000001AAA"});
    let of = &fields.line;
    for path in [&of.url, &of.image, &of.description].into_iter().flatten().chain(of.specs.iter().map(|(_, path)| path))
    {
        put(&mut line, path, &json!("sample"));
    }
    of.price.iter().for_each(|path| put(&mut line, path, &json!(1.0)));
    put(&mut line, &of.name, &json!("Sample"));
    // Last: two settings may name one field, and this one decides whether the line goes.
    put(&mut line, &of.product_id, &json!("sample"));

    let mut row = json!({"Id": ID, LINES: {"totalSize": 1, "done": true, "records": [line]}});
    fields.test_order.iter().for_each(|path| put(&mut row, path, &json!(false)));
    fields.currency.iter().for_each(|path| put(&mut row, path, &json!("USD")));
    fields.customer_name.iter().for_each(|path| put(&mut row, path, &json!("Sample")));
    put(&mut row, &fields.order_id, &json!("sample"));
    fields.email.iter().for_each(|path| put(&mut row, path, &json!("sample@example.com")));
    serde_json::from_value(row)
}

/// Sets what a path such as `BillToContact.Email` leads to.
fn put(row: &mut Value, path: &str, value: &Value) {
    let mut place = row;
    for step in path.split('.') {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[step];
    }
    *place = value.clone();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fields::LineFields, map::Skip};

    fn config() -> Relay {
        Relay::parse(include_str!("../../../infra/config/relay.toml"), "test").unwrap()
    }

    fn fields() -> Fields {
        let path = |text: &str| Some(text.to_owned());
        Fields {
            completed_at: ("ActivatedDate".into(), org::Completed::DateTime),
            email: vec!["BillToContact.Email".into(), "Account.PersonEmail".into()],
            customer_name: vec!["BillToContact.Name".into()],
            order_id: "OrderNumber".into(),
            names: crate::fields::Names::Unique,
            currency: path("CurrencyIsoCode"),
            route_by: None,
            test_order: path("Is_Test__c"),
            line: LineFields {
                product_id: "Product2.StockKeepingUnit".into(),
                name: "Product2.Name".into(),
                url: path("Product2.DisplayUrl"),
                image: None,
                description: path("Product2.Name"),
                price: path("UnitPrice"),
                specs: vec![(config::Spec::Sku, "Product2.StockKeepingUnit".into())],
            },
            completed: String::new(),
        }
    }

    #[test]
    fn the_sample_is_mapped_and_read_back() {
        is_mapped(&fields(), &config(), DateTime::UNIX_EPOCH).unwrap();
        is_read_back(&config()).unwrap();
    }

    #[test]
    fn fields_that_leave_every_order_out_are_found() {
        let no_email = Fields { email: Vec::new(), ..fields() };
        let error = is_mapped(&no_email, &config(), DateTime::UNIX_EPOCH).unwrap_err().to_string();
        assert_eq!(error, format!("a sample order of store default is not sent: {}", Skip::NoEmail.as_str()));
        let platform = config();
        let refused = Purchase { email: "nobody".into(), ..sample(&platform) };
        let row: Record = serde_json::from_value(json!({"Id": ID})).unwrap();
        assert!(matches!(survives(&row, "default", refused), Err(Unmappable::Invalid(_))));
    }

    fn sample(config: &Relay) -> Purchase {
        let row = row(&fields()).unwrap();
        let store = config.stores.values().next().unwrap();
        let day = BusinessDay::of(DateTime::UNIX_EPOCH, store.time_zone);
        match map(&row, &fields(), config, store, day, day) {
            Mapped::Send { purchase, .. } => *purchase,
            Mapped::Skip(skip) => panic!("{skip:?}"),
        }
    }
}
