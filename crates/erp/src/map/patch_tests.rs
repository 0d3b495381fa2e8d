//! An order that NetSuite has, brought up to date.

use super::fixture_tests::*;
use super::made_tests::case;
use super::*;
use ledger::Revision;
use netsuite::RecordId;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

const NAMED: &str = "tip = \"TIP\"\nduties = \"DUTIES\"\nfees = \"FEES\"\ncustom = \"CUSTOM\"\nrounding = \"ROUNDING\"";

/// An account with one order, and what writes to it.
struct Account {
    erp: Erp,
    entity: RecordId,
    items: BTreeMap<String, RecordId>,
    record: Value,
    revision: i64,
}

impl Account {
    /// After the order was created.
    fn with(order: &Value) -> Self {
        let erp = erp(&[("charges", NAMED)]);
        let effect = super::order(&read(order), &settings(&erp)).unwrap();
        let mut account =
            Self { items: items(&effect.lines), erp, entity: "110".parse().unwrap(), record: Value::Null, revision: 1 };
        account.record = created(&order_record(&effect, &account.ids(), Revision(1), &settings(&account.erp)).unwrap());
        account
    }

    fn ids(&self) -> Ids<'_> {
        Ids { entity: &self.entity, currency: None, items: &self.items }
    }

    fn effect(&self, order: &Value) -> OrderEffect {
        super::order(&read(order), &settings(&self.erp)).unwrap()
    }

    fn held(&self) -> NetSuiteOrder {
        NetSuiteOrder::parse(&self.record).unwrap()
    }

    /// Brings it up to date; gives what was sent.
    fn update(&mut self, order: &Value) -> (Option<Value>, Option<&'static str>) {
        let effect = self.effect(order);
        self.items.extend(items(&effect.lines));
        self.revision += 1;
        let patch = patch(&effect, &self.held(), &self.ids(), Revision(self.revision), &settings(&self.erp)).unwrap();
        let body = patch.body(true);
        if let Some(body) = &body {
            self.record = patched(&self.record, body);
        }
        (body, patch.locked)
    }

    fn line(&mut self, key: &str) -> &mut Value {
        let lines = self.record["item"]["items"].as_array_mut().unwrap();
        lines.iter_mut().find(|line| line["custcol_order_relay_line"] == key).unwrap()
    }

    /// As `(key, item, quantity, rate)`, of the lines that are open.
    fn open(&self) -> BTreeSet<(String, String, String, String)> {
        let open = self.held().lines.into_iter().filter(|line| !line.closed);
        let text = |number: rust_decimal::Decimal| number.normalize().to_string();
        open.map(|line| (line.key.unwrap_or_default(), line.item, text(line.quantity), text(line.rate))).collect()
    }
}

fn and(changes: &[(&str, Value)]) -> Value {
    let mut order = plain();
    for (name, value) in changes {
        order[*name] = value.clone();
    }
    order
}

/// The plain order, without one of its shirts.
fn smaller() -> Value {
    let mut order = and(&[("refunds", json!([refund_json(&[(11, 1, "cancel", "18.00", "1.25")])]))]);
    order["line_items"][0]["current_quantity"] = 1.into();
    order["current_total_price_set"] = money("34.75");
    order
}

fn cancelled() -> Value {
    and(&[("cancelled_at", json!("2026-11-21T00:00:00Z"))])
}

fn sent_lines(body: Option<&Value>) -> Vec<i64> {
    let lines = body.and_then(|body| body["item"]["items"].as_array());
    lines.into_iter().flatten().map(|line| line["line"].as_i64().unwrap_or_default()).collect()
}

#[test]
fn a_change_of_the_header_sends_the_header_alone() {
    let mut account = Account::with(&plain());
    let (body, locked) = account.update(&and(&[("note", json!(null))]));
    let mut body = body.unwrap();
    let stamp: Stamp = body["custbody_order_relay"].as_str().unwrap().parse().unwrap();
    body["custbody_order_relay"] = Value::Null;
    assert_eq!((body, locked), (json!({ "memo": null, "custbody_order_relay": null }), None));
    assert_eq!(stamp.revision, Revision(2));
    assert!(!account.held().is_edited());
    let mut moved = plain();
    moved["shipping_address"]["city"] = "Troy".into();
    moved["note"] = Value::Null;
    let effect = account.effect(&moved);
    let patch = patch(&effect, &account.held(), &account.ids(), Revision(3), &settings(&account.erp)).unwrap();
    assert!(patch.has_addresses());
    assert_eq!(patch.body(true).unwrap()["shippingAddress"]["city"], "Troy");
    assert_eq!(patch.body(false).unwrap().as_object().unwrap().keys().collect::<Vec<_>>(), ["custbody_order_relay"]);
}

