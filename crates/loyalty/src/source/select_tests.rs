use super::*;
use crate::source::{
    testing::{Bench, row},
    twins::People,
};
use serde_json::{Value, json};

fn put(bench: &Bench, object: &str, document: &Value) -> String {
    bench.vendors.salesforce.put(object, document).unwrap()
}

fn order(bench: &Bench, number: &str, more: &Value) -> String {
    let mut document = json!({
        "OrderNumber": number, "Status": "Completed", "ActivatedDate": "2026-11-22T10:00:00Z", "TotalAmount": 10,
        "SystemModstamp": format!("2026-11-22T10:00:{number}Z"), "BillToContact": {"Email": "jane@example.com"},
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    put(bench, "Order", &document)
}

/// The ids that a query finds, in its order.
async fn found(bench: &Bench, fields: &Fields, source: &Source, pass: &Pass, which: Which<'_>) -> Vec<String> {
    let query = source.query(pass, which, &bench.mapping(fields));
    let rows = bench.client.all(&query).await.unwrap_or_else(|error| panic!("{}: {error}", query.soql));
    rows.iter().map(|row| row.id().unwrap().to_string()).collect()
}

#[tokio::test]
async fn a_pass_meets_what_changed_in_the_order_of_its_stamps() {
    let bench = Bench::new(&[]);
    let fields = bench.fields().await;
    let (b, a) = (order(&bench, "02", &json!({})), order(&bench, "01", &json!({})));
    let undated = order(&bench, "03", &json!({"ActivatedDate": null}));
    order(&bench, "04", &json!({"Status": "Draft"}));
    order(&bench, "05", &json!({"ActivatedDate": "2025-12-31T23:59:59Z"}));
    order(&bench, "06", &json!({"IsReductionOrder": true}));
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let mut pass = Pass::from_start(at("2026-11-22T10:00:00Z"));
    let ids = found(&bench, &fields, &Source::Orders, &pass, Which::Changed).await;
    assert_eq!(ids, [a.clone(), b.clone(), undated.clone()]);
    // It goes on after the last that was dealt with, and the next one looks back as far as the settings say.
    pass.handled(Position { stamp: at("2026-11-22T10:00:02Z"), id: salesforce::Id::parse(&b).unwrap() });
    assert_eq!(found(&bench, &fields, &Source::Orders, &pass, Which::Changed).await, std::slice::from_ref(&undated));
    let next = pass.clone().following(true).unwrap();
    assert_eq!((next.since, &next.after), (at("2026-11-22T10:00:02Z"), &None));
    assert_eq!(found(&bench, &fields, &Source::Orders, &next, Which::Changed).await.len(), 3);
    let later = Pass::from_start(at("2026-11-22T10:31:00Z"));
    assert!(found(&bench, &fields, &Source::Orders, &later, Which::Changed).await.is_empty());
    assert_eq!(pass.following(false), None);
}

#[tokio::test]
async fn what_gives_back_is_found_by_stamp_by_day_and_by_order() {
    let bench = Bench::new(&[]);
    let fields = bench.fields().await;
    let original = order(&bench, "01", &json!({"Status": "Cancelled"}));
    let reduction = |number, status| {
        json!({"OrderNumber": number, "IsReductionOrder": true, "StatusCode": status, "OriginalOrderId": original, "TotalAmount": -1,
               "SystemModstamp": "2026-11-23T10:00:00Z"})
    };
    let activated = put(&bench, "Order", &reduction("91", "Activated"));
    put(&bench, "Order", &reduction("92", "Draft"));
    order(&bench, "02", &json!({"Status": "Cancelled", "ActivatedDate": null}));
    let (of, none) = ([original.clone()], ["801000000000009AAA".to_owned()]);
    let (ours, other) = ("2026-11-22".parse().unwrap(), "2026-11-20".parse().unwrap());
    for (which, some) in [
        (Which::Changed, true),
        (Which::Of(&of), true),
        (Which::Of(&none), false),
        (Which::Day { day: ours, store: None }, true),
        (Which::Day { day: other, store: None }, false),
    ] {
        for (source, id) in [(Source::Returns, &activated), (Source::Cancellations, &original)] {
            let expected: Vec<_> = some.then(|| id.clone()).into_iter().collect();
            assert_eq!(found(&bench, &fields, &source, &Pass::whole(), which).await, expected, "{source:?} {which:?}");
        }
    }
}

#[tokio::test]
async fn a_day_by_hand_is_each_stores_own() {
    let bench = Bench::two_stores(&[]);
    let fields = bench.fields().await;
    // An hour before midnight in UTC it is the next day in Vienna.
    let late = json!({"Store__c": "EU", "CurrencyIsoCode": "EUR", "ActivatedDate": "2026-11-21T23:30:00.000+0000"});
    let (row, mapping) = (row(late), bench.mapping(&fields));
    let (eu, us) = ("eu".to_owned().try_into().unwrap(), "default".to_owned().try_into().unwrap());
    for (day, store, expected) in [
        ("2026-11-22", None, true),
        ("2026-11-22", Some(&eu), true),
        ("2026-11-22", Some(&us), false),
        ("2026-11-21", None, false),
    ] {
        let which = Which::Day { day: day.parse().unwrap(), store };
        assert_eq!(Source::Orders.is_asked_for(&row, which, &mapping).unwrap(), expected, "{day} {store:?}");
    }
}

#[tokio::test]
async fn customers_come_with_those_who_share_their_address_and_those_merged_into_them() {
    let bench = Bench::two_stores(&[]);
    let fields = bench.fields().await;
    let contact = |email: &str, more: Value| {
        let mut document = json!({"Email": email, "SystemModstamp": "2026-11-22T10:00:00Z", "Store__c": "EU"});
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        put(&bench, "Contact", &document)
    };
    let jane = contact("Jane@example.com", json!({}));
    let twin = contact("jane@EXAMPLE.com", json!({}));
    let elsewhere = contact("jane@example.com", json!({"Store__c": "USA"}));
    let merged = contact("j@example.com", json!({"IsDeleted": true, "MasterRecordId": jane}));
    contact("jane@example.com", json!({"IsDeleted": true}));
    let mapping = bench.mapping(&fields);
    let people = People { salesforce: &bench.client, mapping };
    let id = |text: &str| salesforce::Id::parse(text).unwrap();
    let (pass, eu) = (Pass::whole(), "eu".to_owned().try_into().unwrap());
    assert_eq!(found(&bench, &fields, &Source::Customers, &pass, Which::Changed).await.len(), 5);
    let before = bench.vendors.report().counters[&sandbox::salesforce::QUERY].calls;
    let rows = bench.client.all(&Source::Customers.query(&pass, Which::Changed, &mapping)).await.unwrap();
    let found = people.in_rows(&rows).await.unwrap();
    assert_eq!(
        bench.vendors.report().counters[&sandbox::salesforce::QUERY].calls - before,
        2,
        "a query a page beside the page"
    );
    let asked = found[&id(&jane)].asked_in(&eu).unwrap();
    assert_eq!((asked.twins, asked.absorbed), (vec![twin.clone()], vec![merged.clone()]));
    assert!(found[&id(&merged)].asked_in(&eu).unwrap().gone.is_some());
    let us = found[&id(&elsewhere)].asked_in(&"default".to_owned().try_into().unwrap()).unwrap();
    assert_eq!(us.twins, Vec::<String>::new());
    // Those of orders are looked up by id, and come with the same.
    let of_order = people.of([id(&twin)].into()).await.unwrap();
    assert_eq!(of_order[&id(&twin)].asked_in(&eu).unwrap().twins, [jane]);
}
