use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::{BadShape, Customer, CustomerRedact, DataRequest, Order, Refund, ShopDomain, ShopRedact, Topic, id, shape};

/// What a webhook says, by the shape of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// `orders/create`, `orders/updated`, `orders/cancelled`.
    Order(Box<Order>),
    /// `refunds/create`.
    Refund(Box<Refund>),
    /// `customers/create`, `customers/update`.
    Customer(Box<Customer>),
    /// `customers/data_request`.
    DataRequest(DataRequest),
    /// `customers/redact`.
    CustomerRedact(CustomerRedact),
    /// `shop/redact`.
    ShopRedact(ShopRedact),
}

pub(crate) fn read(topic: &Topic, shop: &ShopDomain, body: &[u8]) -> Result<Option<Event>, BadShape> {
    Ok(Some(match topic {
        Topic::OrdersCreate | Topic::OrdersUpdated | Topic::OrdersCancelled => {
            Event::Order(Box::new(named(body, "Order", |order: &Order| order.id.0)?))
        }
        Topic::RefundsCreate => Event::Refund(Box::new(named(body, "Refund", |refund: &Refund| refund.id.0)?)),
        Topic::CustomersCreate | Topic::CustomersUpdate => {
            Event::Customer(Box::new(named(body, "Customer", |customer: &Customer| customer.id.0)?))
        }
        Topic::CustomersDataRequest => {
            Event::DataRequest(of_shop(body, shop, |request: &DataRequest| &request.shop_domain)?)
        }
        Topic::CustomersRedact => {
            Event::CustomerRedact(of_shop(body, shop, |redact: &CustomerRedact| &redact.shop_domain)?)
        }
        Topic::ShopRedact => {
            names_no_person(body)?;
            Event::ShopRedact(of_shop(body, shop, |redact: &ShopRedact| &redact.shop_domain)?)
        }
        Topic::Other(_) => return Ok(None),
    }))
}

#[derive(Deserialize)]
struct Named {
    admin_graphql_api_id: String,
}

/// A record says itself what it is, `gid://shopify/Order/820982911946154508`: the one thing in a body that tells an order from a customer
/// for certain, since most of a customer's fields may be absent.
fn named<T: DeserializeOwned>(body: &[u8], object: &str, id_of: impl Fn(&T) -> u64) -> Result<T, BadShape> {
    let Named { admin_graphql_api_id } = shape::read(body)?;
    let named = id::number(&admin_graphql_api_id, object);
    let another = |path| BadShape::new(path, "another record", format!("a record of `gid://shopify/{object}/`"));
    let named = named.ok_or_else(|| another("admin_graphql_api_id"))?;
    let read: T = shape::read(body)?;
    if id_of(&read) == named { Ok(read) } else { Err(another("id")) }
}

/// All that a shop's redaction holds is in a person's too: sent again under this topic, that one would forget a whole shop.
fn names_no_person(body: &[u8]) -> Result<(), BadShape> {
    #[derive(Deserialize)]
    struct MayName {
        customer: Option<IgnoredAny>,
    }
    match shape::read(body)? {
        MayName { customer: None } => Ok(()),
        MayName { customer: Some(_) } => Err(BadShape::new("customer", "a person", "a shop and no person")),
    }
}

/// A privacy topic's body names its shop, and by that the header is checked.
fn of_shop<T: DeserializeOwned>(
    body: &[u8],
    shop: &ShopDomain,
    shop_of: impl Fn(&T) -> &ShopDomain,
) -> Result<T, BadShape> {
    let read: T = shape::read(body)?;
    if shop_of(&read) == shop {
        Ok(read)
    } else {
        Err(BadShape::new("shop_domain", "another shop", "the shop of the header X-Shopify-Shop-Domain"))
    }
}
