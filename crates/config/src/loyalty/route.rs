//! `[loyalty.stores.<name>]`, and which store an order or a customer belongs to.

use crate::fault::{Fault, require};
use crate::{BusinessDay, Currency, FieldPath, StoreName};
use serde::Deserialize;

/// What is known at Yotpo of orders completed before the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriorOrders {
    /// Nothing: their returns are left alone.
    #[default]
    None,
    /// They were imported there: their returns are sent, against the amount that the source has.
    Imported,
}

/// Which of Yotpo's interfaces the account was made for.
/// <https://loyaltyapi.yotpo.com/reference/create-refund>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// `/api/v2`.
    #[default]
    Generic,
    /// `/commerce-cloud`.
    CommerceCloud,
}

/// What may differ from store to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    /// Orders completed before this day, in the store's zone, are left alone.
    pub start: BusinessDay,
    /// What Yotpo knows of those.
    pub history: PriorOrders,
    /// Which of Yotpo's interfaces is called.
    pub platform: Platform,
    /// The `status` that every order is sent with; which words award points is set in the Loyalty admin.
    pub order_status: String,
    /// What leads to it; none: everything, and no other store takes part.
    pub routes: Vec<Route>,
}

/// `[loyalty.route_by]`: fields of Order whose values [`Route`]s compare; the currency's is `salesforce.currency`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteBy {
    /// The store or brand.
    pub store: Option<FieldPath>,
    /// The locale.
    pub locale: Option<FieldPath>,
}

/// A way to a store: what is named must be equal, what is not may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The value of `route_by.store`.
    pub store: Option<String>,
    /// The value of `route_by.locale`.
    pub locale: Option<String>,
    /// The currency.
    pub currency: Option<Currency>,
}

impl Market {
    /// Whether an order with these values is its.
    pub(super) fn takes(&self, store: Option<&str>, locale: Option<&str>, currency: Option<&Currency>) -> bool {
        let fit = |route: &Route| {
            fits(route.store.as_deref(), store)
                && fits(route.locale.as_deref(), locale)
                && fits(route.currency.as_ref(), currency)
        };
        self.routes.is_empty() || self.routes.iter().any(fit)
    }
}

fn fits<T: PartialEq + ?Sized>(wanted: Option<&T>, found: Option<&T>) -> bool {
    wanted.is_none_or(|wanted| found == Some(wanted))
}

impl Route {
    /// It compares only what can be known of an order.
    pub(super) fn check(&self, key: &str, by: &RouteBy, has_currency: bool) -> Result<(), Fault> {
        require(
            self.store.is_some() || self.locale.is_some() || self.currency.is_some(),
            key,
            "expected routes that name a store, a locale or a currency, such as { store = \"US\", currency = \"USD\" }",
        )?;
        for (named, field, expected) in [
            (
                self.store.is_some(),
                by.store.is_some(),
                "the field of Order to compare `store` with, in loyalty.route_by.store",
            ),
            (
                self.locale.is_some(),
                by.locale.is_some(),
                "the field of Order to compare `locale` with, in loyalty.route_by.locale",
            ),
            (
                self.currency.is_some(),
                has_currency,
                "the field of Order to compare `currency` with, in salesforce.currency",
            ),
        ] {
            require(!named || field, key, &format!("expected {expected}"))?;
        }
        Ok(())
    }

    /// Whether some order would take both.
    fn overlaps(&self, other: &Self) -> bool {
        fn meet<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.zip(b).is_none_or(|(a, b)| a == b)
        }
        meet(self.store.as_ref(), other.store.as_ref())
            && meet(self.locale.as_ref(), other.locale.as_ref())
            && meet(self.currency.as_ref(), other.currency.as_ref())
    }
}

/// Two stores may not take the same order.
pub(super) fn refuse_overlaps(routes: &[(&StoreName, &Route)]) -> Result<(), Fault> {
    for (n, (name, route)) in routes.iter().enumerate() {
        if let Some((other, _)) = routes[..n].iter().find(|(other, it)| other != name && it.overlaps(route)) {
            let expected = format!("expected routes that no order can take together with one of {other}'s");
            return Err(Fault { key: format!("loyalty.stores.{name}.routes"), expected });
        }
    }
    Ok(())
}
