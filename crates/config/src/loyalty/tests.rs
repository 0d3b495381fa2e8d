//! The loyalty flow's part of the shipped file, and what a wrong one is told.

use super::*;
use crate::{Clause, Error, FieldPath, Relay};
use proptest::prelude::*;

const SHIPPED: &str = include_str!("../../../../infra/config/relay.toml");
const LEAST: &str = r#"
time_zone = "Etc/UTC"
[salesforce]
currency = "CurrencyIsoCode"
route_by = "Store__c"
completed = [{ field = "Status", is = ["Completed"] }]
completed_at = "ActivatedDate"
[stores.us]
routes = ["US"]
[stores.ca]
routes = ["CA"]
[loyalty]
start = "2026-01-01"
"#;
const ROUTED: &str = r#"
[loyalty.route_by]
store = "Store__c"
locale = "Locale__c"
[loyalty.stores.us]
routes = [{ store = "US" }, { store = "CA", currency = "USD" }]
[loyalty.stores.ca]
start = "2026-06-01"
routes = [{ store = "CA", locale = "fr_CA", currency = "CAD" }, { store = "CA", locale = "en_CA", currency = "CAD" }]
"#;

fn loyalty(text: &str) -> Result<Loyalty, Error> {
    Relay::parse(text, "relay.toml").map(|relay| relay.loyalty.unwrap())
}

#[track_caller]
fn refused(text: &str, parts: &[&str]) {
    let said = loyalty(text).unwrap_err().to_string();
    for part in parts {
        assert!(said.contains(part), "no {part:?} in {said:?}");
    }
}

/// All but its start is a default, and the coupon's field, which the shipped objects have.
#[test]
fn what_the_flow_calls_a_default_is_one() {
    let shipped = loyalty(SHIPPED).unwrap();
    let coupon: FieldPath = "Coupon_Code__c".parse().unwrap();
    assert_eq!(shipped.coupon_code.as_ref(), Some(&coupon));
    let least = LEAST.replacen("[stores.ca]\nroutes = [\"CA\"]", "", 1).replace("stores.us", "stores.default");
    let least = loyalty(&least).unwrap();
    assert_eq!(Loyalty { coupon_code: None, ..shipped }, least);
    assert_eq!(least.cancelled, [Clause::text("Status", "Cancelled")]);
    assert_eq!(least.stores.values().collect::<Vec<_>>(), [&least.market]);
}

#[test]
fn defaults_are_field_paths() {
    let loyalty = loyalty(SHIPPED).unwrap();
    let (Amount::Field(amount), back) = (loyalty.amount, loyalty.write_back) else { panic!("a field") };
    let (customer, reward, membership) = (loyalty.customer, back.reward, back.membership);
    let all = [vec![amount, loyalty.line.price, customer.email], customer.of_order].concat();
    let own = [back.customer_id, back.points_balance, back.vip_tier_ends, reward.object, membership.key];
    for path in all.into_iter().chain(own).chain(customer.first_name).chain(customer.last_name) {
        assert_eq!(path.as_str().parse::<FieldPath>().as_ref(), Ok(&path));
    }
}

#[test]
fn wrong_values_are_refused() {
    let (before, own) = SHIPPED.split_once("\n[loyalty]\n").unwrap();
    for (from, to, key, expected) in [
        ("start = \"2026-01-01\"", "start = \"soon\"", "loyalty.start", "YYYY-MM-DD"),
        ("history = \"none\"", "history = \"some\"", "loyalty.history", "imported"),
        ("platform = \"generic\"", "platform = \"shopify\"", "loyalty.platform", "commerce_cloud"),
        ("order_status = \"paid\"", "order_status = \"\"", "loyalty.order_status", "a word"),
        (
            "amount = { field = \"TotalAmount\" }",
            "amount = { field = \"Account.Sum__c\" }",
            "loyalty.amount",
            "Order itself",
        ),
        ("amount = { field = ", "amount = { column = ", "loyalty.amount", "unknown field"),
        ("amount = { field = \"TotalAmount\" }", "amount = { field = \"A\", sum = \"B\" }", "loyalty.amount", "keep"),
        (
            "returns = { source = \"reduction_orders\" }",
            "returns = { source = \"orders\" }",
            "loyalty.returns",
            "reduction_orders",
        ),
        (
            "cancelled = [{ field = \"Status\"",
            "cancelled = [{ field = \"Account.Status\"",
            "loyalty.cancelled",
            "Order itself",
        ),
        ("refresh_after = \"10m\"", "refresh_after = \"16m\"", "loyalty.refresh_after", "at most 15m"),
        ("sample = 20", "sample = 201", "loyalty.sample", "0 to 200"),
        ("#digits = { ISK = 2 }", "digits = { ISK = 5 }", "loyalty.digits", "0 to 4"),
        ("object = \"Contact\"", "object = \"Lead\"", "loyalty.customer.object", "Account"),
        ("of_order = [\"BillToContactId\"]", "of_order = []", "loyalty.customer.of_order", "at least one"),
        ("orders = \"harmless\"", "orders = \"yes\"", "loyalty.repeat.orders", "never"),
        (
            "last_sync = \"Yotpo_Last_Sync__c\"",
            "last_sync = \"Account.X__c\"",
            "loyalty.write_back.last_sync",
            "without dots",
        ),
        ("#routes = [{ store = \"US\"", "routes = [{ brand = \"US\"", "loyalty.stores.default.routes", "unknown field"),
        (
            "#routes = [{ store = \"US\"",
            "routes = [{ store = \"US\"",
            "loyalty.stores.default.routes",
            "route_by.store",
        ),
    ] {
        assert!(own.contains(from), "{from}");
        refused(&format!("{before}\n[loyalty]\n{}", own.replacen(from, to, 1)), &[&format!("`{key}"), expected]);
    }
    refused(&LEAST.replace("start = \"2026-01-01\"", ""), &["`loyalty`", "missing field `start`"]);
}

