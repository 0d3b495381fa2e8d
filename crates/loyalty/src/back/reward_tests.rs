use super::*;
use proptest::prelude::*;

fn fields() -> RewardFields {
    RewardFields::default()
}

fn id(text: &str) -> Id {
    Id::parse(text).unwrap()
}

fn reward(told: Option<(&str, Option<&str>)>) -> Reward {
    Reward {
        store: StoreName::try_from("us".to_owned()).unwrap(),
        customer: "C1".to_owned(),
        contact: id("003RO000000AbcD"),
        code: "FIVE".to_owned(),
        points: Some(500),
        told: told.map(|(redemption, option)| (redemption.to_owned(), option.map(str::to_owned))),
        order: None,
    }
}

fn row(redemption: &str, more: &Value) -> KnownReward {
    let mut row = json!({
        "Id": "a00RO000000AbcD", "Redemption_Id__c": redemption, "Coupon_Code__c": "FIVE", "Contact__c": "003RO000000AbcDYAS",
        "Store__c": "us", "Points__c": 500.0, "Status__c": "Issued",
    });
    for (name, value) in more.as_object().unwrap() {
        row[name] = value.clone();
    }
    KnownReward::of(&serde_json::from_value(row).unwrap(), &fields()).unwrap()
}

fn history(lines: &[(i64, &str)]) -> CustomerDetails {
    let lines: Vec<Value> = lines.iter().map(|(points, status)| json!({"points": points, "status": status})).collect();
    serde_json::from_value(json!({"history_items": lines})).unwrap()
}

#[test]
fn coupons_are_told_from_what_only_has_a_state() {
    let details =
        history(&[(200, "Approved"), (-250, "FIVEOFF"), (-10, "Refunded"), (0, "X"), (-5, "TEN"), (-6, "TEN")]);
    assert_eq!(coupons(&details), BTreeMap::from([("FIVEOFF", Some(250)), ("TEN", None)]));
    assert!(shows(&details, "FIVEOFF") && !shows(&details, "FORGED"));
}

#[test]
fn a_code_without_an_event_makes_a_reward_and_the_event_brings_its_id_to_the_same_row() {
    let found = reward(None);
    let RewardWrite::Make(key, values) = found.write(&[], &fields()) else { panic!() };
    assert_eq!(key, "us:C1:FIVE");
    assert_eq!((&values["Points__c"], &values["Status__c"]), (&json!(500), &json!("Issued")));
    let made = [row("us:C1:FIVE", &json!({}))];
    assert_eq!(found.write(&made, &fields()), RewardWrite::Nothing);
    let RewardWrite::Change(_, values) = reward(Some(("17", Some("149")))).write(&made, &fields()) else { panic!() };
    let expected: RowValues = [("Redemption_Id__c", json!("17")), ("Redemption_Option_Id__c", json!("149"))]
        .map(|(k, v)| (k.to_owned(), v))
        .into();
    assert_eq!(values, expected);
    // Once the id is known, the code alone finds the same row, and takes nothing away.
    let known = [row("17", &json!({"Redemption_Option_Id__c": "149"}))];
    assert_eq!(found.write(&known, &fields()), RewardWrite::Nothing);
    assert_eq!(reward(Some(("17", Some("149")))).write(&known, &fields()), RewardWrite::Nothing);
}

#[test]
fn two_redemptions_with_one_code_are_two_rewards() {
    let known = [row("17", &json!({}))];
    assert!(matches!(reward(Some(("18", None))).write(&known, &fields()), RewardWrite::Make(key, _) if key == "18"));
    let mut other = row("18", &json!({}));
    other.id = id("a00RO000000AbcE");
    let both = [row("17", &json!({})), other];
    assert_eq!(ambiguous(&[], &both), BTreeSet::from([("us", "FIVE")]));
    assert!(ambiguous(&[reward(None)], &known).is_empty());
}

#[test]
fn the_order_that_used_it_is_written_once() {
    let used = Reward { order: Some(id("801RO000000AbcD")), ..reward(None) };
    let RewardWrite::Change(_, values) = used.write(&[row("17", &json!({}))], &fields()) else { panic!() };
    assert_eq!((&values["Order__c"], &values["Status__c"]), (&json!("801RO000000AbcDYAS"), &json!("Used")));
    let known = [row("17", &json!({"Order__c": "801RO000000AbcDYAS", "Status__c": "Used"}))];
    let later = Reward { order: Some(id("801RO000000AbcE")), ..reward(None) };
    assert_eq!(later.write(&known, &fields()), RewardWrite::Nothing);
}

#[test]
fn another_stores_reward_is_another() {
    let known = [row("17", &json!({"Store__c": "de"}))];
    assert!(matches!(reward(None).write(&known, &fields()), RewardWrite::Make(..)));
    assert!(ambiguous(&[reward(None)], &known).is_empty());
}

proptest! {
    /// Whatever order event and history come in, one row is left, and writing it again changes nothing.
    #[test]
    fn one_reward_makes_one_row(told in prop::collection::vec(any::<bool>(), 1..6)) {
        let mut rows: Vec<KnownReward> = Vec::new();
        for told in told {
            let seen = reward(told.then_some(("17", Some("149"))));
            match seen.write(&rows, &fields()) {
                RewardWrite::Nothing => {}
                RewardWrite::Make(key, values) => rows.push(row(&key, &json!(values))),
                RewardWrite::Change(_, values) => {
                    let redemption = rows[0].redemption.clone().unwrap();
                    rows[0] = row(&redemption, &json!(values));
                }
            }
            prop_assert_eq!(rows.len(), 1);
            prop_assert_eq!(seen.write(&rows, &fields()), RewardWrite::Nothing);
        }
    }
}
