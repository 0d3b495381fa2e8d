use super::*;
use serde_json::json;

const SHIPPED: &str = include_str!("../../../../infra/config/relay.toml");

fn relay(changes: &[(&str, &str)]) -> Relay {
    let text = changes.iter().fold(SHIPPED.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    Relay::parse(&text, "test").unwrap()
}

fn with<T>(relay: &Relay, look: impl FnOnce(People<'_>) -> T) -> T {
    look(People { config: relay, loyalty: relay.loyalty.as_ref().unwrap() })
}

const ID: &str = "003RO000000AbcDYAS";

#[test]
fn one_query_finds_records_by_id_and_by_every_path() {
    let relay = relay(&[("#customer_id = [\"Shop_Customer_Id__c\"]", "customer_id = [\"Shop_Customer_Id__c\"]")]);
    let query = with(&relay, |people| people.query(&[ID, "C'1"]));
    assert_eq!(
        query,
        format!(
            "SELECT Id, AccountId, Shop_Customer_Id__c FROM Contact WHERE Id IN ('{ID}') OR Shop_Customer_Id__c IN ('{ID}', 'C\\'1')"
        )
    );
    let row = |own: serde_json::Value| -> Record {
        serde_json::from_value(json!({"Id": ID, "AccountId": "001RO000000AbcDYAS", "Shop_Customer_Id__c": own}))
            .unwrap()
    };
    let whose =
        |own| with(&relay, |people| people.person(&row(own), &[ID, "C1"]).unwrap().map(|(customer, _)| customer));
    assert_eq!(whose(json!("C1")).as_deref(), Some("C1"));
    assert_eq!(whose(json!(" ")).as_deref(), Some(ID));
    assert_eq!(whose(json!("C2")), None, "whoever has an id of its own is not known by the record's");
}

#[test]
fn an_id_that_is_no_records_asks_for_nobody() {
    let relay = relay(&[]);
    assert!(with(&relay, |people| people.query(&["C1"])).ends_with("WHERE Id = null"));
}

#[test]
fn one_store_is_everybodys_and_of_several_the_record_names_its_own() {
    let row: Record = serde_json::from_value(json!({"Id": ID, "AccountId": null, "Store__c": "DE"})).unwrap();
    let one = relay(&[]);
    assert_eq!(with(&one, |people| people.store(&row)).unwrap().as_str(), "default");
    let person = with(&one, |people| people.person(&row, &[ID]).unwrap().unwrap().1);
    assert_eq!(person.account, ID, "a record without an account locks itself");
}

#[test]
fn many_ids_go_in_parts_and_none_is_left_out() {
    let ids: Vec<String> = (0..1_000).map(|n| format!("{n:020}")).collect();
    let all: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let parts = parts(&all);
    assert_eq!(parts.len(), 4);
    assert_eq!(parts.concat().into_iter().collect::<BTreeSet<_>>(), all);
    assert!(super::parts(&BTreeSet::new()).is_empty());
    let batch: BTreeSet<&str> = all.iter().take(200).copied().collect();
    assert_eq!(super::parts(&batch).len(), 1, "a batch is one look-up");
}
