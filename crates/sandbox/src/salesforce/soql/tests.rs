use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::salesforce::id::SfId;
use crate::salesforce::objects::Object;

fn org(documents: &[Value]) -> Org {
    let mut org = Org::default();
    for document in documents {
        org.replace(Object::Order, document.as_object().unwrap(), DateTime::UNIX_EPOCH).unwrap();
    }
    org
}

fn five() -> Org {
    let order = |n: u64, more: Value| {
        let mut document = json!({
            "Id": SfId::new("801", n).as_str(), "OrderNumber": format!("{n}"), "Status": "Completed",
            "SystemModstamp": format!("2026-11-20T0{n}:00:00Z"),
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document
    };
    org(&[
        order(
            3,
            json!({"ActivatedDate": "2026-11-20T03:00:00Z", "EffectiveDate": "2026-11-20", "PoNumber": "O'Neill 100%"}),
        ),
        order(1, json!({"ActivatedDate": "2026-11-20T01:00:00Z", "BillToContact": {"Email": "One@Example.com"}})),
        order(2, json!({"Status": "Draft", "TotalAmount": 12.5, "Is_Test__c": true, "PoNumber": "a_c"})),
        order(5, json!({"ActivatedDate": "2026-11-20T05:00:00Z", "PoNumber": "abc"})),
        order(4, json!({"Store__c": "EU", "TotalAmount": -1, "OrderItems": [{"Quantity": 1}, {"Quantity": 2}]})),
    ])
}

/// Order numbers that the query yields, in its order.
fn numbers(org: &Org, soql: &str) -> String {
    let plan = plan(org, soql).unwrap_or_else(|error| panic!("{soql}: {error:?}"));
    let (column, _) = org.table(Object::Order).schema.find("OrderNumber").unwrap();
    let text = |row| org.cell(Object::Order, row, column).render().as_str().unwrap().to_owned();
    plan.rows(org).into_iter().map(text).collect()
}

fn of(condition: &str) -> String {
    numbers(&five(), &format!("SELECT Id FROM Order WHERE {condition} ORDER BY OrderNumber"))
}

fn refusal(soql: &str) -> (&'static str, String) {
    let error = plan(&five(), soql).expect_err(soql);
    (error.code, error.message)
}

#[test]
fn conditions() {
    let cases = [
        ("Status = 'completed'", "1345"),
        ("Status != 'Completed'", "2"),
        ("Status LIKE 'comp%' AND OrderNumber > '3'", "45"),
        ("ActivatedDate = null", "24"),
        ("ActivatedDate != null", "135"),
        ("ActivatedDate >= 2026-11-20T01:00:00Z AND ActivatedDate < 2026-11-20T06:00:00+01:00", "13"),
        ("ActivatedDate < 2027-01-01T00:00:00Z", "135"),
        ("EffectiveDate = 2026-11-20", "3"),
        ("(NOT Status = 'Draft') AND (Store__c = 'EU' OR BillToContact.Email = 'one@example.com')", "14"),
        ("NOT (Status = 'Draft' OR Store__c = 'EU')", "135"),
        ("OrderNumber IN ('1', '5', '9')", "15"),
        ("OrderNumber NOT IN ('1', '5')", "234"),
        ("Store__c NOT IN ('EU')", "1235"),
        ("BillToContact.Email = null", "2345"),
        ("TotalAmount > 0", "2"),
        ("TotalAmount <= -1.0", "4"),
        ("Is_Test__c = true", "2"),
        ("Is_Test__c = false", "1345"),
        (r"PoNumber = 'O\'Neill 100%'", "3"),
        (r"PoNumber LIKE '%100\%'", "3"),
        ("PoNumber LIKE 'a_c'", "25"),
        (r"PoNumber LIKE 'a\_c'", "2"),
        (r"PoNumber = '\u0061bc'", "5"),
        (
            "SystemModstamp > 2026-11-20T04:00:00Z OR (SystemModstamp = 2026-11-20T04:00:00Z AND Id > '801RO0000000003')",
            "45",
        ),
        ("systemmodstamp>=2026-11-20T04:00:00.000Z", "45"),
    ];
    for (condition, expected) in cases {
        assert_eq!(of(condition), expected, "{condition}");
    }
}

#[test]
fn ids_are_compared_with_regard_to_case_and_in_both_lengths() {
    let id = SfId::new("801", 3);
    assert_eq!(of(&format!("Id = '{id}'")), "3");
    assert_eq!(of(&format!("Id = '{}'", &id.as_str()[..15])), "3");
    assert_eq!(of("Id = '801ro0000000003'"), "");
    assert_eq!(refusal("SELECT Id FROM Order WHERE Id = 'x'").0, "INVALID_QUERY_FILTER_OPERATOR");
}

#[test]
fn orders_limits_and_offsets() {
    let org = five();
    let cases = [
        ("SELECT Id FROM Order ORDER BY SystemModstamp, Id", "12345"),
        ("SELECT Id FROM Order ORDER BY SystemModstamp ASC, Id LIMIT 2 OFFSET 1", "23"),
        ("SELECT Id FROM Order ORDER BY SystemModstamp DESC", "54321"),
        ("SELECT Id FROM Order ORDER BY Status DESC, OrderNumber DESC LIMIT 2", "25"),
        ("SELECT Id FROM Order ORDER BY ActivatedDate, OrderNumber", "24135"),
        ("SELECT Id FROM Order ORDER BY ActivatedDate DESC NULLS LAST, OrderNumber", "53124"),
    ];
    for (soql, expected) in cases {
        assert_eq!(numbers(&org, soql), expected, "{soql}");
    }
}

#[test]
fn names_that_the_org_lacks() {
    let (code, message) = refusal("SELECT Id, Foo__c FROM Order");
    assert_eq!(code, "INVALID_FIELD");
    assert!(message.contains("ERROR at Row:1:Column:12\nNo such column 'Foo__c' on entity 'Order'."), "{message}");
    assert_eq!(refusal("SELECT Foo.Email FROM Order").0, "INVALID_FIELD");
    assert_eq!(refusal("SELECT BillToContact.Foo FROM Order").0, "INVALID_FIELD");
    assert_eq!(refusal("SELECT Id FROM Order WHERE Foo = 1").0, "INVALID_FIELD");
    assert_eq!(refusal("SELECT Id FROM Order ORDER BY Foo").0, "INVALID_FIELD");
    assert_eq!(refusal("SELECT Id FROM Ordr").0, "INVALID_TYPE");
    assert_eq!(refusal("SELECT Id, (SELECT Id FROM OrderItem) FROM Order").0, "INVALID_TYPE");
    assert_eq!(refusal("SELECT Id, Id FROM Order").0, "MALFORMED_QUERY");
}

#[test]
fn literals_of_another_type_than_the_field() {
    let cases = [
        "ActivatedDate > 2026-11-20",
        "ActivatedDate > '2026-11-20T00:00:00Z'",
        "EffectiveDate = 2026-11-20T00:00:00Z",
        "Status = 1",
        "Status = Completed",
        "Is_Test__c = 'true'",
        "TotalAmount = '1'",
        "Description = 'x'",
    ];
    for condition in cases {
        let (code, _) = refusal(&format!("SELECT Id FROM Order WHERE {condition}"));
        let expected = if condition.ends_with("= Completed") { "MALFORMED_QUERY" } else { "INVALID_FIELD" };
        assert_eq!(code, expected, "{condition}");
    }
}

#[test]
fn what_is_not_in_the_language() {
    let cases = [
        ("", None),
        ("SELECT", Some("<EOF>")),
        ("SELECT FROM Order", None),
        ("SELECT Id FROM Order WHERE", Some("<EOF>")),
        ("SELECT Id FROM Order WHERE Status = 'x", Some("<EOF>")),
        ("SELECT Id FROM Order WHERE Status = 'x' AND Store__c = 'y' OR Type = 'z'", Some("OR")),
        ("SELECT Id FROM Order WHERE NOT Status = 'x' AND Store__c = 'y'", Some("AND")),
        ("SELECT Id FROM Order WHERE Status == 'x'", Some("=")),
        ("SELECT Id FROM Order WHERE (Status = 'x'", Some("<EOF>")),
        ("SELECT Id FROM Order WHERE Status = 'x')", Some(")")),
        ("SELECT Id FROM Order WHERE Status IN ()", Some(")")),
        ("SELECT Id FROM Order WHERE Status = 'it''s'", Some("'")),
        (r"SELECT Id FROM Order WHERE Status = 'a\x'", Some(r"\")),
        ("SELECT Id FROM Order WHERE ActivatedDate > 2026-11-20T00:00:00", None),
        ("SELECT Id FROM Order WHERE ActivatedDate > 2026-11-20T00:00:00 01:00", None),
        ("SELECT Id FROM Order LIMIT ten", Some("ten")),
        ("SELECT Id FROM Order; DELETE", Some(";")),
        ("SELECT Id, (SELECT Id, (SELECT Id FROM OrderItems) FROM OrderItems) FROM Order", None),
    ];
    for (soql, token) in cases {
        let (code, message) = refusal(soql);
        assert_eq!(code, "MALFORMED_QUERY", "{soql}");
        if let Some(token) = token {
            assert!(message.ends_with(&format!("unexpected token: '{token}'")), "{soql}: {message}");
        }
    }
}

proptest! {
    /// Whatever the text, quoting it with backslashes finds the order that has it and no other.
    #[test]
    fn a_quoted_text_is_itself(text in "[ -~äß🌸]{1,40}", other in "[a-z]{41}") {
        let org = org(&[
            json!({"OrderNumber": "1", "PoNumber": text}),
            json!({"OrderNumber": "2", "PoNumber": other}),
        ]);
        let quoted = text.replace('\\', r"\\").replace('\'', r"\'");
        prop_assert_eq!(numbers(&org, &format!("SELECT Id FROM Order WHERE PoNumber = '{quoted}'")), "1");
    }

    /// No text makes the parser panic.
    #[test]
    fn any_text_is_answered(soql in "(SELECT Id FROM Order WHERE )?[ -~é\n]{0,60}") {
        let _ = plan(&five(), &soql);
    }

    /// Reading page after page by `(SystemModstamp, Id)` yields every order once, whatever stamps they share.
    #[test]
    fn keyset_paging_is_complete(stamps in proptest::collection::vec(0_i64..6, 1..40), limit in 1_usize..7) {
        let at = |seconds| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let documents: Vec<Value> =
            stamps.iter().map(|stamp| json!({"SystemModstamp": at(*stamp).to_rfc3339()})).collect();
        let org = org(&documents);
        let (stamp_column, _) = org.table(Object::Order).schema.find("SystemModstamp").unwrap();
        let mut seen = Vec::new();
        let mut after = String::from("SystemModstamp >= 1970-01-01T00:00:00Z");
        loop {
            let soql = format!("SELECT Id FROM Order WHERE {after} ORDER BY SystemModstamp, Id LIMIT {limit}");
            let rows = plan(&org, &soql).unwrap().rows(&org);
            let Some(last) = rows.last() else { break };
            let stamp = org.cell(Object::Order, *last, stamp_column).as_datetime().unwrap();
            let stamp = stamp.format("%Y-%m-%dT%H:%M:%S%.3fZ");
            let id = org.cell(Object::Order, *last, 0).as_id().unwrap();
            after = format!("(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{id}'))");
            seen.extend(rows);
        }
        prop_assert_eq!(seen.len(), stamps.len());
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), stamps.len());
    }
}