#[test]
fn a_changed_line_is_named_by_its_number() {
    let mut account = Account::with(&plain());
    let (body, locked) = account.update(&smaller());
    // The shirt, the discount and the tax.
    assert_eq!((sent_lines(body.as_ref()), locked), (vec![1, 4, 5], None));
    assert_eq!(body.unwrap()["item"]["items"][0], json!({ "line": 1, "quantity": 1 }));
    assert!(!account.held().is_edited());
}

#[test]
fn what_shopify_no_longer_wants_is_closed_and_reopened() {
    let mut account = Account::with(&plain());
    let mut without = plain();
    without["line_items"][1]["current_quantity"] = 0.into();
    without["current_total_price_set"] = money("48.50");
    let (body, _) = account.update(&without);
    assert_eq!(body.unwrap()["item"]["items"][0], json!({ "line": 2, "isClosed": true }));
    let (body, _) = account.update(&plain());
    assert_eq!(body.unwrap()["item"]["items"][0], json!({ "line": 2, "isClosed": false }));
    let mut more = plain();
    let mug = json!({ "id": 13, "sku": "MUG", "quantity": 1, "current_quantity": 1, "price_set": money("5.00") });
    more["line_items"].as_array_mut().unwrap().push(mug);
    let (body, _) = account.update(&more);
    let added = &body.unwrap()["item"]["items"][0];
    assert_eq!((&added["line"], &added["custcol_order_relay_line"]), (&Value::Null, &json!("13")));
    assert!(!account.held().is_edited());
}

#[test]
fn a_shipped_line_is_not_lowered_and_the_header_still_goes() {
    for field in ["quantityFulfilled", "quantityBilled"] {
        let mut account = Account::with(&plain());
        account.line("11")[field] = 2.into();
        let lines = account.record["item"].clone();
        let mut order = smaller();
        order["note"] = "New".into();
        let (body, locked) = account.update(&order);
        let body = body.unwrap();
        assert_eq!((locked, &body["memo"], &body["item"]), (Some("lines_locked"), &json!("New"), &Value::Null));
        assert_eq!(account.record["item"], lines);
        // The stamp does not pass for the whole effect's, and says nothing twice.
        assert_ne!(account.held().stamp.unwrap().effect, account.effect(&order).hash());
        assert_eq!(account.update(&order), (None, Some("lines_locked")));
        // What the next change is held against is what NetSuite has.
        assert!(!account.held().is_edited());
        account.line("11")[field] = 1.into();
        assert_eq!(account.update(&order).1, None);
        assert!(!account.held().is_edited());
    }
    let mut account = Account::with(&plain());
    account.line("12")["quantityFulfilled"] = 1.into();
    let mut other = plain();
    other["line_items"][1]["sku"] = "CUP".into();
    assert_eq!(account.update(&other).1, Some("lines_locked"));
    assert_eq!(account.update(&plain()).1, None);
    let (body, locked) = account.update(&smaller());
    assert_eq!((sent_lines(body.as_ref()), locked), (vec![1, 4, 5], None), "another line than the shipped one");
}

#[test]
fn lines_edited_by_hand_are_left_alone() {
    for (field, value) in
        [("rate", json!(19)), ("quantity", json!(3)), ("isClosed", json!(true)), ("item", json!({ "id": "5" }))]
    {
        let mut account = Account::with(&plain());
        account.line("12")[field] = value;
        assert!(account.held().is_edited(), "{field}");
        let lines = account.record["item"].clone();
        assert_eq!(account.update(&and(&[("note", json!("New"))])).1, None, "{field}: the lines have not changed");
        assert_eq!(account.record["memo"], "New");
        assert_eq!(account.update(&smaller()).1, Some("lines_locked"), "{field}");
        assert_eq!(account.record["item"], lines);
        assert!(account.held().is_edited());
    }
    // A record that somebody else made under our external id.
    let mut account = Account::with(&plain());
    account.record["custbody_order_relay"] = Value::Null;
    assert_eq!(account.update(&smaller()).1, Some("lines_locked"));
}

#[test]
fn a_cancelled_order_is_closed_line_by_line() {
    let mut account = Account::with(&plain());
    let (body, locked) = account.update(&cancelled());
    assert_eq!((sent_lines(body.as_ref()), locked), (vec![1, 2, 3, 4, 5], None));
    assert!(account.open().is_empty() && !account.held().is_edited());
    assert_eq!(account.update(&cancelled()), (None, None));
    // Half of it shipped: the rest is closed, and what shipped in full stays.
    let mut account = Account::with(&plain());
    account.line("11")["quantityFulfilled"] = 1.into();
    account.line("12")["quantityFulfilled"] = 1.into();
    account.line("12")["rate"] = 4.into();
    assert_eq!(sent_lines(account.update(&cancelled()).0.as_ref()), [1, 3, 4, 5]);
    // All of it.
    let mut account = Account::with(&plain());
    account.line("11")["quantityFulfilled"] = 2.into();
    account.line("12")["quantityBilled"] = 1.into();
    let (body, locked) = account.update(&cancelled());
    assert_eq!((sent_lines(body.as_ref()), locked), (vec![], Some("already_fulfilled")));
}

