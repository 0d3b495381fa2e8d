use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn config() -> Relay {
    Relay::parse(include_str!("../../../infra/config/relay.toml"), "test").unwrap()
}

fn fields() -> Fields {
    Fields {
        completed_at: ("ActivatedDate".into(), org::Completed::DateTime),
        email: vec!["BillToContact.Email".into(), "Account.PersonEmail".into()],
        customer_name: vec!["BillToContact.Name".into(), "Account.Name".into()],
        order_id: "OrderNumber".into(),
        names: crate::fields::Names::Unique,
        currency: Some("CurrencyIsoCode".into()),
        route_by: None,
        test_order: Some("Is_Test__c".into()),
        line: LineFields {
            product_id: "Product2.ProductCode".into(),
            name: "Product2.Name".into(),
            url: Some("Product2.DisplayUrl".into()),
            image: Some("Image__c".into()),
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
    for nowhere in ["buyer@example.com.invalid", "buyer@shop.test", "buyer@mail.localhost", "jane.@example.com"] {
        let buyer = json!({"BillToContact": {"Email": nowhere, "Name": "Jane"}});
        assert_eq!(skip(&order(&buyer, good())), "invalid_email", "{nowhere}");
    }
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
fn what_nobody_sees_costs_no_buyer_and_no_product() {
    for email in ["buyer@example.com\u{200B}", "\u{200F}buyer@example.com", "\u{FEFF}buyer@example.com \u{202C}"] {
        let buyer = json!({"BillToContact": {"Email": email, "Name": "\u{200E}Jane Doe\u{200B}"}});
        let (purchase, left_out) = purchase(&order(&buyer, vec![line("\u{200B}A-1\u{200D}", "a\u{2060}")]));
        assert_eq!(
            (purchase.email.as_str(), purchase.customer_name.as_str(), left_out),
            ("buyer@example.com", "Jane Doe", 0)
        );
        assert_eq!(purchase.products["A-1"].name.as_deref(), Some("a"));
    }
    // The first address of which anything is seen counts, and a name of which nothing is seen is none.
    let blank = json!({"BillToContact": {"Email": "\u{200B}", "Name": "\u{200B}"}, "Account": {"PersonEmail": "p@example.com"}});
    let (purchase, _) = purchase(&order(&blank, vec![line("A", "a")]));
    assert_eq!((purchase.email.as_str(), purchase.customer_name.as_str()), ("p@example.com", "p"));
}

#[test]
fn a_number_is_text() {
    let mut numbered = line("A", "a");
    numbered["Product2"]["ProductCode"] = json!(4711.0);
    numbered["UnitPrice"] = json!(1.25e7);
    let (purchase, left_out) = purchase(&order(&json!({"OrderNumber": 100.0}), vec![numbered]));
    assert_eq!((left_out, purchase.order_id.as_str()), (0, "100"));
    assert_eq!(purchase.products["4711"].price.as_deref(), Some("12500000"));
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

/// The one product of an order whose line has these values.
fn product_with(changes: &[(&str, Value)]) -> Product {
    let mut line = line("A", "a");
    for (field, value) in changes {
        match field.strip_prefix("Product2.") {
            Some(field) => line["Product2"][field] = value.clone(),
            None => line[*field] = value.clone(),
        }
    }
    let (mut purchase, left_out) = purchase(&order(&json!({}), vec![line]));
    assert_eq!((left_out, purchase.check()), (0, Ok(())));
    purchase.products.remove("A").unwrap()
}

#[test]
fn an_optional_value_is_mended_or_left_out() {
    let currency =
        |value: &str| purchase(&order(&json!({"CurrencyIsoCode": value}), vec![line("A", "a")])).0.currency_iso;
    assert_eq!(currency("eur").as_deref(), Some("EUR"));
    assert_eq!(currency("US Dollar"), None, "and not the store's: it is another");
    for field in ["Product2.DisplayUrl", "Image__c"] {
        let address = |value: &str| {
            let product = product_with(&[(field, json!(value))]);
            if field == "Image__c" { product.image } else { product.url }
        };
        assert_eq!(address("https://example.com/a b.jpg").as_deref(), Some("https://example.com/a%20b.jpg"), "{field}");
        assert_eq!((address("/p/17"), address("www.example.com/p")), (None, None), "{field}");
    }
    assert_eq!(product_with(&[("UnitPrice", json!("49,99 €"))]).price, None);
    assert_eq!(product_with(&[("UnitPrice", json!("49.99"))]).price.as_deref(), Some("49.99"));
}

#[test]
fn the_stores_currency_stands_in_for_the_orders() {
    let (purchase, _) = purchase(&order(&json!({"CurrencyIsoCode": null}), vec![line("A", "a")]));
    let config = config();
    let store = config.stores.values().next().unwrap();
    assert_eq!(purchase.currency_iso.as_deref(), store.currency.as_ref().map(config::Currency::as_str));
}

/// 45 lines whose products have descriptions as long as a standard field of Salesforce takes, in Chinese characters.
#[test]
fn an_order_with_long_descriptions_is_sent_and_fits() {
    use crate::{item::Order, select::Pass};
    let config = config();
    let lines = (0..45).map(|n| {
        let mut line = line(&format!("P-{n}"), "a");
        line["Product2"]["Description"] = "産".repeat(4000).into();
        line
    });
    let stamps = json!({"ActivatedDate": "2026-11-20T10:00:00Z", "SystemModstamp": "2026-11-20T10:00:00Z"});
    let row = order(&stamps, lines.collect());
    let pass =
        Pass::of_day("2026-11-20".parse().unwrap(), None, &config, "2026-11-21T05:00:00Z".parse().unwrap()).unwrap();
    let order = Order::of(&row, &pass, &fields(), &config).unwrap().unwrap();
    let delivery::Fate::Send(entry) = &order.item.fate else { panic!("not sent") };
    assert!(entry.body.len() <= queue::BODY_BYTES, "{} bytes, with a letter's attributes to come", entry.body.len());
    assert_eq!(order.texts_shortened, 45);
    let again = Order::of(&row, &pass, &fields(), &config).unwrap().unwrap();
    assert_eq!(order.item.delivery, again.item.delivery, "mapped anew it is the same delivery");
}

/// What an org may hold in a text field.
fn odd() -> impl Strategy<Value = Value> {
    let text = "\\PC{0,30}|[\\x00-\\xff]{0,20}|(https?://|/|[a-z]{3}:)?\\PC{0,20}|[a-zA-Z]{3}|[0-9.,e-]{1,9}| *";
    prop_oneof![
        text.prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (1_usize..90_000).prop_map(|n| "産".repeat(n).into()),
        Just(Value::Null),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// An optional value costs no order, however odd: it is sent, and by rules that Yotpo documents.
    #[test]
    fn no_optional_value_costs_an_order(currency in odd(), name in odd(), url in odd(), image in odd(), description in odd(), price in odd(), sku in odd(), buyer in odd()) {
        let mut line = line("A", "a");
        line["Image__c"] = image;
        line["UnitPrice"] = price;
        for (field, value) in [("Name", name), ("DisplayUrl", url), ("Description", description), ("StockKeepingUnit", sku)] {
            line["Product2"][field] = value;
        }
        let changes = json!({"CurrencyIsoCode": currency, "BillToContact": {"Email": "jane@example.com", "Name": buyer}});
        let (purchase, left_out) = purchase(&order(&changes, vec![line]));
        prop_assert_eq!((left_out, purchase.check()), (0, Ok(())));
        let key = "reviews/801RO000000AbcDYAS".to_owned().try_into().unwrap();
        let mut message = crate::message::message(key, ledger::Revision(1), "default", purchase).unwrap();
        let (body, _) = crate::fit::body(&mut message, crate::fit::LONGEST_BODY).unwrap();
        prop_assert!(body.len() <= crate::fit::LONGEST_BODY);
        prop_assert_eq!(message.payload.purchase.check(), Ok(()));
        let product = &message.payload.purchase.products["A"];
        for address in [&product.url, &product.image].into_iter().flatten() {
            prop_assert!(address.is_ascii() && url::Url::parse(address).is_ok_and(|url| url.has_host()), "{}", address);
        }
    }
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
