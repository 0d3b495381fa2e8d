//! The root of a shop's Admin API: orders by search, and single records.
//! <https://shopify.dev/docs/api/usage/search-syntax>

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::graph::{self, CONNECTION};
use super::graphql::{Error, Root};
use super::ids::of_gid;
use super::order::Order;
use super::settings::Settings;
use super::shop::Shop;

pub(super) struct ShopRoot<'a> {
    pub(super) shop: &'a Shop,
    pub(super) settings: &'a Settings,
}

type Arguments = Map<String, Value>;

impl Root for ShopRoot<'_> {
    fn field(&self, name: &str, arguments: &Arguments) -> Result<Value, Error> {
        let id = arguments.get("id").and_then(Value::as_str).unwrap_or_default();
        match name {
            "orders" => self.scoped("read_orders").and_then(|()| self.orders(arguments)),
            "order" => self.scoped("read_orders").map(|()| self.order(id)),
            "customer" => self.scoped("read_customers").map(|()| self.customer(id)),
            "node" => Ok(self.node(id)),
            "currentAppInstallation" => {
                let scopes: Vec<Value> = self.settings.scopes.iter().map(|scope| json!({"handle": scope})).collect();
                Ok(json!({"__typename": "AppInstallation", "accessScopes": scopes}))
            }
            "shop" => {
                let currency = self.shop.terms.currency.code;
                Ok(json!({"__typename": "Shop", "myshopifyDomain": self.shop.domain, "currencyCode": currency}))
            }
            _ => Err(Error::new("undefinedField", format!("Field '{name}' doesn't exist on type 'QueryRoot'"))),
        }
    }
}

impl ShopRoot<'_> {
    fn scoped(&self, scope: &str) -> Result<(), Error> {
        if self.settings.scopes.iter().any(|granted| granted == scope) {
            return Ok(());
        }
        Err(Error::new(
            "ACCESS_DENIED",
            format!("Access denied for this field. Required access: `{scope}` access scope."),
        ))
    }

    fn shown(&self, order: &Order) -> Value {
        graph::order(order, order.customer.and_then(|id| self.shop.customers.get(&id)))
    }

    fn order(&self, gid: &str) -> Value {
        let order = of_gid("Order", gid).and_then(|id| self.shop.orders.get(&id));
        order.map_or(Value::Null, |order| self.shown(order))
    }

    fn customer(&self, gid: &str) -> Value {
        let customer = of_gid("Customer", gid).and_then(|id| self.shop.customers.get(&id));
        customer.map_or(Value::Null, graph::customer)
    }

    /// An order, a customer, or what is within an order.
    fn node(&self, gid: &str) -> Value {
        let whole = [self.order(gid), self.customer(gid)].into_iter().find(|found| !found.is_null());
        whole.unwrap_or_else(|| {
            let mut orders = self.shop.orders.values().map(|order| self.shown(order));
            orders
                .find_map(|order| {
                    let parts =
                        [&order["refunds"], &order["fulfillments"]].into_iter().filter_map(Value::as_array).flatten();
                    parts.into_iter().find(|part| part["id"] == gid).cloned()
                })
                .unwrap_or(Value::Null)
        })
    }

    /// In the order of the sort key, behind the cursor.
    fn orders(&self, arguments: &Arguments) -> Result<Value, Error> {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
        let conditions = conditions(text("query"))?;
        let key: fn(&Order) -> DateTime<Utc> = match text("sortKey") {
            "UPDATED_AT" => |order| order.updated_at,
            "CREATED_AT" | "PROCESSED_AT" | "" => |order| order.created_at,
            other => return Err(Error::new("argumentLiteralsIncompatible", format!("no sort key {other}"))),
        };
        let place = |order: &Order| (key(order).timestamp_millis(), order.id);
        let after = match text("after") {
            "" => None,
            cursor => Some(parse_cursor(cursor).ok_or_else(|| Error::new("INVALID_CURSOR", "no such cursor"))?),
        };
        let fits = |order: &&Order| conditions.iter().all(|condition| condition.holds(order));
        let mut found: Vec<&Order> = self.shop.orders.values().filter(fits).collect();
        found.retain(|order| after.is_none_or(|after| place(order) > after));
        found.sort_by_key(|order| place(order));
        let first = arguments.get("first").and_then(Value::as_u64).unwrap_or(0);
        // One more than the page, so that it shows whether there is a next one.
        let nodes = found.into_iter().take(usize::try_from(first).unwrap_or(0) + 1).map(|order| {
            let mut shown = self.shown(order);
            let (value, id) = place(order);
            shown["__cursor"] = json!(format!("{value}.{id}"));
            shown
        });
        Ok(json!({CONNECTION: nodes.collect::<Vec<_>>()}))
    }
}

/// The sort key's value and the id, as cursors hold them.
fn parse_cursor(cursor: &str) -> Option<(i64, u64)> {
    let (value, id) = cursor.split_once('.')?;
    Some((value.parse().ok()?, id.parse().ok()?))
}

enum Condition {
    Time { is_updated_at: bool, operator: &'static str, at: DateTime<Utc> },
    Name(String),
}

impl Condition {
    fn holds(&self, order: &Order) -> bool {
        let (is_updated_at, operator, at) = match self {
            Self::Name(name) => return order.name() == *name,
            Self::Time { is_updated_at, operator, at } => (*is_updated_at, *operator, *at),
        };
        let stamp = if is_updated_at { order.updated_at } else { order.created_at };
        match operator {
            ">=" => stamp >= at,
            "<=" => stamp <= at,
            ">" => stamp > at,
            "<" => stamp < at,
            _ => stamp == at,
        }
    }
}

/// `updated_at:>='2026-11-20T00:00:00Z' AND created_at:<'…'`. Shopify passes over what it does not understand; here it
/// is an error.
fn conditions(query: &str) -> Result<Vec<Condition>, Error> {
    let parts = query.split(" AND ").map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| condition(part).ok_or_else(|| Error::new("BAD_SEARCH", format!("not understood: {part}"))))
        .collect()
}

fn condition(part: &str) -> Option<Condition> {
    let (field, rest) = part.split_once(':')?;
    if field == "name" {
        return Some(Condition::Name(rest.trim_matches(['\'', '"']).to_owned()));
    }
    let is_updated_at = match field {
        "updated_at" => true,
        "created_at" => false,
        _ => return None,
    };
    let operator = [">=", "<=", ">", "<", ""].into_iter().find(|operator| rest.starts_with(operator))?;
    let at = rest[operator.len()..].trim_matches(['\'', '"']);
    let at = DateTime::parse_from_rfc3339(at).ok()?.to_utc();
    Some(Condition::Time { is_updated_at, operator, at })
}