/// Its memo gives it back, and the order is worth no less than that.
#[test]
fn of_a_cancelled_order_refunded_shipping_stays() {
    let mut refunded = refund_json(&[]);
    refunded["created_at"] = "2026-11-20T18:00:00-05:00".into();
    refunded["refund_shipping_lines"] =
        json!([{ "id": 21, "subtotal_amount_set": money("10.00"), "tax_amount_set": money("1.00") }]);
    let mut account = Account::with(&plain());
    let mut order = cancelled();
    order["refunds"] = json!([refunded]);
    assert_eq!(sent_lines(account.update(&order).0.as_ref()), [1, 2, 4, 5]);
    let open: Vec<(String, String)> = account.open().into_iter().map(|(key, _, _, rate)| (key, rate)).collect();
    assert_eq!(open, [("shipping:21".to_owned(), "10".to_owned()), ("tax".to_owned(), "1".to_owned())]);
    assert_eq!(account.update(&order), (None, None));
}

/// What was sent without them does not pass for the whole, nor for the version before.
#[test]
fn without_its_addresses_an_update_passes_for_nothing() {
    let mut account = Account::with(&plain());
    let mut moved = and(&[("note", json!("New"))]);
    moved["shipping_address"]["city"] = "Troy".into();
    let effect = account.effect(&moved);
    let patch = super::patch(&effect, &account.held(), &account.ids(), Revision(2), &settings(&account.erp)).unwrap();
    account.record = patched(&account.record, &patch.body(false).unwrap());
    account.revision = 2;
    let stamp = account.held().stamp.unwrap().effect;
    assert_ne!(stamp, effect.hash());
    assert_ne!(stamp, account.effect(&plain()).hash());
    let (body, _) = account.update(&plain());
    assert_eq!(body.unwrap()["memo"], "Ring twice", "the version before is brought back");
    assert!(!account.held().is_edited());
}

#[test]
fn an_older_version_changes_nothing() {
    let mut account = Account::with(&plain());
    account.update(&smaller());
    let (effect, held) = (account.effect(&plain()), account.held());
    let late = patch(&effect, &held, &account.ids(), Revision(1), &settings(&account.erp)).unwrap();
    assert_eq!(late.body(true), None);
}

#[test]
fn an_unknown_item_is_named() {
    let account = Account::with(&plain());
    let nothing = BTreeMap::new();
    let ids = Ids { items: &nothing, ..account.ids() };
    let parked = order_record(&account.effect(&plain()), &ids, Revision(1), &settings(&account.erp)).unwrap_err();
    assert_eq!((parked.reason, parked.error.as_str()), ("unknown_item", "SHIRT-M"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever way an order takes, NetSuite's is at last what a create would have made of its newest state.
    #[test]
    fn updates_lead_where_a_create_would(case in case()) {
        let orders = case.orders();
        let mut account = Account::with(&orders[0]);
        for order in &orders {
            let (_, locked) = account.update(order);
            prop_assert_eq!(locked, None);
            prop_assert_eq!(account.open(), Account::with(order).open());
            prop_assert!(!account.held().is_edited());
            prop_assert_eq!(account.held().stamp.unwrap().effect, account.effect(order).hash());
            prop_assert_eq!(account.update(order), (None, None));
        }
    }

    /// Whatever shipped: no line goes below it, and none that shipped gets another item or price.
    #[test]
    fn what_shipped_stands(case in case(), shipped in proptest::collection::vec(0..6_u32, 5), edits: bool) {
        let orders = case.orders();
        let mut account = Account::with(&orders[0]);
        for (line, shipped) in account.record["item"]["items"].as_array_mut().unwrap().iter_mut().zip(shipped) {
            line["quantityFulfilled"] = shipped.min(u32::try_from(line["quantity"].as_u64().unwrap()).unwrap()).into();
            if edits {
                line["rate"] = 1.into();
                line["amount"] = line["quantity"].clone();
            }
        }
        let before = account.held();
        for order in orders.iter().chain([&{ let mut last = orders[0].clone(); last["cancelled_at"] = "2026-12-01T00:00:00Z".into(); last }]) {
            account.update(order);
            for (then, now) in before.lines.iter().zip(account.held().lines) {
                prop_assert!(now.quantity >= then.done);
                prop_assert!(!(now.closed && then.is_done()));
                if edits || !then.done.is_zero() {
                    prop_assert_eq!((&then.item, then.rate), (&now.item, now.rate));
                }
            }
        }
    }
}
