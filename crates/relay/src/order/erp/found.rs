//! Which order is meant: by its delivery key, its id at Shopify, its name there, or its number at NetSuite.

use super::{netsuite, shown::NotAnswered};
use crate::{failure::Failure, place::Place};
use erp::{account::NetSuiteAccount, admins::Admins, map::Settings};
use ledger::DeliveryKey;
use shopify::{Order, OrderId, ShopDomain};

/// No name of an order is longer.
const LONGEST: usize = 100;

/// An order as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// By its delivery key.
    Key(ShopDomain, OrderId),
    /// By a number: Shopify's id, else NetSuite's.
    Number(u64),
    /// By its name at Shopify, which NetSuite has as the PO number.
    Name(String),
}

/// The order that was found, and in which shop.
pub(super) struct Found {
    pub(super) shop: ShopDomain,
    pub(super) id: OrderId,
    /// As Shopify shows it; none: it cannot be asked, or does not know it.
    pub(super) order: Option<Box<Order>>,
}

impl Named {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "`{text}` names no order: expected its Shopify id, its name such as #1001, its NetSuite id, or its delivery key such as \
                 erp/acme.myshopify.com/order/5678"
            )
        };
        let text = text.trim();
        if let Ok(number) = text.parse() {
            return Ok(Self::Number(number));
        }
        if text.contains('/') {
            let key = DeliveryKey::try_from(text.to_owned()).map_err(|_| expected())?;
            let shop = key.scope().and_then(|shop| shop.parse().ok());
            let (true, Some("order"), Some(shop), Ok(id)) =
                (key.flow() == erp::FLOW, key.kind(), shop, key.id().parse())
            else {
                return Err(expected());
            };
            return Ok(Self::Key(shop, OrderId(id)));
        }
        let fits = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
        if fits { Ok(Self::Name(text.to_owned())) } else { Err(expected()) }
    }
}

/// Looks for it: at the shops, then at NetSuite.
pub(super) async fn find(
    named: &Named,
    place: &Place,
    admins: &Admins,
    account: &NetSuiteAccount,
    failed: &mut NotAnswered,
) -> Result<Option<Found>, Failure> {
    let found = match named {
        Named::Key(shop, id) => {
            let order = by_id(*id, Some(shop), admins, failed).await?.and_then(|found| found.order);
            return Ok(Some(Found { shop: shop.clone(), id: *id, order }));
        }
        Named::Number(number) => by_id(OrderId(*number), None, admins, failed).await?,
        Named::Name(name) => by_name(name, admins, failed).await?,
    };
    if found.is_some() {
        return Ok(found);
    }
    let held = match named {
        Named::Number(number) => netsuite::by_number(*number, account).await,
        Named::Name(name) => netsuite::by_reference(&references(name, place, admins), account).await,
        Named::Key(..) => Ok(Vec::new()),
    };
    let ids = match held {
        Ok(ids) => ids,
        Err(failure) => {
            failed.insert("destination", failure.what().to_owned());
            Vec::new()
        }
    };
    match ids.as_slice() {
        [] => by_the_ledger(named, place, admins).await,
        [id] => match by_id(*id, None, admins, failed).await? {
            Some(found) => Ok(Some(found)),
            None => by_the_ledger(&Named::Number(id.0), place, admins).await,
        },
        [one, another, ..] => {
            let what = format!("NetSuite has several orders of this name: {one}, {another}");
            Err(Failure::input(what).hint("name one by its Shopify id"))
        }
    }
}

async fn by_id(
    id: OrderId,
    only: Option<&ShopDomain>,
    admins: &Admins,
    failed: &mut NotAnswered,
) -> Result<Option<Found>, Failure> {
    let mut found = Vec::new();
    for shop in shops(admins, only) {
        let Some(admin) = admins.of(&shop) else { continue };
        match admin.order(id).await {
            Ok(order) => found.extend(order.map(|order| Found { shop, id, order: Some(Box::new(order)) })),
            Err(error) => {
                let why = Failure::undone(&format!("ask {shop} for the order"), &error);
                failed.insert("source", why.what().to_owned());
            }
        }
    }
    one(found)
}

