use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn config() -> Relay {
    Relay::parse(include_str!("../../../infra/config/relay.toml"), "test").unwrap()
}

fn fields() -> Fields {
    Fields {
        completed_at: ("ActivatedDate".into(), crate::fields::Completed::DateTime),
        email: vec!["BillToContact.Email".into(), "Account.PersonEmail".into()],
        customer_name: vec!["BillToContact.Name".into(), "Account.Name".into()],
        order_id: "OrderNumber".into(),
        currency: Some("CurrencyIsoCode".into()),
        route_by: None,
        test_order: Some("Is_Test__c".into()),
        line: LineFields {
            product_id: "Product2.ProductCode".into(),
            name: "Product2.Name".into(),
            url: Some("Product2.DisplayUrl".into()),
            image: None,
            description: Some("Product2.Description".into()),
            price: Some("UnitPrice".into()),
            specs: vec![(config::Spec::Sku, "Product2.StockKeepingUnit".into())],
        },
        completed: String::new(),
    }
}

fn line(code: &str, name: &str) -> Value {
    json!({"Id": "802RO000000AbcDYAS", "UnitPrice": 49.99, "Product2": {
        "ProductCode": code, "Name": name, "DisplayUrl": "https://example.com/p", "Description": null, "StockKeepingUnit": "S-1"}})
}

#[expect(clippy::needless_pass_by_value, reason = "reads better at the call")]
fn order(changes: &Value, lines: Vec<Value>) -> Record {
    let mut order = json!({
        "Id": "801RO000000AbcDYAS", "OrderNumber": "00000100", "CurrencyIsoCode": "EUR", "Is_Test__c": false,
        "BillToContact": {"Email": "jane@example.com", "Name": "Jane Doe"}, "Account": null,
        "OrderItems": {"totalSize": lines.len(), "done": true, "records": lines},
    });
    for (key, value) in changes.as_object().unwrap() {
        order[key] = value.clone();
    }
    serde_json::from_value(order).unwrap()
}

fn map_on(day: &str, row: &Record) -> Mapped {
    let config = config();
    let store = config.stores.values().next().unwrap().clone();
    map(row, &fields(), &config, &store, day.parse().unwrap(), "2026-05-21".parse().unwrap())
}

fn purchase(row: &Record) -> (Purchase, usize) {
    match map_on("2026-11-20", row) {
        Mapped::Send { purchase, lines_left_out } => (*purchase, lines_left_out),
        Mapped::Skip(skip) => panic!("skipped: {skip:?}"),
    }
}

fn skip(row: &Record) -> &'static str {
    match map_on("2026-11-20", row) {
        Mapped::Skip(skip) => skip.as_str(),
        Mapped::Send { .. } => panic!("sent"),
    }
}

#[test]
fn an_ordinary_order_becomes_what_yotpo_documents() {
    let (purchase, left_out) = purchase(&order(&json!({}), vec![line("SHIRT-GRN-M", "Green Shirt")]));
    assert_eq!(left_out, 0);
    assert_eq!(
        serde_json::to_value(&purchase).unwrap(),
        json!({
            "email": "jane@example.com", "customer_name": "Jane Doe", "order_id": "00000100", "order_date": "2026-11-20",
            "currency_iso": "EUR", "platform": "general",
            "products": {"SHIRT-GRN-M": {"name": "Green Shirt", "url": "https://example.com/p", "price": "49.99", "specs": {"sku": "S-1"}}},
        })
    );
    purchase.check().unwrap();
}

#[test]
fn the_first_path_that_has_an_address_counts() {
    let person = json!({"BillToContact": {"Email": " ", "Name": null}, "Account": {"PersonEmail": "p@example.com", "Name": "P. Person"}});
    let (purchase, _) = purchase(&order(&person, vec![line("A", "a")]));
    assert_eq!((purchase.email.as_str(), purchase.customer_name.as_str()), ("p@example.com", "P. Person"));
}

#[test]
fn every_reason_not_to_send() {
    let good = || vec![line("A", "a")];
    assert_eq!(skip(&order(&json!({"BillToContact": null}), good())), "no_email");
    assert_eq!(skip(&order(&json!({"BillToContact": {"Email": "nobody"}}), good())), "invalid_email");
    assert_eq!(skip(&order(&json!({"Is_Test__c": true}), good())), "test_order");
    assert_eq!(skip(&order(&json!({}), vec![line("a b", "x"), line("a/b", "y"), line("", "z")])), "no_valid_products");
    assert_eq!(skip(&order(&json!({"OrderItems": null}), vec![])), "no_valid_products");
    let old = map_on("2026-05-20", &order(&json!({}), good()));
    assert_eq!(old, Mapped::Skip(Skip::OlderThanSixMonths));
    assert!(matches!(map_on("2026-05-21", &order(&json!({}), good())), Mapped::Send { .. }));
}

#[test]
fn a_bad_line_is_left_out_and_counted_and_the_good_ones_go() {
    let (purchase, left_out) = purchase(&order(&json!({}), vec![line("A", "a"), line("b c", "b"), line(" C ", "c")]));
    assert_eq!(left_out, 1);
    assert_eq!(purchase.products.keys().collect::<Vec<_>>(), ["A", "C"]);
}

#[test]
fn six_hundred_lines_arrive_whole() {
    let lines = (0..600).map(|n| line(&format!("P-{n}"), "x")).collect();
    assert_eq!(purchase(&order(&json!({}), lines)).0.products.len(), 600);
}

#[test]
fn a_name_that_yotpo_would_not_take_is_cut_or_replaced() {
    let name = |name: Value| {
        purchase(&order(&json!({"BillToContact": {"Email": "jane@example.com", "Name": name}}), vec![line("A", "a")]))
            .0
            .customer_name
    };
    assert_eq!(name(json!("x".repeat(300))).chars().count(), 254);
    assert_eq!(name(json!("  ")), "jane");
    assert_eq!(name(json!("<b></b>")), "jane");
    assert_eq!(name(json!("Zoë\u{7}Müller")), "Zoë Müller");
}

#[test]
fn the_stores_currency_stands_in_for_the_orders() {
    let (purchase, _) = purchase(&order(&json!({"CurrencyIsoCode": null}), vec![line("A", "a")]));
    let config = config();
    let store = config.stores.values().next().unwrap();
    assert_eq!(purchase.currency_iso.as_deref(), store.currency.as_ref().map(config::Currency::as_str));
}

proptest! {
    /// Whatever the org holds, the answer is a purchase that passes Yotpo's rules or a reason.
    #[test]
    fn every_order_has_an_answer(email in "\\PC{0,30}|[a-z]{1,8}@[a-z]{1,8}\\.[a-z]{2,3}", name in "\\PC{0,300}", codes in prop::collection::vec("\\PC{0,6}|[A-Z0-9-]{1,8}", 0..6)) {
        let lines = codes.iter().map(|code| line(code, &name)).collect();
        let row = order(&json!({"BillToContact": {"Email": email, "Name": name}}), lines);
        if let Mapped::Send { purchase, lines_left_out } = map_on("2026-11-20", &row) {
            prop_assert_eq!(purchase.check(), Ok(()));
            prop_assert!(lines_left_out < codes.len());
            prop_assert!(purchase.products.len() + lines_left_out <= codes.len());
        }
    }
}
