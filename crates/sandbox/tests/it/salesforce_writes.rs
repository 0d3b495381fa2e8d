use serde_json::{Value, json};

use crate::client::{Bench, Reply};

const COLLECTION: &str = "/services/data/v66.0/composite/sobjects";

fn patch(bench: &Bench, path: &str, records: &Value) -> Reply {
    let bearer = format!("Bearer {}", bench.session());
    let body = json!({"allOrNone": false, "records": records});
    bench.send("PATCH", path, &[("Authorization", &bearer)], &body)
}

fn contact(bench: &Bench, name: &str) -> (String, String) {
    let document = json!({"LastName": name, "Account": {"Name": name}});
    let id = bench.sandbox.salesforce.put("Contact", &document).unwrap();
    let account = bench.sandbox.salesforce.record("Contact", &id).unwrap()["AccountId"].as_str().unwrap().to_owned();
    (id, account)
}

fn points(id: &str, points: i64) -> Value {
    json!({"attributes": {"type": "Contact"}, "id": id, "Yotpo_Points_Balance__c": points})
}

fn codes(reply: &Reply) -> Vec<String> {
    let code = |result: &Value| result["errors"][0]["statusCode"].as_str().unwrap_or("written").to_owned();
    reply.json().as_array().unwrap().iter().map(code).collect()
}

#[test]
fn each_row_of_a_collection_is_written_or_refused_by_itself() {
    let bench = Bench::start();
    let salesforce = &bench.sandbox.salesforce;
    let people = ["good", "locked", "deleted", "refused", "long"].map(|name| contact(&bench, name));
    let [good, locked, deleted, refused, long] = &people;
    salesforce.patch("Contact", &deleted.0, &json!({"IsDeleted": true})).unwrap();
    salesforce.set(|settings| {
        settings.locked.insert(locked.1.clone());
        settings.refused_rows.insert(refused.0.clone(), "FIELD_CUSTOM_VALIDATION_EXCEPTION".to_owned());
    });
    let mut too_long = points(&long.0, 1);
    too_long["Yotpo_VIP_Tier__c"] = json!("x".repeat(300));
    let strange = points("003000000000000AAA", 1);
    let rows = json!([
        points(&good.0, 7),
        points(&locked.0, 7),
        points(&deleted.0, 7),
        points(&refused.0, 7),
        too_long,
        strange
    ]);
    let reply = patch(&bench, COLLECTION, &rows);
    assert_eq!(
        codes(&reply),
        [
            "written",
            "UNABLE_TO_LOCK_ROW",
            "ENTITY_IS_DELETED",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "STRING_TOO_LONG",
            "INVALID_CROSS_REFERENCE_KEY"
        ]
    );
    assert_eq!(salesforce.record("Contact", &good.0).unwrap()["Yotpo_Points_Balance__c"], 7.0);
    assert_eq!(salesforce.record("Contact", &locked.0).unwrap().get("Yotpo_Points_Balance__c"), None);
    assert_eq!(patch(&bench, COLLECTION, &json!([{"attributes": {"type": "Contact"}, "Nothing__c": 1}])).status, 400);
    let many: Vec<Value> = (0..201).map(|_| points(&good.0, 1)).collect();
    assert_eq!(patch(&bench, COLLECTION, &json!(many)).json()[0]["errorCode"], "EXCEEDED_ID_LIMIT");
}

#[test]
fn a_row_that_was_written_locks_its_account_for_other_calls_and_not_for_its_own() {
    let bench = Bench::start();
    let (first, account) = contact(&bench, "one");
    let second = bench.sandbox.salesforce.put("Contact", &json!({"LastName": "two", "AccountId": account})).unwrap();
    bench.sandbox.salesforce.set(|settings| settings.lock_ms = 60_000);
    assert_eq!(codes(&patch(&bench, COLLECTION, &json!([points(&first, 1), points(&second, 1)]))), ["written"; 2]);
    assert_eq!(codes(&patch(&bench, COLLECTION, &json!([points(&first, 2)]))), ["UNABLE_TO_LOCK_ROW"]);
    bench.sandbox.set_now(bench.sandbox.now() + chrono::TimeDelta::minutes(2));
    assert_eq!(codes(&patch(&bench, COLLECTION, &json!([points(&first, 2)]))), ["written"]);
}

#[test]
fn rows_are_upserted_by_an_external_id_that_names_one_record() {
    let bench = Bench::start();
    let (contact, _) = contact(&bench, "one");
    let path = format!("{COLLECTION}/Yotpo_Reward__c/Redemption_Id__c");
    let reward = |points: i64| json!([{"attributes": {"type": "Yotpo_Reward__c"}, "Redemption_Id__c": "17", "Points__c": points, "Contact__c": contact}]);
    let made = patch(&bench, &path, &reward(5)).json();
    let changed = patch(&bench, &path, &reward(6)).json();
    assert_eq!((&made[0]["created"], &changed[0]["created"]), (&json!(true), &json!(false)));
    assert_eq!(made[0]["id"], changed[0]["id"]);
    let shown = bench.query(&bench.session(), "SELECT Points__c, Contact__r.LastName FROM Yotpo_Reward__c").json();
    assert_eq!((&shown["totalSize"], &shown["records"][0]["Points__c"]), (&json!(1), &json!(6.0)));
    let nowhere = patch(&bench, &format!("{COLLECTION}/Contact/LastName"), &json!([]));
    assert_eq!((nowhere.status, &nowhere.json()[0]["errorCode"]), (404, &json!("NOT_FOUND")));
    // An upsert of people makes people of ids that nobody has.
    let path = format!("{COLLECTION}/Contact/Yotpo_Customer_Id__c");
    let person = json!([{"attributes": {"type": "Contact"}, "Yotpo_Customer_Id__c": "C9", "LastName": "New"}]);
    assert_eq!(patch(&bench, &path, &person).json()[0]["created"], true);
    let mut twice = points(&contact, 1);
    twice["Yotpo_Customer_Id__c"] = json!("C9");
    assert_eq!(codes(&patch(&bench, COLLECTION, &json!([twice]))), ["DUPLICATE_VALUE"]);
}