async fn by_name(name: &str, admins: &Admins, failed: &mut NotAnswered) -> Result<Option<Found>, Failure> {
    let mut found = Vec::new();
    for shop in admins.shops() {
        let Some(admin) = admins.of(&shop) else { continue };
        match admin.named(name).await {
            Ok(orders) => {
                let of = |order: Order| Found { shop: shop.clone(), id: order.id, order: Some(Box::new(order)) };
                found.extend(orders.into_iter().map(of));
            }
            Err(error) => {
                let why = Failure::undone(&format!("ask {shop} for orders of this name"), &error);
                failed.insert("source", why.what().to_owned());
            }
        }
    }
    one(found)
}

/// Where no shop can be asked, a delivery tells of its shop.
async fn by_the_ledger(named: &Named, place: &Place, admins: &Admins) -> Result<Option<Found>, Failure> {
    let Named::Number(number) = named else { return Ok(None) };
    let id = OrderId(*number);
    let keys: Vec<(ShopDomain, DeliveryKey)> = admins
        .shops()
        .into_iter()
        .filter_map(|shop| erp::message::order_key(&shop, id).ok().map(|key| (shop, key)))
        .collect();
    let only: Vec<DeliveryKey> = keys.iter().map(|(_, key)| key.clone()).collect();
    let known = place.operator(crate::flow::Flow::Erp)?.ledger.read(&only).await;
    // A ledger that cannot be read is said where it is asked for its record.
    let known = known.unwrap_or_default();
    one(keys
        .into_iter()
        .filter(|(_, key)| known.contains_key(key))
        .map(|(shop, _)| Found { shop, id, order: None })
        .collect())
}

/// Every shop that is asked: the one that is named, or all of the secret.
fn shops(admins: &Admins, only: Option<&ShopDomain>) -> Vec<ShopDomain> {
    only.map_or_else(|| admins.shops(), |shop| vec![shop.clone()])
}

fn one(mut found: Vec<Found>) -> Result<Option<Found>, Failure> {
    if let [one, another, ..] = found.as_slice() {
        let key = |found: &Found| format!("erp/{}/order/{}", found.shop, found.id);
        let what = format!("several orders are named so: {}, {}", key(one), key(another));
        return Err(Failure::input(what).hint("name one by its delivery key"));
    }
    Ok(found.pop())
}

/// What NetSuite may have the name as: each shop's prefix before it.
fn references(name: &str, place: &Place, admins: &Admins) -> Vec<String> {
    let erp = place.config.erp.iter();
    let prefixed = erp.flat_map(|erp| {
        admins.shops().into_iter().map(|shop| format!("{}{name}", Settings::of(erp, shop.as_str()).shop.number_prefix))
    });
    let mut references: Vec<String> = prefixed.chain([name.to_owned()]).collect();
    references.sort_unstable();
    references.dedup();
    references
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_named_by_key_number_or_name() {
        let shop: ShopDomain = "acme.myshopify.com".parse().unwrap();
        for (text, named) in [
            ("erp/acme.myshopify.com/order/5678", Named::Key(shop, OrderId(5678))),
            (" 820982911946154508 ", Named::Number(820_982_911_946_154_508)),
            ("647", Named::Number(647)),
            ("#1001", Named::Name("#1001".to_owned())),
            ("US-#1001", Named::Name("US-#1001".to_owned())),
        ] {
            assert_eq!(Named::parse(text), Ok(named), "{text}");
        }
        for bad in ["", "  ", "erp/acme.myshopify.com/refund/1", "reviews/801RO000000AbcDYAS", "erp/x/order/1", "a\nb"]
        {
            let said = Named::parse(bad).unwrap_err();
            assert!(said.contains("#1001") && said.contains("erp/acme.myshopify.com/order/5678"), "{bad}: {said}");
        }
    }
}
