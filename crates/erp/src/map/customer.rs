//! Who bought: a customer of Shopify's, a guest, or a company that the settings name.

use super::address::address;
use super::held::same;
use super::stamp::external_id;
use super::{Parked, Settings, reference};
use config::InternalId;
use ledger::EffectHash;
use netsuite::fit::{self, Mended};
use serde_json::{Map, Value, json};
use shopify::{Address, Customer, Order};
use std::collections::BTreeMap;

/// What a customer is to be at NetSuite. Made of those fields alone that `customers/*` and the customer in an order share, so that one
/// revision has one effect whichever brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerEffect {
    /// `shopify_customer_{id}`, or `shopify_guest_{order id}`.
    pub external_id: String,
    /// The e-mail address by which one that is there already is found.
    pub email: Option<String>,
    /// `{name} {Shopify id}`: what it is called if its name is taken. For the accounts that do not number customers.
    pub entity_id: String,
    /// NetSuite's fields that are kept up to date.
    pub fields: BTreeMap<&'static str, Value>,
    /// Those that are written once, the address book among them.
    pub once: BTreeMap<&'static str, Value>,
    /// What had to be made to fit.
    pub mended: Mended,
}

/// How an order names its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entity {
    /// By our external id.
    External(String),
    /// By NetSuite's id, from the settings.
    Internal(InternalId),
}

/// Who an order is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Buyer {
    /// A customer of Shopify's, by its id there: a delivery of its own.
    Customer(shopify::CustomerId, Box<CustomerEffect>),
    /// Nobody that Shopify knows: a customer for this order alone.
    Guest(Box<CustomerEffect>),
    /// A customer of NetSuite's that the settings name.
    Named(InternalId),
}

impl Buyer {
    /// How the order names it.
    pub fn entity(&self) -> Entity {
        match self {
            Self::Customer(_, effect) | Self::Guest(effect) => Entity::External(effect.external_id.clone()),
            Self::Named(id) => Entity::Internal(id.clone()),
        }
    }
}

impl CustomerEffect {
    /// What the effect is compared by.
    pub fn hash(&self) -> EffectHash {
        EffectHash::of(json!([self.external_id, self.fields]).to_string().as_bytes())
    }

    /// The body of a create.
    pub fn create(&self) -> Value {
        let id = [("externalId", Value::from(self.external_id.clone()))];
        let fields = self.fields.iter().chain(&self.once).map(|(name, value)| (*name, value.clone()));
        object(id.into_iter().chain(fields).filter(|(_, value)| !value.is_null()))
    }

    /// The body of a create under a name that nobody else has.
    pub fn create_named(&self) -> Value {
        let mut body = self.create();
        body["entityId"] = self.entity_id.clone().into();
        body
    }

    /// The body of an update; what Shopify no longer has is cleared.
    pub fn update(&self) -> Value {
        object(self.fields.iter().map(|(name, value)| (*name, value.clone())))
    }

    /// Whether NetSuite's record of the customer has all that we keep up to date.
    pub fn is_in(&self, record: &Value) -> bool {
        self.fields.iter().all(|(name, ours)| same(ours, &record[*name]))
    }
}

fn object<'a>(fields: impl Iterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(fields.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// Maps a customer, of a webhook of its own or embedded in an order.
pub fn customer(customer: &Customer, settings: &Settings<'_>) -> CustomerEffect {
    let person = Person {
        names: (customer.first_name.as_deref(), customer.last_name.as_deref()),
        email: customer.email.as_deref(),
        phone: customer.phone.as_deref(),
        address: customer.default_address.as_ref(),
        without_name: format!("Shopify {}", customer.id),
        id: customer.id.0,
    };
    person.effect(external_id("customer", customer.id), settings)
}

/// Who the order is for.
///
/// # Errors
/// When it is for a company that the settings do not name.
pub fn buyer(order: &Order, settings: &Settings<'_>) -> Result<Buyer, Parked> {
    if let Some(company) = &order.company {
        let location = company.location_id.map(|id| id.to_string());
        let named = location.as_ref().and_then(|id| settings.erp.companies.get(id));
        let unknown = || {
            let location = location.as_deref().unwrap_or("none");
            Parked::new("unknown_company", format!("erp.companies has no customer for the company location {location}"))
        };
        return named.cloned().map(Buyer::Named).ok_or_else(unknown);
    }
    if let Some(known) = &order.customer {
        return Ok(Buyer::Customer(known.id, Box::new(customer(known, settings))));
    }
    if let Some(id) = &settings.shop.guest_customer {
        return Ok(Buyer::Named(id.clone()));
    }
    let address = order.billing_address.as_ref().or(order.shipping_address.as_ref());
    let name = |name: fn(&Address) -> &Option<String>| address.and_then(|address| name(address).as_deref());
    let person = Person {
        names: (name(|address| &address.first_name), name(|address| &address.last_name)),
        email: order.email.as_deref(),
        phone: order.phone.as_deref(),
        address,
        without_name: format!("Shopify {}", order.name),
        id: order.id.0,
    };
    Ok(Buyer::Guest(Box::new(person.effect(external_id("guest", order.id), settings))))
}

struct Person<'a> {
    names: (Option<&'a str>, Option<&'a str>),
    email: Option<&'a str>,
    phone: Option<&'a str>,
    address: Option<&'a Address>,
    without_name: String,
    id: u64,
}

impl Person<'_> {
    fn effect(self, external_id: String, settings: &Settings<'_>) -> CustomerEffect {
        let mut mended = Mended::default();
        let first = fit::text("firstName", self.names.0, &mut mended);
        let last = fit::text("lastName", self.names.1, &mut mended);
        // NetSuite wants a last name of every person.
        let (first, last) = match (first, last) {
            (first, Some(last)) => (first, last),
            (Some(first), None) => (None, first),
            (None, None) => (None, self.without_name),
        };
        let email = fit::email(self.email, &mut mended);
        let suffix = format!(" {}", self.id);
        let name: String = [first.as_deref(), Some(&last)].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let entity_id = name.chars().take(80 - suffix.len()).collect::<String>() + &suffix;
        let phone = fit::phone("phone", self.phone, &mut mended);
        let book = self.address.and_then(|whole| address(whole, &mut Mended::default()));
        let book = book.map(|address| {
            let entry = json!({ "defaultBilling": true, "defaultShipping": true, "addressbookaddress": without_nulls(address) });
            json!({ "items": [entry] })
        });
        CustomerEffect {
            external_id,
            entity_id,
            fields: [
                ("firstName", first.into()),
                ("lastName", last.into()),
                ("email", email.clone().into()),
                ("phone", phone.into()),
            ]
            .into(),
            once: [
                ("isPerson", true.into()),
                ("subsidiary", settings.shop.subsidiary.as_ref().map_or(Value::Null, reference)),
                ("addressbook", book.unwrap_or_default()),
            ]
            .into(),
            email,
            mended,
        }
    }
}

/// For a create: an absent field has its default.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}