#[test]
fn actions_are_named_by_a_word_that_can_stand_in_a_key() {
    let action = |word: &str, when: &str| {
        format!(
            "{LEAST}{ROUTED}[loyalty.actions.{word}]\nname = \"n\"\nobject = \"Case\"\nwhen = [{when}]\ndate = \"ClosedDate\"\n\
             customer = \"ContactId\"\ntitle = \"Closed\"\n"
        )
    };
    let clause = "{ field = \"Status\", is = [\"Closed\"] }";
    assert_eq!(loyalty(&action("closed", clause)).unwrap().actions.len(), 1);
    refused(&action("\"Case closed\"", clause), &["loyalty.actions.Case closed", "small letters"]);
    refused(&action("closed", ""), &["loyalty.actions.closed.when", "at least one clause"]);
}

#[test]
fn an_order_leads_to_one_store_or_to_none() {
    let loyalty = loyalty(&format!("{LEAST}{ROUTED}")).unwrap();
    let store = |store, locale, currency: &str| {
        let currency = crate::Currency::try_from(currency.to_owned()).unwrap();
        loyalty.route(store, locale, Some(&currency)).map(|(name, _)| name.to_string())
    };
    assert_eq!(store(Some("US"), None, "EUR").as_deref(), Some("us"), "a route without locale takes every locale");
    assert_eq!(store(Some("CA"), Some("fr_CA"), "CAD").as_deref(), Some("ca"));
    assert_eq!(store(Some("CA"), Some("fr_CA"), "USD").as_deref(), Some("us"));
    for none in [store(Some("CA"), None, "CAD"), store(Some("ca"), Some("fr_CA"), "CAD"), store(None, None, "USD")] {
        assert_eq!(none, None);
    }
    let start = |name: &str| loyalty.stores[&StoreName::try_from(name.to_owned()).unwrap()].start.to_string();
    assert_eq!((start("us"), start("ca")), ("2026-01-01".to_owned(), "2026-06-01".to_owned()));
}

#[test]
fn stores_that_could_take_one_order_are_refused() {
    let text = format!("{LEAST}{ROUTED}");
    let both = text.replacen("{ store = \"CA\", currency = \"USD\" }", "{ store = \"CA\" }", 1);
    refused(&both, &["loyalty.stores.us.routes", "ca's"]);
    refused(LEAST, &["`loyalty.stores`", "several stores"]);
    refused(&text.replace("[loyalty.stores.ca]", "[loyalty.stores.mx]"), &["loyalty.stores.mx", "[stores.<name>]"]);
    refused(&text.replace("locale = \"Locale__c\"\n", ""), &["loyalty.route_by.locale"]);
    refused(&text.replace("currency = \"CurrencyIsoCode\"\n", ""), &["salesforce.currency"]);
    refused(
        &text.replace("{ store = \"US\" }", "{}"),
        &["loyalty.stores.us.routes", "a store, a locale or a currency"],
    );
    let (alone, _) = text.split_once("[loyalty.stores.us]").unwrap();
    assert!(loyalty(&format!("{alone}[loyalty.stores.us]\n")).is_ok(), "one of two stores may take part alone");
    refused(&format!("{alone}[loyalty.stores.us]\n[loyalty.stores.ca]\n"), &["at least one route"]);
}

proptest! {
    /// What is not refused is not ambiguous: no values lead to two stores.
    #[test]
    fn what_is_not_refused_leads_no_order_to_two_stores(routes in prop::collection::vec((0..2usize, 0..3usize, 0..3usize), 2..6)) {
        let word = |n: usize, words: [&str; 2]| n.checked_sub(1).map(|n| words[n].to_owned());
        let made: Vec<(usize, Route)> = routes
            .into_iter()
            .map(|(store, a, b)| {
                (store, Route { store: word(a, ["US", "CA"]), locale: word(b, ["en", "fr"]), currency: None })
            })
            .collect();
        let names = ["us", "ca"].map(|name| StoreName::try_from(name.to_owned()).unwrap());
        let pairs: Vec<_> = made.iter().map(|(store, route)| (&names[*store], route)).collect();
        let market = |store: usize| Market {
            routes: made.iter().filter(|(of, _)| *of == store).map(|(_, route)| route.clone()).collect(),
            ..loyalty(&format!("{LEAST}{ROUTED}")).unwrap().market
        };
        let takes = |store: usize, a: Option<&str>, b: Option<&str>| {
            let market = market(store);
            !market.routes.is_empty() && market.takes(a, b, None)
        };
        let values = [None, Some("US"), Some("CA")].into_iter().flat_map(|a| [None, Some("en"), Some("fr")].map(|b| (a, b)));
        let twice = values.into_iter().any(|(a, b)| takes(0, a, b) && takes(1, a, b));
        prop_assert!(route::refuse_overlaps(&pairs).is_err() || !twice);
    }
}
